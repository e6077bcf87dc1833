package signin

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"log/slog"
	"sync"
	"time"

	"cordboard/internal/bus"
	"cordboard/internal/fault"
)

// Lifetime is how long a sign-in lasts at most (SEC-6).
const Lifetime = 12 * time.Hour

// touchEvery is how often a session's Seen is written: people read it, nothing depends on it.
const touchEvery = time.Minute

// Why a sign-in ended.
const (
	EndSignOut  = "signed_out"
	EndExpired  = "expired"
	EndRevoked  = "revoked"  // by the person or an administrator
	EndInactive = "inactive" // the user was deactivated
	EndPassword = "password" // the password was changed elsewhere
)

// Ended is published on the bus the moment a sign-in ends, so that open streams end with it (SEC-6).
type Ended struct {
	Tenant, Agent string
	Hash          string // of the session
	Reason        string
}

// Trail is a tenant's audit log; *audit.Log is one.
type Trail interface {
	Write(ctx context.Context, who, what, about string, details map[string]string) error
}

// Options are what a Guard works with. Store, Bus and Trail are needed.
type Options struct {
	Store Store
	// Bus carries Ended, for the whole installation.
	Bus *bus.Bus
	// Trail is the audit log of a tenant.
	Trail func(tenant string) Trail
	Log   *slog.Logger     // default: nowhere
	Now   func() time.Time // default: time.Now
	// Weak makes hashes that cost next to nothing. For tests only: many sign-ins on a slow machine.
	Weak bool
}

// Guard signs people in and out.
type Guard struct {
	store Store
	bus   *bus.Bus
	trail func(string) Trail
	log   *slog.Logger
	now   func() time.Time
	hash  *hasher

	counting sync.Mutex // failures are read, raised and written by one at a time
}

// New makes a Guard.
func New(o Options) *Guard {
	g := &Guard{store: o.Store, bus: o.Bus, trail: o.Trail, log: o.Log, now: o.Now}
	if g.log == nil {
		g.log = slog.New(slog.DiscardHandler)
	}
	if g.now == nil {
		g.now = time.Now
	}
	c := standard
	if o.Weak {
		c = cost{memory: 64, time: 1, threads: 1}
	}
	g.hash = newHasher(c)
	return g
}

// Source is where a sign-in comes from: the client's address and its browser's name for itself.
type Source struct {
	Address string
	Browser string
}

// ErrRefused is one answer for a wrong password, an unknown user, a deactivated one and one without password (SEC-2).
func ErrRefused() error {
	return fault.New(fault.Unauthenticated, "SIGN_IN_REFUSED", "User ID or password is not right. Check both and try again.")
}

// ErrSignedOut is the answer to a request without a valid sign-in.
func ErrSignedOut() error {
	return fault.New(fault.Unauthenticated, "SIGNED_OUT", "You are not signed in, or your sign-in has ended. Sign in again; what you typed is kept.")
}

// SignIn checks user ID and password and starts a session. id goes to the browser and is stored nowhere else.
// A locked pair of user and source is refused with code LOCKED before the password is looked at.
func (g *Guard) SignIn(ctx context.Context, userID, password string, from Source) (id string, s Session, err error) {
	now := g.now().UTC().Truncate(time.Millisecond)
	userID = clean(userID)
	source := sourceOf(from.Address)
	// The turn is kept until a refusal is counted, so that those who wait meanwhile find the lock when it falls.
	done, err := g.hash.turn(ctx)
	if err != nil {
		return "", Session{}, err
	}
	defer done()
	if err := g.locked(ctx, userID, source, now); err != nil {
		return "", Session{}, err
	}
	a, err := g.store.Account(ctx, userID)
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return "", Session{}, err
	}
	if len(password) > 4*MaxPassword {
		password = "" // too long to be anyone's: costs the same time, fits nobody
	}
	ok, stale := g.hash.check(a.Hash, password)
	if !ok || a.Inactive {
		return "", Session{}, g.refuse(ctx, a, userID, source, now)
	}
	if err := g.store.PutFailures(ctx, Failures{UserID: userID, Source: source}); err != nil {
		return "", Session{}, err
	}
	if stale {
		g.renew(ctx, a, password)
	}
	id = base64.RawURLEncoding.EncodeToString(randomBytes(32))
	s = Session{
		Hash: hashID(id), Tenant: a.Tenant, Agent: a.Agent, UserID: a.UserID,
		Created: now, Seen: now, Expires: now.Add(Lifetime),
		Address: from.Address, Browser: cut(from.Browser, 200),
	}
	if err := g.store.AddSession(ctx, s); err != nil {
		return "", Session{}, err
	}
	g.note(ctx, a.Tenant, a.Agent, "sign_in", a.UserID, map[string]string{"source": source})
	return id, s, nil
}

// Session is the sign-in that an id stands for, or ErrSignedOut.
func (g *Guard) Session(ctx context.Context, id string) (Session, error) {
	if len(id) != 43 {
		return Session{}, ErrSignedOut()
	}
	return g.SessionByHash(ctx, hashID(id))
}

// SessionByHash is Session for those who keep the hash: open streams look again from time to time.
func (g *Guard) SessionByHash(ctx context.Context, hash string) (Session, error) {
	now := g.now().UTC().Truncate(time.Millisecond)
	s, err := g.store.Session(ctx, hash, now)
	if fault.KindOf(err) == fault.NotFound || err == nil && !s.Expires.After(now) {
		return Session{}, ErrSignedOut()
	}
	if err != nil {
		return Session{}, err
	}
	if now.Sub(s.Seen) >= touchEvery {
		if err := g.store.TouchSession(ctx, hash, now); err != nil {
			g.log.Warn("a session's last-seen time could not be written", "err", err)
		}
	}
	return s, nil
}

// SignOut ends one session.
func (g *Guard) SignOut(ctx context.Context, s Session) error {
	if err := g.store.EndSession(ctx, s.Hash); err != nil {
		return err
	}
	bus.Publish(g.bus, Ended{Tenant: s.Tenant, Agent: s.Agent, Hash: s.Hash, Reason: EndSignOut})
	g.note(ctx, s.Tenant, s.Agent, "sign_out", s.UserID, nil)
	return nil
}

// End ends all of an agent's sessions but the one with hash keep (may be empty) and tells open streams at once.
func (g *Guard) End(ctx context.Context, tenant, agent, keep, reason string) error {
	ended, err := g.store.EndSessions(ctx, tenant, agent, keep)
	if err != nil {
		return err
	}
	for _, h := range ended {
		bus.Publish(g.bus, Ended{Tenant: tenant, Agent: agent, Hash: h, Reason: reason})
	}
	return nil
}

// note writes to the audit log; a log that cannot be written is an incident of its own and is said in the server's log.
func (g *Guard) note(ctx context.Context, tenant, who, what, about string, details map[string]string) {
	if tenant == "" {
		return
	}
	if err := g.trail(tenant).Write(ctx, who, what, about, details); err != nil && !errors.Is(err, context.Canceled) {
		g.log.Error("an audit entry could not be written", "what", what, "err", err)
	}
}

func hashID(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:])
}

func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}
