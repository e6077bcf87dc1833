package desk

import (
	"context"
	"fmt"
	"slices"
	"time"

	"cordboard/internal/agent"
	"cordboard/internal/interaction"
)

// Adopter is a channel whose conversations can outlive the process: Alive says, at start, whether this one has. Without
// it none has: they end as lost (GEN-9).
type Adopter interface {
	Alive(i interaction.Interaction) bool
}

// Start takes every open interaction up again: one whose conversation is gone ends as failed, reason LOST, and what an
// agent had accepted of it is logged (GEN-9); offers and wrap-ups run on to the deadlines of their rows; an agent whose state does
// not agree with the interactions is set right. When it returns without error the desk is open.
func (d *Desk) Start(ctx context.Context) error {
	d.presence.mu.Lock()
	d.presence.start = d.clock()
	d.presence.mu.Unlock()
	if err := d.router.load(ctx); err != nil {
		return fmt.Errorf("desk: reading the agents: %w", err)
	}
	open, err := d.store.Open(ctx)
	if err != nil {
		return fmt.Errorf("desk: reading the open interactions: %w", err)
	}
	d.mu.Lock()
	d.state = started
	d.mu.Unlock()
	jobs := make([]*job, len(open))
	for n, i := range open {
		alive := d.alive(i)
		jobs[n] = newJob(func(u *unit) error { return u.adopt(alive) })
		if err := d.post(i.ID, jobs[n]); err != nil {
			return err
		}
	}
	for n, j := range jobs {
		if _, err := j.wait(ctx); err != nil {
			return fmt.Errorf("desk: taking up interaction %s: %w", open[n].ID, err)
		}
	}
	if err := d.repair(ctx); err != nil {
		return fmt.Errorf("desk: repairing the agents: %w", err)
	}
	d.wg.Go(d.router.run)
	d.wg.Go(d.announce)
	return nil
}

func (d *Desk) alive(i interaction.Interaction) bool {
	a, ok := d.channels[i.Medium].(Adopter)
	return ok && a.Alive(i)
}

// adopt makes an open interaction ours.
func (u *unit) adopt(alive bool) error {
	if u.i.Node != u.d.node {
		u.i.Node = u.d.node
		u.i.Fence++
	}
	if alive || u.i.State == interaction.Wrapup || u.i.State.Final() {
		return nil
	}
	return u.apply(interaction.Signal{Kind: interaction.ChannelLost})
}

// repair sets right every agent who does not agree with the interactions. Since both change in one commit, that happens
// only to a restored or hand-made database; but an agent who believes in an offer that is not there would never be asked again.
func (d *Desk) repair(ctx context.Context) error {
	open, err := d.store.Open(ctx)
	if err != nil {
		return err
	}
	held := map[string]agent.Held{}
	for _, i := range open {
		for _, id := range involved(&i) {
			h := held[id]
			if o := i.Offer; o != nil && o.Agent == id {
				h.Offer = &agent.Offer{Interaction: i.ID, Number: o.Number, Deadline: o.Deadline}
			} else {
				h.Handling = append(h.Handling, i.ID)
				h.Talking = h.Talking || i.State == interaction.Accepted
			}
			held[id] = h
		}
	}
	agents, err := d.store.Agents(ctx)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, a := range agents {
		known[a.ID] = true
	}
	for id := range held {
		if !known[id] {
			agents = append(agents, agent.Agent{ID: id, Status: agent.LoggedOut})
		}
	}
	for _, a := range agents {
		h := held[a.ID]
		// What he handles keeps his own order, oldest accepted first.
		slices.SortStableFunc(h.Handling, func(x, y string) int { return slices.Index(a.Handling, x) - slices.Index(a.Handling, y) })
		if !a.Repair(h, d.clock()) {
			continue
		}
		d.log.Warn("an agent did not agree with the interactions and was set right", "agent", a.ID)
		if _, err := d.changeAgent(ctx, a.ID, func(a *agent.Agent, at time.Time) (bool, error) { return a.Repair(h, at), nil }); err != nil {
			return err
		}
	}
	return nil
}
