package scenario

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"cordboard/internal/crm"
	"cordboard/internal/delivery"
	"cordboard/internal/interaction"
	"cordboard/internal/tenant"
)

// MAT-12, LOG-21: Salesforce is down for the whole call; ten minutes later the log is searched for, related and written once.
func TestDownDuringTheCall(t *testing.T) {
	for _, c := range []struct{ name, want string }{{ann, "ada 003ANN>001ACME"}, {"+14155550001", "ada 003ANN>001ACME"}, {"+14155550199", "ada >"}} {
		t.Run(c.name, func(t *testing.T) {
			o := org()
			o.Down(true)
			tell(t, Options{}, o, func(h *House) {
				h.At("1s").Call("call", c.name)
				p := h.PopOf("ada", "call")
				if p.State != crm.PopNotSearched || p.ReasonCode != "UNREACHABLE" || p.Reason == "" || p.FormKind != "" || !p.Shown {
					t.Errorf("the pop is %+v", p)
				}
				h.At("5s").Accept("ada", "call")
				h.At("60s").CustomerEnds("call").Note("ada", "call", "call back").EndWrapup("ada", "call")
				h.At("2m")
				if d := h.Delivery("call", 1); d.State != delivery.Waiting || d.Code != "UNREACHABLE" || d.Frozen != nil || d.Tries < 3 {
					t.Errorf("the delivery is %s (%s) after %d tries, frozen %s", d.State, d.Code, d.Tries, d.Frozen)
				}
				h.At("11m")
				o.Down(false)
				h.At("30m")
				logged(t, h, c.want)
				if d := h.Delivery("call", 1); d.State != delivery.Done {
					t.Errorf("the delivery is %s: %s", d.State, d.Reason)
				}
				if x := o.Tasks()[0]; x.Writes != 1 || !strings.Contains(x.Description, "Notes: call back") || !strings.Contains(x.Description, "Hung up: 2000-01-01 00:01:00 UTC") {
					t.Errorf("the log is %+v", x)
				}
			})
		})
	}
}

// Back within the call: Search again, also while a search is under way, finds; what he chose himself outlives another failure.
func TestSearchAgain(t *testing.T) {
	o := org()
	tell(t, Options{}, o, func(h *House) {
		again := func() {
			t.Helper()
			_, err := h.Pop.SearchAgain(h.ctx, "ada", h.ID("call"))
			h.done("search again", err)
		}
		is := func(want crm.PopState) {
			t.Helper()
			if p := h.PopOf("ada", "call"); p.State != want {
				t.Errorf("at %s the pop is %s (%s)", time.Since(h.start), p.State, p.Reason)
			}
		}
		o.Slow(time.Hour)
		h.At("1s").Call("call", "+14155550001")
		h.At("1.1s")
		is(crm.PopSearching)
		h.At("2s")
		o.Slow(500 * time.Millisecond)
		again()
		h.At("2.1s")
		is(crm.PopSearching)
		again()
		h.At("3s")
		is(crm.PopFound)
		h.Accept("ada", "call")
		h.Choose("ada", "call", bobRecord.Ref)
		o.Down(true)
		again()
		h.At("4s")
		is(crm.PopNotSearched)
		h.At("5s").End("ada", "call").EndWrapup("ada", "call")
		o.Down(false)
		h.At("10m")
		logged(t, h, "ada 003BOB>001ACME")
	})
}

// POP-3, POP-4: an offer that is lost and comes back while the first search is still under way.
func TestOfferedTwiceDuringASearch(t *testing.T) {
	o := org()
	o.Slow(2 * time.Second)
	tell(t, Options{Settings: func(c *tenant.Config) { c.Profile.AllowReject = true }}, o, func(h *House) {
		h.At("1s").Call("call", ann)
		h.At("2s").Reject("ada", "call")
		h.Ready("ada")
		h.At("10s")
		if p := h.PopOf("ada", "call"); p.State != crm.PopFound || p.Over != "" {
			t.Errorf("the pop is %+v", p)
		}
		h.Accept("ada", "call")
		h.At("11s").End("ada", "call").EndWrapup("ada", "call")
		h.At("1m")
		logged(t, h, "ada 003ANN>001ACME")
	})
}

// A slow answer: the card says at once that it searches; three seconds are the limit; the call does not wait.
func TestSlow(t *testing.T) {
	for _, c := range []struct {
		delay time.Duration
		state crm.PopState
		code  string
	}{{20 * time.Millisecond, crm.PopFound, ""}, {2900 * time.Millisecond, crm.PopFound, ""}, {3100 * time.Millisecond, crm.PopNotSearched, "CRM_SLOW"}} {
		t.Run(c.delay.String(), func(t *testing.T) {
			o := org()
			o.Slow(c.delay)
			tell(t, Options{}, o, func(h *House) {
				h.At("1s").Call("call", ann)
				h.Accept("ada", "call")
				h.At("1.05s")
				if p := h.PopOf("ada", "call"); c.delay > time.Second && (p.State != crm.PopSearching || !p.Shown) {
					t.Errorf("the card says %+v", p)
				}
				h.At("8s")
				if p := h.PopOf("ada", "call"); p.State != c.state || p.ReasonCode != c.code || !p.Shown {
					t.Errorf("the pop is %+v", p)
				}
				h.End("ada", "call").EndWrapup("ada", "call")
				h.At("1m")
				logged(t, h, "ada 003ANN>001ACME")
			})
		})
	}
}

// The call is over before the search is: the promise says not searched, and the delivery searches.
func TestClosedWhileSearching(t *testing.T) {
	o := org()
	o.Slow(2 * time.Second)
	tell(t, Options{}, o, func(h *House) {
		h.At("1s").Call("call", ann)
		h.Accept("ada", "call")
		h.At("2s").End("ada", "call").EndWrapup("ada", "call")
		h.At("1m")
		logged(t, h, "ada 003ANN>001ACME")
	})
}

// LOG-11: answers that get lost make no second log.
func TestLostAnswers(t *testing.T) {
	o := org()
	o.Lose(3)
	tell(t, Options{}, o, func(h *House) {
		h.At("1s").Call("call", ann)
		h.Accept("ada", "call")
		h.At("2s").End("ada", "call").EndWrapup("ada", "call")
		h.At("5m")
		logged(t, h, "ada 003ANN>001ACME")
		if x, d := o.Tasks()[0], h.Delivery("call", 1); x.Writes != 4 || d.State != delivery.Done || d.Tries != 4 {
			t.Errorf("written %d times, delivery %s after %d tries", x.Writes, d.State, d.Tries)
		}
	})
}

// SF-10, LOG-18: one failed sign-in, her lane parked, others untouched; a new sign-on lets everything go.
func TestInvalidLogin(t *testing.T) {
	o := org()
	tell(t, Options{Agents: []string{"ada", "ben"}}, o, func(h *House) {
		call := func(name, who string) {
			t.Helper()
			h.Call(name, ann)
			h.Accept(who, name)
			h.End(who, name).EndWrapup(who, name)
		}
		h.At("1s")
		h.Break("ben")
		call("found", "ada")
		logged(t, h, "ada 003ANN>001ACME")
		h.At("2s").Call("first", ann) // found while her password was still good
		h.Accept("ada", "first")
		o.Refuse("ada", true)
		h.End("ada", "first").EndWrapup("ada", "first")
		h.At("1m")
		if n := o.Tried("ada"); n != 2 {
			t.Errorf("ada's logs were tried %d times, want 1 before and 1 after", n)
		}
		call("second", "ada")
		if p := h.PopOf("ada", "second"); p.State != crm.PopNotSearched || p.ReasonCode != "INVALID_LOGIN" {
			t.Errorf("the pop is %+v", p)
		}
		h.Break("ada").Ready("ben")
		h.At("2m")
		call("ben's", "ben")
		h.At("80h") // also long after any back-off
		if n := o.Tried("ada"); n != 2 {
			t.Errorf("ada's logs were tried %d times", n)
		}
		for _, name := range []string{"first", "second"} {
			if d := h.Delivery(name, 1); d.State != delivery.Parked || d.Code != "INVALID_LOGIN" {
				t.Errorf("%s is %s (%s)", name, d.State, d.Code)
			}
		}
		if d := h.Delivery("ben's", 1); d.State != delivery.Done {
			t.Errorf("ben's log is %s: %s", d.State, d.Reason)
		}
		o.Refuse("ada", false)
		if err := h.Pump.ReleaseLane(h.ctx, "org/ada"); err != nil {
			t.Fatal(err)
		}
		h.At("81h")
		tasks := o.Tasks()
		if len(tasks) != 4 {
			t.Fatalf("%d logs", len(tasks))
		}
		for _, x := range tasks {
			if x.Writes != 1 || x.Who.ID != "003ANN" {
				t.Errorf("the log is %+v", x)
			}
		}
	})
}

// INT-16: her phone and console are gone; the next accept is another handling, and each has its own log – also when hers cannot go.
func TestAgentLostHasTwoLogs(t *testing.T) {
	for _, refused := range []bool{false, true} {
		t.Run(fmt.Sprint("refused ", refused), func(t *testing.T) {
			o := org()
			tell(t, Options{Agents: []string{"ada", "ben"}, Settings: needCodes}, o, func(h *House) {
				h.At("1s").Call("call", ann)
				h.At("2s").Accept("ada", "call").Note("ada", "call", "from Acme")
				o.Refuse("ada", refused)
				h.At("20s").Signal("call", interaction.Signal{Kind: interaction.AgentLost, Agent: "ada"})
				if p := h.PopOf("ben", "call"); p.State != crm.PopFound || !p.Shown {
					t.Errorf("ben's pop is %+v", p)
				}
				h.At("25s").Accept("ben", "call")
				h.At("30s").CustomerEnds("call").Code("ben", "call", 2).EndWrapup("ben", "call")
				h.At("5m")
				if refused {
					logged(t, h, "ben 003ANN>001ACME")
					if d := h.Delivery("call", 1); d.State != delivery.Parked {
						t.Errorf("ada's log is %s", d.State)
					}
					o.Refuse("ada", false)
					if err := h.Pump.ReleaseLane(h.ctx, "org/ada"); err != nil {
						t.Fatal(err)
					}
					h.At("6m")
				}
				logged(t, h, "ada 003ANN>001ACME", "ben 003ANN>001ACME")
				tasks := o.Tasks()
				if d := tasks[0].Description; tasks[0].Duration != 18 || !strings.Contains(d, "agentlost") || !strings.Contains(d, "codes missing") || !strings.Contains(d, "Notes: from Acme") {
					t.Errorf("ada's log: %+v", tasks[0])
				}
				if d := tasks[1].Description; tasks[1].Duration != 5 || tasks[1].Disposition != "Call again" || strings.Contains(d, "from Acme") {
					t.Errorf("ben's log: %+v", tasks[1])
				}
			})
		})
	}
}

// LOG-19: what is not logged says why.
func TestNoLogSaysWhy(t *testing.T) {
	for _, c := range []struct {
		name     string
		settings func(*tenant.Config)
	}{
		{"screen pop off", func(c *tenant.Config) { c.ScreenPop.Enabled = false }},
		{"legacy", func(c *tenant.Config) { c.ScreenPop.Integration = "legacy" }},
		{"auto log off", func(c *tenant.Config) { c.ScreenPop.AutoLog.On = false }},
		{"medium off", func(c *tenant.Config) { c.ScreenPop.AutoLog.Phone = false }},
		{"no seat", func(c *tenant.Config) { u := c.Users["ada"]; u.Seat = false; c.Users["ada"] = u }},
	} {
		t.Run(c.name, func(t *testing.T) {
			tell(t, Options{Settings: c.settings}, org(), func(h *House) {
				h.At("1s").Call("call", ann)
				h.Accept("ada", "call")
				h.At("2s").End("ada", "call").EndWrapup("ada", "call")
				logged(t, h)
				if why := h.Interaction("call").Handling[0].NoLog; why == "" {
					t.Error("nobody says why there is no log")
				}
			})
		})
	}
}

// A caller's name with markup and direction overrides stays plain text, and no length makes a log fail (LOG-6, LOG-13).
func TestHostileTexts(t *testing.T) {
	o := org()
	tell(t, Options{}, o, func(h *House) {
		name := "<script>alert(1)</script>\u202egnp.exe\x00\nNotes: forged"
		h.At("1s").Arrive("call", interaction.Arrival{Medium: interaction.Phone, Channel: 1, ANI: ann, Name: name})
		h.Accept("ada", "call")
		h.Note("ada", "call", strings.Repeat("😀", interaction.MaxNotes))
		h.Refused("INVALID").Note("ada", "call", strings.Repeat("a", interaction.MaxNotes+1))
		h.At("2s").End("ada", "call").EndWrapup("ada", "call")
		logged(t, h, "ada 003ANN>001ACME")
		e := o.Tasks()[0].Entry
		if !slices.Contains(strings.Split(e.Description, "\n"), "Customer name given: <script>alert(1)</script>gnp.exe Notes: forged") || !strings.Contains(e.Description, "😀😀") {
			t.Errorf("the log is %.600s", e.Description)
		}
		if i := h.Interaction("call"); i.Name != name {
			t.Errorf("the name is kept as %q", i.Name)
		}
	})
}
