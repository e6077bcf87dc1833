package sipphone

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	wire "github.com/emiago/sipgo/sip"

	"cordboard/internal/channel/phone/media"
)

// Call is one call of a phone, in or out.
type Call struct {
	phone *Phone
	Ear   *Ear // what it hears; ready once answered

	callID, ourTag string
	invite         *wire.Request // an incoming call's
	inviteTx       wire.ServerTransaction
	from           wire.FromHeader // of our requests
	to             wire.ToHeader
	target         wire.Uri
	peer           string
	seq            atomic.Uint32 // CSeq of our latest request

	mu       sync.Mutex
	port     *media.UDPPort
	local    media.Local
	talking  bool
	ended    chan struct{}
	answered chan struct{}
	acked    chan struct{}
	ringing  chan struct{}
	silenced chan struct{}
	reason   string
	failure  error
}

// grace is how long a call that was given up waits for a first word of the other side, to cancel it properly.
const grace = 2 * time.Second

// Request is a call to place.
type Request struct {
	Server   string // host:port
	To       string // number or SIP user
	From     string // caller's number
	Display  string
	Withheld bool   // caller's number is kept back (RFC 3323)
	Asserted string // P-Asserted-Identity, as a trunk sends it; a whole header value
	NoAck    bool   // never acknowledges the answer
	NoSDP    bool   // lets the other side offer (RFC 3264 delayed offer)
}

// Call places a call and returns it once it is answered. A refusal is *Refused. When ctx ends before the answer the
// call is cancelled, and ctx's error is returned once the other side has agreed.
func (p *Phone) Call(ctx context.Context, r Request) (*Call, error) {
	c, err := p.Start(ctx, r)
	if err != nil {
		return nil, err
	}
	select {
	case <-c.answered:
		return c, nil
	case <-c.ended:
		select {
		case <-c.answered:
			return c, nil
		default:
			return nil, c.Err()
		}
	}
}

// Start places a call and returns at once; Answered and Done tell how it goes on. When ctx ends before the answer the
// call is cancelled.
func (p *Phone) Start(ctx context.Context, r Request) (*Call, error) {
	c := p.newCall(wire.GenerateTagN(24), wire.GenerateTagN(12))
	if err := c.open(); err != nil {
		return nil, err
	}
	req := wire.NewRequest(wire.INVITE, wire.Uri{Scheme: "sip", User: r.To, Host: hostOf(r.Server), Port: portOf(r.Server)})
	from := wire.FromHeader{DisplayName: strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(r.Display), Address: wire.Uri{Scheme: "sip", User: r.From, Host: p.at.Addr().String()}, Params: tagged(c.ourTag)}
	if r.Withheld {
		from.DisplayName, from.Address.User, from.Address.Host = "Anonymous", "anonymous", "anonymous.invalid"
	}
	to := wire.ToHeader{Address: wire.Uri{Scheme: "sip", User: r.To, Host: hostOf(r.Server)}}
	c.from, c.to, c.target, c.peer = from, to, req.Recipient, r.Server
	c.seq.Store(1)
	p.head(req, c.callID, 1, from, to)
	if r.Withheld {
		req.AppendHeader(wire.NewHeader("Privacy", "id"))
	}
	if r.Asserted != "" {
		req.AppendHeader(wire.NewHeader("P-Asserted-Identity", r.Asserted))
	}
	contact := p.contact()
	req.AppendHeader(&contact)
	if !r.NoSDP {
		req.AppendHeader(wire.NewHeader("Content-Type", media.ContentType))
		req.SetBody(c.offer())
	}
	req.SetDestination(r.Server)
	p.keep(c)
	tx, err := p.client.TransactionRequest(ctx, req, asIs)
	if err != nil {
		c.finish(err.Error())
		return nil, err
	}
	p.wg.Go(func() { c.follow(ctx, req, tx, r) })
	return c, nil
}

func (p *Phone) newCall(callID, ourTag string) *Call {
	return &Call{
		phone: p, Ear: newEar(), callID: callID, ourTag: ourTag,
		ended: make(chan struct{}), answered: make(chan struct{}), acked: make(chan struct{}), ringing: make(chan struct{}), silenced: make(chan struct{}),
	}
}

func (p *Phone) keep(c *Call) {
	p.mu.Lock()
	p.calls[c.callID+c.ourTag] = c
	p.mu.Unlock()
}

// follow sees an outgoing INVITE to its end.
func (c *Call) follow(ctx context.Context, req *wire.Request, tx wire.ClientTransaction, r Request) {
	give, heard, cancelled := ctx.Done(), false, false // a ctx that never ends has a nil Done: gone says whether we gave up
	gone := false
	var nobody <-chan time.Time
	for {
		select {
		case res := <-tx.Responses():
			switch {
			case res.IsProvisional():
				heard = true
				if res.StatusCode >= 180 {
					c.mark(c.ringing)
				}
				if gone && !cancelled {
					cancelled = true
					c.cancel(req)
				}
			case res.IsSuccess():
				c.accepted(tx, res, r)
				if gone {
					// The answer crossed our giving up: it is acknowledged, and hung up (RFC 3261 §9.1).
					_ = c.Hangup(c.phone.ctx)
				}
				return
			default:
				c.end(&Refused{res.StatusCode, res.Reason})
				return
			}
		case <-tx.Done():
			c.end(errors.New("the other side doesn't answer"))
			return
		case <-give:
			give, gone = nil, true
			if heard && !cancelled {
				cancelled = true
				c.cancel(req)
			}
			// Before a word from the other side no CANCEL may be sent (RFC 3261 §9.1).
			t := time.NewTimer(grace)
			defer t.Stop()
			nobody = t.C
		case <-nobody:
			if !heard {
				tx.Terminate()
				c.end(context.Cause(ctx))
				return
			}
		case <-c.phone.ctx.Done():
			tx.Terminate()
			c.end(context.Canceled)
			return
		}
	}
}

func (c *Call) accepted(tx wire.ClientTransaction, res *wire.Response, r Request) {
	c.mu.Lock()
	c.to = *res.To()
	if k := res.Contact(); k != nil {
		c.target = *k.Address.Clone()
	}
	c.mu.Unlock()
	ack := c.request(wire.ACK, res.CSeq().SeqNo)
	d, err := media.ParseSDP(res.Body())
	if r.NoSDP && err == nil {
		c.mu.Lock()
		ack.AppendHeader(wire.NewHeader("Content-Type", media.ContentType))
		ack.SetBody(c.local.Answer(d))
		c.mu.Unlock()
	}
	if !r.NoAck {
		tx.OnRetransmission(func(*wire.Response) { _ = c.phone.client.WriteRequest(ack.Clone(), asIs) })
		_ = c.phone.client.WriteRequest(ack.Clone(), asIs)
	}
	if err != nil {
		c.end(err)
		return
	}
	c.talk(d)
	c.mark(c.answered)
}

func (c *Call) cancel(invite *wire.Request) {
	req := wire.NewRequest(wire.CANCEL, *invite.Recipient.Clone())
	req.AppendHeader(invite.Via().Clone())
	for _, name := range []string{"max-forwards", "from", "to", "call-id"} {
		wire.CopyHeaders(name, invite, req)
	}
	req.AppendHeader(&wire.CSeqHeader{SeqNo: invite.CSeq().SeqNo, MethodName: wire.CANCEL})
	req.SetBody(nil)
	req.SetTransport(invite.Transport())
	req.SetDestination(c.peer)
	req.Laddr = invite.Laddr
	c.phone.wg.Go(func() {
		ctx, stop := context.WithTimeout(c.phone.ctx, 5*time.Second)
		defer stop()
		_, _ = c.phone.client.Do(ctx, req, asIs)
	})
}

// Hangup ends an answered call and waits for the other side to confirm.
func (c *Call) Hangup(ctx context.Context) error {
	select {
	case <-c.ended:
		return nil
	default:
	}
	res, err := c.phone.client.Do(ctx, c.request(wire.BYE, c.seq.Add(1)), asIs)
	c.finish("hung up")
	if err != nil {
		return err
	}
	if res.StatusCode != 200 && res.StatusCode != 481 {
		return &Refused{res.StatusCode, res.Reason}
	}
	return nil
}

// Reinvite offers the other side a new direction (sendrecv, sendonly, inactive) and returns the SDP of its answer.
func (c *Call) Reinvite(ctx context.Context, direction string) (string, error) {
	seq := c.seq.Add(1)
	req := c.request(wire.INVITE, seq)
	contact := c.phone.contact()
	req.AppendHeader(&contact)
	req.AppendHeader(wire.NewHeader("Content-Type", media.ContentType))
	req.SetBody([]byte(strings.Replace(string(c.offer()), "a=sendrecv", "a="+direction, 1)))
	res, err := c.phone.client.Do(ctx, req, asIs)
	if err != nil {
		return "", err
	}
	if res.StatusCode != 200 {
		return "", &Refused{res.StatusCode, res.Reason}
	}
	return string(res.Body()), c.phone.client.WriteRequest(c.request(wire.ACK, seq), asIs)
}

// Press sends a key as telephone-events.
func (c *Call) Press(key byte) {
	c.mu.Lock()
	port := c.port
	c.mu.Unlock()
	for _, f := range media.DigitFrames(key, 100, 77, 1000, uint32(key)*10_000) {
		_ = port.Send(f)
	}
}

// Ringing closes when the other side rings, Answered when it has answered, Acked when an incoming call's answer was
// acknowledged, Done when the call is over.
func (c *Call) Ringing() <-chan struct{}  { return c.ringing }
func (c *Call) Answered() <-chan struct{} { return c.answered }
func (c *Call) Acked() <-chan struct{}    { return c.acked }
func (c *Call) Done() <-chan struct{}     { return c.ended }

// Invite is the INVITE of an incoming call, to look into.
func (c *Call) Invite() *wire.Request { return c.invite }

func (c *Call) request(method wire.RequestMethod, seq uint32) *wire.Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	req := wire.NewRequest(method, *c.target.Clone())
	from, to := c.from, c.to
	from.Params, to.Params = from.Params.Clone(), to.Params.Clone()
	c.phone.head(req, c.callID, seq, from, to)
	req.SetDestination(c.peer)
	return req
}

// end finishes with an error for Call.
func (c *Call) end(err error) {
	c.mu.Lock()
	c.failure = err
	c.mu.Unlock()
	c.finish(err.Error())
}

// Err is why the call ended: *Refused for a final answer other than 2xx. It is meant after Done.
func (c *Call) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failure != nil {
		return c.failure
	}
	return errors.New(c.reason)
}

func (c *Call) mark(ch chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-ch:
	default:
		close(ch)
	}
}

func (c *Call) finish(reason string) {
	c.phone.mu.Lock()
	delete(c.phone.calls, c.callID+c.ourTag)
	c.phone.mu.Unlock()
	c.mu.Lock()
	if c.reason == "" {
		c.reason = reason
	}
	port := c.port
	c.mu.Unlock()
	c.mark(c.ended)
	if port != nil {
		_ = port.Close()
	}
}
