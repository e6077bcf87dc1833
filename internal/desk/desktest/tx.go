package desktest

import (
	"bytes"
	"time"

	"cordboard/internal/agent"
	"cordboard/internal/desk"
	"cordboard/internal/fault"
	"cordboard/internal/interaction"
)

// tx is one run of a change: optimistic, so that what the real store holds by locks shows here as a conflict.
type tx struct {
	s            *Store
	now          time.Time
	interactions []*loaded[interaction.Interaction]
	agents       []*loaded[agent.Agent]
	free         []string // refs that were not there
	touched      []string
	intents      []desk.Intent
}

type loaded[T any] struct {
	id    string
	value *T
	was   row
	new   bool
}

func (t *tx) Now() time.Time { return t.now }

func (t *tx) Interaction(id string) (*interaction.Interaction, error) {
	for _, l := range t.interactions {
		if l.id == id {
			return l.value, nil
		}
	}
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	r, ok := t.s.interactions[id]
	if !ok {
		return nil, notFound()
	}
	i := r.interaction()
	t.interactions = append(t.interactions, &loaded[interaction.Interaction]{id: id, value: &i, was: r})
	return &i, nil
}

func (t *tx) ByRef(ref string) (*interaction.Interaction, error) {
	t.s.mu.Lock()
	id, ok := t.s.refs[ref]
	t.s.mu.Unlock()
	if !ok {
		t.free = append(t.free, ref)
		return nil, nil
	}
	return t.Interaction(id)
}

func (t *tx) Create(i interaction.Interaction) (*interaction.Interaction, error) {
	t.free = append(t.free, i.Ref)
	t.interactions = append(t.interactions, &loaded[interaction.Interaction]{id: i.ID, value: &i, new: true})
	return &i, nil
}

func (t *tx) Agent(id string) (*agent.Agent, error) {
	for _, l := range t.agents {
		if l.id == id {
			return l.value, nil
		}
	}
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	a := t.s.agent(id)
	l := &loaded[agent.Agent]{id: id, value: &a, was: t.s.agents[id]}
	if l.was.json == nil {
		l.was.json = encode(a)
	}
	t.agents = append(t.agents, l)
	return &a, nil
}

func (t *tx) Touch(agentID string) error {
	if _, err := t.Agent(agentID); err != nil {
		return err
	}
	t.touched = append(t.touched, agentID)
	return nil
}

func (t *tx) Promise(in desk.Intent) error {
	if in.Key == "" {
		return fault.New(fault.Internal, "NO_KEY", "A promise needs a key.")
	}
	t.intents = append(t.intents, in)
	return nil
}

// commit saves what changed when save is set, and reports false when what was read is not so any more: run again.
func (t *tx) commit(save bool) bool {
	s := t.s
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range t.interactions {
		if s.interactions[l.id].version != l.was.version {
			return false
		}
	}
	for _, l := range t.agents {
		if s.agents[l.id].version != l.was.version {
			return false
		}
	}
	for _, ref := range t.free {
		if _, taken := s.refs[ref]; taken {
			return false
		}
	}
	if !save {
		return true
	}
	if s.Conflict != nil && s.Conflict() {
		return false
	}
	t.save()
	return true
}

func (t *tx) save() {
	s, wrote := t.s, false
	if s.interactions == nil {
		s.interactions, s.refs, s.agents, s.promised = map[string]row{}, map[string]string{}, map[string]row{}, map[string]bool{}
	}
	for _, l := range t.interactions {
		i := l.value
		if l.new {
			s.transaction++
			i.Transaction = s.transaction
			s.refs[i.Ref] = i.ID
		} else if bytes.Equal(encode(i), l.was.json) {
			continue
		}
		i.Version = l.was.version + 1
		s.interactions[l.id] = row{encode(i), i.Version}
		wrote = true
	}
	touched := map[string]bool{}
	for _, id := range t.touched {
		touched[id] = true
	}
	for _, l := range t.agents {
		a := l.value
		if !touched[l.id] && bytes.Equal(encode(a), l.was.json) {
			continue
		}
		a.Version = l.was.version + 1
		s.agents[l.id] = row{encode(a), a.Version}
		wrote = true
	}
	for _, in := range t.intents {
		if !s.promised[in.Key] {
			s.promised[in.Key] = true
			s.intents = append(s.intents, in)
			wrote = true
		}
	}
	if wrote {
		s.commits++
	}
}
