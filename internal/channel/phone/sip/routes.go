package sip

import (
	"context"
	"errors"
	"strconv"
	"time"

	wire "github.com/emiago/sipgo/sip"

	"cordboard/internal/channel/phone"
)

// routes says who takes which request. Whatever lacks a header that RFC 3261 §8.1.1 demands is refused before.
func (s *Switch) routes() {
	on := func(method wire.RequestMethod, h func(*wire.Request, wire.ServerTransaction)) {
		s.srv.OnRequest(method, s.safely(func(req *wire.Request, tx wire.ServerTransaction) {
			if !complete(req) {
				if method != wire.ACK {
					s.failed(sourceOf(req), "malformed request")
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
	return s.reg.known(from, time.Now())
}

func (s *Switch) onAck(req *wire.Request, _ wire.ServerTransaction) {
	if l := s.find(req); l != nil {
		_ = l.call(context.Background(), func() error { l.onAck(req); return nil })
	}
}

func (s *Switch) onOptions(req *wire.Request, tx wire.ServerTransaction) {
	if !s.acquainted(req) {
		s.failed(sourceOf(req), "OPTIONS from an unknown address")
		return
	}
	s.respond(tx, req, status{200, "OK"}, wire.NewHeader("Allow", allowed), wire.NewHeader("Accept", "application/sdp"))
}

// onRegister takes a phone's registration (RFC 3261 §10.3), by digest always.
func (s *Switch) onRegister(req *wire.Request, tx wire.ServerTransaction) {
	now, from := time.Now(), sourceOf(req)
	user := req.To().Address.User
	h := req.GetHeader("authorization")
	if h == nil {
		s.challenge(tx, req, now, false)
		return
	}
	secret, ok := s.opts.Accounts(user)
	if ok && CheckSecret(user, secret) != nil {
		s.opts.Log.Warn("a phone can't register: its secret is too short or a default one; generate a new one", "user", user)
		ok = false
	}
	if !ok {
		secret = ""
	}
	switch s.auth.verify(h.Value(), "REGISTER", user, secret, now) {
	case wrong:
		s.failed(from, "wrong SIP secret")
		s.challenge(tx, req, now, false)
		return
	case stale:
		s.challenge(tx, req, now, true)
		return
	}
	s.guard.forgive(from)
	if st := s.register(req, user, now); st.code != 200 {
		var extra []wire.Header
		if st.code == 423 {
			extra = append(extra, wire.NewHeader("Min-Expires", strconv.Itoa(int(minExpiry/time.Second))))
		}
		s.respond(tx, req, st, extra...)
		return
	}
	var contacts []wire.Header
	for _, b := range s.reg.bindings(user, now) {
		c := wire.ContactHeader{Address: *b.contact.Clone(), Params: wire.NewParams()}
		c.Params.Add("expires", strconv.Itoa(int(b.expires.Sub(now)/time.Second)))
		contacts = append(contacts, &c)
	}
	s.respond(tx, req, status{200, "OK"}, contacts...)
}

func (s *Switch) challenge(tx wire.ServerTransaction, req *wire.Request, now time.Time, stale bool) {
	s.respond(tx, req, status{401, "Unauthorized"}, wire.NewHeader("WWW-Authenticate", s.auth.challenge(now, stale)))
}

// register applies an authenticated REGISTER.
func (s *Switch) register(req *wire.Request, user string, now time.Time) status {
	general := expiry(req.GetHeader("expires"), defaultExpiry)
	callID := req.CallID().Value()
	for _, raw := range req.GetHeaders("contact") {
		c, ok := raw.(*wire.ContactHeader)
		if !ok {
			if c = req.Contact(); c == nil {
				return status{400, "Bad Contact"}
			}
		}
		if c.Address.Wildcard {
			if general != 0 {
				return status{400, "Contact * needs Expires 0"}
			}
			if s.reg.unbind(user, "*", callID, now) {
				s.reach(user, false)
			}
			continue
		}
		if c.Address.Host == "" {
			return status{400, "Bad Contact"}
		}
		life := general
		if v, ok := c.Params.Get("expires"); ok {
			life = seconds(v, defaultExpiry)
		}
		if life == 0 {
			if s.reg.unbind(user, contactKey(&c.Address), callID, now) {
				s.reach(user, false)
			}
			continue
		}
		if life < minExpiry {
			return status{423, "Interval Too Brief"}
		}
		up, ok := s.reg.bind(user, binding{
			contact: *c.Address.Clone(), key: contactKey(&c.Address), callID: callID, cseq: req.CSeq().SeqNo,
			source: req.Source(), transport: wire.NetworkToUpper(req.Transport()), expires: now.Add(min(life, maxExpiry)),
		}, now)
		if !ok {
			return status{500, "Registration refused"}
		}
		if up {
			s.opts.Log.Info("phone registered", "user", user)
			s.reach(user, true)
		}
	}
	return status{200, "OK"}
}

func expiry(h wire.Header, def time.Duration) time.Duration {
	if h == nil {
		return def
	}
	return seconds(h.Value(), def)
}

func seconds(v string, def time.Duration) time.Duration {
	n, err := strconv.ParseUint(v, 10, 31)
	if err != nil {
		return def
	}
	return time.Duration(n) * time.Second
}
