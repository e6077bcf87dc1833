// Package ledger is the record of raw writes: what was changed, by whom, through which request, and whether the answer
// reached the client.
//
// It is how exactly-once is checked from outside: two "created" entries for one key would be a doubled log, whatever the
// client believes. Entries are made by the engine when a change is committed and are never altered but for Delivered,
// which the door sets when the answer has been written. It is not under anybody's security and is served on loopback only.
package ledger

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"time"
)

// Entry is one write of one record. Delivered is known only within one life of the process: entries that a kept state
// brings back have it false.
type Entry struct {
	Seq       int64           `json:"seq"`
	Time      time.Time       `json:"time"`
	User      string          `json:"user"`
	Method    string          `json:"method"`
	Path      string          `json:"path"`
	Object    string          `json:"object"`
	ID        string          `json:"id"`
	Op        string          `json:"op"` // created, updated, deleted
	Body      json.RawMessage `json:"body,omitempty"`
	Delivered bool            `json:"delivered"`
}

// Request is the HTTP request that writes belong to; the door puts it into the context.
type Request struct {
	Method, Path string
	mu           sync.Mutex
	seqs         []int64
}

type key struct{}

// With returns a context that carries the request.
func With(ctx context.Context, r *Request) context.Context { return context.WithValue(ctx, key{}, r) }

// Of is the request a context carries, or an empty one.
func Of(ctx context.Context) *Request {
	if r, ok := ctx.Value(key{}).(*Request); ok {
		return r
	}
	return &Request{}
}

// Ledger is all entries.
type Ledger struct {
	mu      sync.Mutex
	entries []Entry
}

// Add notes writes and ties them to their request.
func (l *Ledger) Add(r *Request, entries ...Entry) []Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range entries {
		e := &entries[i]
		e.Seq, e.Method, e.Path = int64(len(l.entries)+1), r.Method, r.Path
		l.entries = append(l.entries, *e)
		r.mu.Lock()
		r.seqs = append(r.seqs, e.Seq)
		r.mu.Unlock()
	}
	return entries
}

// Delivered notes that the answer to a request was written out.
func (l *Ledger) Delivered(r *Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.seqs) == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range r.seqs {
		l.entries[s-1].Delivered = true
	}
}

// Restore puts an entry of an earlier life back.
func (l *Ledger) Restore(e Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e.Seq = int64(len(l.entries) + 1)
	l.entries = append(l.entries, e)
}

// List returns the entries of an object after a sequence number, all objects when object is empty.
func (l *Ledger) List(object string, after int64) []Entry {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := []Entry{}
	for _, e := range l.entries {
		if e.Seq > after && (object == "" || strings.EqualFold(e.Object, object)) {
			out = append(out, e)
		}
	}
	return out
}
