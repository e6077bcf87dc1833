package engine

import (
	"database/sql"
	"os"
	"regexp"
	"runtime/debug"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"cordboard/internal/fault"
)

// The driver and its libc are a pair: go.mod must name it, and a program built otherwise must not open anything.
func TestPinnedPair(t *testing.T) {
	text, err := os.ReadFile("../../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"modernc.org/sqlite": wantSQLite, "modernc.org/libc": wantLibc} {
		m := regexp.MustCompile(regexp.QuoteMeta(path) + ` (\S+)`).FindSubmatch(text)
		if m == nil || string(m[1]) != want {
			t.Errorf("go.mod names %s %s, want %s", path, m, want)
		}
	}
	if err := checkLibc(debug.ReadBuildInfo()); err != nil {
		t.Error(err)
	}
	dep := func(path, version string) *debug.BuildInfo {
		return &debug.BuildInfo{Deps: []*debug.Module{{Path: path, Version: version}}}
	}
	for _, bad := range []*debug.BuildInfo{dep("modernc.org/libc", "v1.78.0"), dep("modernc.org/sqlite", "v1.61.0")} {
		if err := checkLibc(bad, true); !fault.Is(err, "WRONG_BUILD") {
			t.Errorf("%+v: %v", bad.Deps[0], err)
		}
	}
	if err := checkLibc(nil, false); err != nil {
		t.Error(err)
	}
}

func TestMigrationsAreNumbered(t *testing.T) {
	files := func(names ...string) fstest.MapFS {
		fs := fstest.MapFS{}
		for _, n := range names {
			fs["m/"+n] = &fstest.MapFile{Data: []byte("SELECT 1;\n")}
		}
		return fs
	}
	ms, err := Migrations(files("0001_a.sql", "0002_b.sql"), "m")
	if err != nil || len(ms) != 2 || ms[1].Number != 2 || ms[1].Name != "0002_b" {
		t.Errorf("%+v, %v", ms, err)
	}
	for _, bad := range []fstest.MapFS{files("0002_a.sql"), files("0001_a.sql", "0003_b.sql"), files("0001_a.sql", "0001_b.sql"), files("1_a.sql")} {
		if _, err := Migrations(bad, "m"); err == nil {
			t.Errorf("taken: %v", bad)
		}
	}
}

// Each step is taken once; one that fails leaves nothing behind, and is taken when it has been put right.
func TestStepByStep(t *testing.T) {
	path := t.TempDir() + "/x.db"
	step := func(n int, sql string) Migration { return Migration{Number: n, Name: "step", SQL: sql} }
	one := step(1, "CREATE TABLE a (n BIGINT);\nINSERT INTO a VALUES (1);\n")
	open := func(ms ...Migration) error {
		db, err := OpenSQLite(t.Context(), path, ms)
		if err == nil {
			err = db.Close()
		}
		return err
	}
	if err := open(one); err != nil {
		t.Fatal(err)
	}
	if err := open(one, step(2, "INSERT INTO a VALUES (2);\nINSERT INTO nowhere VALUES (3);\n")); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Fatalf("a failing step: %v", err)
	}
	if err := open(one, step(2, "INSERT INTO a VALUES (20);\n")); err != nil {
		t.Fatal(err)
	}
	db, err := OpenSQLite(t.Context(), path, []Migration{one, step(2, "SELECT 'not run again';\n")})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // a test's own
	var n, sum int
	if _, err := db.Read(t.Context()).Get("SELECT COUNT(*), SUM(n) FROM a", nil, &n, &sum); err != nil || n != 2 || sum != 21 {
		t.Errorf("%d rows, sum %d, %v", n, sum, err)
	}
	if err := open(one); !fault.Is(err, "DATABASE_NEWER") {
		t.Errorf("an older program: %v", err)
	}
}

func TestPlainWords(t *testing.T) {
	for in, want := range map[string]string{
		"postgres://u:hunter2@h:5432/d?sslmode=disable": "postgres://u:xxxxx@h:5432/d?sslmode=disable",
		"postgres://h/d?password=hunter2&user=u":        "postgres://h/d?password=xxxxx&user=u",
		"host=h password=hunter2":                       "host=h…",
	} {
		if got := Redacted(in); got != want || strings.Contains(got, "hunter2") {
			t.Errorf("%s became %s", in, got)
		}
	}
	if got := Text("a\x00b\xffc"); got != "ab\uFFFDc" {
		t.Errorf("%q", got)
	}
	at := time.Date(2026, 11, 23, 1, 2, 3, 456e6, time.FixedZone("X", 3600))
	if got := Time(Millis(at)); !got.Equal(at) || got.Location() != time.UTC || !Time(Millis(time.Time{})).IsZero() {
		t.Errorf("%v", got)
	}
}

// Reader connections cannot write, whatever they are asked.
func TestReadersOnlyRead(t *testing.T) {
	db, err := OpenSQLite(t.Context(), t.TempDir()+"/x.db", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // a test's own
	if _, err := db.Read(t.Context()).Exec("CREATE TABLE a (n BIGINT)"); err == nil {
		t.Error("a reader made a table")
	}
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "10000"} {
		var got string
		err := db.Write(t.Context(), func(q *Q) error {
			_, err := q.Get("PRAGMA "+pragma, nil, &got)
			return err
		})
		if err != nil || got != want {
			t.Errorf("%s is %s, want %s, %v", pragma, got, want, err)
		}
	}
}

// Another program holds the database: that is said, after a while.
func TestLockedDatabase(t *testing.T) {
	defer func(was time.Duration) { patience = was }(patience)
	patience = 50 * time.Millisecond
	path := t.TempDir() + "/x.db"
	other, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close() //nolint:errcheck // a test's own
	other.SetMaxOpenConns(1)
	for _, s := range []string{"PRAGMA locking_mode = EXCLUSIVE", "BEGIN EXCLUSIVE", "CREATE TABLE a (n BIGINT)"} {
		if _, err := other.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := OpenSQLite(t.Context(), path, nil); !fault.Is(err, "DATABASE_LOCKED") {
		t.Errorf("got %v", err)
	}
}

// The writing connection flushes every commit, and keeps what undoes a savepoint out of files.
func TestWritingConnection(t *testing.T) {
	db, err := OpenSQLite(t.Context(), t.TempDir()+"/x.db", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // the test is over
	err = db.Write(t.Context(), func(q *Q) error {
		for pragma, want := range map[string]int64{"synchronous": 2, "temp_store": 2, "foreign_keys": 1} {
			var got int64
			if _, err := q.Get("PRAGMA "+pragma, nil, &got); err != nil || got != want {
				t.Errorf("%s is %d, want %d (%v)", pragma, got, want, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
