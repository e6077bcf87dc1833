package sip

import (
	"context"
	"time"

	wire "github.com/emiago/sipgo/sip"

	"cordboard/internal/channel/phone"
	"cordboard/internal/channel/phone/sip/registrar"
)

// probeEvery is how often a phone that said nothing when rung is asked whether it is back.
const probeEvery = 15 * time.Second

// housekeep lets registrations and bans run out, and asks after silent phones.
func (s *Switch) housekeep() {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	probe := time.NewTicker(s.opts.Probe)
	defer probe.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return
		case now := <-tick.C:
			s.guard.Sweep(now)
			for _, user := range s.reg.Sweep(now) {
				s.reach(user, false)
			}
		case now := <-probe.C:
			for user, phones := range s.reg.Silent(now) {
				for _, b := range phones {
					s.spawn(func() { s.probe(user, b) })
				}
			}
		}
	}
}

// reach tells that a user's phones can be rung now, or can't (INT-9).
func (s *Switch) reach(user string, up bool) {
	s.events.Put(phone.Event{Kind: phone.Reach, At: time.Now(), Target: phone.Target{Kind: phone.TargetSIP, Address: user}, Up: up})
}

// hush notes that a registered phone said nothing when it was rung: its user gets no calls until it speaks again.
func (s *Switch) hush(r route) {
	if r.phone != nil && s.reg.Hush(r.user, r.phone.Key, r.phone.CallID, true, time.Now()) {
		s.opts.Log.Warn("a registered phone doesn't answer; its user gets no calls until it does", "user", r.user)
		s.reach(r.user, false)
	}
}

// probe asks a silent phone for its options. Any answer will do.
func (s *Switch) probe(user string, b registrar.Binding) {
	contact := s.contactFor(b.Source, b.Transport)
	self := wire.Uri{Scheme: "sip", User: "cordboard", Host: contact.Address.Host}
	d := &dialog{
		callID: newTag(), local: wire.FromHeader{Address: self, Params: wire.NewParams()}, remote: wire.ToHeader{Address: *b.Contact.Clone()},
		target: b.Contact, transport: b.Transport, peer: b.Source, contact: contact,
	}
	d.local.Params.Add("tag", newTag())
	req := wire.NewRequest(wire.OPTIONS, *b.Contact.Clone())
	s.dress(req, d, 1)
	req.SetDestination(b.Source)
	ctx, stop := context.WithTimeout(s.ctx, s.opts.FirstReply)
	defer stop()
	if _, err := s.exchange(ctx, req); err != nil {
		return
	}
	if s.reg.Hush(user, b.Key, b.CallID, false, time.Now()) {
		s.opts.Log.Info("a silent phone is back", "user", user)
		s.reach(user, true)
	}
}
