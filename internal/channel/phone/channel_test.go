package phone_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"cordboard/internal/channel/phone"
	"cordboard/internal/channel/phone/phonetest"
	"cordboard/internal/fault"
	"cordboard/internal/interaction"
)

const arrival = "arrive +14155550123 → +18665550100 channel 3"

// A call to a browser: nobody is answered before the agent has accepted on his screen, then both at once.
func TestAcceptedInTheBrowser(t *testing.T) {
	inHouse(t, func(h *house) {
		p := h.call()
		h.do(p, interaction.Alert, "ada", 1)
		ada := h.line("ada")
		if ada.State() != phonetest.Ringing || p.State() != phonetest.Ringing {
			t.Fatalf("agent %s, customer %s; want both ringing", ada.State(), p.State())
		}
		if d := h.sw.Commands()[1].Dial; d.CallerID != customer || d.Display != "Sample Caller" || d.Interaction != "i-"+string(p.Leg()) {
			t.Errorf("dialled %+v", d)
		}
		h.do(p, interaction.Connect, "ada", 1)
		if ada.Hears() != "peer "+string(p.Leg()) || p.Hears() != "peer "+string(ada.Leg()) {
			t.Fatalf("agent hears %q, customer hears %q", ada.Hears(), p.Hears())
		}
		h.told(arrival) // his accept is the desk's own news
		ada.HangUp()
		h.told("agent_ended ada 1")
		h.do(p, interaction.Hangup, "", 0)
		h.told() // the customer's end is ours, so it is no news
		h.empty()
	})
}

// A call to a telephone: picking it up is the accept.
func TestAnsweredOnThePhone(t *testing.T) {
	inHouse(t, func(h *house) {
		p := h.call()
		h.do(p, interaction.Alert, "ben", 1)
		h.told(arrival)
		h.line("ben").PickUp()
		h.told("agent_answered ben 1")
		if p.State() != phonetest.Ringing {
			t.Fatalf("the customer is %s before the desk has said yes", p.State())
		}
		h.do(p, interaction.Connect, "ben", 1)
		if p.Hears() != "peer "+string(h.line("ben").Leg()) {
			t.Fatalf("the customer hears %q", p.Hears())
		}
		p.HangUp()
		h.told("customer_left")
		if st := h.line("ben").State(); st != phonetest.Over {
			t.Fatalf("the agent is %s after the customer has left", st)
		}
		h.empty()
	})
}

// CH-3: after the queue's seconds the customer is answered by itself and told that he waits.
func TestAnnouncement(t *testing.T) {
	inHouse(t, func(h *house) {
		p := h.call()
		pass(20*time.Second - 1)
		if p.State() != phonetest.Ringing {
			t.Fatalf("answered too early: %s", p.State())
		}
		pass(1)
		if p.Hears() != "prompt announcement" {
			t.Fatalf("the customer hears %q", p.Hears())
		}
		h.do(p, interaction.Alert, "ada", 1)
		if p.Hears() != "prompt announcement" {
			t.Fatalf("an offer changed what the customer hears: %q", p.Hears())
		}
		h.do(p, interaction.Connect, "ada", 1)
		if p.Hears() != "peer "+string(h.line("ada").Leg()) {
			t.Fatalf("the customer hears %q", p.Hears())
		}
		pass(time.Hour)
	})
}

// INT-16: the agent is lost; the customer waits again, is told so, and the next agent takes over.
func TestAgentLost(t *testing.T) {
	for _, cause := range []phone.Cause{phone.CauseLost, phone.CauseMedia} {
		inHouse(t, func(h *house) {
			p, ada := h.talk("ada")
			ada.End(cause)
			h.told("agent_lost ada 1")
			h.do(p, interaction.Disconnect, "ada", 1)
			h.do(p, interaction.Hold, "", 0)
			if p.Hears() != "prompt announcement" {
				t.Fatalf("the customer hears %q", p.Hears())
			}
			h.do(p, interaction.Alert, "ben", 2)
			h.line("ben").PickUp()
			h.told("agent_answered ben 2")
			h.do(p, interaction.Connect, "ben", 2)
			if p.Hears() != "peer "+string(h.line("ben").Leg()) {
				t.Fatalf("the customer hears %q", p.Hears())
			}
		})
	}
}

// GEN-9: a line that went dead is not a customer who left.
func TestCustomerLost(t *testing.T) {
	for cause, want := range map[phone.Cause]string{
		phone.CauseNormal: "customer_left", phone.CauseTrunk: "customer_left",
		phone.CauseLost: "channel_lost", phone.CauseMedia: "channel_lost",
	} {
		inHouse(t, func(h *house) {
			p, _ := h.talk("ben")
			p.End(cause)
			h.told(want)
			h.gone("ben")
		})
	}
}

// What the desk hears when a rung device ends by itself (INT-6, INT-7, INT-9).
func TestDeviceEndsWhileRinging(t *testing.T) {
	for cause, want := range map[phone.Cause][]string{
		phone.CauseUnreachable: {"agent_unreachable ben 1"},
		phone.CauseTrunk:       {"agent_unreachable ben 1"},
		phone.CauseLost:        {"agent_unreachable ben 1"},
		phone.CauseRefused:     {"agent_refused ben 1"},
		phone.CauseBusy:        {"agent_refused ben 1"},
		phone.CauseNoAnswer:    nil, // the desk's own timer decides
	} {
		t.Run(string(cause), func(t *testing.T) {
			inHouse(t, func(h *house) {
				p := h.call()
				h.do(p, interaction.Alert, "ben", 1)
				h.told(arrival)
				h.line("ben").End(cause)
				h.told(want...)
				if p.State() != phonetest.Ringing {
					t.Fatalf("the customer noticed: %s", p.State())
				}
				h.do(p, interaction.Unalert, "ben", 1)
				h.do(p, interaction.Alert, "ada", 2)
				h.do(p, interaction.Connect, "ada", 2)
				if p.Hears() != "peer "+string(h.line("ada").Leg()) {
					t.Fatalf("the customer hears %q", p.Hears())
				}
			})
		})
	}
}

func TestAgentWithoutPhone(t *testing.T) {
	inHouse(t, func(h *house) {
		p := h.call()
		h.ada.Reachable(false)
		h.told(arrival)
		for i, agent := range []string{"ada", "gone", "nobody"} {
			if h.ch.Reachable(agent) {
				t.Errorf("%s is said to be reachable", agent)
			}
			h.do(p, interaction.Alert, agent, i+1)
		}
		h.told("agent_unreachable ada 1", "agent_unreachable gone 2", "agent_unreachable nobody 3")
		if !h.ch.Reachable("ben") {
			t.Error("ben can't be reached")
		}
	})
}

func TestReached(t *testing.T) {
	inHouse(t, func(h *house) {
		h.told()
		h.ada.Reachable(false)
		synctest.Wait()
		h.ben.Reachable(true)
		synctest.Wait()
		want := []string{"reached ada", "reached ben"}
		h.desk.mu.Lock()
		defer h.desk.mu.Unlock()
		if got := h.desk.told; !slices.Equal(got, want) || !slices.Equal(h.shown, []string{"ada", "ben", "ada", "ben"}) {
			t.Fatalf("told %q, shown %q", got, h.shown)
		}
	})
}

// Calls that are turned away, and how.
func TestTurnedAway(t *testing.T) {
	t.Run("a number that is nobody's", func(t *testing.T) {
		inHouse(t, func(h *house) {
			p := h.sw.Caller(customer, "+18665550199")
			h.told()
			if p.Cause() != phone.CauseUnallocated {
				t.Fatalf("%s %s", p.State(), p.Cause())
			}
		})
	})
	t.Run("the desk is full", func(t *testing.T) {
		inHouse(t, func(h *house) {
			h.desk.set(func(interaction.Arrival) error { return fault.New(fault.TooMany, "FULL", "Full.") }, nil)
			p := h.sw.Caller(customer, service)
			h.told()
			if p.Cause() != phone.CauseCapacity {
				t.Fatalf("%s %s", p.State(), p.Cause())
			}
			h.empty()
		})
	})
	for why, want := range map[interaction.Reason]phone.Cause{
		interaction.ReasonBlocked: phone.CauseForbidden, interaction.ReasonRejected: phone.CauseRefused,
		interaction.ReasonFailed: phone.CauseTrunk, interaction.ReasonNormal: phone.CauseNormal,
	} {
		t.Run("by the desk, "+string(why), func(t *testing.T) {
			inHouse(t, func(h *house) {
				p := h.call()
				h.ch.Do(interactionOf(p), interaction.Effect{Kind: interaction.Hangup, Why: string(why)})
				h.told(arrival)
				if p.Cause() != want {
					t.Fatalf("the caller hears %s, want %s", p.Cause(), want)
				}
			})
		})
	}
}

// The number called is a channel's however the trunk writes it.
func TestNumbersAsTrunksWriteThem(t *testing.T) {
	for _, to := range []string{"+18665550100", "18665550100", "0018665550100", "8665550100", "(866) 555-0100"} {
		inHouse(t, func(h *house) {
			h.sw.Caller(customer, to)
			h.told(arrival)
		})
	}
	inHouse(t, func(h *house) {
		h.sw.Caller("anonymous", service)
		h.told("arrive  → +18665550100 channel 3")
	})
}

// The database is away: the caller rings on, and everything is told in order once it is back.
func TestDeskAway(t *testing.T) {
	inHouse(t, func(h *house) {
		away := true
		busy := fault.New(fault.Unavailable, "DB", "The database doesn't answer.")
		h.desk.set(func(interaction.Arrival) error {
			if away {
				return busy
			}
			return nil
		}, func(interaction.Signal) error {
			if away {
				return errors.New("something foreign")
			}
			return nil
		})
		p := h.call()
		q := h.call()
		pass(5 * time.Second)
		p.HangUp()
		pass(5 * time.Second)
		h.told()
		h.desk.mu.Lock()
		away = false
		h.desk.mu.Unlock()
		pass(5 * time.Second)
		got := h.desk.take()
		slices.Sort(got)
		if want := []string{arrival, arrival, "customer_left"}; !slices.Equal(got, want) {
			t.Fatalf("told %q, want %q", got, want)
		}
		if q.State() != phonetest.Ringing {
			t.Fatalf("the second caller is %s", q.State())
		}
	})
}

// What the desk does not take must leave nobody alone on a line.
func TestSignalRefused(t *testing.T) {
	taken := fault.New(fault.Conflict, "OFFER_TAKEN", "No longer available.")
	t.Run("answered too late", func(t *testing.T) {
		inHouse(t, func(h *house) {
			p := h.call()
			h.do(p, interaction.Alert, "ben", 1)
			h.desk.set(nil, func(interaction.Signal) error { return taken })
			h.line("ben").PickUp()
			synctest.Wait()
			if st := h.line("ben").State(); st != phonetest.Over {
				t.Fatalf("the agent is %s", st)
			}
			if p.State() != phonetest.Ringing {
				t.Fatalf("the customer is %s", p.State())
			}
		})
	})
	t.Run("hung up", func(t *testing.T) {
		inHouse(t, func(h *house) {
			_, ben := h.talk("ben")
			h.desk.set(nil, func(interaction.Signal) error { return taken })
			ben.HangUp()
			h.empty()
		})
	})
}

func TestMute(t *testing.T) {
	inHouse(t, func(h *house) {
		if got := h.ch.Abilities(); !slices.Equal(got, []string{phone.AbilityMute}) {
			t.Fatalf("abilities %q", got)
		}
		p, ada := h.talk("ada")
		ctx, id := context.Background(), "i-"+string(p.Leg())
		if h.ch.Muted(id, "ada") || h.ch.Muted("i-none", "ada") {
			t.Fatal("muted from the start")
		}
		if err := h.ch.Mute(ctx, id, "ada", true); err != nil {
			t.Fatal(err)
		}
		if p.Hears() != "" || !h.ch.Muted(id, "ada") || h.ch.Muted(id, "ben") {
			t.Fatalf("the customer hears %q of a muted agent; muted: %v", p.Hears(), h.ch.Muted(id, "ada"))
		}
		if err := h.ch.Mute(ctx, id, "ben", true); !fault.Is(err, "CALL_GONE") {
			t.Fatalf("someone else's call: %v", err)
		}
		if err := h.ch.Mute(ctx, "i-none", "ada", true); !fault.Is(err, "CALL_GONE") {
			t.Fatalf("no call: %v", err)
		}
		if err := h.ch.Mute(ctx, id, "ada", false); err != nil || p.Hears() == "" || h.ch.Muted(id, "ada") {
			t.Fatalf("unmuted: %v, hears %q", err, p.Hears())
		}
		// Lost while muted, he comes back to the same customer: on a new leg, heard.
		if err := h.ch.Mute(ctx, id, "ada", true); err != nil {
			t.Fatal(err)
		}
		ada.End(phone.CauseLost)
		synctest.Wait()
		h.do(p, interaction.Alert, "ada", 2)
		h.do(p, interaction.Connect, "ada", 2)
		if p.Hears() == "" || h.ch.Muted(id, "ada") {
			t.Fatalf("back again: hears %q, muted %v", p.Hears(), h.ch.Muted(id, "ada"))
		}
	})
}
