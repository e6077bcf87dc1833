package sip

import (
	"strconv"
	"time"

	wire "github.com/emiago/sipgo/sip"

	"cordboard/internal/channel/phone/sip/registrar"
)

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
	switch s.auth.Verify(h.Value(), "REGISTER", user, secret, now) {
	case registrar.Wrong:
		s.failed(from, "wrong SIP secret")
		s.challenge(tx, req, now, false)
		return
	case registrar.Stale:
		s.challenge(tx, req, now, true)
		return
	}
	s.guard.Forgive(from)
	if st := s.register(req, user, now); st.code != 200 {
		var extra []wire.Header
		if st.code == 423 {
			extra = append(extra, wire.NewHeader("Min-Expires", strconv.Itoa(int(registrar.MinExpiry/time.Second))))
		}
		s.respond(tx, req, st, extra...)
		return
	}
	var contacts []wire.Header
	for _, b := range s.reg.Bindings(user, now) {
		c := wire.ContactHeader{Address: *b.Contact.Clone(), Params: wire.NewParams()}
		c.Params.Add("expires", strconv.Itoa(int(b.Expires.Sub(now)/time.Second)))
		contacts = append(contacts, &c)
	}
	s.respond(tx, req, status{200, "OK"}, contacts...)
}

func (s *Switch) challenge(tx wire.ServerTransaction, req *wire.Request, now time.Time, stale bool) {
	s.respond(tx, req, status{401, "Unauthorized"}, wire.NewHeader("WWW-Authenticate", s.auth.Challenge(now, stale)))
}

// register applies an authenticated REGISTER.
func (s *Switch) register(req *wire.Request, user string, now time.Time) status {
	general := expiry(req.GetHeader("expires"), registrar.DefaultExpiry)
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
			if s.reg.Unbind(user, "*", callID, now) {
				s.reach(user, false)
			}
			continue
		}
		if c.Address.Host == "" {
			return status{400, "Bad Contact"}
		}
		life := general
		if v, ok := c.Params.Get("expires"); ok {
			life = seconds(v, registrar.DefaultExpiry)
		}
		if life == 0 {
			if s.reg.Unbind(user, registrar.ContactKey(&c.Address), callID, now) {
				s.reach(user, false)
			}
			continue
		}
		if life < registrar.MinExpiry {
			return status{423, "Interval Too Brief"}
		}
		up, ok := s.reg.Bind(user, registrar.Binding{
			Contact: *c.Address.Clone(), Key: registrar.ContactKey(&c.Address), CallID: callID, CSeq: req.CSeq().SeqNo,
			Source: req.Source(), Transport: wire.NetworkToUpper(req.Transport()), Expires: now.Add(min(life, registrar.MaxExpiry)),
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
