package desk

import (
	"context"

	"cordboard/internal/fault"
	"cordboard/internal/interaction"
)

// Arrive takes in a new interaction: stored, queued and, when an agent is free, offered, in one commit. The same Ref again
// is the same interaction. A fault means that nothing was stored and the channel must refuse the customer: NotFound
// UNKNOWN_CHANNEL or UNKNOWN_QUEUE, Invalid, Unavailable.
//
// The channel's Reachable and Do may be called before Arrive returns.
func (d *Desk) Arrive(ctx context.Context, a interaction.Arrival) (interaction.Interaction, error) {
	cfg := d.config()
	ch, ok := cfg.Channels[a.Channel]
	if !ok || ch.Medium != a.Medium {
		return interaction.Interaction{}, fault.New(fault.NotFound, "UNKNOWN_CHANNEL", "There is no such channel here, so nobody can be asked.")
	}
	terms, ok := cfg.QueueTerms(ch.Queue)
	if !ok {
		return interaction.Interaction{}, fault.New(fault.NotFound, "UNKNOWN_QUEUE", "The channel leads to no queue. An administrator must give it one.")
	}
	now := d.clock()
	id := d.newID(now, a.Medium)
	origin := interaction.Origin{ID: id, ChannelName: ch.Name, Region: cfg.RegionOf(ch.ID), Node: d.node, Fence: 1}
	pair, ask := d.router.newcomer(Waiter{ID: id, Medium: a.Medium, Queue: terms.ID, Since: now})
	j := newJob(func(u *unit) error { return u.arrive(a, origin, terms, pair.Agent) })
	j.new = true
	if ask {
		j.then = func() { d.router.release(pair) }
	}
	if err := d.post(id, j); err != nil {
		if ask {
			d.router.release(pair)
		}
		return interaction.Interaction{}, err
	}
	u, err := j.wait(ctx)
	if err != nil {
		return interaction.Interaction{}, err
	}
	if u.i.ID != id && !u.i.State.Final() {
		// It was there already. Should its commit have been answered with an error, nobody works on it yet: now someone does.
		if u, err = d.do(ctx, u.i.ID, func(*unit) error { return nil }); err != nil {
			return interaction.Interaction{}, err
		}
	}
	return *u.i, nil
}

// arrive stores the newcomer, or finds the one that came by the same reference before.
func (u *unit) arrive(a interaction.Arrival, o interaction.Origin, terms interaction.QueueTerms, agentID string) error {
	old, err := u.tx.ByRef(a.Ref)
	if err != nil {
		return err
	}
	if old != nil {
		u.i = old
		return nil
	}
	u.at = u.tx.Now()
	i, events, err := interaction.NewInteraction(a, o, u.at)
	if err != nil {
		return err
	}
	if u.i, err = u.tx.Create(i); err != nil {
		return err
	}
	u.events = events
	if err := u.apply(interaction.Signal{Kind: interaction.Enqueue, Queue: terms}); err != nil || agentID == "" {
		return err
	}
	return u.offer(agentID)
}

// Signal tells the desk what a channel saw happen to an interaction. What comes late or twice does nothing; NotFound when
// there is no such interaction. It must not be called from within Channel.Do or Channel.Reachable.
func (d *Desk) Signal(ctx context.Context, id string, s interaction.Signal) error {
	if !s.Kind.FromChannel() {
		return fault.Newf(fault.Invalid, "NOT_A_REPORT", "%q is not a channel's to say.", s.Kind)
	}
	_, err := d.do(ctx, id, func(u *unit) error { return u.apply(s) })
	return err
}
