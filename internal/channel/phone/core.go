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

// event is something that happened to one of the call's legs.
func (c *core) event(e Event) []order {
	switch {
	case e.Leg == c.customer.leg:
		return c.customerEvent(e)
	case c.agent != nil && e.Leg == c.agent.leg:
		return c.agentEvent(e)
	case !c.going[e.Leg]:
		return nil
	case e.Kind == Ended:
		delete(c.going, e.Leg)
	case e.Kind == Answered: // our cancel crossed his answer
		return []order{{kind: doHangup, leg: e.Leg, cause: CauseCancelled}}
	}
	return nil
}

func (c *core) customerEvent(e Event) []order {
	cu := &c.customer
	switch {
	case cu.ended:
		return nil
	case e.Kind == Answered && !cu.up:
		cu.up = true
		if c.agent != nil && c.agent.connect && c.agent.up {
			return c.join()
		}
		if cu.letGo {
			return []order{{kind: doHangup, leg: cu.leg, cause: CauseNormal}}
		}
		return []order{{kind: doPlay, leg: cu.leg, prompt: Prompt{Kind: PromptAnnouncement}}}
	case e.Kind == Ended:
		cu.ended = true
		out := c.callerGone()
		switch {
		case cu.letGo:
		case e.Cause == CauseLost || e.Cause == CauseMedia:
			out = append(out, tell(interaction.ChannelLost, nil))
		default:
			out = append(out, tell(interaction.CustomerLeft, nil))
		}
		return out
	}
	return nil
}

// callerGone lets the agent go because the customer has gone. Who has just picked up a phone without a screen hears why.
func (c *core) callerGone() []order {
	a := c.agent
	if a == nil {
		return nil
	}
	if a.up && !a.bridged && a.kind != TargetBrowser {
		a.tone = true
		return []order{
			{kind: doPlay, leg: a.leg, prompt: Prompt{Kind: PromptBusy}},
			{kind: doEndTone, leg: a.leg, after: toneWait},
		}
	}
	if a.bridged {
		return c.drop(CauseNormal)
	}
	return c.drop(CauseCancelled)
}

// toneOver ends the leg that hears the tone.
func (c *core) toneOver(leg LegID) []order {
	if c.agent == nil || c.agent.leg != leg || !c.agent.tone {
		return nil
	}
	return c.drop(CauseNormal)
}

func (c *core) agentEvent(e Event) []order {
	a := c.agent
	switch e.Kind {
	case Answered:
		if a.up {
			return nil
		}
		a.up = true
		if a.connect {
			return c.join()
		}
		return []order{tell(interaction.AgentAnswered, a)}
	case Ended:
		c.agent = nil
		if a.tone {
			return nil
		}
		return c.agentEnded(a, e.Cause)
	}
	return nil
}

func (c *core) agentEnded(a *agentLeg, cause Cause) []order {
	lost := cause == CauseLost || cause == CauseMedia
	switch {
	case a.up && !lost:
		c.ended = a.offer
		return []order{tell(interaction.AgentEnded, a)}
	case a.up || a.connect: // also: accepted on the screen, never picked up on the device
		c.ended = a.offer
		return []order{tell(interaction.AgentLost, a)}
	}
	switch cause {
	case CauseNoAnswer:
		return nil // the desk's own timer decides (INT-6)
	case CauseRefused, CauseBusy, CauseNormal:
		return []order{tell(interaction.AgentRefused, a)}
	}
	return []order{tell(interaction.AgentUnreachable, a)}
}

// refused is a signal that the desk did not take: someone else was faster, or it knows the interaction no more. What the
// signal reported must not leave anybody alone on a line.
func (c *core) refused(s interaction.Signal) []order {
	switch s.Kind {
	case interaction.AgentAnswered:
		if c.agent != nil && c.agent.offer == s.Offer && !c.agent.connect && !c.agent.tone {
			return c.drop(CauseElsewhere)
		}
	case interaction.AgentEnded:
		if c.agent == nil {
			return c.hangup(CauseNormal)
		}
	}
	return nil
}

// failed is a command that the switch could not carry out; not because a leg was gone.
func (c *core) failed(o order) []order {
	switch {
	case o.kind == doDial:
		return c.event(Event{Leg: o.leg, Kind: Ended, Cause: CauseUnreachable})
	case o.kind == doAnswer && c.agent != nil && o.leg == c.agent.leg:
		a := c.agent
		return append(c.drop(CauseTrunk), c.agentEnded(a, CauseLost)...)
	case o.kind == doAnswer && o.leg == c.customer.leg, o.kind == doBridge:
		if c.customer.ended || c.customer.letGo {
			return nil
		}
		return append(c.hangup(CauseTrunk), tell(interaction.ChannelFailed, nil))
	}
	return nil
}

// checked compares what the call believes with what the switch says is live. A leg is taken for ended when it was missing
// the last time too (suspects), because its Ended, which says why, may have been on its way.
func (c *core) checked(live map[LegID]LegInfo, suspects map[LegID]bool) []order {
	var out []order
	missing := map[LegID]bool{}
	compare := func(leg LegID, up, leaving bool) {
		info, ok := live[leg]
		switch {
		case !ok && suspects[leg]:
			out = append(out, c.event(Event{Leg: leg, Kind: Ended, Cause: CauseLost})...)
		case !ok:
			missing[leg] = true
		case leaving:
			out = append(out, order{kind: doHangup, leg: leg, cause: CauseNormal}, order{kind: doLinger, after: lingerWait})
		case info.Answered && !up:
			out = append(out, c.event(Event{Leg: leg, Kind: Answered})...)
		}
	}
	if cu := c.customer; !cu.ended {
		compare(cu.leg, cu.up, cu.letGo) // first: when both are gone, it is the customer's end that counts
	}
	if a := c.agent; a != nil {
		compare(a.leg, a.up, false)
	}
	for leg := range c.going {
		compare(leg, true, true)
	}
	if len(missing) > 0 {
		out = append(out, order{kind: doCheck, after: goneWait, suspects: missing})
	}
	return out
}
