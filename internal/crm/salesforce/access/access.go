// Package access is an agent's way into the Salesforce org: how he signs on, his session, and what he may see there.
//
// It promises that a refused password is never tried again by itself (SPEC SF-10), that one sign-in at a time runs per
// agent (SF-11), that an expired session is renewed once and the request repeated once (LOG-18), and that secrets are in
// the vault or on the wire and nowhere else (SF-8). Sessions live in memory only. It never searches, reads or writes
// records.
package access

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"cordboard/internal/crm/salesforce/wire"
	"cordboard/internal/tenant"
)

// Vault keeps secrets sealed (SF-8). Get returns nil when there is none.
type Vault interface {
	Put(ctx context.Context, owner, name string, secret []byte) error
	Get(ctx context.Context, owner, name string) ([]byte, error)
	Drop(ctx context.Context, owner, name string) error
}

// Names of secrets in the vault.
const (
	SecretPassword = "salesforce.password" // owner: agent id; password with its token appended
	SecretJWTKey   = "salesforce.jwt_key"  // owner: TenantOwner; RSA private key in PEM
	TenantOwner    = "tenant"
)

// Options are what access needs; all but OnSignOn are required.
type Options struct {
	Config  func() *tenant.Config
	SignOns SignOns
	Vault   Vault
	HTTP    *http.Client // guarded, without redirects (egress)
	Clock   func() time.Time
	Logger  *slog.Logger
	// OnSignOn hears of every attempt to sign on, after it is stored: a success lets parked deliveries go (LOG-18), a
	// failure puts a banner up (SF-10). Called without locks; it must not block for long.
	OnSignOn func(SignOn)
}

// Access is a tenant's agents' way in. It is safe for concurrent use.
type Access struct {
	o       Options
	wire    *wire.Client
	flights singleflight.Group

	mu    sync.Mutex
	seats map[string]*seat
}

// New makes it. Nothing is sent before the first question.
func New(o Options) *Access {
	if o.OnSignOn == nil {
		o.OnSignOn = func(SignOn) {}
	}
	return &Access{o: o, wire: wire.New(o.HTTP), seats: map[string]*seat{}}
}

// Usage is how many API calls the org counted within its rolling day, and how many it permits; 0, 0 when unknown.
func (s *Access) Usage() (used, limit int64) { return s.wire.Usage() }

// Forget drops what was described for an agent: after a field turned out to be hidden.
func (s *Access) Forget(agent string) { s.seat(agent).forget() }

// seat is what is kept in memory of one agent.
type seat struct {
	mu      sync.Mutex
	session *Session
	refused *SignOn // the circuit, also when the store could not be told
	objects map[string]*Object
	user    string // whose view objects is
}

func (s *Access) seat(agent string) *seat {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.seats[agent]
	if st == nil {
		st = &seat{objects: map[string]*Object{}}
		s.seats[agent] = st
	}
	return st
}

// forget drops what was described for an agent: after a field turned out to be hidden, and at sign-in (SF-3).
func (st *seat) forget() {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.objects = map[string]*Object{}
}

// conn is the tenant's connection with its defaults.
type conn struct {
	tenant.Connection
}

func (s *Access) conn() conn {
	c := s.o.Config().ScreenPop.Connection
	c.LoginURL = strings.TrimRight(c.LoginBase(), "/")
	if c.Audience == "" {
		c.Audience = c.LoginURL
	}
	c.APIVersion = strings.TrimPrefix(c.APIVersion, "v")
	if c.APIVersion == "" {
		c.APIVersion = "64.0"
	} else if !strings.Contains(c.APIVersion, ".") {
		c.APIVersion += ".0"
	}
	return conn{c}
}

func (c conn) permits(k tenant.SignOn) bool {
	return slices.Contains(c.SignOns, k)
}

// id tells connections apart: a session made for another one is of no use.
func (c conn) id() string {
	return c.LoginURL + "|" + c.APIVersion + "|" + c.ConsumerKey + "|" + c.Audience
}
