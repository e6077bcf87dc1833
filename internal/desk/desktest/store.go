// Package desktest is a desk's store in memory, for tests.
//
// It behaves as the real one: rows are copied in and out as JSON, every change is checked against what it read and runs
// again when that has changed meanwhile (and, by chance, when it has not), versions rise by one with each commit, and nothing of
// a failed change stays. It keeps nothing on disk and is no place for a tenant's data.
package desktest

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"time"

	"cordboard/internal/agent"
	"cordboard/internal/desk"
	"cordboard/internal/fault"
	"cordboard/internal/interaction"
)

// Store keeps interactions, agents and intents in memory. The zero value is ready.
type Store struct {
	// Conflict, when set, is asked at each commit whether to run the change again for no reason.
	Conflict func() bool
	// Fail, when set, is asked at each change for an error to give instead of committing.
	Fail func() error

	mu           sync.Mutex
	interactions map[string]row
	refs         map[string]string
	agents       map[string]row
	promised     map[string]bool
	intents      []desk.Intent
	transaction  int64
	commits      int
}

type row struct {
	json    []byte
	version int64
}

func (r row) interaction() (i interaction.Interaction) { must(json.Unmarshal(r.json, &i)); return i }
func (r row) agent() (a agent.Agent)                   { must(json.Unmarshal(r.json, &a)); return a }

func encode(v any) []byte { b, err := json.Marshal(v); must(err); return b }

// must is for JSON of our own types, which cannot fail unless a type is at fault.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// Change implements desk.Store.
func (s *Store) Change(ctx context.Context, fn func(desk.Tx) error) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		t := &tx{s: s, now: time.Now().UTC().Truncate(time.Millisecond)}
		err := fn(t)
		if s.Fail != nil && err == nil {
			err = s.Fail()
		}
		if done := t.commit(err == nil); done {
			return err
		}
	}
}

// Open implements desk.Store.
func (s *Store) Open(context.Context) ([]interaction.Interaction, error) {
	return s.list(func(i *interaction.Interaction) bool { return !i.State.Final() }), nil
}

// list reads the interactions that fit, oldest first.
func (s *Store) list(fits func(*interaction.Interaction) bool) []interaction.Interaction {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []interaction.Interaction
	for _, r := range s.interactions {
		if i := r.interaction(); fits(&i) {
			out = append(out, i)
		}
	}
	slices.SortFunc(out, func(a, b interaction.Interaction) int { return int(a.Transaction - b.Transaction) })
	return out
}

// All lists every interaction, oldest first.
func (s *Store) All() []interaction.Interaction {
	return s.list(func(*interaction.Interaction) bool { return true })
}

// Agents implements desk.Store.
func (s *Store) Agents(context.Context) ([]agent.Agent, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []agent.Agent
	for _, r := range s.agents {
		out = append(out, r.agent())
	}
	slices.SortFunc(out, func(a, b agent.Agent) int { return strings.Compare(a.ID, b.ID) })
	return out, nil
}

// Snapshot implements desk.Store.
func (s *Store) Snapshot(_ context.Context, agentID string, recent int) (agent.Agent, []interaction.Interaction, error) {
	mine := s.list(func(i *interaction.Interaction) bool {
		return i.Offer != nil && i.Offer.Agent == agentID ||
			slices.ContainsFunc(i.Handling, func(h interaction.Handling) bool {
				return h.Agent == agentID && (h.State != interaction.Closed || i.State.Final())
			})
	})
	slices.Reverse(mine)
	mine = slices.DeleteFunc(mine, func(i interaction.Interaction) bool {
		if i.State.Final() {
			recent--
		}
		return i.State.Final() && recent < 0
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.agent(agentID), mine, nil
}

func (s *Store) agent(id string) agent.Agent {
	if r, ok := s.agents[id]; ok {
		return r.agent()
	}
	return agent.Agent{ID: id, Status: agent.LoggedOut}
}

// One implements desk.Store.
func (s *Store) One(_ context.Context, id string) (interaction.Interaction, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.interactions[id]
	if !ok {
		return interaction.Interaction{}, notFound()
	}
	return r.interaction(), nil
}

func notFound() error {
	return fault.New(fault.NotFound, "NO_SUCH_INTERACTION", "There is no such interaction.")
}

// Intents lists what was promised, in order.
func (s *Store) Intents() []desk.Intent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.intents)
}

// Commits counts the changes that wrote something.
func (s *Store) Commits() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.commits
}
