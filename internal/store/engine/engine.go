// Package engine runs one SQL text on SQLite and on PostgreSQL: it opens a database, brings its schema up to date, and
// gives the store two ways in, Write for a change that is committed once and View for reads that belong together.
//
// It promises that a change which Write has answered for survives a kill of the process and a loss of power: SQLite runs
// in WAL with synchronous=FULL, and one writer commits whole groups of changes, each in its own savepoint, so that one
// failing change takes only itself back; PostgreSQL gives every change a transaction of its own and runs it again after a
// serialization failure or deadlock. Instants are stored as whole milliseconds since 1970 UTC in BIGINT columns, the one
// form that both engines keep, order and index alike; 0 is "none". JSON documents are TEXT. It promises that a database
// of a newer program is left untouched.
//
// It never knows a table of the house: those are the store's.
package engine

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"strings"
	"time"

	"cordboard/internal/fault"
)

// ErrAgain says that a change was based on what someone has changed meanwhile; Write runs it again.
var ErrAgain = errors.New("store: changed meanwhile, run again")

// tries is how often Write runs a change that keeps losing.
const tries = 30

// DB is one open database: a SQLite file, or one schema of a PostgreSQL database.
type DB struct {
	name   string // for sentences: a path, or host/database.schema; never a password
	pool   *sql.DB
	reads  *cache  // prepared statements of the pool; nil when the driver keeps its own
	writer *writer // SQLite only
	locks  string  // appended to a SELECT whose rows will be changed
}

// Postgres reports whether the engine is PostgreSQL.
func (db *DB) Postgres() bool { return db.writer == nil }

// Name is the database's name for sentences and logs.
func (db *DB) Name() string { return db.name }

// Close ends the database after the changes under way.
func (db *DB) Close() error {
	var err error
	if db.writer != nil {
		err = db.writer.close()
	}
	if db.reads != nil {
		db.reads.close()
	}
	return errors.Join(err, db.pool.Close())
}

// Write runs fn as one change: all of it is committed, durably, before Write returns nil, or none of it is. fn may be run
// several times and must do nothing but speak to q. An error of fn is returned as it is; trouble of the database comes as
// a fault of kind Unavailable.
func (db *DB) Write(ctx context.Context, fn func(q *Q) error) error {
	var err error
	for try := range tries {
		if try > 0 && !pause(ctx, try) {
			return ctx.Err()
		}
		if db.writer != nil {
			err = db.writer.write(ctx, fn)
		} else {
			err = db.writeOwn(ctx, fn)
		}
		if err == nil || !errors.Is(err, ErrAgain) && !retryable(err) {
			return db.Fault(err)
		}
	}
	return fault.New(fault.Unavailable, "STORE_BUSY",
		"Too many people changed the same thing at once. Nothing was saved; please try again.").
		Judge(fault.Retry, time.Second).With(err)
}

// writeOwn runs fn in a transaction of its own.
func (db *DB) writeOwn(ctx context.Context, fn func(q *Q) error) error {
	tx, err := db.pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it says so and means nothing
	if err := fn(&Q{ctx: ctx, run: tx, locks: db.locks}); err != nil {
		return err
	}
	return tx.Commit()
}

// pause waits a little, longer with each try, unless ctx ends first.
func pause(ctx context.Context, try int) bool {
	most := min(time.Millisecond<<try, 200*time.Millisecond)
	t := time.NewTimer(time.Duration(rand.Int64N(int64(most))))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Read gives a Q whose statements each see the latest committed state.
func (db *DB) Read(ctx context.Context) *Q {
	return &Q{ctx: ctx, run: db.pool, stmts: db.reads}
}

// View runs fn in one read transaction: everything it reads is of one moment.
func (db *DB) View(ctx context.Context, fn func(q *Q) error) error {
	o := &sql.TxOptions{ReadOnly: true}
	if db.Postgres() {
		o.Isolation = sql.LevelRepeatableRead
	}
	tx, err := db.pool.BeginTx(ctx, o)
	if err != nil {
		return db.Fault(err)
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	return db.Fault(fn(&Q{ctx: ctx, run: tx, stmts: db.reads, tx: tx}))
}

// runner is what *sql.DB, *sql.Conn and *sql.Tx have in common.
type runner interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Q runs statements; it is good for one call of the function that was given it, on that function's goroutine. Strings go
// in without NUL characters and with valid UTF-8, because PostgreSQL takes no others.
type Q struct {
	ctx   context.Context //nolint:containedctx // a Q lives for one call
	run   runner
	stmts *cache
	tx    *sql.Tx // read transaction in which the pool's prepared statements must run
	locks string
}

// Lock is appended to a SELECT whose rows are going to be changed.
func (q *Q) Lock() string { return q.locks }

// Exec runs a statement and tells how many rows it changed.
func (q *Q) Exec(query string, args ...any) (int64, error) {
	clean(args)
	var res sql.Result
	st, err := q.prepared(query)
	switch {
	case err != nil:
		return 0, err
	case st != nil:
		res, err = st.ExecContext(q.ctx, args...)
	default:
		res, err = q.run.ExecContext(q.ctx, query, args...)
	}
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// Query runs a statement that answers with rows.
func (q *Q) Query(query string, args ...any) (*sql.Rows, error) {
	clean(args)
	st, err := q.prepared(query)
	if err != nil {
		return nil, err
	}
	if st != nil {
		return st.QueryContext(q.ctx, args...)
	}
	return q.run.QueryContext(q.ctx, query, args...)
}

// Get scans the one row that query answers with; false when there is none.
func (q *Q) Get(query string, args []any, into ...any) (bool, error) {
	rows, err := q.Query(query, args...)
	if err != nil {
		return false, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err is looked at
	if !rows.Next() {
		return false, rows.Err()
	}
	if err := rows.Scan(into...); err != nil {
		return false, err
	}
	return true, rows.Close()
}

// All scans every row that query answers with.
func All[T any](q *Q, query string, args []any, scan func(row func(into ...any) error) (T, error)) ([]T, error) {
	rows, err := q.Query(query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // rows.Err is looked at
	var out []T
	for rows.Next() {
		v, err := scan(rows.Scan)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

func (q *Q) prepared(query string) (*sql.Stmt, error) {
	if q.stmts == nil {
		return nil, nil //nolint:nilnil // nil means: run it as text
	}
	st, err := q.stmts.get(q.ctx, query)
	if st != nil && q.tx != nil {
		st = q.tx.StmtContext(q.ctx, st)
	}
	return st, err
}

// clean makes every string fit for both engines, in place.
func clean(args []any) {
	for i, a := range args {
		if s, ok := a.(string); ok {
			args[i] = Text(s)
		}
	}
}

// Text is s as both engines can keep it: valid UTF-8, no NUL.
func Text(s string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "\uFFFD")
}

// Millis is an instant as it is stored: milliseconds since 1970 UTC, 0 for the zero time.
func Millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// Time is a stored instant, UTC; the zero time for 0.
func Time(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
