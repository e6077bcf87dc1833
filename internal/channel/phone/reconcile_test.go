package phone_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"cordboard/internal/channel/phone"
	"cordboard/internal/channel/phone/phonetest"
	"cordboard/internal/interaction"
	"cordboard/internal/tenant"
)

// The process comes back while the switch kept its calls: they are taken up again by their leg ids (race 12).
func TestRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, phonetest.New())
		h.ch.Start(nil)
		talking, ada := h.talk("ada")
		waiting, left, alone := h.call(), h.call(), h.call()
		h.do(waiting, interaction.Alert, "ben", 1)
		h.ch.Stop()
		h.sw.Break()
		left.HangUp()
		missed := h.sw.Caller(customer, service)

		open := func(p *phonetest.Party, st interaction.State, agent string) interaction.Interaction {
			i := interactionOf(p)
			i.State, i.Queue = st, 7
			switch st {
			case interaction.Offered:
				i.Offers, i.Offer = 1, &interaction.Offer{Number: 1, Agent: agent}
			case interaction.Accepted:
				i.Offers, i.Handling = 1, []interaction.Handling{{Number: 1, Agent: agent}}
			}
			return i
		}
		dead := phonetest.New().Caller(customer, service) // a call that no switch knows
		closing := open(dead, interaction.Wrapup, "ada")  // and one that needs no legs any more
		closing.Ref = "0000000000000000000000000000dead"
		opens := []interaction.Interaction{
			open(talking, interaction.Accepted, "ada"), open(waiting, interaction.Offered, "ben"),
			open(left, interaction.Queued, ""), closing,
		}
		h.desk.take()
		h.ch = phone.New(phone.Options{Desk: h.desk, Switch: h.sw, Config: func() *tenant.Config { return settings }})
		h.ch.Start(opens)
		h.told(arrival, arrival) // the one that nobody had written down, and the one that came while we were away
		pass(2 * time.Second)
		h.told("channel_lost")
		if talking.Hears() != "peer "+string(ada.Leg()) {
			t.Fatalf("the talking customer hears %q", talking.Hears())
		}
		h.line("ben").PickUp()
		h.told("agent_answered ben 1")
		ada.HangUp()
		h.told("agent_ended ada 1")
		for _, p := range []*phonetest.Party{alone, missed} {
			if p.State() != phonetest.Ringing {
				t.Fatalf("a caller was lost: %s", p.State())
			}
		}
		h.ch.Stop()
	})
}

// The connection to the switch is lost and comes back: what happened meanwhile is found out from its list of legs.
func TestGap(t *testing.T) {
	inHouse(t, func(h *house) {
		p, ben := h.talk("ben")
		q := h.call()
		h.told(arrival)
		h.sw.Break()
		ben.HangUp() // nobody hears of it
		missed := h.sw.Caller(customer, service)
		pass(5 * time.Second)
		h.told(arrival, "agent_lost ben 1") // why he went, nobody can say: the customer is kept
		if p.State() != phonetest.Up || q.State() != phonetest.Ringing || missed.State() != phonetest.Ringing {
			t.Fatalf("customers are %s, %s, %s", p.State(), q.State(), missed.State())
		}
		h.sw.Break()
		p.HangUp()
		pass(5 * time.Second)
		h.told("channel_lost")
	})
}

// A leg that belongs to nobody is hung up after a while.
func TestStranger(t *testing.T) {
	inHouse(t, func(h *house) {
		h.sw.Break()
		if err := h.sw.Dial(context.Background(), phone.Dial{Leg: "stray", To: h.ben.Target(), Timeout: time.Hour}); err != nil {
			t.Fatal(err)
		}
		pass(29 * time.Second)
		if st := h.line("ben").State(); st != phonetest.Ringing {
			t.Fatalf("too early: %s", st)
		}
		pass(5 * time.Second)
		h.empty()
	})
}
