package sip

import (
	"context"
	"time"

	wire "github.com/emiago/sipgo/sip"

	"cordboard/internal/channel/phone"
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
			s.guard.sweep(now)
			for _, user := range s.reg.sweep(now) {
				s.reach(user, false)
			}
		case now := <-probe.C:
			for user, phones := range s.reg.silent(now) {
				for _, b := range phones {
					s.spawn(func() { s.probe(user, b) })
				}
			}
		}
	}
}

// reach tells that a user's phones can be rung now, or can't (INT-9).
func (s *Switch) reach(user string, up bool) {
	s.events.push(phone.Event{Kind: phone.Reach, At: time.Now(), Target: phone.Target{Kind: phone.TargetSIP, Address: user}, Up: up})
}

// hush notes that a registered phone said nothing when it was rung: its user gets no calls until it speaks again.
func (s *Switch) hush(r route) {
	if r.phone != nil && s.reg.hush(r.user, r.phone.key, r.phone.callID, true, time.Now()) {
		s.opts.Log.Warn("a registered phone doesn't answer; its user gets no calls until it does", "user", r.user)
		s.reach(r.user, false)
	}
}

// probe asks a silent phone for its options. Any answer will do.
func (s *Switch) probe(user string, b binding) {
	contact := s.contactFor(b.source, b.transport)
	self := wire.Uri{Scheme: "sip", User: "cordboard", Host: contact.Address.Host}
	d := &dialog{
		callID: newTag(), local: wire.FromHeader{Address: self, Params: wire.NewParams()}, remote: wire.ToHeader{Address: *b.contact.Clone()},
		target: b.contact, transport: b.transport, peer: b.source, contact: contact,
	}
	d.local.Params.Add("tag", newTag())
	req := wire.NewRequest(wire.OPTIONS, *b.contact.Clone())
	s.dress(req, d, 1)
	req.SetDestination(b.source)
	ctx, stop := context.WithTimeout(s.ctx, s.opts.FirstReply)
	defer stop()
	if _, err := s.exchange(ctx, req); err != nil {
		return
	}
	if s.reg.hush(user, b.key, b.callID, false, time.Now()) {
		s.opts.Log.Info("a silent phone is back", "user", user)
		s.reach(user, true)
	}
}
