package interaction

import (
	"time"

	"cordboard/internal/fault"
)

// The rules from the conversation's end to the log.

func end(m *move) error {
	if !m.theirs() {
		return refusal(m.i, m.s)
	}
	m.complete(ByAgent, or(m.s.Reason, ReasonNormal))
	return nil
}

func agentEnded(m *move) error {
	if m.theirs() {
		m.complete(ByAgent, or(m.s.Reason, ReasonNormal))
	}
	return nil
}

func customerEnded(m *move) error {
	m.complete(ByCustomer, or(m.s.Reason, ReasonNormal))
	return nil
}

func channelEnded(m *move) error {
	m.complete(BySystem, or(m.s.Reason, ReasonFailed))
	return nil
}

// complete ends the conversation: wrap-up begins, or is over at once when it has no time and nothing holds it (INT-12).
func (m *move) complete(by EndedBy, r Reason) {
	i, h := m.i, m.i.Current()
	i.State, i.CompletedAt, i.EndedBy, i.Reason = Wrapup, m.at, by, r
	m.endConversation(h, by, r)
	m.effect(Effect{Kind: Hangup, Why: string(r)})
	switch {
	case i.WrapupSeconds > 0:
		h.WrapupUntil = m.at.Add(seconds(i.WrapupSeconds))
	case !h.CodesNeeded:
		m.closed("")
	}
}

func (m *move) endConversation(h *Handling, by EndedBy, r Reason) {
	h.State, h.CompletedAt, h.EndedBy, h.Reason = Wrapup, m.at, by, r
	h.CodesNeeded = m.i.missingCodes(h)
	m.event(Event{Kind: EventCompleted, Agent: h.Agent, Handling: h.Number, Why: string(r)})
}

// closed ends the handling, and with it the interaction.
func (m *move) closed(why string) {
	m.closeHandling(why)
	m.finish(Closed, "", "")
}

func (m *move) closeHandling(why string) {
	h := m.i.Current()
	h.CodesMissing = m.i.missingCodes(h)
	h.State, h.ClosedAt = Closed, m.at
	h.CodesNeeded, h.Stopped = false, false
	h.WrapupUntil = time.Time{}
	m.event(Event{Kind: EventClosed, Agent: h.Agent, Handling: h.Number, Why: why})
}

// agentLost: INT-16. The customer waits again, or, without a queue to wait in, the interaction has failed.
func agentLost(m *move) error {
	if !m.theirs() {
		return nil
	}
	i, h := m.i, m.i.Current()
	m.endConversation(h, BySystem, ReasonAgentLost)
	m.closeHandling(WhyLost)
	i.ClearPops("", OverPassed)
	if i.Queue == 0 {
		m.finish(Failed, BySystem, ReasonLost)
		m.effect(Effect{Kind: Hangup, Why: string(ReasonLost)})
		return nil
	}
	i.State, i.AtHead = Queued, true
	m.effect(Effect{Kind: Disconnect, Agent: h.Agent, Offer: i.Offers})
	m.effect(Effect{Kind: Hold, Why: string(ReasonAgentLost)})
	return nil
}

// conversationLost: GEN-9. What the agent had is closed, so that it is logged; there is nothing to wrap up.
func conversationLost(m *move) error {
	m.endConversation(m.i.Current(), BySystem, ReasonLost)
	m.closeHandling("")
	m.finish(Failed, BySystem, ReasonLost)
	m.effect(Effect{Kind: Hangup, Why: string(ReasonLost)})
	return nil
}

// alreadyEnded is an End that crossed the customer's own: what was asked for has happened.
func alreadyEnded(m *move) error {
	if !m.theirs() {
		return refusal(m.i, m.s)
	}
	return nil
}

func endWrapup(m *move) error {
	if !m.theirs() {
		return refusal(m.i, m.s)
	}
	if m.i.missingCodes(m.i.Current()) {
		return fault.New(fault.Conflict, "CODES_REQUIRED",
			"This queue requires a transaction code. Your notes are kept; choose a code, then end wrap-up.")
	}
	m.closed("")
	return nil
}

func stopWrapup(m *move) error {
	if !m.theirs() {
		return refusal(m.i, m.s)
	}
	h := m.i.Current()
	if h.Stopped {
		return nil
	}
	h.Stopped, h.WrapupUntil = true, time.Time{}
	m.event(Event{Kind: EventChanged, Agent: h.Agent, Handling: h.Number})
	return nil
}

func wrapupDue(m *move) error {
	h := m.i.Current()
	late := m.s.Handling != 0 && m.s.Handling != h.Number
	if late || h.WrapupUntil.IsZero() || m.at.Before(h.WrapupUntil) {
		return nil
	}
	if h.CodesNeeded {
		h.WrapupUntil = time.Time{} // from here the code is waited for
		m.event(Event{Kind: EventChanged, Agent: h.Agent, Handling: h.Number})
		return nil
	}
	m.closed("")
	return nil
}

// agentGone: INT-12. He logged out, or has had no connection for 15 min; what he wrote is logged as it is.
func agentGone(m *move) error {
	if m.theirs() {
		m.closed(WhyGone)
	}
	return nil
}
