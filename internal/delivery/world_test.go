package delivery_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"cordboard/internal/bus"
	"cordboard/internal/delivery"
	"cordboard/internal/desk"
	"cordboard/internal/fault"
	"cordboard/internal/store"
)

// keeper is a store that takes promises.
type keeper interface {
	delivery.Store
	Promise(in desk.Intent) error
}

// sqlite is the real store on a file.
type sqlite struct{ *store.Tenant }

func (s sqlite) Promise(in desk.Intent) error {
	return s.Change(context.Background(), func(tx desk.Tx) error {
		if err := tx.Touch("ag1"); err != nil {
			return err
		}
		return tx.Promise(in)
	})
}

// world is a pump in virtual time over one of the stores, and a far end that tests play.
type world struct {
	*testing.T
	keep keeper
	pump *delivery.Pump
	bus  *bus.Bus

	mu      sync.Mutex
	answer  func(d delivery.Delivery) error // of Send; nil = good
	delay   time.Duration                   // of Send
	written map[string]int                  // what the far end has: frozen payload → how often it was sent
	sent    []string                        // keys in the order of their good sends
	tries   []try
	now     int // sends at once
	most    int
	frozen  int
	changed []delivery.Changed
}

type try struct {
	key string
	at  time.Time
}

// inWorld runs a test in virtual time over both stores.
func inWorld(t *testing.T, test func(w *world)) {
	t.Run("memory", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { newWorld(t, newMemory(), delivery.Config{}, test) })
	})
	t.Run("sqlite", func(t *testing.T) {
		dir := quickDir(t)
		synctest.Test(t, func(t *testing.T) {
			in, err := store.Open(context.Background(), store.Options{DataDir: dir})
			if err != nil {
				t.Fatal(err)
			}
			defer in.Close() //nolint:errcheck // the test is over
			tn, err := in.Tenant(context.Background(), "acme")
			if err != nil {
				t.Fatal(err)
			}
			newWorld(t, sqlite{tn}, delivery.Config{}, test)
		})
	})
}

// quickDir is a folder in memory where the system has one: hours of virtual time are thousands of commits, and what these
// tests ask is not whether the disk keeps them.
func quickDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "cordboard-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) }) //nolint:errcheck // a temporary folder
	return dir
}

func newWorld(t *testing.T, k keeper, c delivery.Config, test func(w *world)) {
	w := &world{T: t, keep: k, bus: bus.New(), written: map[string]int{}}
	w.pump = delivery.New(delivery.Options{Store: k, Workers: map[string]delivery.Worker{"log": w}, Bus: w.bus, Config: c})
	stop := bus.Subscribe(w.bus, func(c delivery.Changed) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.changed = append(w.changed, c)
	})
	defer stop()
	if err := w.pump.Start(context.Background()); err != nil {
		w.Fatal(err)
	}
	synctest.Wait() // it has looked at the empty store
	defer func() {
		if err := w.pump.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	test(w)
}

func (w *world) Freeze(_ context.Context, d delivery.Delivery) (json.RawMessage, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.frozen++
	return json.Marshal(fmt.Sprintf("%s#%d", d.Key, w.frozen))
}

func (w *world) Send(ctx context.Context, d delivery.Delivery) (json.RawMessage, error) {
	w.mu.Lock()
	w.now++
	w.most = max(w.most, w.now)
	w.tries = append(w.tries, try{d.Key, time.Now()})
	delay, answer := w.delay, w.answer
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		w.now--
		w.mu.Unlock()
	}()
	if delay > 0 {
		select {
		case <-time.After(delay):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if answer != nil {
		if err := answer(d); err != nil {
			return nil, err
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.written[string(d.Frozen)]++
	w.sent = append(w.sent, d.Key)
	return json.RawMessage(`{"ok":true}`), nil
}

// slow sets how long the far end takes from now on.
func (w *world) slow(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.delay = d
}

// atOnce is how many sends are under way, and how many there were at most.
func (w *world) atOnce() (now, most int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now, w.most
}

// far sets how the far end answers from now on.
func (w *world) far(answer func(d delivery.Delivery) error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answer = answer
}

func (w *world) promise(key, lane, order string) {
	w.Helper()
	err := w.keep.Promise(desk.Intent{Key: key, Lane: lane, Kind: "log", Interaction: "int-" + key, Agent: "ag1", Order: order, Payload: json.RawMessage(`{}`)})
	if err != nil {
		w.Fatal(err)
	}
	w.pump.Wake()
}

// pass lets virtual time pass.
func (w *world) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (w *world) one(key string) delivery.Delivery {
	w.Helper()
	d, err := w.keep.Delivery(context.Background(), key)
	if err != nil {
		w.Fatal(err)
	}
	return d
}

func (w *world) want(key string, s delivery.State) delivery.Delivery {
	w.Helper()
	d := w.one(key)
	if d.State != s {
		w.Fatalf("%s is %s (%s: %s), want %s", key, d.State, d.Code, d.Reason, s)
	}
	return d
}

// triesOf is when a delivery was tried, or all for "".
func (w *world) triesOf(key string) []time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []time.Time
	for _, t := range w.tries {
		if key == "" || t.key == key {
			out = append(out, t.at)
		}
	}
	return out
}

func always(f *fault.Error) func(delivery.Delivery) error {
	return func(delivery.Delivery) error { return f }
}

var down = fault.New(fault.Unavailable, "SERVER_UNAVAILABLE", "Salesforce does not answer.").Judge(fault.Retry, 0)
