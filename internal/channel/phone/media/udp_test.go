package media

import (
	"net"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"github.com/pion/rtp"

	"cordboard/internal/fault"
)

var local = netip.MustParseAddr("127.0.0.1")

// party is the other end of a UDPPort.
type party struct {
	t    *testing.T
	conn *net.UDPConn
	seq  uint16
}

func newParty(t *testing.T) *party {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	ok(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return &party{t: t, conn: c}
}

func (p *party) addr() netip.AddrPort { return unmap(p.conn.LocalAddr().(*net.UDPAddr).AddrPort()) }

func (p *party) send(to *UDPPort, pt uint8, payload ...byte) {
	p.t.Helper()
	p.seq++
	b, err := (&rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: pt, SequenceNumber: p.seq, Timestamp: uint32(p.seq) * 160, SSRC: 5}, Payload: payload}).Marshal()
	ok(p.t, err)
	_, err = p.conn.WriteToUDPAddrPort(b, netip.AddrPortFrom(local, to.LocalPort()))
	ok(p.t, err)
}

func (p *party) hear() rtp.Packet {
	p.t.Helper()
	buf := make([]byte, maxPacket)
	ok(p.t, p.conn.SetReadDeadline(time.Now().Add(10*time.Second)))
	n, _, err := p.conn.ReadFromUDPAddrPort(buf)
	ok(p.t, err)
	var out rtp.Packet
	ok(p.t, out.Unmarshal(buf[:n]))
	return out
}

func open(t *testing.T, law Law, opts PortOptions) (*UDPPort, chan Frame) {
	t.Helper()
	pool, err := NewPool(local, netip.Addr{}, 0, 0)
	ok(t, err)
	p, err := pool.Open(law, opts)
	ok(t, err)
	t.Cleanup(func() { _ = p.Close(); p.Wait() })
	got := make(chan Frame, 100)
	p.Receive(func(f Frame) {
		f.Payload = append([]byte(nil), f.Payload...)
		got <- f
	})
	return p, got
}

// TestLatching: packets go to where the party's come from; a stranger who was first gives way to the signalled address,
// one who comes later isn't heard.
func TestLatching(t *testing.T) {
	port, got := open(t, ULaw, PortOptions{})
	signalled, nat, stranger := newParty(t), newParty(t), newParty(t)
	port.SetRemote(Remote{Addr: signalled.addr(), Law: ULaw, Sends: true, Takes: true})
	ok(t, port.Send(Frame{Payload: []byte{1}, Stream: 1}))
	if signalled.hear().Payload[0] != 1 {
		t.Fatal("before a packet came, the signalled address isn't used")
	}
	nat.send(port, 0, 2)
	<-got
	ok(t, port.Send(Frame{Payload: []byte{3}, Stream: 1, Seq: 1}))
	if nat.hear().Payload[0] != 3 {
		t.Fatal("not latched")
	}
	stranger.send(port, 0, 66)
	nat.send(port, 0, 4)
	if f := <-got; f.Payload[0] != 4 {
		t.Fatal("a stranger is heard")
	}
	signalled.send(port, 0, 5)
	<-got
	nat.send(port, 0, 66)
	signalled.send(port, 0, 6)
	if f := <-got; f.Payload[0] != 6 {
		t.Fatal("the first comer is still heard after the signalled address spoke")
	}
	ok(t, port.Send(Frame{Payload: []byte{7}, Stream: 1, Seq: 2}))
	if signalled.hear().Payload[0] != 7 {
		t.Fatal("the signalled address doesn't get its call back")
	}
}

func TestPortTranscodesTheWire(t *testing.T) {
	port, got := open(t, ULaw, PortOptions{})
	p := newParty(t)
	port.SetRemote(Remote{Addr: p.addr(), Law: ALaw, Sends: true, Takes: true})
	p.send(port, 8, encodeA(5000))
	if f := <-got; f.Payload[0] != encodeU(decodeA(encodeA(5000))) {
		t.Errorf("heard %02x", f.Payload)
	}
	p.send(port, 0, 0x42) // it may also send the other law that it offered
	if f := <-got; f.Payload[0] != 0x42 {
		t.Errorf("heard %02x", f.Payload)
	}
	ok(t, port.Send(Frame{Payload: []byte{encodeU(5000)}, Stream: 1}))
	if out := p.hear(); out.PayloadType != 8 || out.Payload[0] != encodeA(decodeU(encodeU(5000))) {
		t.Errorf("sent %d %02x", out.PayloadType, out.Payload)
	}
}

func TestPortKeysAndStreams(t *testing.T) {
	keys := make(chan string, 10)
	port, got := open(t, ULaw, PortOptions{OnDigit: func(k string) { keys <- k }})
	p := newParty(t)
	port.SetRemote(Remote{Addr: p.addr(), Law: ULaw, Event: 101, Sends: true, Takes: true})
	p.send(port, 101, 5, 10, 0, 160)
	if k, f := <-keys, <-got; k != "5" || !f.Event {
		t.Errorf("key %q, frame %+v", k, f)
	}
	p.send(port, 13, 1)          // comfort noise
	p.send(port, 96, 5, 0, 0, 0) // not agreed
	p.send(port, 0)              // empty
	p.send(port, 0, 9)
	if f := <-got; f.Payload[0] != 9 {
		t.Errorf("heard %+v", f)
	}
	// Three sources, one stream.
	var last rtp.Packet
	for i, f := range []Frame{{Stream: 1, Seq: 500}, {Stream: 1, Seq: 501}, {Stream: 2, Seq: 9}, {Stream: 3, Seq: 70, Event: true}, {Stream: 1, Seq: 502}} {
		f.Payload = []byte{1, 2, 3, 4}
		ok(t, port.Send(f))
		out := p.hear()
		if i > 0 && (out.SequenceNumber != last.SequenceNumber+1 || out.SSRC != last.SSRC) {
			t.Fatalf("packet %d jumps: %v after %v", i, out.Header, last.Header)
		}
		if f.Event != (out.PayloadType == 101) {
			t.Fatalf("packet %d has payload type %d", i, out.PayloadType)
		}
		last = out
	}
}

func TestPortOnHoldSaysNothing(t *testing.T) {
	port, _ := open(t, ULaw, PortOptions{})
	p := newParty(t)
	for _, r := range []Remote{{}, {Addr: p.addr(), Sends: true}, {Addr: netip.MustParseAddrPort("0.0.0.0:9"), Takes: true}} {
		port.SetRemote(r)
		ok(t, port.Send(Frame{Payload: []byte{66}}))
	}
	port.SetRemote(Remote{Addr: p.addr(), Takes: true, Sends: true})
	ok(t, port.Send(Frame{Payload: []byte{1}}))
	if p.hear().Payload[0] != 1 {
		t.Error("a held party was sent sound")
	}
	ok(t, port.Close())
	if err := port.Send(Frame{Payload: []byte{1}}); err != ErrClosed {
		t.Errorf("sending on a closed port: %v", err)
	}
}

func TestPortSilence(t *testing.T) {
	port, got := open(t, ULaw, PortOptions{})
	p := newParty(t)
	port.SetRemote(Remote{Addr: p.addr(), Takes: true, Sends: true})
	silent := make(chan struct{})
	port.Watch(time.Minute, 50*time.Millisecond, func() { close(silent) })
	p.send(port, 0, 1)
	<-got
	<-silent
}

// TestReportsAreSignsOfLife: a phone that suppresses silence is told apart from a broken line by its RTCP.
func TestReportsAreSignsOfLife(t *testing.T) {
	port, _ := open(t, ULaw, PortOptions{})
	p := newParty(t)
	port.SetRemote(Remote{Addr: p.addr(), Takes: true, Sends: true})
	silent := make(chan struct{})
	port.Watch(time.Minute, 50*time.Millisecond, func() { close(silent) })
	_, err := p.conn.WriteToUDPAddrPort([]byte{0x80, 201, 0, 1, 0, 0, 0, 5}, netip.AddrPortFrom(local, port.LocalPort()+1))
	ok(t, err)
	// Only a packet makes the minute into the 50 ms after which silence is noticed.
	select {
	case <-silent:
	case <-time.After(10 * time.Second):
		t.Fatal("a report wasn't taken as a sign of life")
	}
}

func TestPoolRange(t *testing.T) {
	pool, err := NewPool(local, netip.MustParseAddr("203.0.113.5"), 41000, 41005)
	ok(t, err)
	if pool.Advertised().String() != "203.0.113.5" {
		t.Error("the media address isn't the one that was set")
	}
	var ports []*UDPPort
	for {
		p, err := pool.Open(ULaw, PortOptions{})
		if err != nil {
			if !fault.Is(err, "NO_MEDIA_PORT") {
				t.Fatal(err)
			}
			break
		}
		if n := p.LocalPort(); n < 41000 || n > 41004 || n%2 != 0 {
			t.Fatalf("port %d", n)
		}
		ports = append(ports, p)
	}
	if len(ports) > 3 {
		t.Fatalf("%d pairs in a range of six ports", len(ports))
	}
	for _, p := range ports {
		ok(t, p.Close())
	}
	if len(ports) > 0 {
		p, err := pool.Open(ULaw, PortOptions{})
		ok(t, err)
		ok(t, p.Close())
	}
	for _, bad := range [][2]uint16{{80, 90}, {5000, 4000}, {5000, 5001}} {
		if _, err := NewPool(local, netip.Addr{}, bad[0], bad[1]); !fault.Is(err, "MEDIA_PORTS") {
			t.Errorf("range %v: %v", bad, err)
		}
	}
	if _, err := NewPool(netip.Addr{}, netip.Addr{}, 0, 0); !fault.Is(err, "MEDIA_ADDRESS") {
		t.Errorf("no address: %v", err)
	}
}

func TestPortsLeaveNothing(t *testing.T) {
	pool, err := NewPool(local, netip.Addr{}, 0, 0)
	ok(t, err)
	before := runtime.NumGoroutine()
	for range 20 {
		p, err := pool.Open(ULaw, PortOptions{})
		ok(t, err)
		p.Watch(0, 0, func() {})
		ok(t, p.Close())
		ok(t, p.Close())
		p.Wait()
	}
	if after := runtime.NumGoroutine(); after > before+2 {
		t.Errorf("%d goroutines before, %d after", before, after)
	}
}

// BenchmarkRelay is one packet through the desk: in by one UDP port, out by the other.
func BenchmarkRelay(b *testing.B) {
	for _, bench := range []struct {
		name string
		to   Law
	}{{"same-law", ULaw}, {"transcoding", ALaw}} {
		b.Run(bench.name, func(b *testing.B) {
			d := NewDesk(nil)
			from, to := &fake{law: ULaw}, &sink{law: bench.to}
			d.Add("a", from)
			d.Add("b", to)
			if err := d.Bridge("x", "a", "b"); err != nil {
				b.Fatal(err)
			}
			f := Frame{Payload: make([]byte, FrameSamples), Stream: 1}
			b.ReportAllocs()
			for b.Loop() {
				f.Seq++
				from.says(f)
			}
			d.Close()
		})
	}
	b.Run("udp", func(b *testing.B) {
		pool, _ := NewPool(local, netip.Addr{}, 0, 0)
		out, err := pool.Open(ULaw, PortOptions{})
		if err != nil {
			b.Fatal(err)
		}
		drain, _ := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		out.SetRemote(Remote{Addr: unmap(drain.LocalAddr().(*net.UDPAddr).AddrPort()), Takes: true, Sends: true})
		f := Frame{Payload: make([]byte, FrameSamples), Stream: 1}
		b.ReportAllocs()
		for b.Loop() {
			f.Seq++
			_ = out.Send(f)
		}
		_ = out.Close()
		_ = drain.Close()
	})
}

type sink struct {
	law Law
	n   int
}

func (s *sink) Law() Law            { return s.law }
func (s *sink) Send(Frame) error    { s.n++; return nil }
func (s *sink) Receive(func(Frame)) {}
func (s *sink) Close() error        { return nil }
