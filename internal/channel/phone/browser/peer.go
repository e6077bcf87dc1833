package browser

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"cordboard/internal/channel/phone/media"
	"cordboard/internal/fault"
)

// maxOffer is more than any browser's offer for one audio section.
const maxOffer = 64 << 10

// peer is one connection to a browser.
type peer struct {
	pc    *webrtc.PeerConnection
	track *webrtc.TrackLocalStaticRTP
	port  atomic.Pointer[port] // who hears the microphone; nil: nobody

	up        bool // guarded by the switch
	dismissed bool // guarded by the switch

	mu  sync.Mutex
	seq media.Sequencer
	out rtp.Packet

	received, lost atomic.Uint64
	farLost        atomic.Uint32 // 1/256, from the browser's last report
}

// newPeer answers an offer.
func (s *Switch) newPeer(ctx context.Context, offer string) (*peer, string, error) {
	bad := func(err error) error {
		return fault.New(fault.Invalid, "BAD_OFFER", "This browser's phone can't be connected: its offer holds no G.711 audio. Use a current Chrome, Edge, Firefox or Safari.").With(err)
	}
	if len(offer) > maxOffer {
		return nil, "", bad(nil)
	}
	pc, err := s.api.NewPeerConnection(s.config)
	if err != nil {
		return nil, "", fault.New(fault.Internal, "BROWSER_PEER", "Your phone could not be connected. Please try again.").With(err)
	}
	p := &peer{pc: pc}
	fail := func(err error) (*peer, string, error) {
		_ = pc.Close()
		return nil, "", bad(err)
	}
	if p.track, err = webrtc.NewTrackLocalStaticRTP(pcmu.RTPCodecCapability, "audio", "cordboard"); err != nil {
		return fail(err)
	}
	sender, err := pc.AddTrack(p.track)
	if err != nil {
		return fail(err)
	}
	pc.OnTrack(func(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) { p.listen(t) })
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		return fail(err)
	}
	answer, err := pc.CreateAnswer(nil)
	if err != nil {
		return fail(err)
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(answer); err != nil {
		return fail(err)
	}
	if !negotiated(sender) {
		return fail(errors.New("PCMU was not offered"))
	}
	select {
	case <-gathered: // only host candidates: at once
	case <-ctx.Done():
		_ = pc.Close()
		return nil, "", ctx.Err()
	}
	var seed [6]byte
	_, _ = rand.Read(seed[:])
	p.seq.Start(binary.BigEndian.Uint16(seed[:]), binary.BigEndian.Uint32(seed[2:]))
	s.wg.Go(func() { p.reports(sender) })
	return p, pc.LocalDescription().SDP, nil
}

// negotiated says that the browser takes the sound which we send.
func negotiated(sender *webrtc.RTPSender) bool {
	for _, c := range sender.GetParameters().Codecs {
		if c.MimeType == webrtc.MimeTypePCMU {
			return true
		}
	}
	return false
}

// listen passes on what the microphone hears, until the connection ends. Header extensions stay behind.
func (p *peer) listen(t *webrtc.TrackRemote) {
	var (
		buf  [1500]byte
		in   rtp.Packet
		last uint16
		any  bool
	)
	for failures := 0; failures < 100; {
		n, _, err := t.Read(buf[:])
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe) {
			return
		}
		if err != nil || in.Unmarshal(buf[:n]) != nil {
			failures++ // something that was never negotiated
			continue
		}
		failures = 0
		p.received.Add(1)
		if gap := int16(in.SequenceNumber - last); any && gap > 1 && gap < 100 {
			p.lost.Add(uint64(gap - 1))
		}
		last, any = in.SequenceNumber, true
		if len(in.Payload) == 0 {
			continue
		}
		if to := p.port.Load(); to != nil {
			to.heard(media.Frame{
				Payload: in.Payload, Stream: in.SSRC, Seq: in.SequenceNumber, Timestamp: in.Timestamp,
				Marker: in.Marker, Event: t.PayloadType() != pcmu.PayloadType,
			})
		}
	}
}

// reports reads what the browser says about our sound; pion's interceptors live on this reading.
func (p *peer) reports(sender *webrtc.RTPSender) {
	for {
		packets, _, err := sender.ReadRTCP()
		if err != nil {
			return
		}
		for _, pk := range packets {
			var rs []rtcp.ReceptionReport
			switch r := pk.(type) {
			case *rtcp.ReceiverReport:
				rs = r.Reports
			case *rtcp.SenderReport:
				rs = r.Reports
			}
			for _, r := range rs {
				p.farLost.Store(uint32(r.FractionLost))
			}
		}
	}
}

// send gives the browser one frame to hear.
func (p *peer) send(f media.Frame) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.out = rtp.Packet{Header: rtp.Header{Version: 2}, Payload: f.Payload}
	p.out.SequenceNumber, p.out.Timestamp, p.out.Marker = p.seq.Next(f, time.Now())
	// A connection that can't send just now loses the packet; that it has ended is heard elsewhere.
	_ = p.track.WriteRTP(&p.out)
}

// port is the audio of one leg, whichever connection its browser has just now. It implements media.Port.
type port struct {
	peer   atomic.Pointer[peer]
	closed atomic.Bool

	mu      sync.Mutex // one frame at a time, also while one connection takes over from another
	receive func(media.Frame)
}

// attach moves the leg to a connection; nil: to none for now.
func (o *port) attach(p *peer) {
	if old := o.peer.Swap(p); old != nil && old != p {
		old.port.CompareAndSwap(o, nil)
	}
	if p != nil {
		p.port.Store(o)
	}
}

func (o *port) heard(f media.Frame) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.receive != nil {
		o.receive(f)
	}
}

// Law implements media.Port.
func (o *port) Law() media.Law { return media.ULaw }

// Send implements media.Port. A browser has no use for telephone-events.
func (o *port) Send(f media.Frame) error {
	if o.closed.Load() {
		return media.ErrClosed
	}
	if p := o.peer.Load(); p != nil && !f.Event {
		p.send(f)
	}
	return nil
}

// Receive implements media.Port.
func (o *port) Receive(f func(media.Frame)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.receive = f
}

// Close implements media.Port; the connection stays for the next leg.
func (o *port) Close() error {
	o.closed.Store(true)
	o.attach(nil)
	return nil
}

// Quality is how well an agent's audio travels.
type Quality struct {
	Connected bool
	Received  uint64  // packets from the browser on this connection
	Lost      uint64  // of them lost on the way
	FarLost   float64 // share of our packets that the browser lost lately, 0 to 1
}

// Quality reports on the agent's connection.
func (s *Switch) Quality(agentID string) Quality {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.seats[agentID]
	if st == nil || st.peer == nil {
		return Quality{}
	}
	p := st.peer
	return Quality{Connected: p.up, Received: p.received.Load(), Lost: p.lost.Load(), FarLost: float64(p.farLost.Load()) / 256}
}
