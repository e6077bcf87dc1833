// Package engine is the simulated org itself: what every protocol face stands on.
//
// It joins the rooms below it (schema, records, security, query, search, change, sign-on) into a few doors: who is
// calling (Caller), read (Get, Query, Search, Describe) and write (Write). One lock guards the records: many readers or
// one writer. Reads see through the caller's eyes, always. Writes are in the journal before they are answered. It speaks
// no protocol; its refusals are Salesforce's, which the faces render.
package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"cordboard/internal/simorg/engine/change"
	"cordboard/internal/simorg/engine/journal"
	"cordboard/internal/simorg/engine/ledger"
	"cordboard/internal/simorg/engine/query"
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

// Caller is who asks: a user with a session.
type Caller struct {
	UserID, Username string
	Session          signon.Session
	system           bool
	tx               *tx // within Atomic
}

// System is the caller who sees everything: the control face and, where an org is open for demonstration, its pages.
func System() Caller { return Caller{Username: "system", system: true} }

// Authenticate turns a session id into a caller of the API. The refusals are INVALID_SESSION_ID, API_DISABLED_FOR_ORG
// and, for sessions with an expired password, INVALID_OPERATION_WITH_EXPIRED_PASSWORD.
func (e *Engine) Authenticate(session, ip string) (Caller, *refusal.Error) {
	c, err := e.Browser(session, ip)
	if err != nil {
		return c, err
	}
	if c.Session.Expired {
		f := signon.Fault("INVALID_OPERATION_WITH_EXPIRED_PASSWORD")
		f.Status = 403
		return c, f
	}
	p, ok := e.Person(c.Username)
	if !ok || !p.Active {
		return c, refusal.InvalidSession()
	}
	if !p.APIEnabled {
		f := signon.Fault("API_DISABLED_FOR_ORG")
		f.Status = 403
		return c, f
	}
	return c, nil
}

// Browser turns a session id into a caller who looks at pages: the API permission is not asked.
func (e *Engine) Browser(session, ip string) (Caller, *refusal.Error) {
	s, err := e.SignOn.Use(session, ip)
	if err != nil {
		return Caller{}, err
	}
	e.mu.RLock()
	defer e.mu.RUnlock()
	u := e.store.Get(e.cfg.Schema.Object("User"), s.UserID)
	if u == nil || !u.Flag(u.Object.Field("IsActive")) {
		return Caller{}, refusal.InvalidSession()
	}
	return Caller{UserID: s.UserID, Username: u.Named("Username"), Session: s}, nil
}

// Person is what signing on must know of a user.
func (e *Engine) Person(username string) (signon.Person, bool) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	o := e.cfg.Schema.Object("User")
	found, _ := e.store.Lookup(o.Field("Username"), strings.TrimSpace(username))
	if len(found) == 0 {
		return signon.Person{}, false
	}
	return e.person(found[0]), true
}

// PersonByID is Person by the user's id.
func (e *Engine) PersonByID(id string) (signon.Person, bool) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	u := e.store.Get(e.cfg.Schema.Object("User"), id)
	if u == nil {
		return signon.Person{}, false
	}
	return e.person(u), true
}

func (e *Engine) person(u *record.Record) signon.Person {
	v := e.guard.Viewer(u.ID)
	return signon.Person{
		ID: u.ID, Username: u.Named("Username"), Active: u.Flag(u.Object.Field("IsActive")),
		APIEnabled: v.May("ApiEnabled"), AnyAPIAuth: v.May("UseAnyApiAuth"),
		Hours: v.Profile.LoginHours, Ranges: v.Profile.LoginRanges,
	}
}

// SetPermission gives or takes a user a permission of his own, beside his profile; tests use it (API Enabled).
func (e *Engine) SetPermission(userID, permission string, on bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	u := e.store.Get(e.cfg.Schema.Object("User"), userID)
	if u == nil {
		return
	}
	old := e.cfg.Policy.Profiles[u.Named("ProfileId")]
	own := *old
	own.Permissions = map[string]bool{}
	for k, v := range old.Permissions {
		own.Permissions[k] = v
	}
	own.Permissions[strings.ToLower(permission)] = on
	id := "own:" + userID
	e.cfg.Policy.Profiles[id] = &own
	u = u.Clone()
	u.SetNamed("ProfileId", id)
	e.store.Put(u)
	e.store.Commit()
}

func (e *Engine) eyes(c Caller) *security.Viewer {
	if c.system {
		return e.guard.System("")
	}
	if v := e.guard.Viewer(c.UserID); v != nil {
		return v
	}
	return e.guard.Viewer("")
}

func (e *Engine) world(c Caller, deleted bool) *query.World {
	return &query.World{Schema: e.cfg.Schema, Store: e.store, Eyes: e.eyes(c), Now: e.Now(), Zone: e.cfg.Settings.Zone, Deleted: deleted}
}

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
	e.SignOn.Save = func(kind, key string, v any) {
		l := journal.Line{Kind: kind, Key: key}
		if v != nil {
			b, err := json.Marshal(v)
			if err != nil {
				return
			}
			l.State = b
		}
		e.journal.Append(l)
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
	e.SignOn.Save = func(string, string, any) {}
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
