package phone_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"cordboard/internal/channel/phone/phonetest"
	"cordboard/internal/interaction"
)

// The races that can befall an inbound call, each on its timeline. Whatever wins, nobody is left alone on a line, no leg
// is joined with one that has ended, and the desk is told each thing once.
func TestRaces(t *testing.T) {
	const lag = 100 * time.Millisecond
	for name, race := range map[string]func(t *testing.T, h *house, p *phonetest.Party){
		"our cancel crosses the agent's answer": func(t *testing.T, h *house, p *phonetest.Party) {
			h.ben.AnswersOnCancel(true)
			h.do(p, interaction.Alert, "ben", 1)
			h.do(p, interaction.Unalert, "ben", 1)
			h.told(arrival) // his answer came after we had given up: not an accept
			pass(time.Second)
			h.gone("ben")
			h.ringing(p)
		},
		"the agent answers after his offer was withdrawn, and the event is late": func(t *testing.T, h *house, p *phonetest.Party) {
			h.do(p, interaction.Alert, "ben", 1)
			h.sw.Lag(lag)
			h.line("ben").PickUp()
			h.do(p, interaction.Unalert, "ben", 1)
			pass(time.Second)
			h.told(arrival)
			h.gone("ben")
			h.ringing(p)
		},
		"the next agent is rung while the first one's answer is on its way": func(t *testing.T, h *house, p *phonetest.Party) {
			h.do(p, interaction.Alert, "ben", 1)
			h.sw.Lag(lag)
			h.line("ben").PickUp()
			h.do(p, interaction.Unalert, "ben", 1)
			h.do(p, interaction.Alert, "ada", 2)
			h.do(p, interaction.Connect, "ada", 2)
			pass(time.Second)
			h.told(arrival)
			h.gone("ben")
			h.joined(p, "ada")
		},
		"the caller hangs up while a telephone is picked up": func(t *testing.T, h *house, p *phonetest.Party) {
			h.do(p, interaction.Alert, "ben", 1)
			p.HangUp()
			h.line("ben").PickUp() // before our hang-up can reach him
			h.told(arrival, "customer_left")
			h.do(p, interaction.Unalert, "ben", 1)
			h.gone("ben")
		},
		"a telephone was picked up, then the caller hangs up before they are joined": func(t *testing.T, h *house, p *phonetest.Party) {
			h.do(p, interaction.Alert, "ben", 1)
			h.line("ben").PickUp()
			h.told(arrival, "agent_answered ben 1")
			p.HangUp()
			h.told("customer_left")
			h.do(p, interaction.Unalert, "ben", 1)
			if got := h.line("ben").Hears(); got != "prompt busy" {
				t.Fatalf("the agent hears %q, want the tone that the caller has gone", got)
			}
			h.do(p, interaction.Connect, "ben", 1) // decided before the desk heard of it
			pass(3 * time.Second)
			h.gone("ben")
			h.told()
		},
		"the agent hangs up while he hears that the caller has gone": func(t *testing.T, h *house, p *phonetest.Party) {
			h.do(p, interaction.Alert, "ben", 1)
			h.line("ben").PickUp()
			synctest.Wait()
			p.HangUp()
			synctest.Wait()
			h.line("ben").HangUp()
			h.told(arrival, "agent_answered ben 1", "customer_left")
			pass(5 * time.Second)
			h.told()
		},
		"the caller hangs up while the browser is being answered": func(t *testing.T, h *house, p *phonetest.Party) {
			h.do(p, interaction.Alert, "ada", 1)
			h.sw.Lag(lag)
			p.HangUp()
			h.do(p, interaction.Connect, "ada", 1)
			pass(2 * time.Second)
			h.told(arrival, "customer_left")
			h.gone("ada")
		},
		"an accept that comes after the offer's time": func(t *testing.T, h *house, p *phonetest.Party) {
			h.do(p, interaction.Alert, "ada", 1)
			h.do(p, interaction.Unalert, "ada", 1) // the timer was first
			h.do(p, interaction.Alert, "ben", 2)
			h.do(p, interaction.Unalert, "ada", 1) // what the desk says to a late answer
			h.told(arrival)
			if st := h.line("ben").State(); st != phonetest.Ringing {
				t.Fatalf("an old offer's end reached the new one: %s", st)
			}
		},
		"the agent does not answer": func(t *testing.T, h *house, p *phonetest.Party) {
			h.do(p, interaction.Alert, "ben", 1)
			pass(30 * time.Second)
			if st := h.line("ben").State(); st != phonetest.Ringing {
				t.Fatalf("the switch gave up before the desk: %s", st)
			}
			pass(time.Minute)
			h.told(arrival)
			h.gone("ben")
		},
		"the agent accepts on his screen and never picks up his telephone": func(t *testing.T, h *house, p *phonetest.Party) {
			h.do(p, interaction.Alert, "ben", 1)
			h.do(p, interaction.Connect, "ben", 1)
			h.told(arrival)
			pass(35 * time.Second)
			h.told("agent_lost ben 1")
			h.do(p, interaction.Hold, "", 0)
			if p.State() == phonetest.Over {
				t.Fatal("the customer was lost")
			}
		},
		"the agent accepts on his screen while his telephone refuses": func(t *testing.T, h *house, p *phonetest.Party) {
			h.do(p, interaction.Alert, "ben", 1)
			h.line("ben").HangUp()
			h.told(arrival, "agent_refused ben 1")
			h.do(p, interaction.Connect, "ben", 1)
			h.told("agent_lost ben 1")
			h.do(p, interaction.Connect, "ben", 1) // told twice
			h.told()
			h.ringing(p)
		},
		"the agent hangs up before the customer is answered": func(t *testing.T, h *house, p *phonetest.Party) {
			h.do(p, interaction.Alert, "ben", 1)
			h.line("ben").PickUp()
			h.told(arrival, "agent_answered ben 1")
			h.line("ben").HangUp()
			h.told("agent_ended ben 1")
			h.do(p, interaction.Connect, "ben", 1) // was on its way
			h.told()
			h.do(p, interaction.Hangup, "", 0)
			h.empty()
		},
		"the agent ends while the customer's answer is on its way": func(t *testing.T, h *house, p *phonetest.Party) {
			h.do(p, interaction.Alert, "ben", 1)
			h.line("ben").PickUp()
			synctest.Wait()
			h.sw.Lag(lag)
			h.do(p, interaction.Connect, "ben", 1)
			h.line("ben").HangUp() // we still believe him to be there when the customer is up: Bridge says gone
			pass(2 * time.Second)
			h.told(arrival, "agent_answered ben 1", "agent_ended ben 1")
			if got := p.Hears(); got != "" {
				t.Fatalf("the customer hears %q", got)
			}
			h.do(p, interaction.Hangup, "", 0)
			pass(time.Second)
			h.empty()
		},
		"the caller ends while the agent's answer is on its way": func(t *testing.T, h *house, p *phonetest.Party) {
			h.do(p, interaction.Alert, "ada", 1)
			h.sw.Lag(lag)
			h.do(p, interaction.Connect, "ada", 1)
			p.HangUp() // Answer says gone
			pass(2 * time.Second)
			h.told(arrival, "customer_left")
			h.gone("ada")
		},
		"both hang up at once": func(t *testing.T, h *house, p *phonetest.Party) {
			h.do(p, interaction.Alert, "ada", 1)
			h.do(p, interaction.Connect, "ada", 1)
			h.sw.Lag(lag)
			h.line("ada").HangUp()
			p.HangUp()
			pass(time.Second)
			h.told(arrival, "agent_ended ada 1", "customer_left")
			h.do(p, interaction.Hangup, "", 0)
			h.told()
		},
		"the announcement's time comes while the agent is picking up": func(t *testing.T, h *house, p *phonetest.Party) {
			h.do(p, interaction.Alert, "ben", 1)
			pass(20*time.Second - lag/2)
			h.sw.Lag(lag)
			h.line("ben").PickUp()
			pass(lag) // the customer is being answered by itself now
			h.give(p, interaction.Connect, "ben", 1)
			pass(time.Second)
			h.told(arrival, "agent_answered ben 1")
			h.joined(p, "ben")
		},
		"the caller leaves when he is answered by the announcement": func(t *testing.T, h *house, p *phonetest.Party) {
			h.sw.Lag(lag)
			pass(20 * time.Second)
			p.HangUp()
			pass(5 * time.Second)
			h.told(arrival, "customer_left")
		},
		"effects before the desk has said which interaction it is": func(t *testing.T, h *house, _ *phonetest.Party) {
			h.told(arrival)
			release := make(chan struct{})
			h.desk.set(func(interaction.Arrival) error { h.desk.mu.Unlock(); <-release; h.desk.mu.Lock(); return nil }, nil)
			q := h.call()
			h.do(q, interaction.Alert, "ben", 1)
			h.line("ben").PickUp()
			synctest.Wait()
			close(release)
			h.told(arrival, "agent_answered ben 1")
			h.do(q, interaction.Connect, "ben", 1)
			h.joined(q, "ben")
		},
		"an effect told twice": func(t *testing.T, h *house, p *phonetest.Party) {
			for _, k := range []interaction.EffectKind{interaction.Alert, interaction.Connect} {
				h.do(p, k, "ada", 1)
				h.do(p, k, "ada", 1)
			}
			h.told(arrival)
			h.joined(p, "ada")
			n := map[string]int{}
			for _, c := range h.sw.Commands() {
				n[c.Name]++
			}
			if n["dial"] != 1 || n["bridge"] != 1 {
				t.Fatalf("commands %v", n)
			}
		},
		"an effect after the call is over": func(t *testing.T, h *house, p *phonetest.Party) {
			p.HangUp()
			h.told(arrival, "customer_left")
			for _, k := range []interaction.EffectKind{interaction.Unalert, interaction.Disconnect, interaction.Hangup} {
				h.do(p, k, "ada", 1)
			}
			h.told()
			h.do(p, interaction.Alert, "ada", 1)
			h.told("channel_lost")
		},
		"the switch cannot dial": func(t *testing.T, h *house, p *phonetest.Party) {
			h.sw.Refuse("dial", errors.New("500 Allocation failed"))
			h.do(p, interaction.Alert, "ben", 1)
			h.told(arrival, "agent_unreachable ben 1")
			h.ringing(p)
		},
		"the switch cannot join": func(t *testing.T, h *house, p *phonetest.Party) {
			h.sw.Refuse("bridge", errors.New("no media"))
			h.do(p, interaction.Alert, "ada", 1)
			h.do(p, interaction.Connect, "ada", 1)
			h.told(arrival, "channel_failed")
			h.empty()
		},
		"the browser cannot be answered": func(t *testing.T, h *house, p *phonetest.Party) {
			h.sw.Refuse("answer", errors.New("no media"))
			h.do(p, interaction.Alert, "ada", 1)
			h.do(p, interaction.Connect, "ada", 1)
			h.told(arrival, "agent_lost ada 1")
			h.ringing(p)
		},
		"a hang-up that the switch could not carry out": func(t *testing.T, h *house, p *phonetest.Party) {
			h.sw.Refuse("hangup", errors.New("busy"))
			h.do(p, interaction.Hangup, "", 0)
			h.sw.Refuse("hangup", nil)
			h.ringing(p)
			pass(2 * time.Minute) // found still alive, hung up again
			h.empty()
		},
		"the switch doesn't say which legs it has": func(t *testing.T, h *house, p *phonetest.Party) {
			h.sw.Refuse("legs", errors.New("away"))
			h.sw.Break()
			p.HangUp()
			pass(time.Minute)
			h.told(arrival)
			h.sw.Refuse("legs", nil)
			pass(time.Minute)
			h.told("channel_lost")
		},
	} {
		t.Run(name, func(t *testing.T) {
			inHouse(t, func(h *house) {
				race(t, h, h.call())
			})
		})
	}
}

func (h *house) gone(agent string) {
	h.t.Helper()
	synctest.Wait()
	if st := h.line(agent).State(); st != phonetest.Over {
		h.t.Fatalf("%s's phone is %s, want over", agent, st)
	}
}

func (h *house) ringing(p *phonetest.Party) {
	h.t.Helper()
	if st := p.State(); st != phonetest.Ringing {
		h.t.Fatalf("the customer is %s, want ringing as if nothing had happened", st)
	}
}

func (h *house) joined(p *phonetest.Party, agent string) {
	h.t.Helper()
	synctest.Wait()
	if want := "peer " + string(h.line(agent).Leg()); p.Hears() != want {
		h.t.Fatalf("the customer hears %q, want %q", p.Hears(), want)
	}
}
