package seal_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cordboard/internal/fault"
	"cordboard/internal/seal"
)

// shelf is a Keeper in memory.
type shelf map[[2]string][]byte

func (s shelf) PutSecret(_ context.Context, owner, name string, sealed []byte) error {
	s[[2]string{owner, name}] = sealed
	return nil
}

func (s shelf) Secret(_ context.Context, owner, name string) ([]byte, error) {
	return s[[2]string{owner, name}], nil
}

func (s shelf) DropSecret(_ context.Context, owner, name string) error {
	delete(s, [2]string{owner, name})
	return nil
}

func newBox(t *testing.T) *seal.Box {
	t.Helper()
	b, err := seal.Open(filepath.Join(t.TempDir(), "master.key"), false)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestVault(t *testing.T) {
	s := shelf{}
	v := seal.NewVault(newBox(t), "acme", s)
	if got, err := v.Get(t.Context(), "ag1", "salesforce.password"); got != nil || err != nil {
		t.Errorf("none: %q, %v", got, err)
	}
	for _, secret := range []string{"hunter2", "", strings.Repeat("x", 9000)} {
		if err := v.Put(t.Context(), "ag1", "salesforce.password", seal.Secret(secret)); err != nil {
			t.Fatal(err)
		}
		got, err := v.Get(t.Context(), "ag1", "salesforce.password")
		if err != nil || string(got) != secret {
			t.Errorf("got %q, %v", got, err)
		}
	}
	if err := v.Drop(t.Context(), "ag1", "salesforce.password"); err != nil {
		t.Fatal(err)
	}
	if got, _ := v.Get(t.Context(), "ag1", "salesforce.password"); got != nil {
		t.Errorf("still there: %q", got)
	}
}

// SF-8: neither a copy of the database nor a value moved to another row can be used.
func TestBoundToItsRow(t *testing.T) {
	b := newBox(t)
	sealed, err := b.Seal("acme", "ag1", "password", []byte("hunter2"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(sealed, []byte("hunter2")) {
		t.Error("the sealed value shows its content")
	}
	again, err := b.Seal("acme", "ag1", "password", []byte("hunter2"))
	if err != nil || bytes.Equal(again, sealed) {
		t.Errorf("one secret sealed twice looks the same: %v", err)
	}
	for _, at := range [][3]string{{"globex", "ag1", "password"}, {"acme", "ag2", "password"}, {"acme", "ag1", "token"}, {"acme", "ag1passw", "ord"}, {"", "acmeag1", "password"}} {
		_, err := b.Open(at[0], at[1], at[2], sealed)
		if !fault.Is(err, "SECRET_UNREADABLE") {
			t.Errorf("opened as %v: %v", at, err)
		}
	}
	for n := range sealed { // every bit counts
		broken := bytes.Clone(sealed)
		broken[n] ^= 1
		if _, err := b.Open("acme", "ag1", "password", broken); err == nil {
			t.Fatalf("opened with byte %d altered", n)
		}
	}
	if _, err := newBox(t).Open("acme", "ag1", "password", sealed); err == nil {
		t.Error("opened with another key")
	}
	if got, err := b.Open("acme", "ag1", "password", sealed); err != nil || string(got) != "hunter2" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestKeyFile(t *testing.T) {
	made := func(t *testing.T) string {
		t.Helper()
		path := filepath.Join(t.TempDir(), "master.key")
		if _, err := seal.Open(path, false); err != nil {
			t.Fatal(err)
		}
		return path
	}
	t.Run("made once, mode 600", func(t *testing.T) {
		path := made(t)
		before, _ := os.ReadFile(path)
		st, err := os.Stat(path)
		if err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", st.Mode(), err)
		}
		if _, err := seal.Open(path, true); err != nil {
			t.Error(err)
		}
		if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
			t.Error("opening changed the key")
		}
		if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".key-*")); len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
	})
	for _, c := range []struct {
		name, code string
		spoil      func(t *testing.T, path string) error
		existing   bool
	}{
		{"readable by others", "KEY_EXPOSED", func(_ *testing.T, p string) error { return os.Chmod(p, 0o640) }, true},
		{"missing with data", "KEY_MISSING", func(_ *testing.T, p string) error { return os.Remove(p) }, true},
		{"damaged", "KEY_DAMAGED", func(_ *testing.T, p string) error { return os.Truncate(p, 20) }, true},
		{"empty", "KEY_DAMAGED", func(_ *testing.T, p string) error { return os.Truncate(p, 0) }, true},
		{"a folder", "KEY_UNREADABLE", func(_ *testing.T, p string) error {
			return cmpErr(os.Remove(p), os.Mkdir(p, 0o700))
		}, true},
		{"in a folder that is not there", "KEY_UNWRITABLE", func(_ *testing.T, p string) error { return os.RemoveAll(filepath.Dir(p)) }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := made(t)
			text, _ := os.ReadFile(path)
			if err := c.spoil(t, path); err != nil {
				t.Fatal(err)
			}
			_, err := seal.Open(path, c.existing)
			if !fault.Is(err, c.code) {
				t.Fatalf("got %v, want %s", err, c.code)
			}
			if len(text) > 40 && strings.Contains(err.Error(), string(text[len(text)/2:len(text)/2+20])) {
				t.Error("the fault quotes the key")
			}
		})
	}
}

func cmpErr(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// GEN-16: a wrong key stops the start.
func TestProve(t *testing.T) {
	s := shelf{}
	b := newBox(t)
	for range 2 {
		if err := b.Prove(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	if err := newBox(t).Prove(t.Context(), s); !fault.Is(err, "KEY_WRONG") {
		t.Errorf("another key: %v", err)
	}
	if err := b.Prove(t.Context(), s); err != nil {
		t.Errorf("the right key after a wrong one: %v", err)
	}
}

func TestSecretShowsNothing(t *testing.T) {
	s := seal.Secret("hunter2")
	hidden := struct {
		Name string
		S    seal.Secret
		P    *seal.Secret
	}{"x", s, &s}
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%c", "%o", "%b", "%T %v", "%10s"} {
		fmt.Fprintf(&out, verb+"\n", s)
		fmt.Fprintf(&out, verb+"\n", hidden)
	}
	fmt.Fprintln(&out, s, []seal.Secret{s}, map[string]seal.Secret{"k": s})
	b, err := json.Marshal(hidden)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(b)
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Info("x", "s", s, "p", &s, "in", hidden, "g", slog.GroupValue(slog.Any("s", s)))
	}
	for _, bad := range []string{"hunter2", "68756e74657232", "68756E74657232", "104 117", "aHVudGVyMg", "0x68"} {
		if strings.Contains(out.String(), bad) {
			t.Errorf("a secret was shown as %s:\n%s", bad, out.String())
		}
	}
	if !strings.Contains(string(b), `"S":"[redacted]"`) {
		t.Errorf("JSON %s", b)
	}
}
