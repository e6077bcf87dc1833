package sipphone

import (
	"net/netip"
	"time"

	wire "github.com/emiago/sipgo/sip"

	"cordboard/internal/channel/phone/media"
)

// onInvite is an incoming call.
func (p *Phone) onInvite(req *wire.Request, tx wire.ServerTransaction) {
	p.note("INVITE")
	if p.opts.Mode == Dead || req.From() == nil || req.To() == nil || req.Contact() == nil || req.CallID() == nil {
		return
	}
	c := p.newCall(req.CallID().Value(), wire.GenerateTagN(12))
	c.invite = req.Clone()
	c.invite.To().Params.Add("tag", c.ourTag)
	c.inviteTx = tx
	to := c.invite.To()
	c.from = wire.FromHeader{Address: *to.Address.Clone(), Params: to.Params.Clone()}
	c.to = wire.ToHeader{Address: *req.From().Address.Clone(), Params: req.From().Params.Clone()}
	c.target, c.peer = *req.Contact().Address.Clone(), req.Source()
	c.seq.Store(100)
	if p.opts.Mode == Busy {
		_ = tx.Respond(wire.NewResponseFromRequest(c.invite, 486, "Busy Here", nil))
		return
	}
	p.keep(c)
	p.in <- c
	if p.opts.Mode == AnswerOnCancel || p.opts.Mode == AnswerOnCancel481 {
		// The library answers a CANCEL by itself as long as it knows the transaction: it is made to forget it.
		tx.Terminate()
		_ = p.srv.WriteResponse(wire.NewResponseFromRequest(c.invite, 180, "Ringing", nil))
		<-c.ended
		return
	}
	tx.OnCancel(func(*wire.Request) {
		p.note("CANCEL")
		go c.finish("cancelled")
	})
	rings := 1
	if p.opts.Mode == ManyRinging {
		rings = 15
	}
	for range rings {
		_ = tx.Respond(wire.NewResponseFromRequest(c.invite, 180, "Ringing", nil))
	}
	switch p.opts.Mode {
	case Never:
	default:
		t := time.NewTimer(p.opts.Delay)
		defer t.Stop()
		select {
		case <-t.C:
			c.answer(func(res *wire.Response) error { return tx.Respond(res) })
		case <-c.ended:
		}
	}
	<-c.ended
}

// answer sends 200 with our audio, and again every half second until the ACK.
func (c *Call) answer(send func(*wire.Response) error) {
	d, err := media.ParseSDP(c.invite.Body())
	if err != nil || c.open() != nil {
		_ = send(wire.NewResponseFromRequest(c.invite, 488, "Not Acceptable Here", nil))
		c.finish("no audio in common")
		return
	}
	c.talk(d)
	contact := c.phone.contact()
	c.mu.Lock()
	body := c.local.Answer(d)
	c.mu.Unlock()
	res := wire.NewResponseFromRequest(c.invite, 200, "OK", body)
	res.AppendHeader(&contact)
	res.AppendHeader(wire.NewHeader("Content-Type", media.ContentType))
	c.mark(c.answered)
	c.phone.wg.Go(func() {
		tick := time.NewTicker(500 * time.Millisecond)
		defer tick.Stop()
		for range 10 {
			if send(res) != nil {
				c.finish("cancelled")
				return
			}
			select {
			case <-c.acked:
				return
			case <-c.ended:
				return
			case <-c.phone.ctx.Done():
				return
			case <-tick.C:
			}
		}
	})
}

func (p *Phone) find(req *wire.Request) *Call {
	if req.To() == nil || req.CallID() == nil {
		return nil
	}
	tag, _ := req.To().Params.Get("tag")
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls[req.CallID().Value()+tag]
}

func (p *Phone) onAck(req *wire.Request, _ wire.ServerTransaction) {
	p.note("ACK")
	if c := p.find(req); c != nil {
		c.mark(c.acked)
	}
}

func (p *Phone) onBye(req *wire.Request, tx wire.ServerTransaction) {
	c := p.find(req)
	if c == nil {
		_ = tx.Respond(wire.NewResponseFromRequest(req, 481, "Call/Transaction Does Not Exist", nil))
		return
	}
	_ = tx.Respond(wire.NewResponseFromRequest(req, 200, "OK", nil))
	p.note("BYE")
	c.finish("the other side hung up")
}

// onCancel sees only CANCELs whose INVITE the library doesn't know: those of the misbehaving modes.
func (p *Phone) onCancel(req *wire.Request, tx wire.ServerTransaction) {
	p.note("CANCEL")
	var c *Call
	p.mu.Lock()
	for _, have := range p.calls {
		if req.CallID() != nil && have.callID == req.CallID().Value() {
			c = have
		}
	}
	p.mu.Unlock()
	code, reason := 481, "Call/Transaction Does Not Exist"
	if p.opts.Mode == AnswerOnCancel {
		code, reason = 200, "OK"
	}
	if c != nil {
		c.answer(p.srv.WriteResponse)
	}
	_ = tx.Respond(wire.NewResponseFromRequest(req, code, reason, nil))
}

// open makes the call's audio port.
func (c *Call) open() error {
	port, err := c.phone.pool.Open(c.phone.opts.Law, media.PortOptions{})
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.port = port
	c.local = media.Local{Addr: netip.AddrPortFrom(c.phone.at.Addr(), port.LocalPort()), Session: uint64(port.LocalPort()), Version: 1}
	return nil
}

func (c *Call) offer() []byte {
	first, second := media.ULaw, media.ALaw
	if c.phone.opts.Law == media.ALaw {
		first, second = second, first
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.local.Offer(first, second)
}

// talk begins to send the phone's tone and to listen.
func (c *Call) talk(d media.Description) {
	c.mu.Lock()
	port, already := c.port, c.talking
	c.talking = true
	c.mu.Unlock()
	port.SetRemote(d.Remote())
	if already {
		return
	}
	law := port.Law()
	port.Receive(func(f media.Frame) { c.Ear.hear(f, law) })
	c.phone.wg.Go(func() { c.speak(port) })
}

// speak sends 20 ms of tone every 20 ms by the clock.
func (c *Call) speak(port *media.UDPPort) {
	// One second is a whole number of periods for every tone of a whole number of Hz, so it repeats without a click.
	samples := make([]int16, media.SampleRate)
	if c.phone.opts.Tone > 0 {
		samples = media.Wave(time.Second, 0.25, c.phone.opts.Tone)
	}
	coded := port.Law().Encode(nil, samples)
	start := time.Now()
	t := time.NewTimer(0)
	defer t.Stop()
	for n := 0; ; n++ {
		select {
		case <-t.C:
		case <-c.ended:
			return
		case <-c.silenced:
			return
		case <-c.phone.ctx.Done():
			return
		}
		at := n * media.FrameSamples % len(coded)
		if port.Send(media.Frame{Payload: coded[at : at+media.FrameSamples], Stream: 1, Seq: uint16(n), Timestamp: uint32(n * media.FrameSamples), Marker: n == 0}) != nil {
			return
		}
		t.Reset(time.Until(start.Add(time.Duration(n+1) * 20 * time.Millisecond)))
	}
}

// Silence stops the call's sending for good, as a broken line would.
func (c *Call) Silence() { c.mark(c.silenced) }
