package media

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"
)

// PortOptions are what a UDPPort tells its owner. Functions are called from the port's reading goroutine and must be
// prompt.
type PortOptions struct {
	OnDigit func(key string) // a telephone-event began: one of 0-9 * # A-D
}

// UDPPort is a Port over plain RTP/UDP with its own pair of sockets, as SIP parties speak it. It learns where the party
// really is from the first packet that comes (symmetric RTP, RFC 4961), which is what makes phones behind NAT work.
type UDPPort struct {
	law  Law
	opts PortOptions
	conn *net.UDPConn
	ctrl *net.UDPConn
	ssrc uint32

	receive atomic.Pointer[func(Frame)]
	watch   atomic.Pointer[Watch]
	closed  atomic.Bool
	wg      sync.WaitGroup

	mu      sync.Mutex
	remote  Remote         // as signalled
	latched netip.AddrPort // where packets really come from; zero until one came
	seq     Sequencer
	out     [maxPacket]byte
	code    []byte // transcoding scratch of Send
	sent    senderStats
}

// Remote is what the party's SDP says about where and how it wants its audio.
type Remote struct {
	Addr  netip.AddrPort // invalid or port 0: nowhere (yet)
	Law   Law            // on the wire; may differ from the port's
	Event uint8          // payload type of telephone-event; 0: none
	Sends bool           // the party sends to us
	Takes bool           // the party wants to hear us
}

func newUDPPort(conn, ctrl *net.UDPConn, law Law, opts PortOptions) *UDPPort {
	var seed [10]byte
	_, _ = rand.Read(seed[:])
	p := &UDPPort{law: law, opts: opts, conn: conn, ctrl: ctrl, ssrc: binary.BigEndian.Uint32(seed[:])}
	p.remote.Law = law
	p.seq.Start(binary.BigEndian.Uint16(seed[4:]), binary.BigEndian.Uint32(seed[6:]))
	p.wg.Go(p.read)
	p.wg.Go(p.control)
	return p
}

// LocalPort is the UDP port on which RTP is received.
func (p *UDPPort) LocalPort() uint16 { return p.conn.LocalAddr().(*net.UDPAddr).AddrPort().Port() }

// Law is the port's own; the wire may carry the other, which the port transcodes.
func (p *UDPPort) Law() Law { return p.law }

// SetRemote tells the port what the party's SDP said, at first or again after a re-INVITE. A new address forgets what
// was learnt from packets.
func (p *UDPPort) SetRemote(r Remote) {
	p.mu.Lock()
	if r.Addr != p.remote.Addr {
		p.latched = netip.AddrPort{}
	}
	p.remote = r
	p.mu.Unlock()
	if w := p.watch.Load(); w != nil {
		w.Pause(!r.Sends || !r.Takes)
	}
}

// Watch begins to count the party's silence; silent is called once when it lasts too long (see NewWatch). A party on
// hold isn't counted.
func (p *UDPPort) Watch(first, later time.Duration, silent func()) {
	w := NewWatch(first, later, silent)
	p.mu.Lock()
	hold := !p.remote.Sends || !p.remote.Takes
	p.mu.Unlock()
	w.Pause(hold)
	if old := p.watch.Swap(w); old != nil {
		old.Stop()
	}
	if p.closed.Load() {
		w.Stop()
	}
}

// Receive implements Port.
func (p *UDPPort) Receive(f func(Frame)) {
	if f == nil {
		p.receive.Store(nil)
		return
	}
	p.receive.Store(&f)
}

// Send implements Port. Sound goes nowhere while the party's address is unknown or it is on hold.
func (p *UDPPort) Send(f Frame) error {
	if p.closed.Load() {
		return ErrClosed
	}
	if len(f.Payload) > maxPacket-12 {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	to := p.remote.Addr
	if p.latched.IsValid() {
		to = p.latched
	}
	if !p.remote.Takes || !to.IsValid() || to.Port() == 0 || to.Addr().IsUnspecified() {
		return nil
	}
	out := packet{payloadType: uint8(p.remote.Law), ssrc: p.ssrc, payload: f.Payload}
	switch {
	case f.Event:
		if p.remote.Event == 0 {
			return nil
		}
		out.payloadType = p.remote.Event
	case p.remote.Law != p.law:
		p.code = p.remote.Law.Transcode(p.code[:0], p.law, f.Payload)
		out.payload = p.code
	}
	now := time.Now()
	out.seq, out.ts, out.marker = p.seq.Next(f, now)
	n := writeRTP(p.out[:], out)
	p.sent.note(out.ts, len(out.payload), now)
	// A refused packet (ICMP) or a full buffer is loss, which RTP expects; only our own closing is an error.
	if _, err := p.conn.WriteToUDPAddrPort(p.out[:n], to); err != nil && p.closed.Load() {
		return ErrClosed
	}
	return nil
}

// Close implements Port.
func (p *UDPPort) Close() error {
	if p.closed.Swap(true) {
		return nil
	}
	if w := p.watch.Load(); w != nil {
		w.Stop()
	}
	_ = p.conn.Close()
	_ = p.ctrl.Close()
	p.receive.Store(nil)
	return nil
}

// Wait returns when a closed port's goroutines have ended.
func (p *UDPPort) Wait() { p.wg.Wait() }

func (p *UDPPort) read() {
	var (
		buf  [maxPacket]byte
		head rtp.Header
		keys digits
		code []byte
	)
	for {
		n, from, err := p.conn.ReadFromUDPAddrPort(buf[:])
		if p.closed.Load() || errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			// Linux hands a sender's ICMP "port unreachable" to the next read; the port itself is well.
			continue
		}
		in, err := parseRTP(&head, buf[:n])
		if err != nil {
			continue
		}
		event, wire, ok := p.admit(in, unmap(from))
		if !ok {
			continue
		}
		if w := p.watch.Load(); w != nil {
			w.Heard()
		}
		if event && p.opts.OnDigit != nil {
			if key, fresh := keys.event(in); fresh {
				p.opts.OnDigit(key)
			}
		}
		give := p.receive.Load()
		if give == nil {
			continue
		}
		if !event && wire != p.law {
			code = p.law.Transcode(code[:0], wire, in.payload)
			in.payload = code
		}
		(*give)(Frame{in.payload, in.ssrc, in.seq, in.ts, in.marker, event})
	}
}

// admit decides whether a packet is the party's: of a payload type that was agreed, and from the address to which the
// port has latched. A latch to an address that wasn't signalled yields to the signalled one as soon as that speaks, so
// that a stranger's early packet can't take the call's audio away.
func (p *UDPPort) admit(in packet, from netip.AddrPort) (event bool, wire Law, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case len(in.payload) == 0:
		return false, 0, false
	case in.payloadType == uint8(ULaw), in.payloadType == uint8(ALaw):
		wire = Law(in.payloadType)
	case p.remote.Event != 0 && in.payloadType == p.remote.Event:
		event = true
	default:
		return false, 0, false
	}
	if p.latched != from {
		if p.latched.IsValid() && from != p.remote.Addr {
			return false, 0, false
		}
		p.latched = from
	}
	return event, wire, true
}

func unmap(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }
