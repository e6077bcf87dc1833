package interaction

import "time"

// The rules up to the accept. Each first checks, then changes.

func enqueue(m *move) error {
	i, q := m.i, m.s.Queue
	i.State = Queued
	i.Queue, i.QueueName = q.ID, q.Name
	i.WrapupSeconds, i.CodesRequired, i.RequiredLists = max(0, q.WrapupSeconds), q.CodesRequired, q.RequiredLists
	i.QueuedAt = m.at
	m.event(Event{Kind: EventQueued})
	return nil
}

func refuse(m *move) error {
	m.finish(Rejected, BySystem, or(m.s.Reason, ReasonRejected))
	m.event(Event{Kind: EventEnded})
	m.effect(Effect{Kind: Hangup, Why: string(m.i.Reason)})
	return nil
}

// leave is a customer who left before anyone accepted.
func leave(m *move) error {
	m.withdraw(WhyLeft)
	m.i.ClearPops("", OverLeft)
	m.finish(Abandoned, ByCustomer, or(m.s.Reason, ReasonCancelled))
	m.event(Event{Kind: EventEnded, Why: WhyLeft})
	return nil
}

// failed is a technical end before anyone accepted.
func failed(r Reason) func(*move) error {
	return func(m *move) error {
		m.withdraw(WhyLost)
		m.i.ClearPops("", OverLeft)
		m.finish(Failed, BySystem, r)
		m.event(Event{Kind: EventEnded, Why: WhyLost})
		m.effect(Effect{Kind: Hangup, Why: string(r)})
		return nil
	}
}

func makeOffer(m *move) error {
	i := m.i
	i.State = Offered
	i.Offers++
	i.Offer = &Offer{Number: i.Offers, Agent: m.s.Agent, At: m.at, Deadline: m.s.Deadline}
	i.Asked = append(i.Asked, m.s.Agent)
	if p := i.PopOf(m.s.Agent); p != nil {
		p.Over = "" // asked once more: what he was shown is alive again
	}
	m.event(Event{Kind: EventOffered, Agent: m.s.Agent, Offer: i.Offers})
	m.effect(Effect{Kind: Alert, Agent: m.s.Agent, Offer: i.Offers, Deadline: m.s.Deadline})
	return nil
}

func accept(m *move) error {
	if !m.offer() {
		return refusal(m.i, m.s)
	}
	i, o := m.i, m.i.Offer
	i.Handling = append(i.Handling, Handling{
		Number: len(i.Handling) + 1, Agent: o.Agent, State: Accepted, OfferedAt: o.At, AcceptedAt: m.at,
		CodesNeeded: i.CodesRequired,
	})
	i.State, i.Offer, i.AtHead = Accepted, nil, false
	i.ClearPops(o.Agent, OverPassed)
	m.event(Event{Kind: EventAccepted, Agent: o.Agent, Offer: o.Number, Handling: len(i.Handling)})
	m.effect(Effect{Kind: Connect, Agent: o.Agent, Offer: o.Number})
	return nil
}

func answer(m *move) error {
	if !m.offer() {
		return letGo(m)
	}
	return accept(m)
}

// letGo answers a device that took an offer which is over. The answer that made the present handling is no such one: it
// is only told twice.
func letGo(m *move) error {
	if h := m.i.open(); h != nil && h.Agent == m.s.Agent && m.s.Offer == m.i.Offers {
		return nil
	}
	m.effect(Effect{Kind: Unalert, Agent: m.s.Agent, Offer: m.s.Offer, Why: WhyLate})
	return nil
}

func offerDue(m *move) error {
	if !m.offer() || m.at.Before(m.i.Offer.Deadline) {
		return nil
	}
	m.requeue(WhyMissed)
	return nil
}

func reject(m *move) error {
	if !m.offer() {
		return refusal(m.i, m.s)
	}
	m.requeue(WhyRejected)
	return nil
}

func endOffer(why string) func(*move) error {
	return func(m *move) error {
		// An agent who is gone is gone whatever the offer's number; a device speaks of one offer.
		if gone := m.s.Kind == AgentGone && m.s.Offer == 0 && m.i.Offer.Agent == m.s.Agent; gone || m.offer() {
			m.requeue(why)
		}
		return nil
	}
}

// requeue ends the open offer and puts the interaction back at the head of its queue, waiting time kept (INT-6).
func (m *move) requeue(why string) {
	m.withdraw(why)
	m.i.State, m.i.AtHead = Queued, true
	m.i.ClearPops("", OverPassed)
}

// withdraw ends the open offer, if there is one.
func (m *move) withdraw(why string) {
	o := m.i.Offer
	if o == nil {
		return
	}
	m.i.Offer = nil
	m.event(Event{Kind: EventOfferEnd, Agent: o.Agent, Offer: o.Number, Why: why})
	m.effect(Effect{Kind: Unalert, Agent: o.Agent, Offer: o.Number, Why: why})
}

// finish makes the interaction final.
func (m *move) finish(to State, by EndedBy, r Reason) {
	i := m.i
	i.State, i.AtHead = to, false
	if i.CompletedAt.IsZero() {
		i.CompletedAt, i.EndedBy, i.Reason = m.at, by, r
	}
	i.ClosedAt = m.at
}

func or(r, otherwise Reason) Reason {
	if r != "" {
		return r
	}
	return otherwise
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
