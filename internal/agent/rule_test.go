package agent

import (
	"fmt"
	"testing"
	"time"

	"cordboard/internal/fault"
	"pgregory.net/rapid"
)

var t0 = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func sec(n int) time.Time { return t0.Add(time.Duration(n) * time.Second) }

// doing is one thing that happens to an agent; err is the code of the fault it gets.
type doing struct {
	name string
	do   func(a *Agent, at time.Time) error
}

func choose(s Status) doing {
	return doing{"choose " + s.String(), func(a *Agent, at time.Time) error { _, err := a.Choose(s, a.ID, at); return err }}
}
func ask(n int) doing {
	return doing{fmt.Sprintf("ask %d", n), func(a *Agent, at time.Time) error {
		return a.Ask(Offer{Interaction: "i", Number: n, Deadline: at.Add(30 * time.Second)}, at)
	}}
}
func lose(n int, why string) doing {
	return doing{"lose offer: " + why, func(a *Agent, at time.Time) error { a.LoseOffer("i", n, why, at); return nil }}
}
func take(n int) doing {
	return doing{fmt.Sprintf("take %d", n), func(a *Agent, at time.Time) error { return a.Take("i", n, at) }}
}
func out(reason string) doing {
	return doing{"sign out", func(a *Agent, at time.Time) error { _, err := a.SignOut(reason, a.ID, at); return err }}
}

var (
	in       = doing{"sign in", func(a *Agent, at time.Time) error { a.SignIn(at); return nil }}
	complete = doing{"complete", func(a *Agent, at time.Time) error { a.Complete("i", at); return nil }}
	finished = doing{"done", func(a *Agent, at time.Time) error { a.Done("i", at); return nil }}
	gone     = doing{"lost", func(a *Agent, at time.Time) error { a.Lost("i", at); return nil }}
)

func TestRules(t *testing.T) {
	type step struct {
		doing
		err    string
		status Status
		reason string
		since  int // second in which the status began
	}
	ready := []step{{in, "", OnBreak, ReasonSignIn, 1}, {choose(Available), "", Available, ReasonChoice, 2}}
	after := func(more ...step) []step { return append(ready[:2:2], more...) }
	for _, c := range []struct {
		name  string
		steps []step
		idle  int // second since which he is idle; 0 = never was
	}{
		{"signing in twice changes nothing", []step{{in, "", OnBreak, ReasonSignIn, 1}, {in, "", OnBreak, ReasonSignIn, 1}}, 0},
		{"signed out chooses nothing", []step{{choose(Available), CodeSignedOut, LoggedOut, "", 0}, {out(ReasonSignOut), "", LoggedOut, "", 0}}, 0},
		{"choices", after(step{choose(WorkOffline), "", WorkOffline, ReasonChoice, 3}, step{choose(WorkOffline), "", WorkOffline, ReasonChoice, 3}, step{choose(OnBreak), "", OnBreak, ReasonChoice, 5},
			step{choose(Busy), CodeStatus, OnBreak, ReasonChoice, 5}, step{choose(LoggedOut), CodeStatus, OnBreak, ReasonChoice, 5}, step{out(ReasonSignOut), "", LoggedOut, ReasonSignOut, 8}), 2},
		{"asked only when free", []step{{in, "", OnBreak, ReasonSignIn, 1}, {ask(1), CodeNotFree, OnBreak, ReasonSignIn, 1}}, 0},
		{"missed", after(step{ask(1), "", Offered, ReasonOffer, 3}, step{ask(2), CodeNotFree, Offered, ReasonOffer, 3}, step{choose(OnBreak), CodeLocked, Offered, ReasonOffer, 3},
			step{lose(9, ReasonMissed), "", Offered, ReasonOffer, 3}, step{lose(1, ReasonMissed), "", OnBreak, ReasonMissed, 7}, step{choose(Available), "", Available, ReasonChoice, 8}), 8},
		{"rejected", after(step{ask(1), "", Offered, ReasonOffer, 3}, step{lose(1, ReasonRejected), "", OnBreak, ReasonRejected, 4}), 2},
		{"unreachable keeps his place", after(step{ask(1), "", Offered, ReasonOffer, 3}, step{lose(1, "unreachable"), "", Available, ReasonDone, 4}), 2},
		{"customer left keeps his place", after(step{ask(1), "", Offered, ReasonOffer, 3}, step{lose(1, "left"), "", Available, ReasonDone, 4}), 2},
		{"logged out while asked", after(step{ask(1), "", Offered, ReasonOffer, 3}, step{out(ReasonSignOut), CodeStillBusy, Offered, ReasonOffer, 3}, step{lose(1, ReasonGone), "", OnBreak, ReasonLost, 5}, step{out(ReasonSignOut), "", LoggedOut, ReasonSignOut, 6}), 2},
		{"a conversation", after(step{ask(1), "", Offered, ReasonOffer, 3}, step{take(2), CodeNotFree, Offered, ReasonOffer, 3}, step{take(1), "", Busy, ReasonAccept, 5}, step{choose(OnBreak), CodeLocked, Busy, ReasonAccept, 5}, step{out(ReasonSignOut), CodeStillBusy, Busy, ReasonAccept, 5},
			step{complete, "", WrapUp, ReasonWrapUp, 8}, step{choose(WorkOffline), CodeLocked, WrapUp, ReasonWrapUp, 8}, step{finished, "", Available, ReasonDone, 10}, step{finished, "", Available, ReasonDone, 10}), 10},
		{"lost in conversation", after(step{ask(1), "", Offered, ReasonOffer, 3}, step{take(1), "", Busy, ReasonAccept, 4}, step{complete, "", WrapUp, ReasonWrapUp, 5}, step{gone, "", OnBreak, ReasonLost, 6}, step{complete, "", OnBreak, ReasonLost, 6}), 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := Agent{ID: "ada", Status: LoggedOut}
			for n, s := range c.steps {
				err := s.do(&a, sec(n+1))
				if got := code(err); got != s.err {
					t.Fatalf("%s: fault %q, want %q", s.name, got, s.err)
				}
				since := time.Time{}
				if s.since > 0 {
					since = sec(s.since)
				}
				if a.Status != s.status || a.Reason != s.reason || !a.Since.Equal(since) {
					t.Fatalf("%s: %s since %s (%s), want %s since %s (%s)", s.name, a.Status, a.Since, a.Reason, s.status, since, s.reason)
				}
			}
			if c.idle == 0 != a.IdleSince.IsZero() || c.idle > 0 && !a.IdleSince.Equal(sec(c.idle)) {
				t.Errorf("idle since %s", a.IdleSince)
			}
		})
	}
}

func code(err error) string {
	if err == nil {
		return ""
	}
	return fault.Of(err).Code
}

func TestWhoChangedIt(t *testing.T) {
	a := Agent{ID: "ada", Status: LoggedOut}
	a.SignIn(sec(1))
	if _, err := a.Choose(Available, "sue", sec(2)); err != nil || a.By != "sue" {
		t.Error(a.By, err)
	}
	_ = a.Ask(Offer{Interaction: "i", Number: 1}, sec(3))
	if a.By != System {
		t.Error(a.By)
	}
	_ = a.Take("i", 1, sec(4))
	if a.By != "ada" {
		t.Error(a.By)
	}
}

func TestRepair(t *testing.T) {
	o := &Offer{Interaction: "i", Number: 2}
	for _, c := range []struct {
		name    string
		a       Agent
		held    Held
		changed bool
		want    Status
	}{
		{"right already", Agent{Status: Offered, Before: Available, Offer: &Offer{Interaction: "i", Number: 2}}, Held{Offer: o}, false, Offered},
		{"nothing, on break", Agent{Status: OnBreak}, Held{}, false, OnBreak},
		{"logged out stays so", Agent{Status: LoggedOut}, Held{}, false, LoggedOut},
		{"offer is gone", Agent{Status: Offered, Before: Available, Offer: o}, Held{}, true, Available},
		{"another offer", Agent{Status: Offered, Before: Available, Offer: &Offer{Interaction: "j", Number: 2}}, Held{Offer: o}, true, Offered},
		{"conversation is gone", Agent{Status: Busy, Handling: []string{"i"}}, Held{}, true, OnBreak},
		{"conversation is in wrap-up", Agent{Status: Busy, Handling: []string{"i"}}, Held{Handling: []string{"i"}}, true, WrapUp},
		{"knows nothing of his conversation", Agent{Status: Available}, Held{Handling: []string{"i"}, Talking: true}, true, Busy},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.a.Repair(c.held, t0); got != c.changed || c.a.Status != c.want {
				t.Errorf("changed %v, status %s", got, c.a.Status)
			}
			if c.a.Repair(c.held, t0) {
				t.Error("repaired twice")
			}
		})
	}
}

// Whatever happens in whatever order, what he holds and what his status says agree, and no time goes back.
func TestInvariants(t *testing.T) {
	all := []doing{in, choose(Available), choose(OnBreak), choose(WorkOffline), ask(1), ask(2), lose(1, ReasonMissed), lose(2, ReasonRejected),
		lose(1, "unreachable"), lose(2, "left"), lose(1, ReasonGone), take(1), take(2), complete, finished, gone, out(ReasonSignOut)}
	rapid.Check(t, func(t *rapid.T) {
		a, at := Agent{ID: "ada", Status: LoggedOut}, t0
		for range rapid.IntRange(1, 60).Draw(t, "length") {
			at = at.Add(time.Duration(rapid.IntRange(-5, 20).Draw(t, "seconds")) * time.Second)
			d, before := rapid.SampledFrom(all).Draw(t, "doing"), a
			err := d.do(&a, at)
			if err != nil && fmt.Sprint(before) != fmt.Sprint(a) {
				t.Fatalf("%s was refused and changed him: %+v", d.name, a)
			}
			if a.Since.Before(before.Since) || a.IdleSince.Before(before.IdleSince) {
				t.Fatalf("%s: time went back", d.name)
			}
			if (a.Status == Offered) != (a.Offer != nil) || a.Offer != nil && a.Before != Available {
				t.Fatalf("%s: %s with offer %v, before %s", d.name, a.Status, a.Offer, a.Before)
			}
			if (a.Status == Busy || a.Status == WrapUp) != (len(a.Handling) > 0) {
				t.Fatalf("%s: %s with %v", d.name, a.Status, a.Handling)
			}
			if a.Status != before.Status && (a.By == "" || a.Reason == "" || a.Since.IsZero()) {
				t.Fatalf("%s: nobody knows who, why or since when: %+v", d.name, a)
			}
		}
	})
}

func TestNames(t *testing.T) {
	for s, want := range map[Status]string{LoggedOut: "Logged out", OnBreak: "On Break", Available: "Available", WorkOffline: "Work Offline", Offered: "Offered", Busy: "Busy", WrapUp: "Wrap-up", 99: "Unknown"} {
		if s.String() != want {
			t.Errorf("%d is %q", s, s)
		}
	}
}
