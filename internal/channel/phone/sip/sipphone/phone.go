// Package sipphone is a small SIP telephone without a face: it calls, registers, answers or misbehaves as told, sends a
// tone and measures what it hears.
//
// It is the customer of `cordboard customer call` and of the demo, and both ends of the switch's tests. It shares the
// audio port with the switch (SIPp and baresip are the independent witnesses) but none of its signalling. It promises
// to leave nothing running after Close. It is no softphone: no microphone, no transfer, one codec family (G.711).
package sipphone

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/emiago/sipgo"
	wire "github.com/emiago/sipgo/sip"

	"cordboard/internal/channel/phone/media"
	"cordboard/internal/fault"
)

// Mode is what a phone does when it is called.
type Mode string

// The modes. The misbehaving ones are what real phones were seen to do.
const (
	Answer            Mode = "answer"              // rings, and answers after Options.Delay
	Busy              Mode = "busy"                // 486
	Never             Mode = "never"               // rings for ever; takes a CANCEL properly
	Dead              Mode = "dead"                // says nothing at all
	AnswerOnCancel    Mode = "answer_on_cancel"    // answers the INVITE when cancelled, and the CANCEL with 200
	AnswerOnCancel481 Mode = "answer_on_cancel_48" // the same, the CANCEL with 481
	ManyRinging       Mode = "many_ringing"        // 15 provisional responses, then answers
)

// Options is what a Phone is made of.
type Options struct {
	Listen    string // host:port; "" is 127.0.0.1:0
	Transport string // for its own requests: "udp" (default) or "tcp"
	User      string // SIP user it registers as and is called by
	Secret    string
	Mode      Mode          // "" is Answer
	Delay     time.Duration // with Answer: between ringing and answering
	Tone      float64       // Hz sent during calls; 0 sends silence
	Law       media.Law     // offered first
	Log       *slog.Logger
}

// Phone is one telephone. Make it with New, end it with Close.
type Phone struct {
	opts   Options
	at     netip.AddrPort
	udp    net.PacketConn
	tcp    net.Listener
	ua     *sipgo.UserAgent
	srv    *sipgo.Server
	client *sipgo.Client
	pool   *media.Pool
	ctx    context.Context
	stop   context.CancelFunc
	wg     sync.WaitGroup
	in     chan *Call

	mu    sync.Mutex
	calls map[string]*Call // by Call-ID and our tag
	seen  map[string]int
	more  chan struct{} // closed and renewed when seen changes
	reg   registration

	deaf atomic.Bool
}

type registration struct {
	callID string
	seq    uint32
}

var quiet sync.Once

// New opens the phone's sockets. A taken or foreign address is a fault that names it.
func New(opts Options) (*Phone, error) {
	if opts.Listen == "" {
		opts.Listen = "127.0.0.1:0"
	}
	if opts.Mode == "" {
		opts.Mode = Answer
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	opts.Transport = strings.ToUpper(opts.Transport)
	if opts.Transport == "" {
		opts.Transport = "UDP"
	}
	udp, err := net.ListenPacket("udp4", opts.Listen)
	if err != nil {
		return nil, fault.Newf(fault.Unavailable, "PHONE_LISTEN", "The phone can't use the address %s.", opts.Listen).With(err)
	}
	at := udp.LocalAddr().(*net.UDPAddr).AddrPort()
	at = netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
	pool, err := media.NewPool(at.Addr(), netip.Addr{}, 0, 0)
	if err != nil {
		_ = udp.Close()
		return nil, err
	}
	p := &Phone{
		opts: opts, at: at, udp: udp, pool: pool, in: make(chan *Call, 64),
		calls: map[string]*Call{}, seen: map[string]int{}, more: make(chan struct{}),
		reg: registration{callID: wire.GenerateTagN(24)},
	}
	p.ctx, p.stop = context.WithCancel(context.Background())
	if err := p.serve(); err != nil {
		p.stop()
		_ = udp.Close()
		return nil, fault.New(fault.Internal, "PHONE_START", "The phone could not start.").With(err)
	}
	return p, nil
}

func (p *Phone) serve() error {
	silent := slog.New(slog.DiscardHandler)
	quiet.Do(func() { wire.SetDefaultLogger(silent) })
	var err error
	p.ua, err = sipgo.NewUA(
		sipgo.WithUserAgent("cordboard-phone"),
		sipgo.WithUserAgentTransportLayerOptions(wire.WithTransportLayerLogger(silent)),
		sipgo.WithUserAgentTransactionLayerOptions(
			wire.WithTransactionLayerLogger(silent),
			wire.WithTransactionLayerUnhandledResponseHandler(func(*wire.Response) {}),
		))
	if err != nil {
		return err
	}
	if p.srv, err = sipgo.NewServer(p.ua, sipgo.WithServerLogger(silent)); err != nil {
		return err
	}
	if p.client, err = sipgo.NewClient(p.ua, sipgo.WithClientLogger(silent)); err != nil {
		return err
	}
	p.srv.OnInvite(p.onInvite)
	p.srv.OnAck(p.onAck)
	p.srv.OnBye(p.onBye)
	p.srv.OnCancel(p.onCancel)
	p.srv.OnOptions(func(req *wire.Request, tx wire.ServerTransaction) {
		if p.deaf.Load() {
			return
		}
		_ = tx.Respond(wire.NewResponseFromRequest(req, 200, "OK", nil))
	})
	p.wg.Go(func() { _ = p.srv.ServeUDP(p.udp) })
	if p.tcp, err = net.Listen("tcp4", p.at.String()); err == nil {
		p.wg.Go(func() { _ = p.srv.ServeTCP(p.tcp) })
	}
	for range 1000 {
		if c, err := p.ua.TransportLayer().GetConnection("udp", p.udp.LocalAddr().String()); err == nil && c != nil {
			return nil
		}
		time.Sleep(time.Millisecond)
	}
	return fmt.Errorf("the UDP transport doesn't begin to serve")
}

// Addr is where the phone listens.
func (p *Phone) Addr() netip.AddrPort { return p.at }

// Deaf makes the phone ignore OPTIONS too, so that with Mode Dead it is as if unplugged.
func (p *Phone) Deaf(on bool) { p.deaf.Store(on) }

// Incoming gives each call that the phone was offered, as soon as it came.
func (p *Phone) Incoming() <-chan *Call { return p.in }

// Close ends calls without ceremony and frees everything. It doesn't unregister.
func (p *Phone) Close() error {
	p.stop()
	p.mu.Lock()
	calls := p.calls
	p.calls = map[string]*Call{}
	p.mu.Unlock()
	for _, c := range calls {
		c.finish("closed")
	}
	_ = p.udp.Close()
	if p.tcp != nil {
		_ = p.tcp.Close()
	}
	_ = p.ua.Close()
	p.wg.Wait()
	return nil
}

// note counts what came, for Saw.
func (p *Phone) note(what string) {
	p.mu.Lock()
	p.seen[what]++
	close(p.more)
	p.more = make(chan struct{})
	p.mu.Unlock()
}

// Saw waits until the phone has received at least n requests of the method (INVITE, ACK, BYE, CANCEL).
func (p *Phone) Saw(ctx context.Context, method string, n int) error {
	for {
		p.mu.Lock()
		have, more := p.seen[method], p.more
		p.mu.Unlock()
		if have >= n {
			return nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return fmt.Errorf("saw %d of %d %s: %w", have, n, method, ctx.Err())
		}
	}
}

// Seen is how many requests of the method have come.
func (p *Phone) Seen(method string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.seen[method]
}

// Register tells the server (host:port) where to ring this phone, answering its digest challenge.
func (p *Phone) Register(ctx context.Context, server string) error {
	return p.register(ctx, server, 3600)
}

// Unregister takes the registration back.
func (p *Phone) Unregister(ctx context.Context, server string) error {
	return p.register(ctx, server, 0)
}

func (p *Phone) register(ctx context.Context, server string, expires int) error {
	aor := wire.Uri{Scheme: "sip", User: p.opts.User, Host: hostOf(server)}
	req := wire.NewRequest(wire.REGISTER, wire.Uri{Scheme: "sip", Host: hostOf(server), Port: portOf(server)})
	p.mu.Lock()
	p.reg.seq++
	seq := p.reg.seq
	p.reg.seq++ // for the answer to the challenge
	p.mu.Unlock()
	p.head(req, p.reg.callID, seq, wire.FromHeader{Address: aor, Params: tagged(wire.GenerateTagN(8))}, wire.ToHeader{Address: aor})
	contact := p.contact()
	contact.Params = wire.NewParams()
	contact.Params.Add("expires", strconv.Itoa(expires))
	req.AppendHeader(&contact)
	req.SetDestination(server)
	res, err := p.client.Do(ctx, req, asIs)
	if err != nil {
		return fault.Newf(fault.Unavailable, "NO_ANSWER", "The SIP server at %s doesn't answer.", server).With(err)
	}
	if res.StatusCode == 401 {
		res, err = p.client.DoDigestAuth(ctx, req, res, sipgo.DigestAuth{Username: p.opts.User, Password: p.opts.Secret})
		if err != nil {
			return fault.Newf(fault.Unavailable, "NO_ANSWER", "The SIP server at %s doesn't answer.", server).With(err)
		}
	}
	if res.StatusCode != 200 {
		return &Refused{res.StatusCode, res.Reason}
	}
	return nil
}

// Refused is a final answer other than 2xx.
type Refused struct {
	Code   int
	Reason string
}

func (r *Refused) Error() string { return fmt.Sprintf("the other side says %d %s", r.Code, r.Reason) }

func asIs(*sipgo.Client, *wire.Request) error { return nil }

func tagged(tag string) wire.HeaderParams {
	h := wire.NewParams()
	h.Add("tag", tag)
	return h
}

func (p *Phone) contact() wire.ContactHeader {
	user := p.opts.User
	if user == "" {
		user = "phone"
	}
	c := wire.ContactHeader{Address: wire.Uri{Scheme: "sip", User: user, Host: p.at.Addr().String(), Port: int(p.at.Port())}}
	if p.opts.Transport == "TCP" {
		c.Address.UriParams = wire.NewParams()
		c.Address.UriParams.Add("transport", "tcp")
	}
	return c
}

// head gives a request what every request has.
func (p *Phone) head(req *wire.Request, callID string, seq uint32, from wire.FromHeader, to wire.ToHeader) {
	via := &wire.ViaHeader{ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: p.opts.Transport, Host: p.at.Addr().String(), Port: int(p.at.Port()), Params: wire.NewParams()}
	via.Params.Add("branch", wire.GenerateBranch())
	via.Params.Add("rport", "")
	req.AppendHeader(via)
	hops := wire.MaxForwardsHeader(70)
	req.AppendHeader(&hops)
	id := wire.CallIDHeader(callID)
	req.AppendHeader(&from)
	req.AppendHeader(&to)
	req.AppendHeader(&id)
	req.AppendHeader(&wire.CSeqHeader{SeqNo: seq, MethodName: req.Method})
	req.SetBody(nil)
	req.SetTransport(p.opts.Transport)
	if p.opts.Transport == "UDP" {
		req.Laddr = wire.Addr{IP: net.IP(p.at.Addr().AsSlice()), Port: int(p.at.Port())}
	}
}

func hostOf(hostport string) string {
	h, _, err := net.SplitHostPort(hostport)
	if err != nil {
		return hostport
	}
	return h
}

func portOf(hostport string) int {
	_, s, err := net.SplitHostPort(hostport)
	if err != nil {
		return 0
	}
	n, _ := strconv.Atoi(s)
	return n
}
