package engine

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"cordboard/internal/fault"
)

// Migration is one numbered step of a schema; steps are never changed after a release, only added.
type Migration struct {
	Number int
	Name   string
	SQL    string // statements, each ended by ";" at the end of a line
}

// Migrations reads the steps in a folder: files named 0001_what_it_does.sql, numbered without gaps.
func Migrations(files fs.FS, folder string) ([]Migration, error) {
	names, err := fs.Glob(files, path.Join(folder, "*.sql"))
	if err != nil {
		return nil, err
	}
	var out []Migration
	for i, n := range names { // Glob sorts
		base := strings.TrimSuffix(path.Base(n), ".sql")
		if want := fmt.Sprintf("%04d_", i+1); !strings.HasPrefix(base, want) {
			return nil, fmt.Errorf("migration %s: want a name that begins with %s", n, want)
		}
		text, err := fs.ReadFile(files, n)
		if err != nil {
			return nil, err
		}
		out = append(out, Migration{Number: i + 1, Name: base, SQL: string(text)})
	}
	return out, nil
}

// migrate takes the database through the steps that it has not seen, each in one transaction.
func migrate(ctx context.Context, pool *sql.DB, db *DB, ms []Migration) error {
	err := db.alone(ctx, pool, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS schema_version (
    version BIGINT NOT NULL PRIMARY KEY,
    name    TEXT   NOT NULL,
    at      BIGINT NOT NULL
)`)
		return err
	})
	if err != nil {
		return db.Fault(err)
	}
	for {
		more, err := step(ctx, pool, db, ms)
		if err != nil {
			return db.Fault(err)
		}
		if !more {
			return nil
		}
	}
}

// step takes the next step, if there is one.
func step(ctx context.Context, pool *sql.DB, db *DB, ms []Migration) (more bool, err error) {
	err = db.alone(ctx, pool, func(tx *sql.Tx) error {
		var at int
		if err := tx.QueryRowContext(ctx, "SELECT COALESCE(MAX(version), 0) FROM schema_version").Scan(&at); err != nil {
			return err
		}
		if at > len(ms) {
			return fault.Newf(fault.Unavailable, "DATABASE_NEWER",
				"The database %s was made by a newer Cordboard (schema %d; this program knows %d). Nothing was changed. Start the newer program, or restore a backup that this one made.",
				db.name, at, len(ms))
		}
		if at == len(ms) {
			return nil
		}
		more = true
		m := ms[at]
		for s := range strings.SplitSeq(m.SQL, ";\n") {
			if strings.TrimSpace(s) == "" {
				continue
			}
			if _, err := tx.ExecContext(ctx, s); err != nil {
				return fmt.Errorf("migration %s: %w", m.Name, err)
			}
		}
		_, err := tx.ExecContext(ctx, "INSERT INTO schema_version (version, name, at) VALUES ($1, $2, $3)",
			m.Number, m.Name, time.Now().UnixMilli())
		return err
	})
	return more, err
}
