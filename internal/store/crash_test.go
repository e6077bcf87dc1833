package store_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"cordboard/internal/desk"
	"cordboard/internal/interaction"
	"cordboard/internal/store"
)

const crashDir = "CORDBOARD_TEST_CRASH_DIR"

// TestWriterThatDies is the process that TestKilled kills: it confirms each saved interaction with a line.
func TestWriterThatDies(t *testing.T) {
	dir := os.Getenv(crashDir)
	if dir == "" {
		t.Skip("it is started by TestKilled")
	}
	in, err := store.Open(context.Background(), store.Options{DataDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	tn, err := in.Tenant(context.Background(), "acme")
	if err != nil {
		t.Fatal(err)
	}
	var out sync.Mutex
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for {
				id := fmt.Sprintf("int-%016x", rand.Uint64())
				if err := tn.Change(context.Background(), closing(id)); err != nil {
					t.Error(err)
					return
				}
				out.Lock()
				fmt.Println("saved", id)
				out.Unlock()
			}
		})
	}
	wg.Wait()
}

// closing is what the end of a call commits: the interaction, the agent and the promise of a log.
func closing(id string) func(tx desk.Tx) error {
	return func(tx desk.Tx) error {
		i, err := tx.Create(interaction.Interaction{
			ID: id, Ref: id, Medium: interaction.Phone, State: interaction.Closed, ANI: "+14155550123", QueueName: "Sales", CreatedAt: tx.Now(),
			Handling: []interaction.Handling{{Number: 1, Agent: "ag1", State: interaction.Closed}},
		})
		if err != nil {
			return err
		}
		a, err := tx.Agent("ag1")
		if err != nil {
			return err
		}
		a.IdleSince = tx.Now()
		return tx.Promise(desk.Intent{Key: "log " + i.ID, Lane: "o/ag1", Kind: "log", Interaction: i.ID, Handling: 1, Agent: "ag1",
			Order: i.ID, Payload: json.RawMessage(`{"settings":1}`)})
	}
}

// GEN-3: what was confirmed survives kill -9, whole: the interaction with its promise and its number.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	saved := map[string]bool{}
	for range 4 {
		killed(t, dir, 50+rand.IntN(200), saved)
		in, err := store.Open(t.Context(), store.Options{DataDir: dir})
		if err != nil {
			t.Fatal(err)
		}
		tn, err := in.Tenant(t.Context(), "acme")
		if err != nil {
			t.Fatal(err)
		}
		stored := whole(t, tn)
		for id := range saved {
			if !stored[id] {
				t.Errorf("%s was confirmed and is gone", id)
			}
		}
		if err := in.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d confirmed before 4 kills", len(saved))
}

// killed runs a writer, kills it after n confirmations and notes every one that it gave.
func killed(t *testing.T, dir string, n int, saved map[string]bool) {
	t.Helper()
	c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestWriterThatDies$")
	c.Env = append(os.Environ(), crashDir+"="+dir)
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	seen := 0
	for lines.Scan() {
		if id, ok := strings.CutPrefix(lines.Text(), "saved "); ok && len(id) == len("int-")+16 {
			saved[id] = true
			if seen++; seen == n {
				if err := c.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if err := c.Wait(); err == nil || seen < n {
		t.Fatalf("the writer ended by itself after %d confirmations: %v", seen, err)
	}
}

// whole checks that every interaction has its promise and a number of its own, without gap, and returns their ids.
func whole(t *testing.T, tn *store.Tenant) map[string]bool {
	t.Helper()
	stored := map[string]bool{}
	before := int64(0)
	for {
		is, err := tn.Interactions(t.Context(), store.InteractionFilter{Before: before, Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range is {
			if before != 0 && i.Transaction != before-1 {
				t.Errorf("after number %d comes %d", before, i.Transaction)
			}
			before = i.Transaction
			stored[i.ID] = true
			if _, err := tn.Delivery(t.Context(), "log "+i.ID); err != nil {
				t.Errorf("%s has no promise: %v", i.ID, err)
			}
		}
		if len(is) == 0 {
			break
		}
	}
	if before != 1 {
		t.Errorf("the first number is %d", before)
	}
	return stored
}
