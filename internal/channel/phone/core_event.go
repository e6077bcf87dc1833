package phone

import "cordboard/internal/interaction"

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
