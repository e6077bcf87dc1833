package sip

import (
	"context"
	"net/netip"
	"strings"
	"time"

	wire "github.com/emiago/sipgo/sip"

	"cordboard/internal/channel/phone"
	"cordboard/internal/channel/phone/media"
	"cordboard/internal/channel/phone/sip/caller"
)

// ringEvery is how often 180 is repeated (RFC 3261 §13.3.1.1, CH-3).
const ringEvery = time.Minute

// retryAfter is what a caller is told to wait when we are full.
const retryAfter = "10"

// inbound is what an inbound leg knows besides.
type inbound struct {
	invite  *wire.Request // with our tag in To
	tx      wire.ServerTransaction
	offer   *media.Description // nil: the INVITE had none, we offer
	ringing bool
	final   bool // a 200 was sent
}

// onInvite takes a new call, or a re-INVITE of one. It runs on a goroutine of its own, which becomes the leg's.
func (s *Switch) onInvite(req *wire.Request, tx wire.ServerTransaction) {
	if _, ok := req.To().Params.Get("tag"); ok {
		s.within(req, tx, (*leg).onReinvite)
		return
	}
	from := sourceOf(req)
	trunk, ok := s.trunkOf(from)
	if !ok {
		if s.reg.Known(from, time.Now()) {
			s.respond(tx, req, status{403, "Forbidden"})
			return
		}
		// Strangers get no answer at all: a scanner learns nothing.
		s.failed(from, "call from an address that no trunk lists")
		return
	}
	if req.Contact() == nil || req.Contact().Address.Host == "" {
		s.respond(tx, req, status{400, "Contact missing"})
		return
	}
	if need := required(req); need != "" {
		s.respond(tx, req, status{420, "Bad Extension"}, wire.NewHeader("Unsupported", need))
		return
	}
	var offer *media.Description
	if len(req.Body()) > 0 {
		d, err := describe(req)
		if err != nil {
			s.opts.Log.Info("call refused: its audio can't be used", "trunk", trunk, "err", err)
			s.respond(tx, req, status{488, "Not Acceptable Here"}, wire.NewHeader("Warning", `304 cordboard "PCMU or PCMA over RTP/AVP is needed"`))
			return
		}
		offer = &d
	}
	number, display := caller.Of(req)
	called := caller.User(&req.Recipient)
	if called == "" {
		called = caller.User(&req.To().Address)
	}
	invite := req.Clone()
	l := s.newLeg(newLegID(), true, number, called)
	l.in = &inbound{invite: invite, tx: tx, offer: offer}
	l.dlg = s.fromInvite(invite)
	if !s.admit(l) {
		s.opts.Log.Warn("call refused: too many calls", "trunk", trunk, "limit", s.opts.MaxCalls)
		s.respond(tx, req, status{503, "Service Unavailable"}, wire.NewHeader("Retry-After", retryAfter))
		return
	}
	// Both are called while the library holds the transaction's lock: never wait for the leg there.
	gone := func(c phone.Cause) {
		go l.post(func() {
			if !l.in.final {
				l.end(c)
			}
		})
	}
	cancelled := !tx.OnCancel(func(*wire.Request) { gone(phone.CauseCancelled) })
	if cancelled || !tx.OnTerminate(func(string, error) { gone(phone.CauseLost) }) {
		// Over before it began: nobody has heard of it, and nobody will.
		s.forget(l)
		close(l.done)
		return
	}
	s.opts.Log.Info("call arrived", "leg", l.id, "trunk", trunk, "from", caller.Mask(number), "to", caller.Mask(called))
	l.emit(phone.Event{Kind: phone.Arrived, From: number, To: called, Display: display, Trunk: trunk})
	l.loop()
}

// ring sends 180 and goes on to repeat it.
func (l *leg) ring() error {
	if !l.inbound || l.in.ringing || l.in.final {
		return nil
	}
	l.in.ringing = true
	l.ringOn()
	return nil
}

func (l *leg) ringOn() {
	if l.in.final {
		return
	}
	res := l.response(180, "Ringing", nil)
	if err := l.in.tx.Respond(res); err != nil {
		l.cancelledNow()
		return
	}
	l.after(ringEvery, l.ringOn)
}

// answer picks an inbound call up.
func (l *leg) answer() error {
	if !l.inbound || l.in.final {
		return nil
	}
	law := media.ULaw
	if l.in.offer != nil {
		law = l.in.offer.Laws[0]
	}
	if err := l.openPort(law, l.dlg.peer); err != nil {
		l.refuse(phone.CauseCapacity)
		l.end(phone.CauseCapacity)
		return err
	}
	body := l.local.Offer(media.ULaw, media.ALaw)
	remote := media.Remote{Law: law, Sends: true, Takes: true}
	if l.in.offer != nil {
		body = l.local.Answer(*l.in.offer)
		remote = l.in.offer.Remote()
	}
	res := l.response(200, "OK", body)
	err := l.accept(l.in.tx, res, l.in.offer == nil, func(ack *wire.Request) {
		if l.in.offer == nil {
			d, err := describe(ack)
			if err != nil {
				l.sw.opts.Log.Info("call ended: its answer to our audio offer can't be used", "leg", l.id, "err", err)
				l.hangup(phone.CauseRefused)
				return
			}
			l.port.SetRemote(d.Remote())
		}
		l.up()
	})
	if err != nil {
		l.cancelledNow()
		return phone.ErrGone
	}
	l.in.final = true
	l.connect(remote)
	return nil
}

// cancelledNow ends a leg whose transaction has just been cancelled under our hands. The library has answered 487, but
// keeps our later response as the one to repeat: the 487 is put back.
func (l *leg) cancelledNow() {
	_ = l.in.tx.Respond(l.response(487, "Request Terminated", nil))
	l.end(phone.CauseCancelled)
}

// refuse answers an inbound call with the cause's final response.
func (l *leg) refuse(c phone.Cause) {
	st := refusal(c)
	res := l.response(st.code, st.reason, nil)
	if st.code == 503 {
		res.AppendHeader(wire.NewHeader("Retry-After", retryAfter))
	}
	_ = l.in.tx.Respond(res)
}

// response builds one to the INVITE, with our Contact.
func (l *leg) response(code int, reason string, body []byte) *wire.Response {
	return withBody(wire.NewResponseFromRequest(l.in.invite, code, reason, body), l.dlg.contact, body)
}

func withBody(res *wire.Response, contact wire.ContactHeader, body []byte) *wire.Response {
	res.AppendHeader(contact.Clone())
	res.AppendHeader(wire.NewHeader("Allow", allowed))
	if body != nil {
		res.AppendHeader(wire.NewHeader("Content-Type", media.ContentType))
	}
	return res
}

// onReinvite takes a changed or refreshed description within a call: hold, resume, a new address, a session timer.
func (l *leg) onReinvite(req *wire.Request, tx wire.ServerTransaction) {
	d := l.dlg
	switch {
	case l.port == nil || l.acks != nil && l.acks.answer:
		// An offer is still open (RFC 3261 §14.2, RFC 3311 §5.2).
		l.sw.respond(tx, req, status{491, "Request Pending"})
		return
	case req.CSeq().SeqNo <= d.remoteSeq:
		l.sw.respond(tx, req, status{500, "CSeq out of order"})
		return
	}
	if p := l.acks; p != nil && req.IsInvite() {
		// Who sends the next INVITE has had our answer to the last; its ACK was overtaken, or lost.
		l.acks = nil
		p.acked(nil)
	}
	d.remoteSeq = req.CSeq().SeqNo
	local := l.local
	local.Version++
	body := local.Offer(media.ULaw, media.ALaw)
	if len(req.Body()) > 0 {
		desc, err := describe(req)
		if err != nil {
			// The call goes on as it was.
			l.sw.respond(tx, req, status{488, "Not Acceptable Here"})
			return
		}
		body = local.Answer(desc)
		l.port.SetRemote(desc.Remote())
	} else if req.Method == wire.UPDATE {
		body = nil
	}
	if body != nil {
		l.local = local
	}
	if c := req.Contact(); c != nil && c.Address.Host != "" {
		d.target = *c.Address.Clone()
	}
	d.peer = req.Source()
	res := withBody(wire.NewResponseFromRequest(req, 200, "OK", body), d.contact, body)
	if req.Method == wire.UPDATE {
		_ = tx.Respond(res)
		return
	}
	ours := len(req.Body()) == 0
	_ = l.accept(tx, res, ours, func(ack *wire.Request) {
		if !ours {
			return
		}
		if desc, err := describe(ack); err == nil {
			l.port.SetRemote(desc.Remote())
		}
	})
}

// onBye takes the peer's hanging up.
func (l *leg) onBye(req *wire.Request, tx wire.ServerTransaction) {
	l.sw.respond(tx, req, status{200, "OK"})
	l.sw.drop(l.dlg)
	if l.inbound && !l.in.final {
		// A BYE in place of CANCEL: the INVITE still wants its answer.
		l.refuse(phone.CauseCancelled)
		l.end(phone.CauseCancelled)
		return
	}
	l.end(phone.CauseNormal)
}

// required lists the extensions that the request insists on; we have none.
func required(req *wire.Request) string {
	var all []string
	for _, h := range req.GetHeaders("require") {
		all = append(all, caller.Text(h.Value(), 100))
	}
	return strings.Join(all, ", ")
}

// describe reads a message's SDP.
func describe(m wire.Message) (media.Description, error) {
	for _, h := range m.GetHeaders("content-type") {
		kind, _, _ := strings.Cut(h.Value(), ";")
		if !strings.EqualFold(strings.TrimSpace(kind), media.ContentType) {
			return media.Description{}, errNotSDP
		}
	}
	return media.ParseSDP(m.Body())
}

func sourceOf(m wire.Message) netip.Addr {
	ap, err := netip.ParseAddrPort(m.Source())
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap()
}

// Ring implements phone.Switch.
func (s *Switch) Ring(ctx context.Context, id phone.LegID) error {
	return s.on(ctx, id, (*leg).ring)
}

// Answer implements phone.Switch. An outbound leg is answered by its phone, so there is nothing to do.
func (s *Switch) Answer(ctx context.Context, id phone.LegID) error {
	return s.on(ctx, id, (*leg).answer)
}
