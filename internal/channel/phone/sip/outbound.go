package sip

import (
	"context"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	wire "github.com/emiago/sipgo/sip"

	"cordboard/internal/channel/phone"
	"cordboard/internal/channel/phone/media"
	"cordboard/internal/channel/phone/sip/caller"
	"cordboard/internal/channel/phone/sip/registrar"
	"cordboard/internal/fault"
)

// route is one way to a target: one registered phone, or a trunk.
type route struct {
	uri            wire.Uri
	peer           string // host:port
	transport      string
	user, password string             // digest, if asked
	phone          *registrar.Binding // of a registered phone
}

// outbound is what an outgoing leg knows besides.
type outbound struct {
	branches []*branch
	open     int // branches that may still answer
	heard    bool
	rung     bool
	worst    phone.Cause
	number   bool // by a trunk
}

// defaultRing is the time-out of a Dial that names none.
const defaultRing = time.Minute

// Dial implements phone.Switch for TargetSIP and TargetNumber. A target without a way to it (no phone registered, no
// trunk) is reported as any other failure: by Ended with CauseUnreachable or CauseTrunk.
func (s *Switch) Dial(_ context.Context, d phone.Dial) error {
	if len(d.Leg) == 0 {
		return fault.New(fault.Invalid, "LEG_ID", "The leg to dial has no id.")
	}
	var routes []route
	none := phone.CauseUnreachable
	switch d.To.Kind {
	case phone.TargetSIP:
		routes = s.phonesOf(d.To.Address)
	case phone.TargetNumber:
		routes = s.trunksTo(d.To.Address)
		none = phone.CauseTrunk
	default:
		return fault.Newf(fault.Invalid, "TARGET", "The SIP switch can't dial a target of kind %q.", d.To.Kind)
	}
	l := s.newLeg(d.Leg, false, caller.Text(d.CallerID, caller.MaxNumber), d.To.Address)
	l.out = &outbound{number: d.To.Kind == phone.TargetNumber}
	if err := s.enlist(l); err != nil {
		return err
	}
	s.opts.Log.Info("dialling", "leg", l.id, "kind", d.To.Kind, "phones", len(routes), "interaction", d.Interaction)
	s.spawn(func() {
		if len(routes) == 0 {
			l.end(none)
		} else {
			l.dial(d, routes)
		}
		l.loop()
	})
	return nil
}

func (s *Switch) phonesOf(user string) []route {
	var out []route
	for _, b := range s.reg.Bindings(user, time.Now()) {
		out = append(out, route{uri: *b.Contact.Clone(), peer: b.Source, transport: b.Transport, user: user, phone: &b})
	}
	return out
}

// trunksTo is the first trunk that takes outgoing calls; choosing among several is the dial policy's.
func (s *Switch) trunksTo(number string) []route {
	for _, t := range s.opts.Trunks() {
		if t.Host == "" || t.Check() != nil {
			continue
		}
		port := t.Port
		if port == 0 {
			port = 5060
		}
		transport := strings.ToUpper(t.Transport)
		if transport == "" {
			transport = "UDP"
		}
		return []route{{
			uri:  wire.Uri{Scheme: "sip", User: caller.Text(number, caller.MaxNumber), Host: t.Host, Port: t.Port, UriParams: wire.NewParams()},
			peer: net.JoinHostPort(t.Host, strconv.Itoa(port)), transport: transport, user: t.User, password: t.Password,
		}}
	}
	return nil
}

// dial sends the INVITEs, all at once.
func (l *leg) dial(d phone.Dial, routes []route) {
	if err := l.openPort(media.ULaw, routes[0].peer); err != nil {
		l.sw.opts.Log.Error("can't dial: no audio port", "leg", l.id, "err", err)
		l.end(phone.CauseCapacity)
		return
	}
	offer := l.local.Offer(media.ULaw, media.ALaw)
	for _, r := range routes {
		b := newBranch(l, r, d, offer)
		l.out.branches = append(l.out.branches, b)
		l.out.open++
		l.sw.spawn(b.run)
	}
	ring := d.Timeout
	if ring <= 0 {
		ring = defaultRing
	}
	l.after(ring, func() {
		if l.dlg == nil {
			l.giveUp(phone.CauseNoAnswer)
		}
	})
	// A phone that doesn't even say that it got the call is not there (INT-9); that is known long before it would
	// have rung out.
	l.after(min(l.sw.opts.FirstReply, ring), func() {
		if l.dlg != nil {
			return
		}
		for _, b := range l.out.branches {
			if !b.heard {
				l.sw.hush(b.route)
			}
		}
		if !l.out.heard {
			l.giveUp(phone.CauseUnreachable)
		}
	})
}

func (l *leg) giveUp(c phone.Cause) {
	l.abandon(c)
	l.end(c)
}

// abandon gives every branch to its reaper.
func (l *leg) abandon(c phone.Cause) {
	for _, b := range l.out.branches {
		b.reap(c)
	}
}

// provisional takes a branch's 1xx.
func (l *leg) provisional(b *branch, res *wire.Response) {
	l.out.heard, b.heard = true, true
	if res.StatusCode > 100 && !l.out.rung && l.dlg == nil {
		l.out.rung = true
		l.emit(phone.Event{Kind: phone.Ringing})
	}
}

// succeeded takes a branch's 200, which has been acknowledged. False: it isn't wanted, and the branch hangs it up.
func (l *leg) succeeded(b *branch, res *wire.Response) bool {
	if l.dlg != nil || l.ended {
		return false
	}
	desc, err := describe(res)
	if err != nil {
		l.sw.opts.Log.Info("answer refused: its audio can't be used", "leg", l.id, "err", err)
		l.failed(b, phone.CauseRefused)
		return false
	}
	l.dlg = b.dlg
	for _, other := range l.out.branches {
		if other != b {
			other.reap(phone.CauseElsewhere)
		}
	}
	l.connect(desc.Remote())
	l.up()
	return true
}

// failed takes a branch's end without an answer.
func (l *leg) failed(b *branch, c phone.Cause) {
	if l.ended || l.dlg != nil || !slices.Contains(l.out.branches, b) || b.failed {
		return
	}
	b.failed, b.heard = true, true
	l.out.worst = worse(l.out.worst, c)
	if l.out.open--; l.out.open == 0 {
		l.end(l.out.worst)
	}
}
