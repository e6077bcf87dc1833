// Package signon is who is it: passwords and security tokens, lock-outs, connected apps, sessions and OAuth tokens.
//
// It answers every login with a session or with the refusal Salesforce documents for the reason. It holds its own lock,
// because sessions are looked at by every request while records change elsewhere. Passwords are kept as digests and
// never shown. It knows a user only through Person, which the engine fills from the User record and the policy; what a
// signed-in user may see is package security's business.
package signon

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/netip"
	"sync"
	"time"
)

// Rules are the org's settings for signing on.
type Rules struct {
	OrgID           string // 18 characters
	RequireToken    bool   // a password from an address outside Trusted needs the security token appended
	Trusted         []netip.Prefix
	SOAPLogin       bool // SOAP login() is switched on
	AnyAPIAuth      bool // the permission "Use Any API Auth" is demanded for SOAP login
	PasswordGrant   bool // the OAuth user-password flow is not blocked
	SessionTimeout  time.Duration
	LockSessionToIP bool
	LockoutAfter    int // wrong passwords in a row until a user is locked; 0: never
	LockoutFor      time.Duration
}

// Person is what signing on must know of a user.
type Person struct {
	ID, Username string
	Active       bool
	APIEnabled   bool
	AnyAPIAuth   bool
	Hours        [2]int
	Ranges       []string
}

// Credential is a user's secret and the state of his login.
type Credential struct {
	Digest   string    `json:"digest"`
	Token    string    `json:"token,omitempty"`
	Expired  bool      `json:"expired,omitempty"`
	Failures int       `json:"failures,omitempty"`
	Until    time.Time `json:"until,omitzero"` // locked until
	Fault    string    `json:"fault,omitempty"`
}

// App is a connected app.
type App struct {
	Name, Key, Secret string
	Public            *rsa.PublicKey // for JWT bearer
	Users             []string       // pre-authorised user names; "*" for everyone
	RunAs             string         // user id for client credentials
	Redirects         []string
	Rotate            bool // refresh tokens are good once
	Scope             string
	NoSingleAccess    bool
}

// Session is a signed-on user.
type Session struct {
	ID      string    `json:"id"`
	UserID  string    `json:"user"`
	App     string    `json:"app,omitempty"` // consumer key
	Kind    string    `json:"kind"`          // SOAP, OAuth, UI
	Scope   string    `json:"scope,omitempty"`
	IP      string    `json:"ip,omitempty"`
	Used    time.Time `json:"used"`
	Expired bool      `json:"expired,omitempty"` // the password has: only setPassword is allowed
	Hidden  bool      `json:"hidden,omitempty"`  // cannot be introspected (password grant)
}

// Refresh is a refresh token.
type Refresh struct {
	Token  string `json:"token"`
	UserID string `json:"user"`
	App    string `json:"app"`
	Scope  string `json:"scope,omitempty"`
}

// Registry is the state of everybody's sign-on. Save, when set, is told about each thing that must outlive the process:
// kind is session, refresh or credential, v its new state, nil when it is gone.
type Registry struct {
	Rules Rules
	Now   func() time.Time
	Save  func(kind, key string, v any)

	mu          sync.Mutex
	credentials map[string]*Credential // by user id
	apps        map[string]*App        // by consumer key
	sessions    map[string]*Session
	refresh     map[string]*Refresh
	once        map[string]string // single-access code → session id
}

// New returns an empty registry.
func New(rules Rules, now func() time.Time) *Registry {
	return &Registry{
		Rules: rules, Now: now, Save: func(string, string, any) {},
		credentials: map[string]*Credential{}, apps: map[string]*App{}, sessions: map[string]*Session{}, refresh: map[string]*Refresh{}, once: map[string]string{},
	}
}

// Digest is how a password is kept.
func Digest(password string) string {
	sum := sha256.Sum256([]byte("simorg:" + password))
	return hex.EncodeToString(sum[:])
}

// SetCredential sets a user's secret and clears his lock.
func (g *Registry) SetCredential(userID string, c Credential) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.credentials[userID] = &c
	g.Save("credential", userID, &c)
}

// Credential returns a copy of a user's credential.
func (g *Registry) Credential(userID string) (Credential, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	c, ok := g.credentials[userID]
	if !ok {
		return Credential{}, false
	}
	return *c, true
}

// SetApp adds or replaces a connected app.
func (g *Registry) SetApp(a App) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.apps[a.Key] = &a
}

// App finds a connected app by its consumer key.
func (g *Registry) App(key string) (App, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	a, ok := g.apps[key]
	if !ok {
		return App{}, false
	}
	return *a, true
}

// secret makes n characters that may stand in a session id.
func secret(n int) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_."
	b := make([]byte, n)
	rand.Read(b)
	for i := range b {
		b[i] = letters[int(b[i])%len(letters)]
	}
	return string(b)
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
