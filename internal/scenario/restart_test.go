package scenario

import (
	"fmt"
	"testing"
	"time"

	"cordboard/internal/crm"
	"cordboard/internal/delivery"
	"cordboard/internal/interaction"
	"cordboard/internal/tenant"
)

// step is one thing that happens in a story that is restarted after each of them.
type step struct {
	name string
	do   func(h *House)
}

// GEN-9, LOG-19: everything is stopped after any step and started anew over the same store; in the end every closed handling
// has exactly one log. A chat goes on where it was; a call, which the restart cut, ends as lost.
func TestRestartAtEveryStep(t *testing.T) {
	life := func(arrive func(h *House)) []step {
		return []step{
			{"arrived", arrive},
			{"accepted", func(h *House) { h.Accept("ada", "it") }},
			{"noted", func(h *House) { h.Note("ada", "it", "wants a quote") }},
			{"chosen", func(h *House) { h.Choose("ada", "it", bobRecord.Ref) }},
			{"ended", func(h *House) { h.CustomerEnds("it") }},
			{"coded", func(h *House) { h.Code("ada", "it", 1) }},
			{"closed", func(h *House) { h.EndWrapup("ada", "it") }},
			{"logged", func(*House) {}},
		}
	}
	shared := bobRecord
	shared.Email = "ann@acme.example"
	media := map[string][]step{
		"phone": life(func(h *House) { h.Call("it", "+14155550001") }),
		"chat":  life(func(h *House) { h.OpenChat("it", "ann@acme.example") }),
	}
	for medium, steps := range media {
		for cut := range steps {
			for _, down := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s after %s, salesforce down %t", medium, steps[cut].name, down), func(t *testing.T) {
					o := NewOrg(annRecord, shared)
					tell(t, Options{Settings: needCodes}, o, func(h *House) {
						lost := false
						for n, s := range steps {
							h.At(fmt.Sprintf("%ds", 1+2*n))
							if lost {
								break
							}
							s.do(h)
							if n != cut {
								continue
							}
							h.At(fmt.Sprintf("%ds", 2+2*n))
							o.Down(down)
							h.Restart()
							o.Down(false)
							h.SignIn("ada")
							lost = medium == "phone" && n < 4
						}
						h.At("10m")
						i := h.Interaction("it")
						if lost && cut == 0 { // nobody had accepted it
							if i.State != interaction.Failed || len(i.Handling) != 0 {
								t.Errorf("it is %s with %d handlings", i.State, len(i.Handling))
							}
							logged(t, h)
							return
						}
						want := "ada 003BOB>001ACME"
						if lost && cut < 3 {
							want = "ada 003ANN>001ACME"
						}
						logged(t, h, want)
						x, d := o.Tasks()[0], h.Delivery("it", 1)
						if x.Writes != 1 || d.State != delivery.Done {
							t.Errorf("written %d times, delivery %s", x.Writes, d.State)
						}
						if lost != (i.Reason == interaction.ReasonLost) || !lost && x.Disposition != "RES" {
							t.Errorf("it ended as %s %s; log %+v", i.State, i.Reason, x.Entry)
						}
					})
				})
			}
		}
	}
}

// POP-5: a search that the stop broke off is taken up again, and so is a trigger that had not been acted upon.
func TestRestartDuringTheSearch(t *testing.T) {
	for _, c := range []struct {
		name    string
		trigger tenant.Triggers
		at      []string // what happens before the stop
		want    string
	}{
		{"offered", tenant.Triggers{Offered: true}, nil, "offered"},
		{"accepted", tenant.Triggers{Accepted: true}, []string{"accept"}, "accepted"},
		{"in wrap-up", tenant.Triggers{Completed: true}, []string{"accept", "end"}, "completed"},
		{"not yet", tenant.Triggers{Completed: true}, []string{"accept"}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := org()
			o.Slow(time.Hour)
			tell(t, Options{Settings: func(cfg *tenant.Config) { cfg.ScreenPop.Triggers = c.trigger }}, o, func(h *House) {
				h.At("1s").OpenChat("chat", "ann@acme.example")
				for _, what := range c.at {
					if what == "accept" {
						h.Accept("ada", "chat")
					} else {
						h.End("ada", "chat")
					}
				}
				h.At("2s")
				if p := h.PopOf("ada", "chat"); p.State != crm.PopSearching {
					t.Errorf("before the stop the pop is %+v", p)
				}
				o.Slow(0)
				h.Restart()
				if p := h.PopOf("ada", "chat"); p.State != crm.PopFound || p.Trigger != c.want {
					t.Errorf("after the start the pop is %+v", p)
				}
			})
		})
	}
}
