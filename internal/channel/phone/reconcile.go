package phone

import (
	"context"
	"time"

	"cordboard/internal/interaction"
)

// strangerWait is how long a leg that nobody knows may live: its owner may still be starting.
const strangerWait = 30 * time.Second

// adopt takes up a call of before a restart, as the desk remembers it; what the switch has of it is asked at once.
func (ch *Channel) adopt(i *interaction.Interaction) {
	if i.Medium != interaction.Phone || i.State == interaction.Wrapup || i.State.Final() {
		return
	}
	c := ch.open(LegID(i.Ref))
	if c == nil {
		return
	}
	c.named(i.ID)
	var a *agentLeg
	switch {
	case i.State == interaction.Offered && i.Offer != nil:
		a = &agentLeg{id: i.Offer.Agent, offer: i.Offer.Number}
	case i.State == interaction.Accepted && i.Current() != nil:
		a = &agentLeg{id: i.Current().Agent, offer: i.Offers, connect: true, up: true}
	}
	queue := i.Queue
	if a != nil {
		a.leg = AgentLeg(i.ID, a.offer)
		to, _ := targetOf(ch.config(), a.id)
		a.kind = to.Kind
		c.own(a.leg)
	}
	// Whatever was joined stays joined in a switch that outlived us; joining it again is harmless.
	c.put(func(k *core) []order {
		k.agent = a
		return []order{{kind: doCheck}}
	})
	c.putAfter(ch.announceAfter(queue), (*core).announceDue)
}

// reconcile compares what we believe with what the switch has, after a gap: calls that we know check their own legs;
// callers whom we missed are taken in; other strangers are hung up after a while.
func (ch *Channel) reconcile() {
	ctx, done := context.WithTimeout(ch.ctx, commandTime)
	defer done()
	legs, err := ch.sw.Legs(ctx)
	if err != nil {
		if ch.ctx.Err() == nil {
			ch.log.Warn("the phone switch didn't say which legs it has; it is asked again", "err", err)
			time.AfterFunc(goneWait, func() { ch.chores.put(ch.reconcile) })
		}
		return
	}
	ch.mu.Lock()
	var known []*call
	for leg, c := range ch.legs {
		if leg == c.core.customer.leg {
			known = append(known, c)
		}
	}
	ch.mu.Unlock()
	for _, c := range known {
		c.put(func(*core) []order { return []order{{kind: doCheck}} })
	}
	for _, l := range legs {
		switch {
		case ch.byLeg(l.Leg) != nil:
		case l.Inbound && !l.Answered:
			ch.arrived(Event{Leg: l.Leg, Kind: Arrived, From: l.From, To: l.To, At: l.Since})
		default:
			time.AfterFunc(strangerWait, func() {
				ch.chores.put(func() {
					if ch.byLeg(l.Leg) == nil {
						ch.log.Warn("a leg that belongs to no call was hung up", "leg", l.Leg)
						ch.release(l.Leg, CauseLost)
					}
				})
			})
		}
	}
}
