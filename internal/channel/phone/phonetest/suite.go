package phonetest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"cordboard/internal/channel/phone"
)

// limit is how long a story waits for what ought to happen at once: long, because the machine may be busy.
const limit = 20 * time.Second

// Run has a back end play every story of the suite. Stories that the rig can't play are skipped.
func Run(t *testing.T, rig func(t *testing.T) Rig) {
	for _, s := range stories {
		t.Run(s.name, func(t *testing.T) {
			ctx, stop := context.WithTimeout(context.Background(), limit)
			defer stop()
			r := &run{T: t, Rig: rig(t), ctx: ctx, more: make(chan struct{})}
			r.listen()
			s.play(r)
			r.hush()
			r.invariants()
		})
	}
}

// run is one story being played.
type run struct {
	*testing.T
	Rig
	ctx   context.Context
	quiet func() // ends Run and waits for it

	mu     sync.Mutex
	events []phone.Event
	more   chan struct{}
	legs   int
}

// listen begins to follow the switch.
func (r *run) listen() {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- r.Switch.Run(ctx, func(e phone.Event) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.events = append(r.events, e)
			close(r.more)
			r.more = make(chan struct{})
		})
	}()
	r.quiet = sync.OnceFunc(func() {
		stop()
		if err := <-done; err != nil {
			r.Errorf("Run returned %v when its context ended, want nil", err)
		}
	})
	r.Cleanup(r.hush)
}

func (r *run) hush() { r.quiet() }

// want waits for an event of a leg; "" is any leg.
func (r *run) want(leg phone.LegID, kind phone.EventKind) phone.Event {
	r.Helper()
	for {
		r.mu.Lock()
		for _, e := range r.events {
			if e.Kind == kind && (leg == "" || e.Leg == leg) {
				r.mu.Unlock()
				return e
			}
		}
		more := r.more
		r.mu.Unlock()
		select {
		case <-more:
		case <-r.ctx.Done():
			r.mu.Lock()
			defer r.mu.Unlock()
			r.Fatalf("no event %q of leg %q; there were %+v", kind, leg, r.events)
		}
	}
}

// ended waits for a leg's end and checks its cause.
func (r *run) ended(leg phone.LegID, causes ...phone.Cause) {
	r.Helper()
	e := r.want(leg, phone.Ended)
	for _, c := range causes {
		if e.Cause == c {
			return
		}
	}
	r.Fatalf("the leg ended with cause %q, want %q", e.Cause, causes)
}

func (r *run) ok(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

func (r *run) gone(what string, err error) {
	r.Helper()
	if !errors.Is(err, phone.ErrGone) {
		r.Errorf("%s on a leg that isn't there: %v, want ErrGone", what, err)
	}
}

// caller has a customer call and ring.
func (r *run) caller() (phone.LegID, Person) {
	r.Helper()
	if r.Call == nil {
		r.Skip("this switch has no callers")
	}
	p, err := r.Call(r.ctx)
	r.ok(err)
	leg := r.want("", phone.Arrived).Leg
	r.ok(r.Switch.Ring(r.ctx, leg))
	r.ok(p.Wait(r.ctx, Ringing))
	return leg, p
}

// device makes one, or ends the story.
func (r *run) device(b Behaviour) Instrument {
	r.Helper()
	d := r.Device(b)
	if d == nil {
		r.Skipf("no such device: %s", b)
	}
	return d
}

// dial rings a device.
func (r *run) dial(to phone.Target, timeout time.Duration) phone.LegID {
	r.Helper()
	r.legs++
	leg := phone.AgentLeg("story", r.legs)
	r.ok(r.Switch.Dial(r.ctx, phone.Dial{Leg: leg, To: to, CallerID: "+14155550123", Display: "Sample Caller", Timeout: timeout, Interaction: "story"}))
	return leg
}

// ring rings a device until someone stands at it.
func (r *run) ring(b Behaviour) (phone.LegID, Person) {
	r.Helper()
	d := r.device(b)
	leg := r.dial(d.Target(), limit)
	p, err := d.Rung(r.ctx)
	r.ok(err)
	r.want(leg, phone.Ringing)
	return leg, p
}

// talk rings a device and has it picked up.
func (r *run) talk() (phone.LegID, Person) {
	r.Helper()
	d := r.device(Answers)
	leg := r.dial(d.Target(), limit)
	p, err := d.Rung(r.ctx)
	r.ok(err)
	if r.ByAnswer {
		r.want(leg, phone.Ringing)
		r.ok(r.Switch.Answer(r.ctx, leg))
	}
	r.want(leg, phone.Answered)
	r.ok(p.Wait(r.ctx, Up))
	return leg, p
}

// live checks how many legs the switch believes in.
func (r *run) live(n int) []phone.LegInfo {
	r.Helper()
	legs, err := r.Switch.Legs(r.ctx)
	r.ok(err)
	if len(legs) != n {
		r.Fatalf("the switch has %d legs, want %d: %+v", len(legs), n, legs)
	}
	return legs
}

// invariants hold for whatever happened.
func (r *run) invariants() {
	r.mu.Lock()
	defer r.mu.Unlock()
	over := map[phone.LegID]bool{}
	answered := map[phone.LegID]int{}
	for _, e := range r.events {
		if e.At.IsZero() {
			r.Errorf("an event without its time: %+v", e)
		}
		if e.Leg == "" {
			continue
		}
		if over[e.Leg] {
			r.Errorf("an event of a leg that had ended: %+v", e)
		}
		switch e.Kind {
		case phone.Ended:
			over[e.Leg] = true
		case phone.Answered:
			if answered[e.Leg]++; answered[e.Leg] > 1 {
				r.Errorf("answered twice: %+v", e)
			}
		}
	}
}
