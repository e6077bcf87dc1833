package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"cordboard/internal/agent"
	"cordboard/internal/interaction"
	"cordboard/internal/store/engine"
)

type scanner = func(into ...any) error

func scanInteraction(row scanner) (i interaction.Interaction, err error) {
	var version, fence int64
	var doc string
	if err = row(&version, &fence, &doc); err != nil {
		return i, err
	}
	err = decode(doc, &i)
	i.Version, i.Fence = version, fence
	return i, err
}

func scanAgent(row scanner) (a agent.Agent, err error) {
	var version int64
	var doc string
	if err = row(&version, &doc); err != nil {
		return a, err
	}
	err = decode(doc, &a)
	a.Version = version
	return a, err
}

// Open lists the interactions that are not final, oldest first.
func (t *Tenant) Open(ctx context.Context) ([]interaction.Interaction, error) {
	out, err := engine.All(t.db.Read(ctx), interactionColumns+"WHERE final = 0 ORDER BY transaction_no", nil, scanInteraction)
	return out, t.db.Fault(err)
}

// Agents lists every agent's state, by id.
func (t *Tenant) Agents(ctx context.Context) ([]agent.Agent, error) {
	out, err := engine.All(t.db.Read(ctx), "SELECT version, doc FROM agent ORDER BY id", nil, scanAgent)
	return out, t.db.Fault(err)
}

// One reads an interaction by id.
func (t *Tenant) One(ctx context.Context, id string) (interaction.Interaction, error) {
	out, err := engine.All(t.db.Read(ctx), interactionColumns+"WHERE id = $1", []any{id}, scanInteraction)
	if err != nil {
		return interaction.Interaction{}, t.db.Fault(err)
	}
	if len(out) == 0 {
		return interaction.Interaction{}, noInteraction()
	}
	return out[0], nil
}

// Snapshot reads an agent's state and his interactions in one read transaction (DESIGN §4.4): the open ones he is offered
// or handles, oldest first, then up to recent final ones that he handled, newest first.
func (t *Tenant) Snapshot(ctx context.Context, agentID string, recent int) (a agent.Agent, out []interaction.Interaction, err error) {
	a = agent.Agent{ID: agentID, Status: agent.LoggedOut}
	err = t.db.View(ctx, func(q *engine.Q) error {
		as, err := engine.All(q, "SELECT version, doc FROM agent WHERE id = $1", []any{agentID}, scanAgent)
		if err != nil {
			return err
		}
		if len(as) == 1 {
			a = as[0]
		}
		const mine = "SELECT i.version, i.fence, i.doc FROM handler h JOIN interaction i ON i.id = h.interaction WHERE h.agent = $1 "
		open, err := engine.All(q, mine+"AND h.open = 1 AND h.final = 0 ORDER BY i.transaction_no", []any{agentID}, scanInteraction)
		if err != nil {
			return err
		}
		past, err := engine.All(q, mine+"AND h.open = 0 AND h.final = 1 ORDER BY h.at DESC, h.interaction DESC LIMIT $2",
			[]any{agentID, recent}, scanInteraction)
		out = append(open, past...)
		return err
	})
	return a, out, err
}

// InteractionFilter selects interactions for lists; empty fields match all.
type InteractionFilter struct {
	Agent   string // who was offered or handled it
	State   interaction.State
	Medium  interaction.Medium
	Queue   int64
	Channel int64
	From    time.Time // created at or after
	To      time.Time // created before
	Before  int64     // Transaction number below: paging
	Limit   int       // default 100, at most 1,000
}

// Interactions lists interactions, newest first.
func (t *Tenant) Interactions(ctx context.Context, f InteractionFilter) ([]interaction.Interaction, error) {
	var w where
	w.eq("state", string(f.State))
	w.eq("medium", string(f.Medium))
	w.number("queue = ", f.Queue)
	w.number("channel = ", f.Channel)
	w.number("created_at >= ", engine.Millis(f.From))
	w.number("created_at < ", engine.Millis(f.To))
	w.number("transaction_no < ", f.Before)
	if f.Agent != "" {
		w.add("id IN (SELECT interaction FROM handler WHERE agent = ", f.Agent, ")")
	}
	out, err := engine.All(t.db.Read(ctx), interactionColumns+w.text()+" ORDER BY transaction_no DESC"+limit(f.Limit), w.args, scanInteraction)
	return out, t.db.Fault(err)
}

// where collects conditions; what people typed goes in as arguments only.
type where struct {
	conds []string
	args  []any
}

func (w *where) add(before string, arg any, after string) {
	w.args = append(w.args, arg)
	w.conds = append(w.conds, fmt.Sprintf("%s$%d%s", before, len(w.args), after))
}

func (w *where) eq(column, value string) {
	if value != "" {
		w.add(column+" = ", value, "")
	}
}

func (w *where) number(before string, value int64) {
	if value != 0 {
		w.add(before, value, "")
	}
}

func (w *where) text() string {
	if len(w.conds) == 0 {
		return ""
	}
	return "WHERE " + strings.Join(w.conds, " AND ")
}

func limit(n int) string {
	if n <= 0 {
		n = 100
	}
	return fmt.Sprintf(" LIMIT %d", min(n, 1000))
}
