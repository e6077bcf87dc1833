// Package pgtest gives tests a PostgreSQL of their own: one server per test binary, started when first asked for on a free
// port of 127.0.0.1 with its files in a temporary folder, and a new database for each test. It promises to end the server
// with the test binary, however that ends, and to skip with a clear word only where no PostgreSQL is installed. Its
// server does not wait for the disk: it is for tests of what is stored, not of what survives a loss of power.
package pgtest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
)

const user, password = "cordboard", "only for tests"

var (
	once    sync.Once
	running *server
	failed  error
	counter atomic.Int64
)

// Main runs the tests of a package and ends the server that they started; for TestMain.
func Main(m *testing.M) {
	code := m.Run()
	if running != nil {
		running.stop()
	}
	os.Exit(code)
}

// URL is the address of a new, empty database.
func URL(t testing.TB) string {
	t.Helper()
	bin := folder()
	if bin == "" {
		t.Skip("PostgreSQL is not installed here, so nothing is tested against it; install it with: apt-get install postgresql")
	}
	once.Do(func() { running, failed = start(bin) })
	if failed != nil {
		t.Fatal(failed)
	}
	name := fmt.Sprintf("test%d", counter.Add(1))
	if err := running.run(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	return running.url(name)
}

// WrongPassword is an address of the server with a password that it refuses.
func WrongPassword(t testing.TB) string {
	t.Helper()
	return strings.Replace(URL(t), "only%20for%20tests", "wrong", 1)
}

// Missing is the address of a database that is not there.
func Missing(t testing.TB) string {
	t.Helper()
	URL(t)
	return running.url("nowhere")
}

// folder is where the newest PostgreSQL's programs are; "" when there is none.
func folder() string {
	if p, err := exec.LookPath("postgres"); err == nil {
		return filepath.Dir(p)
	}
	var found []string
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin/postgres", "/usr/pgsql-*/bin/postgres", "/opt/homebrew/opt/postgresql*/bin/postgres"} {
		more, _ := filepath.Glob(pattern) //nolint:errcheck // the patterns are good
		found = append(found, more...)
	}
	if len(found) == 0 {
		return ""
	}
	slices.Sort(found)
	return filepath.Dir(found[len(found)-1])
}

func (s *server) url(database string) string {
	return fmt.Sprintf("postgres://%s:%s@127.0.0.1:%d/%s?sslmode=disable", user, strings.ReplaceAll(password, " ", "%20"), s.port, database)
}

func (s *server) run(ctx context.Context, statement string) error {
	c, err := pgx.Connect(ctx, s.url("postgres"))
	if err != nil {
		return err
	}
	defer c.Close(ctx) //nolint:errcheck // the statement's error is the one to tell
	_, err = c.Exec(ctx, statement)
	return err
}
