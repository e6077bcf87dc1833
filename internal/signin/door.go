package signin

import (
	"context"
	"time"
)

// Account is a sign-in name of the installation and whom it means (control store, DESIGN §4.10).
type Account struct {
	UserID   string // lower case, unique in the installation
	Tenant   string
	Agent    string // agent id
	Hash     string // argon2id, PHC string; "" = no password set yet
	Inactive bool
}

// Session is one sign-in (SEC-6). Only the SHA-256 of its id is stored, hex.
type Session struct {
	Hash    string
	Tenant  string
	Agent   string
	UserID  string
	Created time.Time
	Seen    time.Time
	Expires time.Time // at most 12 h after Created
	Address string
	Browser string
}

// Failures counts refused sign-ins of one user from one source (SEC-2).
type Failures struct {
	UserID, Source string
	Count          int
	Since          time.Time
	LockedUntil    time.Time
}

// Store keeps accounts and sessions for the installation.
type Store interface {
	// Account: NotFound when there is none.
	Account(ctx context.Context, userID string) (Account, error)
	// PutAccount makes or replaces the account of an agent; Conflict when another agent has the name.
	PutAccount(ctx context.Context, a Account) error
	AddSession(ctx context.Context, s Session) error
	// Session: NotFound when there is none; expired ones are NotFound too.
	Session(ctx context.Context, hash string, now time.Time) (Session, error)
	TouchSession(ctx context.Context, hash string, seen time.Time) error
	EndSession(ctx context.Context, hash string) error
	// EndSessions ends all of an agent's but keep (a hash, may be empty) and returns the ended hashes.
	EndSessions(ctx context.Context, tenant, agent, keep string) ([]string, error)
	Sessions(ctx context.Context, tenant, agent string, now time.Time) ([]Session, error)
	Failures(ctx context.Context, userID, source string) (Failures, error)
	PutFailures(ctx context.Context, f Failures) error
}
