package phonetest

import (
	"time"

	"cordboard/internal/channel/phone"
)

type story struct {
	name string
	play func(r *run)
}

var stories = []story{
	{"a caller arrives, is answered and hangs up", func(r *run) {
		leg, p := r.caller()
		if e := r.want(leg, phone.Arrived); e.From != r.From || e.To != r.To {
			r.Fatalf("a call from %q to %q came, want %q to %q", e.From, e.To, r.From, r.To)
		}
		if l := r.live(1)[0]; l.Leg != leg || !l.Inbound || l.Answered {
			r.Fatalf("before the answer: %+v", l)
		}
		r.ok(r.Switch.Answer(r.ctx, leg))
		r.want(leg, phone.Answered)
		r.ok(p.Wait(r.ctx, Up))
		if l := r.live(1)[0]; !l.Answered || l.From != r.From || l.To != r.To {
			r.Fatalf("after the answer: %+v", l)
		}
		p.HangUp()
		r.ended(leg, phone.CauseNormal)
		r.live(0)
	}},
	{"a caller is answered and let go", func(r *run) {
		leg, p := r.caller()
		r.ok(r.Switch.Answer(r.ctx, leg))
		r.want(leg, phone.Answered)
		r.ok(r.Switch.Play(r.ctx, leg, phone.Prompt{Kind: phone.PromptAnnouncement}))
		r.ok(r.Switch.Hangup(r.ctx, leg, phone.CauseNormal))
		r.ok(p.Wait(r.ctx, Over))
		r.want(leg, phone.Ended)
		r.live(0)
	}},
	{"a caller gives up before the answer", func(r *run) {
		leg, p := r.caller()
		p.HangUp()
		r.ended(leg, phone.CauseCancelled)
		r.gone("Ring", r.Switch.Ring(r.ctx, leg))
		r.gone("Answer", r.Switch.Answer(r.ctx, leg))
		r.gone("Play", r.Switch.Play(r.ctx, leg, phone.Prompt{Kind: phone.PromptHold}))
		r.ok(r.Switch.Hangup(r.ctx, leg, phone.CauseNormal))
		r.live(0)
	}},
	{"a caller is turned away", func(r *run) {
		leg, p := r.caller()
		r.ok(r.Switch.Hangup(r.ctx, leg, phone.CauseUnallocated))
		r.ok(p.Wait(r.ctx, Over))
		r.want(leg, phone.Ended)
		r.live(0)
	}},
	{"a caller hangs up while he is being answered", func(r *run) {
		leg, p := r.caller()
		go p.HangUp()
		_ = r.Switch.Answer(r.ctx, leg) // whichever is first
		r.want(leg, phone.Ended)
		r.live(0)
	}},
	{"a device is picked up and put down", func(r *run) {
		if r.ByAnswer {
			r.Skip("a browser has no hook of its own")
		}
		leg, p := r.talk()
		p.HangUp()
		r.ended(leg, phone.CauseNormal)
		r.live(0)
	}},
	{"a device is picked up and let go", func(r *run) {
		leg, _ := r.talk()
		if l := r.live(1)[0]; l.Leg != leg || l.Inbound || !l.Answered {
			r.Fatalf("after the answer: %+v", l)
		}
		r.ok(r.Switch.Hangup(r.ctx, leg, phone.CauseNormal))
		r.want(leg, phone.Ended)
		r.ok(r.Switch.Hangup(r.ctx, leg, phone.CauseNormal))
		r.live(0)
	}},
	{"a target without a device", func(r *run) {
		r.ended(r.dial(r.Nobody, limit), phone.CauseUnreachable)
		r.live(0)
	}},
	{"a device that says busy", func(r *run) {
		d := r.device(SaysBusy)
		r.ended(r.dial(d.Target(), limit), phone.CauseBusy)
		r.live(0)
	}},
	{"a device that nobody picks up", func(r *run) {
		d := r.device(RingsOn)
		leg := r.dial(d.Target(), 200*time.Millisecond)
		p, err := d.Rung(r.ctx)
		r.ok(err)
		r.ended(leg, phone.CauseNoAnswer)
		if !r.ByAnswer {
			r.ok(p.Wait(r.ctx, Over))
		}
		r.live(0)
	}},
	{"a ringing device is told to stop", func(r *run) {
		leg, p := r.ring(RingsOn)
		r.ok(r.Switch.Hangup(r.ctx, leg, phone.CauseElsewhere))
		r.want(leg, phone.Ended)
		if !r.ByAnswer {
			r.ok(p.Wait(r.ctx, Over))
		}
		r.gone("Answer", r.Switch.Answer(r.ctx, leg))
		r.live(0)
	}},
	{"our cancel crosses a device's answer", func(r *run) {
		leg, p := r.ring(AnswersOnCancel)
		r.ok(r.Switch.Hangup(r.ctx, leg, phone.CauseCancelled))
		r.want(leg, phone.Ended)
		r.ok(p.Wait(r.ctx, Over)) // he must not sit in a call with no one
		r.live(0)
	}},
	{"two are joined and part", func(r *run) {
		a, pa, b, pb := r.pair()
		r.ok(r.Switch.Play(r.ctx, a, phone.Prompt{Kind: phone.PromptHold}))
		for range 2 { // repeating it is harmless
			r.ok(r.Switch.Bridge(r.ctx, "bridge", a, b))
		}
		r.ok(pa.Hears(r.ctx, pb))
		r.ok(pb.Hears(r.ctx, pa))
		r.ok(r.Switch.Hangup(r.ctx, b, phone.CauseNormal))
		r.want(b, phone.Ended)
		r.live(1)
		r.gone("Bridge", r.Switch.Bridge(r.ctx, "bridge", a, b))
		r.gone("Bridge", r.Switch.Bridge(r.ctx, "bridge", b, a))
		r.ok(r.Switch.Play(r.ctx, a, phone.Prompt{Kind: phone.PromptAnnouncement}))
		r.ok(r.Switch.Hangup(r.ctx, a, phone.CauseNormal))
		r.want(a, phone.Ended)
	}},
	{"a customer is handed from one agent to the next", func(r *run) {
		a, pa, b, _ := r.pair()
		r.ok(r.Switch.Bridge(r.ctx, "bridge", a, b))
		r.ok(r.Switch.Hangup(r.ctx, b, phone.CauseNormal))
		r.want(b, phone.Ended)
		c, pc := r.talk()
		r.ok(r.Switch.Bridge(r.ctx, "bridge", a, c))
		r.ok(pa.Hears(r.ctx, pc))
		r.ok(pc.Hears(r.ctx, pa))
	}},
	{"an agent mutes himself", func(r *run) {
		m, ok := r.Switch.(phone.Muter)
		if !ok {
			r.Skip("this switch can't mute")
		}
		a, pa, b, pb := r.pair()
		r.ok(r.Switch.Bridge(r.ctx, "bridge", a, b))
		r.ok(m.Mute(r.ctx, a, true))
		r.ok(pa.Hears(r.ctx, pb))
		r.ok(m.Mute(r.ctx, a, false))
		r.ok(pb.Hears(r.ctx, pa))
		r.gone("Mute", m.Mute(r.ctx, "ffffffffffffffffffffffffffffffff", true))
	}},
	{"both hang up at once", func(r *run) {
		a, pa, b, pb := r.pair()
		r.ok(r.Switch.Bridge(r.ctx, "bridge", a, b))
		for leg, p := range map[phone.LegID]Person{a: pa, b: pb} {
			if r.ByAnswer {
				go func() { _ = r.Switch.Hangup(r.ctx, leg, phone.CauseNormal) }()
			} else {
				go p.HangUp()
			}
			go func() { _ = r.Switch.Hangup(r.ctx, leg, phone.CauseNormal) }()
		}
		r.want(a, phone.Ended)
		r.want(b, phone.Ended)
		r.live(0)
	}},
	{"a leg that never was", func(r *run) {
		const leg = "ffffffffffffffffffffffffffffffff"
		r.gone("Ring", r.Switch.Ring(r.ctx, leg))
		r.gone("Answer", r.Switch.Answer(r.ctx, leg))
		r.gone("Bridge", r.Switch.Bridge(r.ctx, "bridge", leg, leg))
		r.gone("Play", r.Switch.Play(r.ctx, leg, phone.Prompt{Kind: phone.PromptHold}))
		r.ok(r.Switch.Hangup(r.ctx, leg, phone.CauseNormal))
		r.live(0)
	}},
	{"who can be reached", func(r *run) {
		x, ok := r.Switch.(phone.Reacher)
		if !ok {
			r.Skip("this switch can't tell")
		}
		if d := r.device(Answers); !x.Reachable(d.Target()) {
			r.Errorf("%+v is there and said to be unreachable", d.Target())
		}
		if x.Reachable(r.Nobody) {
			r.Errorf("%+v is nobody and said to be reachable", r.Nobody)
		}
	}},
	{"what happens while nobody listens is told later", func(r *run) {
		leg, _ := r.ring(RingsOn)
		r.hush()
		r.ok(r.Switch.Hangup(r.ctx, leg, phone.CauseElsewhere))
		r.listen()
		r.want(leg, phone.Ended)
	}},
}

// pair is two legs that are up: a customer and an agent, or two agents where there are no customers.
func (r *run) pair() (a phone.LegID, pa Person, b phone.LegID, pb Person) {
	r.Helper()
	if r.Call == nil {
		a, pa = r.talk()
	} else {
		a, pa = r.caller()
		r.ok(r.Switch.Answer(r.ctx, a))
		r.want(a, phone.Answered)
	}
	b, pb = r.talk()
	return a, pa, b, pb
}
