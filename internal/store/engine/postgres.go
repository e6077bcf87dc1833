package engine

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"cordboard/internal/fault"
)

// OpenPostgres opens one schema of the PostgreSQL database at address (postgres://user:password@host/database?…), making
// the schema when it is missing, and migrates it. conns is the schema's connection budget.
func OpenPostgres(ctx context.Context, address, schema string, conns int, ms []Migration) (*DB, error) {
	c, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, fault.New(fault.Invalid, "DATABASE_ADDRESS",
			"The database address can't be understood. Write it as postgres://user:password@host:5432/database.") // err may hold the password
	}
	db := &DB{name: fmt.Sprintf("%s:%d/%s.%s", c.Host, c.Port, c.Database, schema), locks: " FOR UPDATE"}
	c.ConnectTimeout = max(c.ConnectTimeout, 10*time.Second)
	// The schema is a fixed part of every connection: nothing can be read from another tenant's by mistake.
	for k, v := range map[string]string{
		"search_path": schema, "timezone": "UTC", "application_name": "cordboard " + schema,
		"synchronous_commit": "on", // whatever the server's default: what is confirmed must be on the disk (GEN-3)
		// Whoever waits for a row longer than this runs again: much sooner than PostgreSQL looks for deadlocks (1 s).
		"lock_timeout":      "100",
		"statement_timeout": "30000", "idle_in_transaction_session_timeout": "60000",
	} {
		c.RuntimeParams[k] = v
	}
	db.pool = stdlib.OpenDB(*c)
	db.pool.SetMaxOpenConns(conns)
	db.pool.SetMaxIdleConns(conns)
	db.pool.SetConnMaxIdleTime(5 * time.Minute)
	if err := db.makeSchema(ctx, schema); err != nil {
		db.pool.Close() //nolint:errcheck,gosec // the first error is the one to tell
		return nil, err
	}
	if err := migrate(ctx, db.pool, db, ms); err != nil {
		db.pool.Close() //nolint:errcheck,gosec // likewise
		return nil, err
	}
	return db, nil
}

// makeSchema makes the schema unless it is there; one node after the other, because IF NOT EXISTS alone can collide.
func (db *DB) makeSchema(ctx context.Context, schema string) error {
	return db.Fault(db.alone(ctx, db.pool, func(tx *sql.Tx) error {
		var there bool
		err := tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)", schema).Scan(&there)
		if err != nil || there {
			return err
		}
		_, err = tx.ExecContext(ctx, "CREATE SCHEMA "+pgx.Identifier{schema}.Sanitize())
		return err
	}))
}

// alone runs fn in one transaction while no other node runs one; it may take its time.
func (db *DB) alone(ctx context.Context, pool *sql.DB, fn func(tx *sql.Tx) error) error {
	tx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it says so and means nothing
	if db.Postgres() && db.locks != "" {
		for _, s := range []string{"SET LOCAL statement_timeout = 0", "SET LOCAL lock_timeout = 0", "SELECT pg_advisory_xact_lock(7310017)"} {
			if _, err := tx.ExecContext(ctx, s); err != nil {
				return err
			}
		}
	}
	if err := fn(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// Redacted is a database address without its password, for logs.
func Redacted(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme == "" {
		first, _, _ := strings.Cut(address, " ")
		return first[:min(len(first), 10)] + "…"
	}
	q := u.Query()
	if q.Has("password") {
		q.Set("password", "xxxxx")
		u.RawQuery = q.Encode()
	}
	return u.Redacted()
}
