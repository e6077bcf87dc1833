package sip

import (
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"github.com/emiago/sipgo"
	wire "github.com/emiago/sipgo/sip"

	"cordboard/internal/fault"
)

// t1 is SIP's estimate of a round trip (RFC 3261 §17.1.1.1), from which its time-outs are made; t2 caps its doubling.
const (
	t1 = 500 * time.Millisecond
	t2 = 4 * time.Second
)

var errNotServing = errors.New("the UDP transport doesn't begin to serve")

var quietLibrary sync.Once

// sockets are the UDP and TCP sockets on one port.
type sockets struct {
	udp net.PacketConn
	tcp net.Listener
	at  netip.AddrPort
}

// bind opens both, or says which address can't be had.
func bind(listen string) (sockets, error) {
	at, err := netip.ParseAddrPort(listen)
	if err != nil {
		addr, rerr := net.ResolveUDPAddr("udp", listen)
		if rerr != nil || addr.IP == nil {
			return sockets{}, fault.Newf(fault.Invalid, "SIP_LISTEN", "The SIP address %q is not an IP address with a port, such as 127.0.0.1:5060.", listen).With(errors.Join(err, rerr))
		}
		at = addr.AddrPort()
	}
	at = netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
	family := "4"
	if at.Addr().Is6() {
		family = "6"
	}
	tries := 1
	if at.Port() == 0 {
		tries = 20 // the free UDP port may be taken for TCP
	}
	var failed error
	for range tries {
		udp, err := net.ListenPacket("udp"+family, at.String())
		if err != nil {
			return sockets{}, taken(at, "UDP", err)
		}
		got := netip.AddrPortFrom(at.Addr(), uint16(udp.LocalAddr().(*net.UDPAddr).Port))
		tcp, err := net.Listen("tcp"+family, got.String())
		if err == nil {
			return sockets{udp, tcp, got}, nil
		}
		_ = udp.Close()
		failed = taken(got, "TCP", err)
	}
	return sockets{}, failed
}

func taken(at netip.AddrPort, network string, err error) error {
	why := "can't be used"
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		why = "is taken by another program"
	case errors.Is(err, syscall.EACCES):
		why = "may not be used by this user"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		why = "is not an address of this machine"
	}
	return fault.Newf(fault.Unavailable, "SIP_LISTEN", "SIP can't listen: %s address %s %s. Stop the other program or choose another SIP address.", network, at, why).With(err)
}

// start makes the SIP stack on the sockets and begins to serve.
func (s *Switch) start() error {
	quietLibrary.Do(func() {
		// The library logs whole messages, with numbers in them (GEN-10).
		wire.SetDefaultLogger(slog.New(slog.DiscardHandler))
		// An answer must go out by the way its request came, however many proxies wrote into it.
		wire.UDPMTUSize = 16 << 10
	})
	quiet := slog.New(slog.DiscardHandler)
	ua, err := sipgo.NewUA(
		sipgo.WithUserAgent("cordboard"),
		sipgo.WithUserAgentTransportLayerOptions(
			wire.WithTransportLayerLogger(quiet),
			wire.WithTransportLayerReadFilter(s.screen),
		),
		sipgo.WithUserAgentTransactionLayerOptions(
			wire.WithTransactionLayerLogger(quiet),
			wire.WithTransactionLayerUnhandledResponseHandler(func(*wire.Response) {}),
		),
	)
	if err != nil {
		return err
	}
	srv, err := sipgo.NewServer(ua, sipgo.WithServerLogger(quiet))
	if err != nil {
		return err
	}
	client, err := sipgo.NewClient(ua, sipgo.WithClientLogger(quiet))
	if err != nil {
		return err
	}
	s.ua, s.srv, s.client = ua, srv, client
	s.routes()
	// The transport takes the UDP socket in its own goroutine; a request sent before that would open another one.
	s.spawn(func() { _ = srv.ServeUDP(s.sockets.udp) })
	s.spawn(func() { _ = srv.ServeTCP(&gate{Listener: s.sockets.tcp, sw: s, open: map[netip.Addr]int{}}) })
	for range 1000 {
		if c, err := ua.TransportLayer().GetConnection("udp", s.sockets.udp.LocalAddr().String()); err == nil && c != nil {
			return nil
		}
		time.Sleep(time.Millisecond)
	}
	return errNotServing
}

// screen drops what banned sources send before anything looks at it.
func (s *Switch) screen(info wire.TransportReadProps, data []byte) ([]byte, error) {
	if from, ok := addrOf(info.RemoteAddr); ok && s.guard.Banned(from, time.Now()) {
		if info.Transport == "UDP" {
			return nil, nil
		}
		return nil, net.ErrClosed
	}
	return data, nil
}

func addrOf(a net.Addr) (netip.Addr, bool) {
	switch a := a.(type) {
	case *net.UDPAddr:
		return a.AddrPort().Addr().Unmap(), true
	case *net.TCPAddr:
		return a.AddrPort().Addr().Unmap(), true
	}
	return netip.Addr{}, false
}

const (
	maxTCP       = 2000
	maxTCPSource = 100
)

// gate admits TCP connections: none from banned sources, and no more than a bounded number in all and from each.
type gate struct {
	net.Listener
	sw   *Switch
	mu   sync.Mutex
	n    int
	open map[netip.Addr]int
}

func (g *gate) Accept() (net.Conn, error) {
	for {
		c, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from, ok := addrOf(c.RemoteAddr())
		if !ok || g.sw.guard.Banned(from, time.Now()) || !g.enter(from) {
			_ = c.Close()
			continue
		}
		return &gated{Conn: c, leave: sync.OnceFunc(func() { g.exit(from) })}, nil
	}
}

func (g *gate) enter(from netip.Addr) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.n >= maxTCP || g.open[from] >= maxTCPSource {
		return false
	}
	g.n++
	g.open[from]++
	return true
}

func (g *gate) exit(from netip.Addr) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.n--
	if g.open[from]--; g.open[from] <= 0 {
		delete(g.open, from)
	}
}

type gated struct {
	net.Conn
	leave func()
}

func (c *gated) Close() error {
	c.leave()
	return c.Conn.Close()
}
