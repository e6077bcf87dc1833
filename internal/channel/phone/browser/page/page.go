// Package page is an agent's browser without a face: it connects its phone as the console's page does, hums a tone into
// its microphone and measures what it hears.
//
// It is the far end of tests and scenarios of the browser phone, on the same WebRTC library; Chromium is the independent
// witness. It promises to leave nothing running after Close. It knows nothing of interactions.
package page

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/pion/logging"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"cordboard/internal/channel/phone/media"
)

// window is how much of the newest sound is judged: a quarter of a second.
const window = media.SampleRate / 4

// Page is one page with one phone. Make it with Open, end it with Close or Crash.
type Page struct {
	Tone float64 // Hz, what its microphone hears

	pc    *webrtc.PeerConnection
	wire  *net.UDPConn
	track *webrtc.TrackLocalStaticRTP
	up    chan struct{} // closed when connected
	quit  chan struct{}
	once  sync.Once
	wg    sync.WaitGroup

	mu     sync.Mutex
	heard  []int16
	count  int
	extras bool
	more   chan struct{} // closed and renewed with each packet
}

// Open makes a page on 127.0.0.1 that is not connected yet.
func Open(tone float64) (*Page, error) {
	m := &webrtc.MediaEngine{}
	// As browsers do: more codecs than are taken, and a header extension of their own.
	for _, c := range []webrtc.RTPCodecParameters{
		{PayloadType: 111, RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}},
		{PayloadType: 0, RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypePCMU, ClockRate: 8000}},
		{PayloadType: 8, RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypePCMA, ClockRate: 8000}},
	} {
		if err := m.RegisterCodec(c, webrtc.RTPCodecTypeAudio); err != nil {
			return nil, err
		}
	}
	level := webrtc.RTPHeaderExtensionCapability{URI: "urn:ietf:params:rtp-hdrext:ssrc-audio-level"}
	if err := m.RegisterHeaderExtension(level, webrtc.RTPCodecTypeAudio); err != nil {
		return nil, err
	}
	wire, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	silent := &logging.DefaultLoggerFactory{}
	e := webrtc.SettingEngine{LoggerFactory: silent}
	e.SetIncludeLoopbackCandidate(true)
	e.SetICEUDPMux(webrtc.NewICEUDPMux(silent.NewLogger("page"), wire))
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithSettingEngine(e)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		_ = wire.Close()
		return nil, err
	}
	p := &Page{Tone: tone, pc: pc, wire: wire, up: make(chan struct{}), quit: make(chan struct{}), more: make(chan struct{})}
	if err := p.plug(); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// plug connects microphone and ear.
func (p *Page) plug() error {
	var err error
	p.track, err = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypePCMU, ClockRate: 8000}, "mic", "page")
	if err != nil {
		return err
	}
	sender, err := p.pc.AddTrack(p.track)
	if err != nil {
		return err
	}
	p.wg.Go(func() {
		for {
			if _, _, err := sender.ReadRTCP(); err != nil {
				return
			}
		}
	})
	p.pc.OnTrack(func(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for {
			in, _, err := t.ReadRTP()
			if err != nil {
				return
			}
			p.hear(in)
		}
	})
	var once sync.Once
	p.pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected {
			once.Do(func() { close(p.up) })
		}
	})
	p.wg.Go(p.hum)
	return nil
}

// Offer is the SDP that the page posts.
func (p *Page) Offer() (string, error) {
	offer, err := p.pc.CreateOffer(nil)
	if err != nil {
		return "", err
	}
	gathered := webrtc.GatheringCompletePromise(p.pc)
	if err := p.pc.SetLocalDescription(offer); err != nil {
		return "", err
	}
	<-gathered
	return p.pc.LocalDescription().SDP, nil
}

// Connect posts the offer by way of post, takes the answer it returns, and returns when sound could flow.
func (p *Page) Connect(ctx context.Context, post func(offer string) (answer string, err error)) error {
	offer, err := p.Offer()
	if err != nil {
		return err
	}
	answer, err := post(offer)
	if err != nil {
		return err
	}
	if err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		return err
	}
	select {
	case <-p.up:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the page's phone did not connect: %w", ctx.Err())
	}
}

// Close is the page's closing: it says nothing, its connection ends.
func (p *Page) Close() {
	p.once.Do(func() {
		close(p.quit)
		_ = p.pc.Close()
		_ = p.wire.Close()
		p.wg.Wait()
	})
}

// Crash is the machine's end: not even the connection can say goodbye.
func (p *Page) Crash() {
	_ = p.wire.Close()
	p.Close()
}

// hum sends the tone, 50 packets a second, with a header extension such as browsers send.
func (p *Page) hum() {
	select {
	case <-p.up:
	case <-p.quit:
		return
	}
	tone := media.ULaw.Encode(nil, media.Tone(2*time.Second, 0.3, p.Tone))
	clock := time.NewTicker(20 * time.Millisecond)
	defer clock.Stop()
	out := rtp.Packet{Header: rtp.Header{Version: 2}}
	for at := 0; ; at = (at + media.FrameSamples) % (len(tone) - media.FrameSamples) {
		select {
		case <-p.quit:
			return
		case <-clock.C:
		}
		out.SequenceNumber++
		out.Timestamp += media.FrameSamples
		out.Payload = tone[at : at+media.FrameSamples]
		_ = out.SetExtension(1, []byte{0x90})
		if p.track.WriteRTP(&out) != nil {
			return
		}
	}
}

func (p *Page) hear(in *rtp.Packet) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count++
	p.extras = p.extras || in.Extension
	p.heard = media.ULaw.Decode(p.heard, in.Payload)
	if n := len(p.heard); n > 2*media.SampleRate {
		p.heard = append(p.heard[:0], p.heard[n-media.SampleRate:]...)
	}
	close(p.more)
	p.more = make(chan struct{})
}

// Packets is how many packets of sound have come.
func (p *Page) Packets() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.count
}

// Hears returns when the newest quarter of a second, of what comes from now on, is the given tone.
func (p *Page) Hears(ctx context.Context, tone float64) error {
	p.mu.Lock()
	p.heard = p.heard[:0]
	p.mu.Unlock()
	for {
		p.mu.Lock()
		n, share, more, extras := len(p.heard), 0.0, p.more, p.extras
		if n >= window {
			share = media.Measure(p.heard[n-window:], tone)
		}
		p.mu.Unlock()
		if extras {
			return errors.New("an RTP header extension came through that was never negotiated")
		}
		if share > 0.9 {
			return nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return fmt.Errorf("%g Hz was not heard (share %.2f of %d samples): %w", tone, share, n, ctx.Err())
		}
	}
}
