package store

import (
	"context"
	"time"

	"cordboard/internal/fault"
	"cordboard/internal/signin"
	"cordboard/internal/store/engine"
)

var _ signin.Store = (*Control)(nil)

// Account reads the account of a sign-in name.
func (c *Control) Account(ctx context.Context, userID string) (signin.Account, error) {
	return one(ctx, c, "ACCOUNT_NOT_FOUND", "There is no such user.",
		"SELECT user_id, tenant, agent, hash, inactive FROM account WHERE user_id = $1", []any{userID},
		func(row scanner) (a signin.Account, err error) {
			var inactive int
			err = row(&a.UserID, &a.Tenant, &a.Agent, &a.Hash, &inactive)
			a.Inactive = inactive == 1
			return a, err
		})
}

// PutAccount makes or replaces an agent's account; a name that he had before is given free.
func (c *Control) PutAccount(ctx context.Context, a signin.Account) error {
	return c.db.Write(ctx, func(q *engine.Q) error {
		if _, err := q.Exec("DELETE FROM account WHERE tenant = $1 AND agent = $2 AND user_id <> $3", a.Tenant, a.Agent, a.UserID); err != nil {
			return err
		}
		n, err := q.Exec(`INSERT INTO account (user_id, tenant, agent, hash, inactive) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, inactive = excluded.inactive
WHERE account.tenant = excluded.tenant AND account.agent = excluded.agent`, a.UserID, a.Tenant, a.Agent, a.Hash, bit(a.Inactive))
		if err == nil && n == 0 {
			return fault.New(fault.Conflict, "USER_ID_TAKEN", "This user ID is taken. Nothing was saved; choose another.")
		}
		return err
	})
}

const sessionColumns = "SELECT hash, tenant, agent, user_id, created_at, seen_at, expires_at, address, browser FROM session "

func scanSession(row scanner) (s signin.Session, err error) {
	var created, seen, expires int64
	err = row(&s.Hash, &s.Tenant, &s.Agent, &s.UserID, &created, &seen, &expires, &s.Address, &s.Browser)
	s.Created, s.Seen, s.Expires = engine.Time(created), engine.Time(seen), engine.Time(expires)
	return s, err
}

// AddSession keeps a new session, and forgets those that had expired when it began.
func (c *Control) AddSession(ctx context.Context, s signin.Session) error {
	return c.db.Write(ctx, func(q *engine.Q) error {
		if _, err := q.Exec("DELETE FROM session WHERE expires_at <= $1", engine.Millis(s.Created)); err != nil {
			return err
		}
		_, err := q.Exec(`INSERT INTO session (hash, tenant, agent, user_id, created_at, seen_at, expires_at, address, browser)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, s.Hash, s.Tenant, s.Agent, s.UserID,
			engine.Millis(s.Created), engine.Millis(s.Seen), engine.Millis(s.Expires), s.Address, s.Browser)
		return err
	})
}

// Session reads a session that has not expired.
func (c *Control) Session(ctx context.Context, hash string, now time.Time) (signin.Session, error) {
	return one(ctx, c, "SESSION_NOT_FOUND", "You are not signed in any more. Please sign in again.",
		sessionColumns+"WHERE hash = $1 AND expires_at > $2", []any{hash, engine.Millis(now)}, scanSession)
}

// TouchSession notes that a session was used; an earlier instant than the noted one changes nothing.
func (c *Control) TouchSession(ctx context.Context, hash string, seen time.Time) error {
	return c.db.Write(ctx, func(q *engine.Q) error {
		_, err := q.Exec("UPDATE session SET seen_at = $2 WHERE hash = $1 AND seen_at < $2", hash, engine.Millis(seen))
		return err
	})
}

// EndSession ends one session; one that is over already is no fault.
func (c *Control) EndSession(ctx context.Context, hash string) error {
	return c.db.Write(ctx, func(q *engine.Q) error {
		_, err := q.Exec("DELETE FROM session WHERE hash = $1", hash)
		return err
	})
}

// EndSessions ends all of an agent's sessions but keep, and returns their hashes.
func (c *Control) EndSessions(ctx context.Context, tenant, agent, keep string) (ended []string, err error) {
	err = c.db.Write(ctx, func(q *engine.Q) error {
		ended, err = engine.All(q, "DELETE FROM session WHERE tenant = $1 AND agent = $2 AND hash <> $3 RETURNING hash",
			[]any{tenant, agent, keep}, func(row scanner) (s string, err error) { return s, row(&s) })
		return err
	})
	return ended, err
}

// Sessions lists an agent's sessions that have not expired, newest first.
func (c *Control) Sessions(ctx context.Context, tenant, agent string, now time.Time) ([]signin.Session, error) {
	out, err := engine.All(c.db.Read(ctx), sessionColumns+"WHERE tenant = $1 AND agent = $2 AND expires_at > $3 ORDER BY created_at DESC, hash",
		[]any{tenant, agent, engine.Millis(now)}, scanSession)
	return out, c.db.Fault(err)
}

// Failures reads how often a user was refused from a source; zero when never.
func (c *Control) Failures(ctx context.Context, userID, source string) (signin.Failures, error) {
	f := signin.Failures{UserID: userID, Source: source}
	var since, locked int64
	_, err := c.db.Read(ctx).Get("SELECT count, since, locked_until FROM failure WHERE user_id = $1 AND source = $2",
		[]any{userID, source}, &f.Count, &since, &locked)
	f.Since, f.LockedUntil = engine.Time(since), engine.Time(locked)
	return f, c.db.Fault(err)
}

// PutFailures notes refused sign-ins; a Count of 0 forgets them.
func (c *Control) PutFailures(ctx context.Context, f signin.Failures) error {
	return c.db.Write(ctx, func(q *engine.Q) error {
		if f.Count == 0 {
			_, err := q.Exec("DELETE FROM failure WHERE user_id = $1 AND source = $2", f.UserID, f.Source)
			return err
		}
		_, err := q.Exec(`INSERT INTO failure (user_id, source, count, since, locked_until) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (user_id, source) DO UPDATE SET count = excluded.count, since = excluded.since, locked_until = excluded.locked_until`,
			f.UserID, f.Source, f.Count, engine.Millis(f.Since), engine.Millis(f.LockedUntil))
		return err
	})
}
