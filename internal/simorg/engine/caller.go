package engine

import (
	"strings"

	"cordboard/internal/simorg/engine/query"
	"cordboard/internal/simorg/engine/record"
	"cordboard/internal/simorg/engine/refusal"
	"cordboard/internal/simorg/engine/security"
	"cordboard/internal/simorg/engine/signon"
)

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
	own := e.cfg.Policy.Own
	if own[userID] == nil {
		own[userID] = map[string]bool{}
	}
	own[userID][strings.ToLower(permission)] = on
}

func (e *Engine) eyes(c Caller) *security.Viewer {
	if c.system {
		return e.guard.System("")
	}
	return e.guard.Viewer(c.UserID) // never nil: an authenticated user exists, and users are not deleted
}

func (e *Engine) world(c Caller, deleted bool) *query.World {
	return &query.World{Schema: e.cfg.Schema, Store: e.store, Eyes: e.eyes(c), Now: e.Now(), Zone: e.cfg.Settings.Zone, Deleted: deleted}
}
