package task

import (
	"context"
	"sync"
	"time"

	"cordboard/internal/crm/salesforce/wire"
	"cordboard/internal/fault"
)

// locks serialises writes under one parent record: two at once would only collide on Salesforce's row lock (LOG-18).
type locks struct {
	mu   sync.Mutex
	held map[string]*lock
}

type lock struct {
	c    chan struct{} // holds one token while free
	want int
}

// take waits for a key and returns how to give it back. An empty key needs no waiting.
func (l *locks) take(ctx context.Context, key string) (func(), error) {
	if key == "" {
		return func() {}, nil
	}
	l.mu.Lock()
	if l.held == nil {
		l.held = map[string]*lock{}
	}
	k := l.held[key]
	if k == nil {
		k = &lock{c: make(chan struct{}, 1)}
		k.c <- struct{}{}
		l.held[key] = k
	}
	k.want++
	l.mu.Unlock()
	leave := func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if k.want--; k.want == 0 {
			delete(l.held, key)
		}
	}
	select {
	case <-k.c:
		return func() { k.c <- struct{}{}; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, fault.New(fault.Unavailable, "UNABLE_TO_LOCK_ROW", "Other logs of the same account are being written. It is tried again by itself.").
			Judge(fault.Retry, wire.LockWait()).With(ctx.Err())
	}
}

// pause rests the whole org after its daily limit: one probe per five minutes, whoever's lane it comes from (LOG-18).
type pause struct {
	mu    sync.Mutex
	until time.Time
}

// enter is nil when writing may be tried; at the end of a rest the first who asks is the probe, and the rest goes on for
// the others until it succeeds.
func (p *pause) enter(now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.until.IsZero() {
		return nil
	}
	if left := p.until.Sub(now); left > 0 {
		return fault.New(fault.TooMany, "REQUEST_LIMIT_EXCEEDED", "The org has used up its daily API calls. Nothing is lost: writing rests and goes on by itself as calls come free.").
			Judge(fault.PauseLane, left)
	}
	p.until = now.Add(wire.ProbeEvery)
	return nil
}

// leave learns from an answer.
func (p *pause) leave(err error, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case fault.Is(err, "REQUEST_LIMIT_EXCEEDED"):
		p.until = now.Add(wire.ProbeEvery)
	case err == nil:
		p.until = time.Time{}
	}
}

// width is how many writes may run at once: without limit until Salesforce says that there are too many, then half as
// many, and slowly more again (LOG-18: fewer at once).
type width struct {
	mu     sync.Mutex
	busy   int
	limit  int // 0 = none
	streak int // successes since the limit changed
	free   chan struct{}
}

// wide is the width at which a limit is forgotten.
const wide = 32

// take waits for a place.
func (w *width) take(ctx context.Context) error {
	for {
		w.mu.Lock()
		if w.limit == 0 || w.busy < w.limit {
			w.busy++
			w.mu.Unlock()
			return nil
		}
		if w.free == nil {
			w.free = make(chan struct{})
		}
		free := w.free
		w.mu.Unlock()
		select {
		case <-free:
		case <-ctx.Done():
			return fault.New(fault.TooMany, "CONCURRENT_LIMIT", "Salesforce takes few writes at once at the moment. It is tried again by itself.").
				Judge(fault.Retry, wire.LockWait()).With(ctx.Err())
		}
	}
}

// give frees a place and learns from how it went.
func (w *width) give(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case fault.Is(err, "CONCURRENT_LIMIT"):
		w.limit, w.streak = max(1, w.busy/2), 0
	case err == nil && w.limit > 0:
		if w.streak++; w.streak >= 4*w.limit {
			w.limit, w.streak = w.limit+1, 0
		}
		if w.limit > wide {
			w.limit = 0
		}
	}
	w.busy--
	if w.free != nil {
		close(w.free)
		w.free = nil
	}
}
