package desk

import (
	"context"
	"sync"
	"time"

	"cordboard/internal/agent"
	"cordboard/internal/interaction"
	"cordboard/internal/tenant"
)

// restAfter is how long an agent whose device could not be reached gets no offer, unless his channel says earlier that
// it can be again: so an offer that fails at once is not made over and over (INT-9).
const restAfter = 5 * time.Second

// router knows who waits and who is free, as of the latest commits, and has offers made. It is a hint: the offer's own
// change checks both again, so that no agent ever gets two.
type router struct {
	d       *Desk
	wake    chan struct{}
	stirred chan struct{} // the queues' numbers may have changed

	mu     sync.Mutex
	agents map[string]agent.Agent
	ready  map[string]bool // those of them who are free
	line   map[string]waiting
	asking map[string]bool // agents and interactions whose offer is being committed

	choosing sync.Mutex // one arrival at a time; taken before mu

	restMu sync.Mutex // its own: Reached is called by channels, which answer Reachable under locks of theirs
	rest   map[string]time.Time
}

type waiting struct {
	Waiter
	offered bool
}

func newRouter(d *Desk) *router {
	return &router{d: d, wake: make(chan struct{}, 1), stirred: make(chan struct{}, 1), agents: map[string]agent.Agent{}, ready: map[string]bool{}, line: map[string]waiting{},
		asking: map[string]bool{}, rest: map[string]time.Time{}}
}

func (r *router) rouse() {
	for _, c := range []chan struct{}{r.wake, r.stirred} {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// saw takes over what a unit committed.
func (r *router) saw(u *unit) {
	for _, e := range u.events {
		if e.Kind == interaction.EventOfferEnd && e.Why == interaction.WhyUnreachable {
			r.letRest(e.Agent)
		}
	}
	r.mu.Lock()
	for _, a := range u.seen {
		r.know(*a)
	}
	if i := u.i; i != nil {
		switch i.State {
		case interaction.Queued, interaction.Offered:
			r.line[i.ID] = waiting{waiter(i), i.State == interaction.Offered}
		default:
			delete(r.line, i.ID)
		}
	}
	r.mu.Unlock()
	r.rouse()
}

func waiter(i *interaction.Interaction) Waiter {
	return Waiter{ID: i.ID, Medium: i.Medium, Queue: i.Queue, AtHead: i.AtHead, Since: i.QueuedAt}
}

// know keeps the newest of an agent; commits of different interactions may arrive in another order than they were made.
func (r *router) know(a agent.Agent) {
	if old, ok := r.agents[a.ID]; ok && a.Version < old.Version {
		return
	}
	r.agents[a.ID] = a
	if a.Free() {
		r.ready[a.ID] = true
	} else {
		delete(r.ready, a.ID)
	}
}

func (r *router) sawAgent(a agent.Agent) {
	r.mu.Lock()
	r.know(a)
	r.mu.Unlock()
	r.rouse()
}

func (r *router) letRest(agentID string) {
	r.restMu.Lock()
	r.rest[agentID] = r.d.clock().Add(restAfter)
	r.restMu.Unlock()
}

// reached ends an agent's rest.
func (r *router) reached(agentID string) {
	r.restMu.Lock()
	delete(r.rest, agentID)
	r.restMu.Unlock()
	r.rouse()
}

// resting reports who rests, and when the first rest ends.
func (r *router) resting() (map[string]bool, time.Time) {
	r.restMu.Lock()
	defer r.restMu.Unlock()
	var first time.Time
	out, now := map[string]bool{}, r.d.clock()
	for id, until := range r.rest {
		if !now.Before(until) {
			delete(r.rest, id)
			continue
		}
		out[id] = true
		if first.IsZero() || until.Before(first) {
			first = until
		}
	}
	return out, first
}

// propose says which offers would be made now, with the newcomer, if any, in line; whoever is being asked is left out.
func (r *router) propose(newcomer *Waiter) (pairs []Pair, again time.Time) {
	cfg := r.d.config()
	resting, again := r.resting()
	var line []Waiter
	if newcomer != nil {
		line = append(line, *newcomer)
	}
	var free []Candidate
	r.mu.Lock()
	if len(r.ready) > 0 {
		for _, w := range r.line {
			if !w.offered && !r.asking[w.ID] {
				line = append(line, w.Waiter)
			}
		}
	}
	if len(line) > 0 {
		free = r.free(cfg, resting)
	}
	r.mu.Unlock()
	for n := range line {
		line[n].Priority = cfg.Queues[line[n].Queue].Priority
	}
	return Assign(line, free, r.reachable), again // outside the lock: channels are asked
}

func (r *router) free(cfg *tenant.Config, resting map[string]bool) []Candidate {
	out := make([]Candidate, 0, len(r.ready))
	for id := range r.ready {
		u, ok := cfg.Users[id]
		if !ok || u.Inactive || r.asking[id] || resting[id] {
			continue
		}
		out = append(out, Candidate{ID: id, Skills: u.Queues, IdleSince: r.agents[id].IdleSince})
	}
	return out
}

func (r *router) reachable(m interaction.Medium, agentID string) bool {
	c := r.d.channels[m]
	return c != nil && c.Reachable(agentID)
}

// reserve marks a pair as being asked; false when either is already.
func (r *router) reserve(p Pair) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.asking[p.Agent] || r.asking[p.Interaction] || !r.ready[p.Agent] {
		return false
	}
	r.asking[p.Agent], r.asking[p.Interaction] = true, true
	return true
}

func (r *router) release(p Pair) {
	r.mu.Lock()
	delete(r.asking, p.Agent)
	delete(r.asking, p.Interaction)
	r.mu.Unlock()
	r.rouse()
}

// newcomer reserves the agent, if any, who is to be asked an arrival in the very commit that takes it in. Arrivals choose
// one after the other, else all at once would find the same agent best.
func (r *router) newcomer(w Waiter) (Pair, bool) {
	r.choosing.Lock()
	defer r.choosing.Unlock()
	pairs, _ := r.propose(&w)
	for _, p := range pairs {
		if p.Interaction == w.ID && r.reserve(p) {
			return p, true
		}
	}
	return Pair{}, false // it waits; run finds someone
}

// run has offers made whenever something may have changed, until the desk stops.
func (r *router) run() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		pairs, again := r.propose(nil)
		for _, p := range pairs {
			if r.reserve(p) {
				r.ask(p)
			}
		}
		if again.IsZero() {
			timer.Stop()
		} else {
			timer.Reset(again.Sub(r.d.clock()))
		}
		select {
		case <-r.wake:
		case <-timer.C:
		case <-r.d.quit:
			return
		}
	}
}

// ask has the interaction's executor make the offer.
func (r *router) ask(p Pair) {
	j := newJob(func(u *unit) error { return u.offer(p.Agent) })
	j.then = func() {
		if j.err != nil {
			r.d.log.Warn("an offer was not made", "interaction", p.Interaction, "agent", p.Agent, "error", j.err)
			r.letRest(p.Agent) // the store may be down: no loop may spin on it
		}
		r.release(p)
	}
	if err := r.d.post(p.Interaction, j); err != nil {
		r.release(p)
	}
}

// load learns the agents at start.
func (r *router) load(ctx context.Context) error {
	list, err := r.d.store.Agents(ctx)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range list {
		r.know(a)
	}
	return nil
}
