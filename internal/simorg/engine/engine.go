// Package engine is the simulated org itself: what every protocol face stands on.
//
// It joins the rooms below it (schema, records, security, query, search, change, sign-on) into a few doors: who is
// calling (Caller), read (Get, Query, Search, Describe) and write (Write). One lock guards the records: many readers or
// one writer. Reads see through the caller's eyes, always. Writes are in the journal before they are answered. It speaks
// no protocol; its refusals are Salesforce's, which the faces render.
package engine

import (
	"sync"
	"sync/atomic"
	"time"

	"cordboard/internal/simorg/engine/change"
	"cordboard/internal/simorg/engine/journal"
	"cordboard/internal/simorg/engine/ledger"
	"cordboard/internal/simorg/engine/record"
	"cordboard/internal/simorg/engine/refusal"
	"cordboard/internal/simorg/engine/schema"
	"cordboard/internal/simorg/engine/search"
	"cordboard/internal/simorg/engine/security"
	"cordboard/internal/simorg/engine/signon"
)

// Settings are the org's settings that are not about signing on.
type Settings struct {
	OrgName       string
	Sandbox       bool
	DailyRequests int64 // API requests in 24 hours
	AllowFraming  bool  // pages may be shown in a frame of another site
	Zone          *time.Location
}

// Config is what an org is made of; package seed fills it.
type Config struct {
	Settings    Settings
	Schema      *schema.Schema
	Policy      *security.Policy
	Rules       signon.Rules
	Duplicates  []change.DuplicateRule
	Validations []change.Validation
	SearchLag   time.Duration
	Clock       func() time.Time
}

// SeedWorld is what a seed writes its records into.
type SeedWorld = change.World

// Engine is one org.
type Engine struct {
	SignOn *signon.Registry
	Ledger *ledger.Ledger

	cfg     Config
	mu      sync.RWMutex
	store   *record.Store
	index   *search.Index
	guard   *security.Guard
	shift   atomic.Int64 // nanoseconds the org's clock is ahead
	journal *journal.Journal
	booting bool

	used    atomic.Int64
	dayFrom atomic.Int64

	cursors cursors
}

// New returns an org without records; Boot fills it.
func New(cfg Config) *Engine {
	if cfg.Settings.Zone == nil {
		cfg.Settings.Zone = time.UTC
	}
	e := &Engine{cfg: cfg, store: record.NewStore(cfg.Schema), index: search.New(cfg.Schema), Ledger: &ledger.Ledger{}}
	e.index.Lag = cfg.SearchLag
	e.guard = &security.Guard{Schema: cfg.Schema, Store: e.store, Policy: cfg.Policy}
	e.SignOn = signon.New(cfg.Rules, e.Now)
	e.cursors.open = map[string]*cursor{}
	return e
}

// Now is the org's time.
func (e *Engine) Now() time.Time { return e.cfg.Clock().Add(time.Duration(e.shift.Load())) }

// Shift moves the org's clock ahead of (or behind) the real one.
func (e *Engine) Shift(d time.Duration) { e.shift.Store(int64(d)) }

// Settings are the org's settings.
func (e *Engine) Settings() Settings { return e.cfg.Settings }

// Schema is the org's objects.
func (e *Engine) Schema() *schema.Schema { return e.cfg.Schema }

// OrgID is the org's 18-character id.
func (e *Engine) OrgID() string { return e.SignOn.Rules.OrgID }

// SetSearchLag sets how far the search index stays behind the records.
func (e *Engine) SetSearchLag(d time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.index.Settle(e.Now().Add(1000 * time.Hour))
	e.index.Lag = d
}

// CountCall counts an API request and says how many were made today, of how many; the refusal comes when there are none
// left.
func (e *Engine) CountCall() (used, limit int64, err *refusal.Error) {
	now := e.Now().Unix()
	from := e.dayFrom.Load()
	if now-from >= 86400 && e.dayFrom.CompareAndSwap(from, now) {
		e.used.Store(0)
	}
	used, limit = e.used.Add(1), e.cfg.Settings.DailyRequests
	if used > limit {
		e.used.Add(-1)
		return limit, limit, refusal.New(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
	}
	return used, limit, nil
}

// Usage is what CountCall last said.
func (e *Engine) Usage() (used, limit int64) { return e.used.Load(), e.cfg.Settings.DailyRequests }

// Dump is every record of an object as it is kept, whatever its security.
func (e *Engine) Dump(object string) ([]map[string]any, bool) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	o := e.cfg.Schema.Object(object)
	if o == nil {
		return nil, false
	}
	out := []map[string]any{}
	for _, r := range e.store.Rows(o) {
		out = append(out, r.Values())
	}
	return out, true
}
