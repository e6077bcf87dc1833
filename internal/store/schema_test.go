package store_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"cordboard/internal/store"
	"cordboard/internal/store/pgtest"
)

var update = flag.Bool("update", false, "write docs/schema.sql anew")

const golden = "../../docs/schema.sql"

// The schema that the migrations come to is docs/schema.sql, so that a change of it is seen in review.
func TestSchemaIsDocumented(t *testing.T) {
	dir := t.TempDir()
	filled(t, dir)
	var b strings.Builder
	b.WriteString("-- What the migrations in internal/store/migrations come to; written by: go test ./internal/store -run Schema -update\n")
	for _, part := range []struct{ title, file string }{
		{"The installation's control store: control.db, or schema cordboard", "control.db"},
		{"One tenant's store: tenant/<name>/tenant.db, or schema tenant_<name>", "tenant/acme/tenant.db"},
	} {
		fmt.Fprintf(&b, "\n-- %s\n", part.title)
		for _, s := range column(t, filepath.Join(dir, part.file), "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY tbl_name, type DESC, name") {
			fmt.Fprintf(&b, "\n%s;\n", s)
		}
	}
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o644); err != nil { //nolint:gosec // a document
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || string(want) != b.String() {
		t.Errorf("docs/schema.sql is not what the migrations come to (%v); run the tests with -update and look at the difference", err)
	}
}

// column reads the first column of a query.
func column(t *testing.T, path, query string) (out []string) {
	t.Helper()
	rows, err := raw(t, path).Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err is looked at
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// GEN-2: no table of a tenant knows that there are tenants. And both engines have the same tables and columns.
func TestSameColumnsOnBothEngines(t *testing.T) {
	dir := t.TempDir()
	filled(t, dir)
	url := pgtest.URL(t)
	in := openOptions(t, store.Options{DatabaseURL: url, Conns: 2})
	if _, err := in.Tenant(t.Context(), "acme"); err != nil {
		t.Fatal(err)
	}
	pg, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer pg.Close(context.Background()) //nolint:errcheck // a test's own
	for _, part := range []struct{ schema, file string }{{"cordboard", "control.db"}, {"tenant_acme", "tenant/acme/tenant.db"}} {
		lite := column(t, filepath.Join(dir, part.file), `SELECT m.name || '.' || c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'`)
		rows, err := pg.Query(t.Context(), "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = $1", part.schema)
		if err != nil {
			t.Fatal(err)
		}
		big, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(lite)
		slices.Sort(big)
		if !slices.Equal(lite, big) || len(lite) < 10 {
			t.Errorf("%s: SQLite has %v, PostgreSQL %v", part.schema, lite, big)
		}
		for _, c := range lite {
			if part.schema != "cordboard" && strings.Contains(c, "tenant") {
				t.Errorf("a tenant's store has %s", c)
			}
		}
	}
}

// Nodes of an installation may start at the same time.
func TestManyStartAtOnce(t *testing.T) {
	url := pgtest.URL(t)
	errs := make(chan error)
	for range 4 {
		go func() {
			in, err := store.Open(context.Background(), store.Options{DatabaseURL: url, Conns: 2})
			if err == nil {
				_, err = in.Tenant(context.Background(), "acme")
				if e := in.Close(); err == nil {
					err = e
				}
			}
			errs <- err
		}()
	}
	for range 4 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}
