package desk

import (
	"context"
	"sync"
	"time"

	"cordboard/internal/agent"
	"cordboard/internal/bus"
	"cordboard/internal/fault"
	"cordboard/internal/interaction"
)

// SignIn opens an agent's work: On Break (AGT-2). Signing in again changes nothing.
func (d *Desk) SignIn(ctx context.Context, agentID string) (agent.Agent, error) {
	if err := d.employed(agentID); err != nil {
		return agent.Agent{}, err
	}
	return d.changeAgent(ctx, agentID, func(a *agent.Agent, at time.Time) (bool, error) { return a.SignIn(at), nil })
}

// SetStatus sets the status that the agent, or by for him (AGT-20), chose: Available, On Break, Work Offline, or Logged
// out, which is SignOut. Conflict STATUS_LOCKED while an offer, a conversation or a wrap-up decides it (AGT-4).
func (d *Desk) SetStatus(ctx context.Context, agentID string, s agent.Status, by string) (agent.Agent, error) {
	if err := d.employed(agentID); err != nil {
		return agent.Agent{}, err
	}
	if s == agent.LoggedOut {
		return d.signOut(ctx, agentID, agent.ReasonSignOut, by)
	}
	a, err := d.changeAgent(ctx, agentID, func(a *agent.Agent, at time.Time) (bool, error) { return a.Choose(s, by, at) })
	if err == nil && s == agent.Available {
		d.router.reached(agentID) // he says that he is ready: ask him at once
	}
	return a, err
}

// SignOut ends an agent's work. His own wish (agent.ReasonSignOut) is refused during a conversation; any other reason (removed,
// time limit) sends the customer back to the head of his queue. An open offer passes on; wrap-up ends and is logged, marked
// where codes are missing (INT-12).
func (d *Desk) SignOut(ctx context.Context, agentID, reason string) (agent.Agent, error) {
	by := agentID
	if reason != agent.ReasonSignOut {
		by = agent.System
	}
	return d.signOut(ctx, agentID, reason, by)
}

func (d *Desk) signOut(ctx context.Context, agentID, reason, by string) (agent.Agent, error) {
	var err error
	for range 4 { // something may come in between once; after the first round he is not Available any more
		var open agent.Agent
		var a agent.Agent
		a, err = d.changeAgent(ctx, agentID, func(a *agent.Agent, at time.Time) (bool, error) {
			open = *a
			return a.SignOut(reason, by, at)
		})
		if !fault.Is(err, agent.CodeStillBusy) {
			return a, err
		}
		ids := open.Handling
		if open.Offer != nil {
			ids = append(ids[:len(ids):len(ids)], open.Offer.Interaction)
		}
		for _, id := range ids {
			if _, err := d.do(ctx, id, func(u *unit) error { return u.letAgentGo(agentID, reason) }); err != nil {
				return open, err
			}
		}
	}
	return agent.Agent{}, err
}

// letAgentGo takes an interaction from an agent who signs out.
func (u *unit) letAgentGo(agentID, reason string) error {
	s := interaction.Signal{Kind: interaction.AgentGone, Agent: agentID}
	if u.i.State == interaction.Accepted {
		if reason == agent.ReasonSignOut {
			return fault.New(fault.Conflict, agent.CodeStillBusy, "You are in a conversation. End it first, then log out.")
		}
		s.Kind = interaction.AgentLost
	}
	return u.apply(s)
}

// employed refuses whoever is no active user of the tenant.
func (d *Desk) employed(agentID string) error {
	if u, ok := d.config().Users[agentID]; !ok || u.Inactive {
		return fault.New(fault.NotFound, "NO_SUCH_AGENT", "There is no such agent, or he has been deactivated.")
	}
	return nil
}

// changeAgent changes an agent alone and tells the house.
func (d *Desk) changeAgent(ctx context.Context, id string, fn func(*agent.Agent, time.Time) (bool, error)) (agent.Agent, error) {
	d.mu.Lock()
	running := d.state == started
	d.mu.Unlock()
	if !running {
		return agent.Agent{}, fault.New(fault.Unavailable, "STOPPING", "The desk is not open. Nothing was changed; try again in a moment.")
	}
	var a *agent.Agent
	var at time.Time
	var changed bool
	err := d.store.Change(ctx, func(tx Tx) (err error) {
		at = tx.Now()
		if a, err = tx.Agent(id); err != nil {
			return err
		}
		if changed, err = fn(a, at); err != nil || !changed {
			return err
		}
		return tx.Touch(id)
	})
	if err != nil {
		return agent.Agent{}, err
	}
	if changed {
		bus.Publish(d.bus, Changed{At: at, Agents: []agent.Agent{*a}})
	}
	d.router.sawAgent(*a)
	return *a, nil
}

// presence is whose console is connected. It is not stored: after a restart nobody is until he comes back.
type presence struct {
	mu    sync.Mutex
	start time.Time
	of    map[string]time.Time // zero: connected; else gone since
}

func newPresence() *presence { return &presence{of: map[string]time.Time{}} }

// absent reports whether an agent's console is gone, and since when.
func (p *presence) absent(agentID string) (since time.Time, absent bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	since, known := p.of[agentID]
	if !known {
		return p.start, true
	}
	return since, !since.IsZero()
}

// Present says whether an agent's console is connected. Fifteen minutes after it went his wrap-up ends by itself (INT-12).
func (d *Desk) Present(agentID string, connected bool) {
	p := d.presence
	p.mu.Lock()
	switch since, known := p.of[agentID]; {
	case connected:
		p.of[agentID] = time.Time{}
	case !known || since.IsZero():
		p.of[agentID] = d.clock()
	}
	p.mu.Unlock()
	d.router.mu.Lock()
	ids := d.router.agents[agentID].Handling
	d.router.mu.Unlock()
	d.nudge(ids)
}

// Connected reports whether an agent's console is connected: a channel asks it before it calls an agent lost (INT-16).
func (d *Desk) Connected(agentID string) bool {
	_, absent := d.presence.absent(agentID)
	return !absent
}

// Reached says that an agent can be reached again, or may be: a channel calls it when a device comes or goes (INT-9). It
// takes no lock that is held while a channel is asked.
func (d *Desk) Reached(agentID string) { d.router.reached(agentID) }

// Reconsider looks again who can be asked what, after the settings have changed: an agent may be in another queue now.
func (d *Desk) Reconsider() { d.router.rouse() }
