package sip

import (
	"errors"
	"net/netip"
	"runtime/debug"
	"time"

	"github.com/emiago/sipgo"
	wire "github.com/emiago/sipgo/sip"

	"cordboard/internal/channel/phone"
)

// routes says who takes which request. Whatever lacks a header that RFC 3261 §8.1.1 demands is refused before.
func (s *Switch) routes() {
	on := func(method wire.RequestMethod, h func(*wire.Request, wire.ServerTransaction)) {
		s.srv.OnRequest(method, s.safely(func(req *wire.Request, tx wire.ServerTransaction) {
			if !complete(req) {
				s.failed(sourceOf(req), "malformed request")
				if method != wire.ACK && s.acquainted(req) {
					s.respond(tx, req, status{400, "Bad Request"})
				}
				return
			}
			h(req, tx)
		}))
	}
	on(wire.INVITE, s.onInvite)
	on(wire.UPDATE, func(req *wire.Request, tx wire.ServerTransaction) { s.within(req, tx, (*leg).onReinvite) })
	on(wire.BYE, func(req *wire.Request, tx wire.ServerTransaction) { s.within(req, tx, (*leg).onBye) })
	on(wire.ACK, s.onAck)
	on(wire.CANCEL, func(req *wire.Request, tx wire.ServerTransaction) {
		// sipgo has answered those that match an INVITE.
		s.unmatched(req, tx)
	})
	on(wire.REGISTER, s.onRegister)
	on(wire.OPTIONS, s.onOptions)
	s.srv.OnNoRoute(s.safely(func(req *wire.Request, tx wire.ServerTransaction) {
		if !s.acquainted(req) {
			s.failed(sourceOf(req), "request from an unknown address")
			return
		}
		s.respond(tx, req, status{405, "Method Not Allowed"}, wire.NewHeader("Allow", allowed))
	}))
}

func complete(req *wire.Request) bool {
	return req.From() != nil && req.To() != nil && req.CallID() != nil && req.CallID().Value() != "" &&
		req.CSeq() != nil && req.CSeq().MethodName == req.Method && req.Via() != nil && sourceOf(req).IsValid()
}

// respond sends a response without a body.
func (s *Switch) respond(tx wire.ServerTransaction, req *wire.Request, st status, headers ...wire.Header) {
	res := wire.NewResponseFromRequest(req, st.code, st.reason, nil)
	for _, h := range headers {
		res.AppendHeader(h)
	}
	if err := tx.Respond(res); err != nil {
		s.opts.Log.Debug("a SIP response could not be sent", "status", st.code, "err", err)
	}
}

// find is the leg of a request within a dialog.
func (s *Switch) find(req *wire.Request) *leg {
	tag, ok := req.To().Params.Get("tag")
	if !ok {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dialogs[dialogKey(req.CallID().Value(), tag)]
}

// within runs f on the leg of a request, and waits, since sipgo ends the transaction when its handler returns. A request
// of another dialog than the leg's present one, such as a losing branch's, is unmatched.
func (s *Switch) within(req *wire.Request, tx wire.ServerTransaction, f func(*leg, *wire.Request, wire.ServerTransaction)) {
	l := s.find(req)
	if l == nil {
		s.unmatched(req, tx)
		return
	}
	err := l.call(s.ctx, func() error {
		theirs, _ := req.From().Params.Get("tag")
		ours, _ := req.To().Params.Get("tag")
		if l.dlg == nil || l.dlg.localTag != ours || l.dlg.remoteTag != theirs {
			s.unmatched(req, tx)
			return nil
		}
		f(l, req, tx)
		return nil
	})
	if errors.Is(err, phone.ErrGone) {
		if req.Method == wire.BYE {
			// Both hung up at once: theirs gets its 200.
			s.respond(tx, req, status{200, "OK"})
			return
		}
		s.unmatched(req, tx)
	}
}

// unmatched answers a request of no call that we know: 481 to those we deal with, nothing to strangers.
func (s *Switch) unmatched(req *wire.Request, tx wire.ServerTransaction) {
	if !s.acquainted(req) {
		s.failed(sourceOf(req), "request outside any call from an unknown address")
		return
	}
	s.respond(tx, req, status{481, "Call/Transaction Does Not Exist"})
}

// acquainted: a trunk, or a registered phone.
func (s *Switch) acquainted(req *wire.Request) bool {
	from := sourceOf(req)
	if _, ok := s.trunkOf(from); ok {
		return true
	}
	return s.reg.Known(from, time.Now())
}

func (s *Switch) onAck(req *wire.Request, _ wire.ServerTransaction) {
	if l := s.find(req); l != nil {
		if !l.post(func() { l.onAck(req) }) {
			l.ackOnce.Do(func() { close(l.lateAck) })
		}
	}
}

func (s *Switch) onOptions(req *wire.Request, tx wire.ServerTransaction) {
	if !s.acquainted(req) {
		s.failed(sourceOf(req), "OPTIONS from an unknown address")
		return
	}
	s.respond(tx, req, status{200, "OK"}, wire.NewHeader("Allow", allowed), wire.NewHeader("Accept", "application/sdp"))
}

// failed notes what a source did wrong.
func (s *Switch) failed(from netip.Addr, why string) {
	if _, ok := s.trunkOf(from); ok {
		return
	}
	if s.guard.Fail(from, time.Now()) {
		s.opts.Log.Warn("SIP source banned for an hour after 20 failures", "source", from, "last", why)
	}
}

// trunkOf is the trunk whose list holds the address.
func (s *Switch) trunkOf(from netip.Addr) (name string, ok bool) {
	for _, t := range s.opts.Trunks() {
		for _, p := range t.Allow {
			if p.Contains(from) && p.Bits() > 0 {
				return t.Name, true
			}
		}
	}
	return "", false
}

// safely keeps one bad message from taking the process down.
func (s *Switch) safely(h sipgo.RequestHandler) sipgo.RequestHandler {
	return func(req *wire.Request, tx wire.ServerTransaction) {
		defer func() {
			if r := recover(); r != nil {
				s.opts.Log.Error("a SIP request could not be handled", "method", req.Method, "panic", r, "stack", string(debug.Stack()))
			}
		}()
		h(req, tx)
	}
}
