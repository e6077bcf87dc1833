package journal

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func open(t *testing.T, dir string) (*Journal, []string) {
	t.Helper()
	var got []string
	j, err := Open(dir, func(l Line) error { got = append(got, l.Kind+l.Key+string(l.State)); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return j, got
}

func TestSurvivesATornLine(t *testing.T) {
	dir := t.TempDir()
	j, _ := open(t, dir)
	if err := j.Wait(j.Append(Line{"put", "a", []byte(`{"x":1}`)}, Line{Kind: "gone", Key: "b"})); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name)
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"k":"put","id":"c","v":{"x`); err != nil {
		t.Fatal(err)
	}
	f.Close()
	j, got := open(t, dir)
	if diff := cmp.Diff([]string{`puta{"x":1}`, "goneb"}, got); diff != "" {
		t.Fatal(diff)
	}
	if err := j.Wait(j.Append(Line{Kind: "put", Key: "d"})); err != nil {
		t.Fatal(err)
	}
	j.Close()
	j, got = open(t, dir)
	j.Close()
	if len(got) != 3 || got[2] != "putd" {
		t.Fatalf("%q", got)
	}
}

func TestDamageInTheMiddleIsNamed(t *testing.T) {
	dir := t.TempDir()
	os.WriteFile(filepath.Join(dir, name), []byte("{\"k\":\"a\"}\nnonsense\n{\"k\":\"b\"}\n"), 0o600)
	_, err := Open(dir, func(Line) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "line 2 is damaged") {
		t.Fatal(err)
	}
}

func TestManyWriters(t *testing.T) {
	dir := t.TempDir()
	j, _ := open(t, dir)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for range 20 {
				if err := j.Wait(j.Append(Line{Kind: "put", Key: "x"})); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	j.Close()
	j, got := open(t, dir)
	j.Close()
	if len(got) != 400 {
		t.Fatalf("%d lines, want 400", len(got))
	}
}

// Two processes on one folder would cut off each other's lines.
func TestOneAtATime(t *testing.T) {
	dir := t.TempDir()
	j, _ := open(t, dir)
	if _, err := Open(dir, func(Line) error { return nil }); err == nil || !strings.Contains(err.Error(), "another simulated org works with "+dir) {
		t.Errorf("the second: %v", err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j, _ = open(t, dir)
	j.Close()
}
