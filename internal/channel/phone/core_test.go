package phone

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"cordboard/internal/interaction"
)

// TestCoreKeepsItsPromises throws every order of events, effects and timers at the core, with a switch that is as late as
// it likes, and checks what must hold whatever happens.
func TestCoreKeepsItsPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &wild{t: t, core: newCore("customer"), legs: map[LegID]*wildLeg{"customer": {}}, told: map[string]int{}}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			w.step()
		}
		w.wrapUp()
	})
}

// wild is a switch and a desk that do whatever the dice say.
type wild struct {
	t     *rapid.T
	core  *core
	legs  map[LegID]*wildLeg
	offer int
	told  map[string]int
}

// wildLeg is a leg as it really is, and what of it the core has been told.
type wildLeg struct {
	up, hungUp  bool
	asked       bool // Answer was ordered
	over, known bool // it has ended; the core knows
	answerKnown bool
}

func (w *wild) step() {
	t := w.t
	var out []order
	switch rapid.SampledFrom([]string{"alert", "unalert", "connect", "hold", "disconnect", "hangup", "answered", "ended", "announce", "tone", "check"}).Draw(t, "step") {
	case "alert":
		w.offer++
		kind := rapid.SampledFrom([]TargetKind{TargetBrowser, TargetSIP}).Draw(t, "kind")
		out = w.core.alert("agent", w.offer, Dial{Leg: LegID(fmt.Sprint("agent-", w.offer)), To: Target{Kind: kind}})
	case "unalert":
		out = w.core.unalert(w.anyOffer(), CauseCancelled)
	case "connect":
		out = w.core.connect("agent", w.anyOffer())
	case "hold":
		out = w.core.hold()
	case "disconnect":
		out = w.core.disconnect("agent")
	case "hangup":
		out = w.core.hangup(CauseNormal)
	case "announce":
		out = w.core.announceDue()
	case "tone":
		out = w.core.toneOver(w.anyLeg())
	case "answered":
		leg := w.anyLeg()
		if l := w.legs[leg]; l != nil && !l.known {
			first := !l.answerKnown
			l.up, l.answerKnown = true, true
			out = w.core.event(Event{Leg: leg, Kind: Answered})
			if first && l.hungUp && (len(out) != 1 || out[0].kind != doHangup || out[0].leg != leg) {
				t.Fatalf("the late answer of %s was met with %+v", leg, out)
			}
		}
	case "ended":
		leg := w.anyLeg()
		if l := w.legs[leg]; l != nil && !l.known {
			cause := rapid.SampledFrom([]Cause{CauseNormal, CauseLost, CauseMedia, CauseRefused, CauseNoAnswer, CauseUnreachable, CauseCancelled}).Draw(t, "cause")
			out = w.end(leg, cause)
		}
	case "check":
		out = w.core.checked(w.live(), nil)
	}
	w.obey(out)
}

func (w *wild) anyOffer() int { return rapid.IntRange(0, w.offer+1).Draw(w.t, "offer") }

func (w *wild) anyLeg() LegID {
	n := rapid.IntRange(0, w.offer).Draw(w.t, "leg")
	if n == 0 {
		return "customer"
	}
	return LegID(fmt.Sprint("agent-", n))
}

func (w *wild) live() map[LegID]LegInfo {
	out := map[LegID]LegInfo{}
	for id, l := range w.legs {
		if !l.over {
			out[id] = LegInfo{Leg: id, Answered: l.up}
		}
	}
	return out
}

func (w *wild) end(leg LegID, cause Cause) []order {
	l := w.legs[leg]
	l.over, l.known = true, true
	return w.core.event(Event{Leg: leg, Kind: Ended, Cause: cause})
}

// obey carries out what the core orders, and looks whether it may.
func (w *wild) obey(orders []order) {
	for _, o := range orders {
		l := w.legs[o.leg]
		switch o.kind {
		case doDial:
			if l != nil {
				w.t.Fatalf("leg %s was dialled twice", o.leg)
			}
			for id, x := range w.legs {
				if id != "customer" && !x.known && !x.hungUp {
					w.t.Fatalf("%s is dialled while %s is still wanted", o.leg, id)
				}
			}
			w.legs[o.leg] = &wildLeg{}
		case doAnswer:
			w.may(o, o.leg)
			if o.leg == "customer" && l.asked {
				w.t.Fatal("the customer is answered twice")
			}
			l.asked = true
		case doPlay:
			w.may(o, o.leg)
		case doBridge:
			w.may(o, o.leg)
			w.may(o, o.peer)
			if !w.legs[o.leg].answerKnown || !w.legs[o.peer].answerKnown {
				w.t.Fatalf("%s and %s are joined before both are up", o.leg, o.peer)
			}
		case doHangup:
			l.hungUp = true
		case doTell:
			key := fmt.Sprint(o.signal.Kind, " ", o.signal.Agent, " ", o.signal.Offer)
			if w.told[key]++; w.told[key] > 1 && o.signal.Kind != interaction.AgentLost {
				w.t.Fatalf("told twice: %s", key)
			}
			switch o.signal.Kind {
			case interaction.CustomerLeft, interaction.ChannelLost:
				if !w.legs["customer"].known {
					w.t.Fatalf("%s, but nobody said so", key)
				}
			default:
				if w.legs["customer"].known {
					w.t.Fatalf("%s, after the customer has gone", key)
				}
			}
		}
	}
}

// may checks that a leg is one that the core believes in.
func (w *wild) may(o order, leg LegID) {
	l := w.legs[leg]
	if l == nil || l.known || l.hungUp {
		w.t.Fatalf("order %d on leg %s, which is %+v", o.kind, leg, l)
	}
}

// wrapUp ends the customer, and then whatever the core lets go: nobody may be left.
func (w *wild) wrapUp() {
	if l := w.legs["customer"]; !l.known {
		w.obey(w.end("customer", CauseNormal))
	}
	if a := w.core.agent; a != nil && a.tone {
		w.obey(w.core.toneOver(a.leg))
	}
	for id, l := range w.legs {
		if !l.known && !l.hungUp {
			w.t.Fatalf("leg %s is left alone: %+v", id, l)
		}
		if !l.known {
			w.obey(w.end(id, CauseNormal))
		}
	}
	if !w.core.over() {
		w.t.Fatalf("nobody is left, and the call is not over: %+v", w.core)
	}
}
