package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cordboard/internal/channel/phone/sip/sipphone"
	"cordboard/internal/store"
)

// The test binary is the program, too, when it is told so: what people get to read is tested on real processes.
func TestMain(m *testing.M) {
	if os.Getenv("BE_THE_PROGRAM") != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func program(t *testing.T, stdin string, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	c := exec.CommandContext(ctx, os.Args[0], args...) //nolint:gosec // ourselves
	c.Env = append(os.Environ(), "BE_THE_PROGRAM=1")
	c.Dir = t.TempDir()
	c.Stdin = strings.NewReader(stdin)
	return c
}

// run runs a verb to its end and returns its exit code and what it wrote.
func run(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	c := program(t, stdin, args...)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return c.ProcessState.ExitCode(), out.String(), errs.String()
}

// refused runs what must fail with a clear sentence that holds every one of words.
func refused(t *testing.T, stdin string, args []string, words ...string) {
	t.Helper()
	code, out, said := run(t, stdin, args...)
	if code != 1 && code != 2 {
		t.Errorf("%q ended with %d", args, code)
	}
	if out != "" {
		t.Errorf("%q answered %q", args, out)
	}
	sentence := ""
	for l := range strings.Lines(said) {
		if rest, ok := strings.CutPrefix(l, "cordboard: "); ok {
			sentence += rest
		} else if sentence != "" {
			sentence += l
		}
	}
	if n := strings.Count(sentence, "\n"); n == 0 || n > 4 || strings.Contains(said, "goroutine ") || strings.Contains(said, "Usage:") {
		t.Errorf("%q said %d lines:\n%s", args, n, said)
	}
	for _, w := range words {
		if !strings.Contains(sentence, w) {
			t.Errorf("%q said nothing of %q:\n%s", args, w, said)
		}
	}
}

const password = "seven wet otters sing\n"

// installation makes a data folder with a tenant.
func installation(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	if code, _, said := run(t, password, "tenant", "add", "acme", "--data", dir, "--admin", "mia"); code != 0 {
		t.Fatalf("tenant add ended with %d: %s", code, said)
	}
	return dir
}

// taken is an address that somebody listens on, TCP and UDP.
func taken(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

func TestCommandLine(t *testing.T) {
	for _, c := range []struct {
		args  []string
		words []string
	}{
		{nil, []string{"serve", "--help"}},
		{[]string{"fly"}, []string{"fly", "cordboard --help"}},
		{[]string{"serve", "--fly"}, []string{"--fly", "cordboard serve --help"}},
		{[]string{"serve", "--listen"}, []string{"--listen needs a value"}},
		{[]string{"serve", "--log-level", "loud"}, []string{"--log-level", "loud"}},
		{[]string{"customer", "call"}, []string{"--to"}},
		{[]string{"tenant", "add", "--admin", "mia"}, []string{"<name>"}},
	} {
		refused(t, "", c.args, c.words...)
	}
	if code, out, _ := run(t, "", "version"); code != 0 || out != "cordboard dev\n" {
		t.Errorf("version ended with %d: %q", code, out)
	}
}

func TestServeRefuses(t *testing.T) {
	dir := installation(t)
	serve := func(more ...string) []string {
		return append([]string{"serve", "--log-level", "error", "--data", dir, "--listen", "127.0.0.1:0", "--sip-listen", "127.0.0.1:0"}, more...)
	}
	web := taken(t)
	refused(t, "", serve("--listen", web), web, "--listen.")
	refused(t, "", serve("--sip-listen", web), web, "--sip-listen.")
	refused(t, "", serve("--listen", "nonsense"), `"nonsense" is no address`)
	refused(t, "", serve("--listen", "0.0.0.0:0"), "--tls-cert")
	refused(t, "", serve("--listen", ":0"), "--tls-cert")
	refused(t, "", serve("--media-ports", "9-3"), "--media-ports", "9-3")
	refused(t, "", serve("--tls-cert", "x.pem"), "--tls-key")
	refused(t, "", serve("--tls-cert", "x.pem", "--tls-key", "y.pem"), "--tls-cert", "x.pem", "no such file")
	refused(t, "", serve("--data", "/proc/x"), "/proc/x", "can't be written", "--data")
	refused(t, "", serve("--database", "postgres://u:hunter2@127.0.0.1:1/x"), "PostgreSQL")

	t.Run("in use", func(t *testing.T) {
		in, err := store.Open(t.Context(), store.Options{DataDir: dir})
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		refused(t, "", serve(), "Another Cordboard works with the data folder "+dir)
		refused(t, "", []string{"migrate", "--data", dir}, "Another Cordboard works with the data folder "+dir)
		refused(t, password, []string{"tenant", "add", "globex", "--data", dir, "--admin", "gus"}, "Another Cordboard")
	})
	t.Run("master key", func(t *testing.T) {
		key := filepath.Join(dir, "master.key")
		kept, err := os.ReadFile(key)
		if err != nil {
			t.Fatal(err)
		}
		other, err := os.ReadFile(filepath.Join(installation(t), "master.key"))
		if err != nil {
			t.Fatal(err)
		}
		put := func(text []byte, mode os.FileMode) {
			t.Helper()
			if err := errors.Join(os.WriteFile(key, text, 0o600), os.Chmod(key, mode)); err != nil {
				t.Fatal(err)
			}
		}
		put(kept, 0o644)
		refused(t, "", serve(), "can be read by other users", "chmod 600")
		put([]byte("nonsense"), 0o600)
		refused(t, "", serve(), "holds no master key")
		put(other, 0o600)
		refused(t, "", serve(), "master key")
		if err := os.Remove(key); err != nil {
			t.Fatal(err)
		}
		refused(t, "", serve(), "is missing")
		put(kept, 0o600)
		refused(t, "", serve("--listen", web), "--listen.") // as far as before
	})
}

func TestTenantAddRefuses(t *testing.T) {
	dir := installation(t)
	add := func(more ...string) []string { return append([]string{"tenant", "add", "--data", dir}, more...) }
	refused(t, password, add("acme", "--admin", "gus"), "The tenant acme exists already")
	refused(t, password, add("AB", "--admin", "gus"), `"AB" cannot be a tenant's name`)
	refused(t, "short\n", add("globex", "--admin", "gus"), "12")
	refused(t, "", add("globex", "--admin", "gus"), "No password was given")
	refused(t, password, add("globex", "--admin", "g"), "userId")
	refused(t, password, add("globex", "--admin", "gus", "--email", "nowhere"), "mail")
	refused(t, password, add("globex", "--admin", "gus", "--region", "XX"), "region")
	refused(t, password, add("globex", "--admin", "gus", "--time-zone", "Mars/Olympus"), "timeZone")
	if _, err := os.Stat(filepath.Join(dir, "tenant", "globex")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("something was left of what was refused: %v", err)
	}
	refused(t, password, add("globex", "--admin", "mia"), "mia") // acme's; known only when it is tried
	if code, _, said := run(t, password, add("globex", "--admin", "gus")...); code != 0 {
		t.Errorf("what was half-made cannot be finished: %s", said)
	}
	refused(t, password, add("globex", "--admin", "gil"), "The tenant globex exists already")
}

func TestSimorgRefuses(t *testing.T) {
	refused(t, "", []string{"simorg", "--listen", taken(t)}, "--listen.")
	refused(t, "", []string{"simorg", "--listen", "127.0.0.1:0", "--seed", "nowhere"}, `no seed named "nowhere"`)
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../internal/simorg/seed/private")); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.json*"))
	if err != nil || len(files) == 0 {
		t.Fatal("the seed has no files", err)
	}
	for _, f := range files {
		kept, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(f, append(bytes.Clone(kept), "\nnonsense"...), 0o600); err != nil {
			t.Fatal(err)
		}
		line := bytes.Count(bytes.TrimRight(kept, "\n"), []byte("\n")) + 3
		if !bytes.HasSuffix(kept, []byte("\n")) {
			line--
		}
		refused(t, "", []string{"simorg", "--listen", "127.0.0.1:0", "--seed", dir}, fmt.Sprintf("%s:%d:", filepath.Base(f), line))
		if err := os.WriteFile(f, kept, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// live starts the demo and returns its first word.
func live(t *testing.T, args ...string) (ready struct{ Console, Org, SIP string }, stop func()) {
	t.Helper()
	c := program(t, "", append([]string{"demo", "--json", "--listen", "127.0.0.1:0", "--org-listen", "127.0.0.1:0", "--sip-listen", "127.0.0.1:0"}, args...)...)
	var errs bytes.Buffer
	c.Stderr = &errs
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil || json.Unmarshal(line, &ready) != nil {
		_ = c.Wait()
		t.Fatalf("the demo said %q: %v\n%s", line, err, &errs)
	}
	return ready, func() {
		t.Helper()
		if err := c.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, out)
		if err := c.Wait(); err != nil {
			t.Errorf("the demo ended with %v: %s", err, &errs)
		}
	}
}

func TestDemoAndItsCustomers(t *testing.T) {
	dir := t.TempDir()
	up, stop := live(t, "--data", dir)
	host := func(url string) string {
		url = strings.TrimPrefix(url, "http://")
		host, _, _ := strings.Cut(url, "/")
		return host
	}
	free := []string{"demo", "--listen", "127.0.0.1:0", "--org-listen", "127.0.0.1:0", "--sip-listen", "127.0.0.1:0"}
	refused(t, "", append(free, "--listen", host(up.Console)), host(up.Console), "--listen.")
	refused(t, "", append(free, "--org-listen", host(up.Org)), host(up.Org), "--org-listen.")
	refused(t, "", append(free, "--sip-listen", up.SIP), up.SIP, "--sip-listen.")
	refused(t, "", append(free, "--data", dir), dir)

	call := func(more ...string) []string {
		return append([]string{"customer", "call", "--server", up.SIP, "--talk", "100ms"}, more...)
	}
	refused(t, "", call("--from", "+14155550123", "--to", "+18005559999"), "refused", "404")
	refused(t, "", call("--from", "+14155550123", "--to", "+18661231234", "--wait", "500ms"), "It rang, but nobody answered within 500ms")
	stop()
	refused(t, "", call("--from", "+14155550123", "--to", "+18661231234", "--wait", "500ms"), "Nothing was heard from "+up.SIP, "--server")

	// Kept, it goes on; and a customer who is answered ends well.
	up, stop = live(t, "--data", dir)
	defer stop()
	desk, err := sipphone.New(sipphone.Options{Mode: sipphone.Answer})
	if err != nil {
		t.Fatal(err)
	}
	defer desk.Close()
	code, out, said := run(t, "", "customer", "call", "--server", desk.Addr().String(), "--to", "ada", "--talk", "100ms", "--tcp")
	if code != 0 || out != "" || !strings.Contains(said, "answered") || !strings.Contains(said, "heard ") {
		t.Errorf("an answered call ended with %d: %q %q", code, out, said)
	}
}
