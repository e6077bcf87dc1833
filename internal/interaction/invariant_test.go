package interaction

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestInvariants(t *testing.T) { rapid.Check(t, invariants) }

func FuzzInvariants(f *testing.F) {
	for _, seed := range []string{"", "\x01", "queued, offered, accepted, closed; and again from the beginning, with another agent"} {
		f.Add(bytes.Repeat([]byte(seed), 40))
	}
	f.Fuzz(rapid.MakeFuzz(invariants))
}

// invariants plays any signals of anyone in any order, the clock jumping both ways, and holds what must always hold.
func invariants(t *rapid.T) {
	i, _, _ := NewInteraction(Arrival{Ref: "r", Medium: Chat}, Origin{ID: "int"}, t0)
	if rapid.Bool().Draw(t, "queued") { // most stories begin so
		q := QueueTerms{ID: rapid.Int64Range(0, 2).Draw(t, "queue"), WrapupSeconds: rapid.IntRange(-1, 2).Draw(t, "wrapup") * 15,
			CodesRequired: rapid.Bool().Draw(t, "codes")}
		if rapid.Bool().Draw(t, "lists") {
			q.RequiredLists = []int64{1, 2}
		}
		step(t, &i, Signal{Kind: Enqueue, Queue: q}, t0, map[string]int{})
	}
	at, count := t0, map[string]int{}
	agents := rapid.SampledFrom([]string{"ada", "ben"})
	for range rapid.IntRange(0, 40).Draw(t, "length") {
		at = at.Add(time.Duration(rapid.IntRange(-10, 40).Draw(t, "seconds")) * time.Second)
		s := Signal{Kind: rapid.SampledFrom(all).Draw(t, "kind"), Agent: agents.Draw(t, "agent"), Deadline: at.Add(20 * time.Second)}
		if rapid.Bool().Draw(t, "apt") { // otherwise few signals would fit
			s.Offer = i.Offers
			if o := i.Offer; o != nil {
				s.Agent = o.Agent
			} else if h := i.open(); h != nil {
				s.Agent = h.Agent
			}
		} else {
			s.Offer, s.Handling = rapid.IntRange(0, i.Offers+1).Draw(t, "offer"), rapid.IntRange(0, len(i.Handling)+1).Draw(t, "handling")
		}
		if s.Kind == Write {
			for n := range rapid.IntRange(0, 7).Draw(t, "codes") {
				s.Codes = append(s.Codes, Code{List: int64(n%2 + 1), Item: int64(n)})
			}
			s.SetCodes = true
		}
		step(t, &i, s, at, count)
	}
}

func step(t *rapid.T, i *Interaction, s Signal, at time.Time, count map[string]int) {
	before, _ := json.Marshal(i)
	from := i.State
	events, effects, err := Apply(i, s, at)
	after, _ := json.Marshal(i)

	if changed := string(before) != string(after); changed != (len(events) > 0) {
		t.Fatalf("%s on %s: changed %v with events %v, error %v", from, s.Kind, changed, events, err)
	}
	if err != nil && (len(events) > 0 || len(effects) > 0) {
		t.Fatalf("a refusal with events %v, effects %v", events, effects)
	}
	r := table[from][s.Kind]
	if i.State != from && !slices.Contains(r.to, i.State) {
		t.Fatalf("%s on %s led to %s", from, s.Kind, i.State)
	}
	for _, e := range events {
		if !slices.Contains(r.events, e.Kind) {
			t.Fatalf("%s on %s gave event %s", from, s.Kind, e.Kind)
		}
		switch e.Kind {
		case EventOffered, EventOfferEnd:
			count[string(e.Kind)+string(rune(e.Offer))]++
		case EventAccepted, EventCompleted, EventClosed:
			count[string(e.Kind)+string(rune(e.Handling))]++
		case EventEnded:
			count[string(e.Kind)]++
		}
	}
	for k, n := range count {
		if n > 1 {
			t.Fatalf("event %q %d times", k, n)
		}
	}
	for _, e := range effects {
		if !slices.Contains(r.effects, e.Kind) {
			t.Fatalf("%s on %s gave effect %s", from, s.Kind, e.Kind)
		}
		if (e.Kind == Alert || e.Kind == Unalert || e.Kind == Connect) && (e.Agent == "" || e.Offer == 0 && e.Why != WhyLate) {
			t.Fatalf("effect without agent or offer: %+v", e)
		}
	}
	whole(t, i)
}

// whole holds what is true of every interaction at rest.
func whole(t *rapid.T, i *Interaction) {
	if (i.State == Offered) != (i.Offer != nil) {
		t.Fatalf("state %s with offer %v", i.State, i.Offer)
	}
	if (i.State == Accepted || i.State == Wrapup) != (i.open() != nil) {
		t.Fatalf("state %s with handlings %+v", i.State, i.Handling)
	}
	if i.Offers != len(i.Asked) {
		t.Fatalf("%d offers, asked %v", i.Offers, i.Asked)
	}
	if i.State.Final() != !i.ClosedAt.IsZero() {
		t.Fatalf("state %s closed at %s", i.State, i.ClosedAt)
	}
	last := i.CreatedAt
	for n, h := range i.Handling {
		if h.Number != n+1 || h.Agent == "" {
			t.Fatalf("handling %d is %+v", n+1, h)
		}
		if n < len(i.Handling)-1 && h.State != Closed {
			t.Fatalf("two agents: %+v", i.Handling)
		}
		if o := i.open(); o != nil && n == len(i.Handling)-1 && o.State != i.State {
			t.Fatalf("interaction %s, handling %s", i.State, o.State)
		}
		if h.State != Closed && h.CodesNeeded != i.missingCodes(&h) {
			t.Fatalf("codes needed %v: %+v", h.CodesNeeded, h)
		}
		if h.State == Closed && (!h.WrapupUntil.IsZero() || h.Stopped || h.ClosedAt.IsZero()) {
			t.Fatalf("closed with a countdown: %+v", h)
		}
		if len(h.Codes) > MaxCodes || h.TalkSeconds() < 0 || i.WaitSeconds(t0) < 0 {
			t.Fatalf("limits: %+v", h)
		}
		for _, at := range []time.Time{h.OfferedAt, h.AcceptedAt, h.CompletedAt, h.ClosedAt} {
			if !at.IsZero() && at.Before(last) {
				t.Fatalf("times go back in %+v", h)
			} else if !at.IsZero() {
				last = at
			}
		}
	}
}
