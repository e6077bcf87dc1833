package store_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cordboard/internal/fault"
	"cordboard/internal/store"
	"cordboard/internal/store/pgtest"
)

// raw runs statements on a database file behind the store's back.
func raw(t *testing.T, path string, statements ...string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() }) //nolint:errcheck // a test's own
	db.SetMaxOpenConns(1)
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

// filled makes an installation with one tenant and closes it.
func filled(t *testing.T, dir string) {
	t.Helper()
	in, err := store.Open(t.Context(), store.Options{DataDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := in.Tenant(t.Context(), "acme"); err != nil {
		t.Fatal(err)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestRefusedAtTheStart(t *testing.T) {
	write := func(t *testing.T, path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name, code string
		options    func(t *testing.T, dir string) store.Options
	}{
		{"nothing named", "NO_DATA", func(*testing.T, string) store.Options { return store.Options{} }},
		{"a folder that can't be made", "DATA_UNWRITABLE", func(*testing.T, string) store.Options { return store.Options{DataDir: "/proc/cordboard"} }},
		{"a file", "DATA_NO_FOLDER", func(t *testing.T, dir string) store.Options {
			write(t, filepath.Join(dir, "x"), "")
			return store.Options{DataDir: filepath.Join(dir, "x")}
		}},
		{"somebody else's folder", "DATA_FOREIGN", func(t *testing.T, dir string) store.Options {
			write(t, filepath.Join(dir, "letters.txt"), "")
			if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // that is the test
				t.Fatal(err)
			}
			return store.Options{DataDir: dir}
		}},
		{"in use", "DATA_IN_USE", func(t *testing.T, dir string) store.Options {
			openOptions(t, store.Options{DataDir: dir})
			return store.Options{DataDir: dir}
		}},
		{"no database", "DATABASE_DAMAGED", func(t *testing.T, dir string) store.Options {
			write(t, filepath.Join(dir, "control.db"), strings.Repeat("this is no database ", 1000))
			return store.Options{DataDir: dir}
		}},
		{"a folder in the database's place", "DATABASE_UNWRITABLE", func(t *testing.T, dir string) store.Options {
			if err := os.Mkdir(filepath.Join(dir, "control.db"), 0o700); err != nil {
				t.Fatal(err)
			}
			return store.Options{DataDir: dir}
		}},
		{"made by a newer program", "DATABASE_NEWER", func(t *testing.T, dir string) store.Options {
			filled(t, dir)
			raw(t, filepath.Join(dir, "control.db"), "INSERT INTO schema_version VALUES (99, 'from the future', 0)")
			return store.Options{DataDir: dir}
		}},
		{"no address", "DATABASE_ADDRESS", func(*testing.T, string) store.Options {
			return store.Options{DatabaseURL: "postgres://u:hunter2@host:port/x"}
		}},
		{"nobody listens", "DATABASE_UNREACHABLE", func(*testing.T, string) store.Options {
			return store.Options{DatabaseURL: "postgres://u:hunter2@127.0.0.1:1/x"}
		}},
		{"wrong password", "DATABASE_REFUSED", func(t *testing.T, _ string) store.Options {
			return store.Options{DatabaseURL: pgtest.WrongPassword(t)}
		}},
		{"no such database", "DATABASE_MISSING", func(t *testing.T, _ string) store.Options {
			return store.Options{DatabaseURL: pgtest.Missing(t)}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := c.options(t, t.TempDir())
			in, err := store.Open(t.Context(), o)
			if err == nil {
				in.Close() //nolint:errcheck // it should not be open
				t.Fatal("it was opened")
			}
			if !fault.Is(err, c.code) {
				t.Fatalf("got %v, want %s", err, c.code)
			}
			if m := fault.Of(err).Message; !strings.HasSuffix(m, ".") || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("message %q of %v", m, err)
			}
			// What was refused is let go: the folder can be opened by whoever is right.
			if c.code == "DATABASE_NEWER" {
				raw(t, filepath.Join(o.DataDir, "control.db"), "DELETE FROM schema_version WHERE version = 99")
				openOptions(t, o)
			}
		})
	}
}

func TestNewerTenant(t *testing.T) {
	dir := t.TempDir()
	filled(t, dir)
	raw(t, filepath.Join(dir, "tenant", "acme", "tenant.db"), "INSERT INTO schema_version VALUES (99, 'from the future', 0)")
	in := openOptions(t, store.Options{DataDir: dir})
	if _, err := in.Tenant(t.Context(), "acme"); !fault.Is(err, "DATABASE_NEWER") {
		t.Errorf("got %v", err)
	}
	if _, err := in.Tenant(t.Context(), "globex"); err != nil {
		t.Errorf("another tenant: %v", err)
	}
}

// GEN-19: nothing in the data folder is for others.
func TestDataIsPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	in := openOptions(t, store.Options{DataDir: dir})
	if _, err := in.Tenant(t.Context(), "acme"); err != nil {
		t.Fatal(err)
	}
	n := 0
	err := filepath.Walk(dir, func(path string, st os.FileInfo, err error) error {
		if n++; err == nil && st.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", path, st.Mode())
		}
		return err
	})
	if err != nil || n < 8 {
		t.Errorf("%d files, %v", n, err)
	}
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // that is the test
		t.Fatal(err)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	openOptions(t, store.Options{DataDir: dir})
	if st, _ := os.Stat(dir); st.Mode().Perm() != 0o700 {
		t.Errorf("our own folder was left open: %v", st.Mode())
	}
}
