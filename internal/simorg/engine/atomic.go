package engine

import (
	"context"

	"cordboard/internal/simorg/engine/ledger"
	"cordboard/internal/simorg/engine/refusal"
)

// tx is a run of Atomic; its caller works with the lock held.
type tx struct {
	entries []ledger.Entry
}

// Atomic runs do while it holds the org's lock; the caller that do is given reads and writes within one transaction, which
// is kept if do returns true and undone otherwise.
func (e *Engine) Atomic(ctx context.Context, c Caller, do func(Caller) bool) (kept bool, err *refusal.Error) {
	ticket := func() int64 {
		e.mu.Lock()
		defer e.mu.Unlock() // also when do panics: the org must not stay locked
		c.tx = &tx{}
		mark := e.store.Mark()
		defer func() {
			if !kept {
				e.store.RollbackTo(mark)
			}
		}()
		if kept = do(c); !kept {
			return 0
		}
		return e.commit(e.note(ctx, c.tx.entries)...)
	}()
	return kept, e.wait(ticket)
}

func (e *Engine) lock(c Caller) func() {
	if c.tx != nil {
		return func() {}
	}
	e.mu.Lock()
	return e.mu.Unlock
}

func (e *Engine) rlock(c Caller) func() {
	if c.tx != nil {
		return func() {}
	}
	e.mu.RLock()
	return e.mu.RUnlock
}
