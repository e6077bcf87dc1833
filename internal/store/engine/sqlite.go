package engine

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"cordboard/internal/fault"
)

// The driver is a translation of SQLite to Go that works with exactly the libc it was translated against.
const (
	wantSQLite = "v1.60.1"
	wantLibc   = "v1.77.1"
)

// checkLibc refuses a program that was built with another pair.
func checkLibc(info *debug.BuildInfo, ok bool) error {
	if !ok {
		return nil
	}
	want := map[string]string{"modernc.org/sqlite": wantSQLite, "modernc.org/libc": wantLibc}
	for _, m := range info.Deps {
		if v, known := want[m.Path]; known && m.Version != v && m.Replace == nil {
			return fault.Newf(fault.Internal, "WRONG_BUILD",
				"This program was built with %s %s, but its database engine is safe only with %s. Nothing was opened. Build it again from an unchanged go.mod.",
				m.Path, m.Version, v)
		}
	}
	return nil
}

// writing is how the writing connection is set. What a savepoint needs to be undone is kept in memory (temp_store): in a
// temporary file it cost a quarter of each change, and no crash ever asks for it.
var writing = []string{"journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "cache_size(-16000)", "journal_size_limit(67108864)", "temp_store(MEMORY)"}

// OpenSQLite opens the database file at path, making it (mode 0600) when it is missing, and migrates it.
func OpenSQLite(ctx context.Context, path string, ms []Migration) (*DB, error) {
	if err := checkLibc(debug.ReadBuildInfo()); err != nil {
		return nil, err
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fault.Newf(fault.Unavailable, "DATABASE_UNWRITABLE",
			"The database file %s can't be opened for writing. Nothing was changed. Give the system user that runs Cordboard the right to read and write it.", path).With(err)
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	db := &DB{name: path}
	one, err := sql.Open("sqlite", dsn(path, writing...))
	if err != nil {
		return nil, db.Fault(err)
	}
	one.SetMaxOpenConns(1)
	if err := migrate(ctx, one, db, ms); err != nil {
		one.Close() //nolint:errcheck,gosec // the first error is the one to tell
		return nil, err
	}
	conn, err := one.Conn(ctx)
	if err != nil {
		one.Close() //nolint:errcheck,gosec // likewise
		return nil, db.Fault(err)
	}
	db.pool, err = sql.Open("sqlite", dsn(path, "query_only(1)", "cache_size(-8000)"))
	if err != nil {
		one.Close() //nolint:errcheck,gosec // likewise
		return nil, db.Fault(err)
	}
	n := max(4, runtime.NumCPU())
	db.pool.SetMaxOpenConns(n)
	db.pool.SetMaxIdleConns(n)
	db.reads = newCache(db.pool.PrepareContext)
	db.writer = newWriter(one, conn)
	return db, nil
}

// patience is how long a lock of another program is waited for; tests have less.
var patience = 10 * time.Second

// dsn names the file with its pragmas; busy_timeout comes first, because the others may already have to wait.
func dsn(path string, pragmas ...string) string {
	u := url.URL{Scheme: "file", Path: path}
	s := fmt.Sprintf("file:%s?_pragma=busy_timeout(%d)", u.EscapedPath(), patience.Milliseconds())
	for _, p := range pragmas {
		s += "&_pragma=" + p
	}
	return s + "&_dqs=0&_defensive=1"
}
