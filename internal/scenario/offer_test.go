package scenario

import (
	"testing"

	"cordboard/internal/agent"
	"cordboard/internal/crm"
	"cordboard/internal/interaction"
	"cordboard/internal/tenant"
)

func TestAcceptRacesTheTimer(t *testing.T) {
	play(t, Options{Agents: []string{"ada", "ben"}}, func(w *World) {
		w.At("1s").Call("call", ann)
		w.At("30.999s").Accept("ada", "call")
		w.At("40s")
		if i := w.Interaction("call"); i.State != interaction.Accepted || i.Offers != 1 {
			t.Errorf("accepted in time, but %s after %d offers", i.State, i.Offers)
		}
		w.Accept("ada", "call") // twice is no loss
		w.Call("next", ann)
		w.At("70s") // ben missed it, nobody is left
		w.Refused(interaction.CodeWithdrawn).AcceptOffer("ben", "next", 1)
		w.Ready("ben")
		w.Refused(interaction.CodeWithdrawn).AcceptOffer("ben", "next", 1) // an old accept takes no later offer
		w.Refused(interaction.CodeNotYours).AcceptOffer("ada", "next", 2)
		w.AcceptOffer("ben", "next", 2)
		w.End("ada", "call").EndWrapup("ada", "call")
		w.Refused(interaction.CodeNotYours).AcceptOffer("ada", "next", 2)
	})
}

func TestTakenByAnother(t *testing.T) {
	play(t, Options{Agents: []string{"ada", "ben"}}, func(w *World) {
		w.At("1s").Call("call", ann)
		w.At("32s").Accept("ben", "call")
		w.Refused(interaction.CodeTaken).AcceptOffer("ada", "call", 1)
		w.Told()
		// Her phone's answer crossed: it is let go, and nothing else happens.
		w.Signal("call", interaction.Signal{Kind: interaction.AgentAnswered, Agent: "ada", Offer: 1})
		w.Want(`32s call !unalert ada #1 late`)
	})
}

func TestUnreachable(t *testing.T) {
	play(t, Options{Agents: []string{"ada", "ben"}}, func(w *World) {
		w.Phone.Unplug("ada")
		w.At("1s").Call("first", ann)
		w.Want(`
			1s first arrived
			1s first queued
			1s first offered ben #1
			1s first !alert ben #1
			1s ben is Offered (offer)`)
		w.At("2s").Call("second", ann)
		w.At("3s").OpenChat("chat", "ann@acme.example") // she can still chat
		w.Want(`
			2s second arrived
			2s second queued
			3s chat arrived
			3s chat queued
			3s chat offered ada #1
			3s chat !alert ada #1
			3s ada is Offered (offer)`)
		w.At("4s").CustomerEnds("chat")
		w.Told()
		w.At("5s").Phone.Plug("ada")
		w.Want(`
			5s second offered ada #1
			5s second !alert ada #1
			5s ada is Offered (offer)`)
	})
}

// The device fails only when it is asked: the next agent is asked at once, and she is left alone for a while.
func TestDeviceFailsWhenAsked(t *testing.T) {
	play(t, Options{Agents: []string{"ada", "ben"}}, func(w *World) {
		w.Phone.Break("ada")
		w.At("1s").Call("call", ann)
		w.Want(`
			1s call arrived
			1s call queued
			1s call offered ada #1
			1s call offer_ended ada #1 unreachable
			1s call offered ben #2
			1s call !alert ada #1
			1s call !unalert ada #1 unreachable
			1s call !alert ben #2
			1s ada is Offered (offer)
			1s ada is Available (done)
			1s ben is Offered (offer)`)
	})
}

func TestDeviceFailsAndRests(t *testing.T) {
	play(t, Options{}, func(w *World) {
		w.Phone.Break("ada")
		w.At("1s").Call("call", ann)
		w.Told()
		w.At("5.9s").Want("")
		w.At("6s").Want(`
			6s call offered ada #2
			6s call offer_ended ada #2 unreachable
			6s call !alert ada #2
			6s call !unalert ada #2 unreachable
			6s ada is Offered (offer)
			6s ada is Available (done)`)
		w.At("7s").Phone.Plug("ada")
		w.At("8s").Accept("ada", "call")
		if i := w.Interaction("call"); i.State != interaction.Accepted || i.WaitSeconds(i.CreatedAt) != 7 {
			t.Errorf("%s, waited %d", i.State, i.WaitSeconds(i.CreatedAt))
		}
	})
}

// Ready to work says that she can be asked at once, whatever happened before.
func TestReadyEndsTheRest(t *testing.T) {
	play(t, Options{}, func(w *World) {
		w.Phone.Break("ada")
		w.At("1s").Call("call", ann)
		w.At("2s").Choose("ada", agent.OnBreak)
		w.Phone.Mend("ada")
		w.Told()
		w.At("3s").Ready("ada")
		w.Want(`
			3s call offered ada #2
			3s call !alert ada #2
			3s ada is Available (choice)
			3s ada is Offered (offer)`)
	})
}

// A search's answer that comes too late is over as it comes (POP-4).
func TestLatePop(t *testing.T) {
	play(t, Options{Agents: []string{"ada", "ben"}}, func(w *World) {
		pop := func(agentID string) {
			t.Helper()
			_, err := w.Desk.Annotate(w.ctx, w.ID("call"), agentID, func(i *interaction.Interaction) error {
				if i.Pops == nil {
					i.Pops = map[string]*crm.Pop{}
				}
				i.Pops[agentID] = &crm.Pop{State: crm.PopNone}
				return nil
			})
			w.done("pop", err)
		}
		over := func(ada, ben string) {
			t.Helper()
			i := w.Interaction("call")
			for id, want := range map[string]string{"ada": ada, "ben": ben} {
				if p := i.PopOf(id); p != nil && p.Over != want {
					t.Errorf("%s's pop is over: %q, want %q", id, p.Over, want)
				}
			}
		}
		w.At("1s").Call("call", ann)
		pop("ada")
		over("", "")
		w.At("32s") // ben is asked
		over(interaction.OverPassed, "")
		pop("ada")
		pop("ben")
		over(interaction.OverPassed, "")
		w.CustomerEnds("call")
		over(interaction.OverPassed, interaction.OverLeft)
		pop("ben")
		over(interaction.OverPassed, interaction.OverLeft)
	})
}

// New settings act on who waits already.
func TestNewSettings(t *testing.T) {
	play(t, Options{Settings: func(c *tenant.Config) {
		u := c.Users["ada"]
		u.Queues = nil
		c.Users["ada"] = u
	}}, func(w *World) {
		w.At("1s").Call("call", ann)
		w.Told()
		w.At("2s")
		w.Config = Settings("ada")
		w.Desk.Reconsider()
		w.Want(`
			2s call offered ada #1
			2s call !alert ada #1
			2s ada is Offered (offer)`)
	})
}

func TestLogOutDuringAnOffer(t *testing.T) {
	play(t, Options{Agents: []string{"ada", "ben"}}, func(w *World) {
		w.At("1s").Call("call", ann)
		w.Told()
		w.At("2s").SignOut("ada", agent.ReasonSignOut)
		w.Want(`
			2s call offer_ended ada #1 gone
			2s call offered ben #2
			2s call !unalert ada #1 gone
			2s call !alert ben #2
			2s ada is On Break (lost)
			2s ada is Logged out (sign-out)
			2s ben is Offered (offer)`)
		// Removed in the middle of a call: the customer is not cut off.
		w.At("3s").Accept("ben", "call")
		w.Told()
		w.At("4s").SignOut("ben", agent.ReasonRemoved)
		w.Want(`
			4s call completed ben AGENTLOST
			4s call closed ben lost
			4s call !disconnect ben #2
			4s call !hold AGENTLOST
			4s ben is On Break (lost)
			4s ben is Logged out (removed)`)
	})
}

func TestRejectNeedsTheSwitch(t *testing.T) {
	play(t, Options{}, func(w *World) {
		w.At("1s").Call("call", ann)
		w.Refused("REJECT_OFF").Reject("ada", "call")
		w.Config.Profile.AllowReject = true
		w.Told()
		w.Reject("ada", "call")
		w.Want(`
			1s call offer_ended ada #1 rejected
			1s call !unalert ada #1 rejected
			1s ada is On Break (rejected)`)
	})
}
