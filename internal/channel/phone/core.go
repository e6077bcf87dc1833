package phone

import (
	"time"

	"cordboard/internal/interaction"
)

// How long the core waits for the ordinary course of things.
const (
	// goneWait: after ErrGone the leg's Ended is expected this soon; then the switch is asked what still lives.
	goneWait = time.Second
	// lingerWait: a leg that we hung up should have ended by now (SIP's longest transaction is 32 s).
	lingerWait = time.Minute
	// toneWait: how long an agent who picked up too late hears that the caller has gone.
	toneWait = 3 * time.Second
	// ringSlack is added to an offer's time for the switch's own give-up, so that the desk's timer always comes first.
	ringSlack = 5 * time.Second
)

// core is what one call believes of its legs and decides about them: a pure machine, told what happened, answering with
// orders. It has no clock, no lock and no switch.
type core struct {
	customer customerLeg
	agent    *agentLeg      // the one asked, or in conversation
	going    map[LegID]bool // legs that we hung up and that have not ended yet: a late answer of theirs is hung up again
	ended    int            // highest offer whose agent's end we have reported
}

type customerLeg struct {
	leg       LegID
	answering bool // Answer was asked for
	up        bool
	letGo     bool // we ended it: its end is no news
	ended     bool
}

type agentLeg struct {
	id      string
	offer   int
	leg     LegID
	kind    TargetKind
	up      bool
	connect bool // the desk wants him joined with the customer
	bridged bool
	tone    bool // he hears that the caller has gone, and is hung up soon
}

// orderKind is what the core wants done.
type orderKind uint8

const (
	doRing orderKind = iota
	doAnswer
	doBridge
	doPlay
	doDial
	doHangup
	doTell    // Signal to the desk
	doCheck   // after After: ask the switch what lives
	doLinger  // after After: the same, if something that we hung up has not ended
	doEndTone // after After: hang up the agent who hears the tone
)

// order is one thing to be done by the call's actor, in order.
type order struct {
	kind   orderKind
	leg    LegID
	peer   LegID // doBridge
	prompt Prompt
	cause  Cause
	signal interaction.Signal
	dial   Dial
	after  time.Duration

	suspects map[LegID]bool // doCheck: legs that the last check missed
}

func newCore(customer LegID) *core {
	return &core{customer: customerLeg{leg: customer}, going: map[LegID]bool{}}
}

// over says that nothing of the call is left.
func (c *core) over() bool { return c.customer.ended && c.agent == nil && len(c.going) == 0 }

// lingers says that something which we hung up has not ended.
func (c *core) lingers() bool {
	return len(c.going) > 0 || c.customer.letGo && !c.customer.ended
}

func tell(k interaction.SignalKind, a *agentLeg) order {
	s := interaction.Signal{Kind: k}
	if a != nil {
		s.Agent, s.Offer = a.id, a.offer
	}
	return order{kind: doTell, signal: s}
}

// alert asks an agent: a leg towards his device, chosen by the caller.
func (c *core) alert(agent string, offer int, d Dial) []order {
	var out []order
	if c.customer.ended || c.customer.letGo {
		return nil
	}
	if c.agent != nil {
		if c.agent.leg == d.Leg {
			return nil // told twice
		}
		out = c.drop(CauseElsewhere)
	}
	c.agent = &agentLeg{id: agent, offer: offer, leg: d.Leg, kind: d.To.Kind}
	return append(out, order{kind: doDial, leg: d.Leg, dial: d})
}

// unreachable is an agent without any device.
func (c *core) unreachable(agent string, offer int) []order {
	return []order{tell(interaction.AgentUnreachable, &agentLeg{id: agent, offer: offer})}
}

// unalert stops asking.
func (c *core) unalert(offer int, cause Cause) []order {
	if c.agent == nil || c.agent.offer != offer || c.agent.tone {
		return nil
	}
	return c.drop(cause)
}

// connect joins customer and agent as soon as both are up.
func (c *core) connect(agent string, offer int) []order {
	if c.customer.ended || c.customer.letGo {
		return nil // CustomerLeft is on its way; the agent's leg has been let go
	}
	a := c.agent
	if a == nil || a.offer != offer {
		if offer <= c.ended {
			return nil // he has hung up already, and the desk has been told
		}
		// He accepted on his screen while his device was ending: the customer goes back to the queue, not lost.
		c.ended = offer
		return []order{tell(interaction.AgentLost, &agentLeg{id: agent, offer: offer})}
	}
	a.connect = true
	if !a.up && a.kind == TargetBrowser {
		return []order{{kind: doAnswer, leg: a.leg}}
	}
	return c.join()
}

func (c *core) join() []order {
	a, cu := c.agent, &c.customer
	switch {
	case a == nil || !a.up || !a.connect || a.bridged || cu.ended || cu.letGo:
		return nil
	case !cu.up && cu.answering:
		return nil
	case !cu.up:
		cu.answering = true
		return []order{{kind: doAnswer, leg: cu.leg}}
	}
	a.bridged = true
	return []order{{kind: doBridge, leg: cu.leg, peer: a.leg}}
}

// disconnect lets the agent go.
func (c *core) disconnect(agent string) []order {
	if c.agent == nil || c.agent.id != agent {
		return nil
	}
	return c.drop(CauseNormal)
}

// hangup ends everything.
func (c *core) hangup(cause Cause) []order {
	out := c.drop(CauseNormal)
	if !c.customer.ended && !c.customer.letGo {
		c.customer.letGo = true
		out = append(out, order{kind: doHangup, leg: c.customer.leg, cause: cause}, order{kind: doLinger, after: lingerWait})
	}
	return out
}

// hold makes the customer wait again (INT-16).
func (c *core) hold() []order {
	out := c.drop(CauseNormal)
	if c.customer.up && !c.customer.ended && !c.customer.letGo {
		out = append(out, order{kind: doPlay, leg: c.customer.leg, prompt: Prompt{Kind: PromptAnnouncement}})
	}
	return out
}

// announceDue answers a customer who has waited long enough, to tell him so (CH-3).
func (c *core) announceDue() []order {
	cu := &c.customer
	if cu.up || cu.answering || cu.ended || cu.letGo {
		return nil
	}
	cu.answering = true
	return []order{{kind: doAnswer, leg: cu.leg}}
}

// drop hangs up the agent's leg, if there is one, and remembers it until it has ended.
func (c *core) drop(cause Cause) []order {
	a := c.agent
	if a == nil {
		return nil
	}
	c.agent = nil
	c.going[a.leg] = true
	return []order{{kind: doHangup, leg: a.leg, cause: cause}, {kind: doLinger, after: lingerWait}}
}
