package store

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"cordboard/internal/agent"
	"cordboard/internal/desk"
	"cordboard/internal/fault"
	"cordboard/internal/interaction"
	"cordboard/internal/store/engine"
)

var _ desk.Store = (*Tenant)(nil)

// Change runs fn as one unit (DESIGN §4.1). On SQLite it runs within the one writer, so it never conflicts; on PostgreSQL
// what it loads is locked, and it runs again after a conflict.
func (t *Tenant) Change(ctx context.Context, fn func(desk.Tx) error) error {
	return t.db.Write(ctx, func(q *engine.Q) error {
		u := &unit{q: q, now: t.instant(), interactions: map[string]*held[interaction.Interaction]{}, agents: map[string]*held[agent.Agent]{}, absent: map[string]bool{}}
		if err := fn(u); err != nil {
			return err
		}
		return u.save()
	})
}

// unit is one desk.Tx: what was loaded, and how it was encoded then.
type unit struct {
	q            *engine.Q
	now          time.Time
	interactions map[string]*held[interaction.Interaction]
	agents       map[string]*held[agent.Agent]
	absent       map[string]bool // ids and refs that fn was told are not there
}

// held is a loaded or new entity. was is its encoding when it was loaded, nil for a new one.
type held[T any] struct {
	now     *T
	was     []byte
	version int64
	fence   int64           // interactions
	parts   map[string]part // interactions: rows of handler
	touched bool            // agents
}

func (u *unit) Now() time.Time { return u.now }

const interactionColumns = "SELECT version, fence, doc FROM interaction "

func (u *unit) Interaction(id string) (*interaction.Interaction, error) {
	if h := u.interactions[id]; h != nil {
		return h.now, nil
	}
	i, err := u.load("WHERE id = $1", id)
	if err == nil && i == nil {
		u.absent[id] = true
		return nil, noInteraction()
	}
	return i, err
}

func noInteraction() error {
	return fault.New(fault.NotFound, "INTERACTION_NOT_FOUND", "There is no such interaction.")
}

func (u *unit) ByRef(ref string) (*interaction.Interaction, error) {
	if ref == "" {
		return nil, nil //nolint:nilnil // the door says: nil when there is none
	}
	for _, h := range u.interactions {
		if h.now.Ref == ref {
			return h.now, nil
		}
	}
	i, err := u.load("WHERE ref = $1 AND ref <> ''", ref) // the second part lets the partial index serve
	if err == nil && i == nil {
		u.absent[ref] = true
	}
	return i, err
}

// load reads and locks one interaction; nil when there is none.
func (u *unit) load(where, arg string) (*interaction.Interaction, error) {
	h := &held[interaction.Interaction]{now: &interaction.Interaction{}}
	var doc string
	there, err := u.q.Get(interactionColumns+where+u.q.Lock(), []any{arg}, &h.version, &h.fence, &doc)
	if err != nil || !there {
		return nil, err
	}
	if err := decode(doc, h.now); err != nil {
		return nil, err
	}
	h.now.Version, h.now.Fence = h.version, h.fence
	if h.was, err = json.Marshal(h.now); err != nil {
		return nil, err
	}
	h.parts = parts(h.now)
	u.interactions[h.now.ID] = h
	return h.now, nil
}

func (u *unit) Create(i interaction.Interaction) (*interaction.Interaction, error) {
	if i.ID == "" {
		return nil, errors.New("store: an interaction without id")
	}
	told := u.absent[i.ID] || u.absent[i.Ref]
	same, err := u.ByRef(i.Ref)
	if err == nil && same == nil {
		if same, err = u.Interaction(i.ID); fault.KindOf(err) == fault.NotFound {
			err = nil
		}
	}
	switch {
	case err != nil:
		return nil, err
	case same != nil && told: // it came in between: fn finds it when it runs again
		return nil, engine.ErrAgain
	case same != nil:
		return nil, fault.New(fault.Conflict, "DUPLICATE_INTERACTION", "This interaction has been taken in already.")
	}
	n, err := bump(u.q, "transaction")
	if err != nil {
		return nil, err
	}
	i.Transaction, i.Version = n, 0
	u.interactions[i.ID] = &held[interaction.Interaction]{now: &i, fence: i.Fence}
	return &i, nil
}

func (u *unit) Agent(id string) (*agent.Agent, error) {
	h, err := u.agent(id)
	if err != nil {
		return nil, err
	}
	return h.now, nil
}

func (u *unit) agent(id string) (*held[agent.Agent], error) {
	if h := u.agents[id]; h != nil {
		return h, nil
	}
	if id == "" {
		return nil, errors.New("store: an agent without id")
	}
	h := &held[agent.Agent]{now: &agent.Agent{ID: id, Status: agent.LoggedOut}}
	var doc string
	there, err := u.q.Get("SELECT version, doc FROM agent WHERE id = $1"+u.q.Lock(), []any{id}, &h.version, &doc)
	if err != nil {
		return nil, err
	}
	if there {
		if err := decode(doc, h.now); err != nil {
			return nil, err
		}
	}
	h.now.Version = h.version
	if h.was, err = json.Marshal(h.now); err != nil {
		return nil, err
	}
	u.agents[id] = h
	return h, nil
}

func (u *unit) Touch(agentID string) error {
	h, err := u.agent(agentID)
	if err == nil {
		h.touched = true
	}
	return err
}

// save writes what changed, agents first, each kind in the order of its ids.
func (u *unit) save() error {
	for _, id := range slices.Sorted(maps.Keys(u.agents)) {
		if err := u.saveAgent(id, u.agents[id]); err != nil {
			return err
		}
	}
	for _, id := range slices.Sorted(maps.Keys(u.interactions)) {
		if err := u.saveInteraction(id, u.interactions[id]); err != nil {
			return err
		}
	}
	return nil
}

func (u *unit) saveAgent(id string, h *held[agent.Agent]) error {
	h.now.ID, h.now.Version = id, h.version
	doc, err := json.Marshal(h.now)
	if err != nil || !h.touched && string(doc) == string(h.was) {
		return err
	}
	h.now.Version++
	var n int64
	if h.version == 0 {
		n, err = u.q.Exec("INSERT INTO agent (id, status, version, doc) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING",
			id, int64(h.now.Status), h.now.Version, string(doc))
	} else {
		n, err = u.q.Exec("UPDATE agent SET status = $2, version = $3, doc = $4 WHERE id = $1 AND version = $5",
			id, int64(h.now.Status), h.now.Version, string(doc), h.version)
	}
	return once(n, err)
}

func (u *unit) saveInteraction(id string, h *held[interaction.Interaction]) error {
	i := h.now
	i.ID, i.Version = id, h.version
	doc, err := json.Marshal(i)
	if err != nil || string(doc) == string(h.was) {
		return err
	}
	if i.Fence < h.fence {
		return fault.New(fault.Conflict, "FENCED", "Another node has taken over this interaction. Nothing was saved here.")
	}
	i.Version++
	closed := i.ClosedAt
	if closed.IsZero() {
		closed = i.CompletedAt
	}
	var n int64
	if h.version == 0 {
		n, err = u.q.Exec(`INSERT INTO interaction
    (id, transaction_no, ref, medium, state, final, queue, channel, created_at, closed_at, node, fence, version, doc)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT DO NOTHING`,
			id, i.Transaction, i.Ref, string(i.Medium), string(i.State), bit(i.State.Final()), i.Queue, i.Channel,
			engine.Millis(i.CreatedAt), engine.Millis(closed), i.Node, i.Fence, i.Version, string(doc))
	} else {
		n, err = u.q.Exec(`UPDATE interaction SET state = $2, final = $3, queue = $4, channel = $5, closed_at = $6,
    node = $7, fence = $8, version = $9, doc = $10
WHERE id = $1 AND version = $11 AND fence <= $8`,
			id, string(i.State), bit(i.State.Final()), i.Queue, i.Channel, engine.Millis(closed),
			i.Node, i.Fence, i.Version, string(doc), h.version)
	}
	if err := once(n, err); err != nil {
		return err
	}
	return u.saveParts(id, h.parts, parts(i))
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// once is what a write of exactly one row came to: none means that someone was faster.
func once(n int64, err error) error {
	if err == nil && n != 1 {
		return engine.ErrAgain
	}
	return err
}

// bump raises a counter by one and returns it; its row stays locked until commit, so numbers have no gaps.
func bump(q *engine.Q, name string) (n int64, err error) {
	_, err = q.Get(`INSERT INTO counter (name, value) VALUES ($1, 1)
ON CONFLICT (name) DO UPDATE SET value = counter.value + 1 RETURNING value`, []any{name}, &n)
	return n, err
}

// decode reads a stored document.
func decode(doc string, into any) error {
	if doc == "" {
		return nil
	}
	return json.Unmarshal([]byte(doc), into)
}
