package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"cordboard/internal/simorg/engine/change"
	"cordboard/internal/simorg/engine/journal"
	"cordboard/internal/simorg/engine/ledger"
	"cordboard/internal/simorg/engine/refusal"
)

// commit ends a transaction: the index learns, the journal gets its lines. It returns the journal's ticket.
func (e *Engine) commit(extra ...journal.Line) int64 {
	now := e.Now()
	var lines []journal.Line
	for _, c := range e.store.Commit() {
		e.index.Put(c.New, now)
		if e.journal == nil || e.booting {
			continue
		}
		b, err := json.Marshal(c.New.Values())
		if err != nil {
			b = nil // kept values are strings, numbers and booleans: cannot happen
		}
		lines = append(lines, journal.Line{Kind: "put", Key: c.New.Object.Name, State: b})
	}
	if e.journal == nil || e.booting {
		return 0
	}
	lines = append(lines, extra...)
	if len(lines) == 0 {
		return 0
	}
	return e.journal.Append(lines...)
}

func (e *Engine) wait(ticket int64) *refusal.Error {
	if ticket == 0 {
		return nil
	}
	if err := e.journal.Wait(ticket); err != nil {
		return refusal.New(500, "UNKNOWN_EXCEPTION", "%s", err.Error())
	}
	return nil
}

// Boot fills the org: seed makes the records of its seed, then the state kept in dir (if any) is laid over them. at is
// the time the seed's records bear; in a folder that is used again it is the time of the first start.
func (e *Engine) Boot(dir string, seed func(w *change.World) error) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.booting = true
	defer func() { e.booting = false }()
	kept := newKept()
	if dir != "" {
		j, err := journal.Open(dir, kept.line)
		if err != nil {
			return err
		}
		e.journal = j
	}
	at := e.Now()
	if !kept.seeded.IsZero() {
		at = kept.seeded
	}
	w := e.changeWorld(System(), at)
	w.System = true
	if err := seed(w); err != nil {
		return err
	}
	e.commit()
	if err := kept.restore(e); err != nil {
		return err
	}
	e.index.Settle(e.Now().Add(1000 * time.Hour))
	if e.journal == nil {
		return nil
	}
	if kept.seeded.IsZero() {
		b, err := json.Marshal(at)
		if err != nil {
			return err
		}
		if err := e.journal.Wait(e.journal.Append(journal.Line{Kind: "seeded", State: b})); err != nil {
			return err
		}
	}
	j := e.journal
	e.SignOn.Save = func(kind, key string, v any) {
		l := journal.Line{Kind: kind, Key: key}
		if v != nil {
			b, err := json.Marshal(v)
			if err != nil {
				return
			}
			l.State = b
		}
		j.Append(l)
	}
	return nil
}

// Close ends the journal.
func (e *Engine) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.journal == nil {
		return nil
	}
	j := e.journal
	e.journal = nil
	return j.Close()
}

func (e *Engine) changeWorld(c Caller, now time.Time) *change.World {
	return &change.World{
		Schema: e.cfg.Schema, Store: e.store, Guard: e.guard, Now: now, Zone: e.cfg.Settings.Zone, Eyes: e.eyes(c),
		Duplicates: e.cfg.Duplicates, Validations: e.cfg.Validations,
	}
}

// CheckRule reads the condition of a validation rule, so that a bad one is found when the org starts.
func (e *Engine) CheckRule(v change.Validation) error {
	e.mu.RLock()
	defer e.mu.RUnlock()
	if _, err := e.changeWorld(System(), e.Now()).Rule(v.Object, v.Where); err != nil {
		return fmt.Errorf("validation rule %s: %w", v.Name, err)
	}
	return nil
}

// note writes ledger entries for a request and keeps them in the journal.
func (e *Engine) note(ctx context.Context, entries []ledger.Entry) []journal.Line {
	if len(entries) == 0 {
		return nil
	}
	var lines []journal.Line
	for _, en := range e.Ledger.Add(ledger.Of(ctx), entries...) {
		if e.journal == nil {
			continue
		}
		if b, err := json.Marshal(en); err == nil {
			lines = append(lines, journal.Line{Kind: "ledger", State: b})
		}
	}
	return lines
}
