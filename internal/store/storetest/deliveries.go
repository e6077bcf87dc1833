package storetest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cordboard/internal/delivery"
	"cordboard/internal/desk"
	"cordboard/internal/fault"
	"cordboard/internal/store"
)

var listAll = delivery.Filter{Limit: 1000}

// promise commits intents, each in its own unit, and returns the instant by which they are due.
func promise(t *testing.T, tn *store.Tenant, ins ...desk.Intent) time.Time {
	t.Helper()
	for _, in := range ins {
		if in.Payload == nil {
			in.Payload = json.RawMessage(`{"n":1}`)
		}
		change(t, tn, func(tx desk.Tx) error { return tx.Promise(in) })
	}
	var now time.Time
	change(t, tn, func(tx desk.Tx) error { now = tx.Now(); return nil })
	return now
}

func keys(ds []delivery.Delivery) string {
	var out []string
	for _, d := range ds {
		out = append(out, d.Key)
	}
	return strings.Join(out, " ")
}

func claim(t *testing.T, tn *store.Tenant, now time.Time, n int, rest ...string) []delivery.Delivery {
	t.Helper()
	ds, err := tn.Claim(t.Context(), now, now.Add(time.Minute), n, rest)
	if err != nil {
		t.Fatal(err)
	}
	return ds
}

func settle(t *testing.T, tn *store.Tenant, d delivery.Delivery, s delivery.State) int64 {
	t.Helper()
	d.State = s
	stream, err := tn.Settle(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	return stream
}

func state(t *testing.T, tn *store.Tenant, key string) delivery.State {
	t.Helper()
	d, err := tn.Delivery(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return d.State
}

// seen gives an agent a row, and so a stream.
func seen(t *testing.T, tn *store.Tenant, agentID string) {
	t.Helper()
	change(t, tn, func(tx desk.Tx) error { return tx.Touch(agentID) })
}

var deliveryTests = map[string]func(t *testing.T, tn *store.Tenant){
	"a promise goes its way": func(t *testing.T, tn *store.Tenant) {
		seen(t, tn, "ag1")
		now := promise(t, tn, desk.Intent{Key: "k1", Lane: "o/ag1", Kind: "log", Interaction: "int-1", Handling: 2, Agent: "ag1", Order: "int-1/2", Payload: json.RawMessage(`{"a":"ü"}`)})
		ds := claim(t, tn, now, 5)
		if len(ds) != 1 {
			t.Fatalf("claimed %s", keys(ds))
		}
		d := ds[0]
		if d.Key != "k1" || d.Lane != "o/ag1" || d.Kind != "log" || d.Interaction != "int-1" || d.Handling != 2 || d.Agent != "ag1" ||
			d.Order != "int-1/2" || d.State != delivery.Running || string(d.Intent) != `{"a":"ü"}` || d.Frozen != nil || d.Since.IsZero() || !d.Created.Equal(d.Since) {
			t.Errorf("claimed %+v", d)
		}
		d.Frozen = json.RawMessage(`{"frozen":1}`)
		if err := tn.Freeze(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		if err := tn.Renew(t.Context(), d, now.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if more := claim(t, tn, now.Add(30*time.Minute), 5); len(more) != 0 {
			t.Errorf("a renewed claim was taken: %s", keys(more))
		}
		d.State, d.Result, d.Tries, d.Finished = delivery.Done, json.RawMessage(`{"id":"00T"}`), 1, now.Add(time.Second)
		d.Attempts = []delivery.Attempt{{At: now, Took: 12, Code: "OK"}}
		stream, err := tn.Settle(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		a, err := agentOf(t, tn, "ag1")
		if err != nil || stream != 2 || a.Version != 2 {
			t.Errorf("stream %d, agent's Version %d, want 2 and 2", stream, a.Version)
		}
		got, err := tn.Delivery(t.Context(), "k1")
		if err != nil || got.State != delivery.Done || string(got.Result) != `{"id":"00T"}` || string(got.Frozen) != `{"frozen":1}` ||
			len(got.Attempts) != 1 || got.Attempts[0].Took != 12 || !got.Finished.Equal(d.Finished) {
			t.Errorf("read %+v, %v", got, err)
		}
	},
	"the same key again is ignored": func(t *testing.T, tn *store.Tenant) {
		promise(t, tn, desk.Intent{Key: "k1", Lane: "first"}, desk.Intent{Key: "k1", Lane: "second"})
		ds, err := tn.List(t.Context(), listAll)
		if err != nil || len(ds) != 1 || ds[0].Lane != "first" {
			t.Errorf("%+v, %v", ds, err)
		}
	},
	"one of an order at a time, oldest first": func(t *testing.T, tn *store.Tenant) {
		var ins []desk.Intent
		for n := range 6 {
			ins = append(ins, desk.Intent{Key: fmt.Sprint("k", n), Lane: "l", Order: fmt.Sprint("o", n%2)})
		}
		now := promise(t, tn, ins...)
		ds := claim(t, tn, now, 10)
		if keys(ds) != "k0 k1" {
			t.Fatalf("claimed %s", keys(ds))
		}
		// Parked and waiting ones hold back their order, done and dropped ones do not.
		settle(t, tn, ds[0], delivery.Parked)
		settle(t, tn, ds[1], delivery.Done)
		if ds = claim(t, tn, now, 10); keys(ds) != "k3" {
			t.Fatalf("claimed %s, want k3", keys(ds))
		}
		if _, err := tn.Drop(t.Context(), "k0", "given up", now); err != nil {
			t.Fatal(err)
		}
		ds[0].Next = now.Add(time.Hour)
		settle(t, tn, ds[0], delivery.Waiting)
		if ds = claim(t, tn, now, 10); keys(ds) != "k2" {
			t.Fatalf("claimed %s, want k2", keys(ds))
		}
		if due, err := tn.NextDue(t.Context(), nil); err != nil || !due.Equal(now.Add(time.Minute)) {
			t.Errorf("next due %v, %v; want the lease of k2: what is held back by its order is not due", due, err)
		}
	},
	"promises of one unit keep their order": func(t *testing.T, tn *store.Tenant) {
		change(t, tn, func(tx desk.Tx) error {
			for _, k := range []string{"z", "a", "m"} {
				if err := tx.Promise(desk.Intent{Key: k, Lane: "l", Order: "o"}); err != nil {
					return err
				}
			}
			return nil
		})
		now := promise(t, tn)
		var got []string
		for range 3 {
			ds := claim(t, tn, now, 5)
			got = append(got, keys(ds))
			settle(t, tn, ds[0], delivery.Done)
		}
		if strings.Join(got, " ") != "z a m" {
			t.Errorf("order %v", got)
		}
	},
	"lanes and orgs at rest are skipped": func(t *testing.T, tn *store.Tenant) {
		now := promise(t, tn, desk.Intent{Key: "k1", Lane: "acme/ag1"}, desk.Intent{Key: "k2", Lane: "acme/ag2"}, desk.Intent{Key: "k3", Lane: "acme%/ag1"}, desk.Intent{Key: "k4", Lane: "acme"})
		due := func(rest ...string) bool {
			d, err := tn.NextDue(t.Context(), rest)
			if err != nil {
				t.Fatal(err)
			}
			return !d.IsZero()
		}
		if due("acme/", "acme%/", "acme") || !due("acme/", "acme%/") {
			t.Error("NextDue does not follow rests")
		}
		if ds := claim(t, tn, now, 10, "acme/", "acme"); keys(ds) != "k3" {
			t.Errorf("claimed %s, want k3", keys(ds))
		}
		if ds := claim(t, tn, now, 10, "acme/ag1"); keys(ds) != "k2 k4" {
			t.Errorf("claimed %s, want k2 k4", keys(ds))
		}
	},
	"an expired lease is up for grabs, and the old claim is lost": func(t *testing.T, tn *store.Tenant) {
		now := promise(t, tn, desk.Intent{Key: "k1", Lane: "l"})
		old := claim(t, tn, now, 1)[0]
		if due, _ := tn.NextDue(t.Context(), nil); !due.Equal(now.Add(time.Minute)) {
			t.Errorf("next due %v, want the end of the lease", due)
		}
		if ds := claim(t, tn, now.Add(59*time.Second), 1); len(ds) != 0 {
			t.Errorf("claimed %s within the lease", keys(ds))
		}
		anew := claim(t, tn, now.Add(time.Minute), 1)
		if keys(anew) != "k1" {
			t.Fatalf("claimed %s", keys(anew))
		}
		old.Frozen, old.State = json.RawMessage(`"old"`), delivery.Done
		_, err := tn.Settle(t.Context(), old)
		wantKind(t, err, fault.Conflict, "CLAIM_LOST")
		wantKind(t, tn.Freeze(t.Context(), old), fault.Conflict, "CLAIM_LOST")
		wantKind(t, tn.Renew(t.Context(), old, now.Add(time.Hour)), fault.Conflict, "CLAIM_LOST")
		_, err = tn.ParkLane(t.Context(), old)
		wantKind(t, err, fault.Conflict, "CLAIM_LOST")
		if d, _ := tn.Delivery(t.Context(), "k1"); d.State != delivery.Running || d.Frozen != nil {
			t.Errorf("a lost claim wrote: %+v", d)
		}
		settle(t, tn, anew[0], delivery.Done)
	},
	"two claimers never get one": func(t *testing.T, tn *store.Tenant) {
		var ins []desk.Intent
		for n := range 60 {
			ins = append(ins, desk.Intent{Key: fmt.Sprint("k", n), Lane: fmt.Sprint("l", n%7), Order: fmt.Sprint("o", n%20)})
		}
		now := promise(t, tn, ins...)
		var mu sync.Mutex
		got := map[string]int{}
		order := map[string][]string{}
		together(6, func(int) {
			for range 60 {
				ds, err := tn.Claim(t.Context(), now, now.Add(time.Minute), 3, nil)
				if err != nil {
					t.Error(err)
					return
				}
				for _, d := range ds {
					mu.Lock()
					got[d.Key]++
					order[d.Order] = append(order[d.Order], d.Key)
					mu.Unlock()
					d.State = delivery.Done
					if _, err := tn.Settle(t.Context(), d); err != nil {
						t.Error(err)
					}
				}
			}
		})
		if len(got) != 60 {
			t.Errorf("%d of 60 were claimed", len(got))
		}
		for k, n := range got {
			if n != 1 {
				t.Errorf("%s was claimed %d times", k, n)
			}
		}
		for o, ks := range order {
			if !slices.IsSortedFunc(ks, func(a, b string) int { return num(a) - num(b) }) {
				t.Errorf("order %s went %v", o, ks)
			}
		}
	},
	"release by key, code and not otherwise": func(t *testing.T, tn *store.Tenant) {
		now := promise(t, tn, desk.Intent{Key: "k1", Lane: "a"}, desk.Intent{Key: "k2", Lane: "b"}, desk.Intent{Key: "k3", Lane: "c"}, desk.Intent{Key: "k4", Lane: "d"})
		for n, d := range claim(t, tn, now, 9) {
			d.Code, d.Next = []string{"X", "Y", "X", "X"}[n], now.Add(time.Hour)
			settle(t, tn, d, []delivery.State{delivery.Parked, delivery.Parked, delivery.Waiting, delivery.Done}[n])
		}
		for _, c := range []struct {
			f    delivery.Filter
			want string
		}{
			{delivery.Filter{Code: "X"}, "k1"}, {delivery.Filter{Key: "k3"}, "k3"}, {delivery.Filter{Key: "k4"}, ""}, {delivery.Filter{Lane: "zzz"}, ""}, {delivery.Filter{}, "k2"},
		} {
			ds, err := tn.Release(t.Context(), c.f, now)
			if err != nil || keys(ds) != c.want {
				t.Errorf("%+v released %q, %v; want %q", c.f, keys(ds), err, c.want)
			}
		}
		if ds := claim(t, tn, now, 9); keys(ds) != "k1 k2 k3" {
			t.Errorf("claimed %s", keys(ds))
		}
	},
	"drop": func(t *testing.T, tn *store.Tenant) {
		now := promise(t, tn, desk.Intent{Key: "k1", Lane: "a"}, desk.Intent{Key: "k2", Lane: "b"})
		d, err := tn.Drop(t.Context(), "k1", "not needed", now)
		if err != nil || d.State != delivery.Dropped || d.Reason != "not needed" || !d.Finished.Equal(now) {
			t.Errorf("%+v, %v", d, err)
		}
		_, err = tn.Drop(t.Context(), "k1", "again", now)
		wantKind(t, err, fault.Conflict, "DELIVERY_OVER")
		if ds := claim(t, tn, now, 9); keys(ds) != "k2" {
			t.Errorf("claimed %s", keys(ds))
		}
		_, err = tn.Drop(t.Context(), "k2", "now", now)
		wantKind(t, err, fault.Conflict, "DELIVERY_RUNNING")
		_, err = tn.Drop(t.Context(), "k9", "now", now)
		wantKind(t, err, fault.NotFound, "DELIVERY_NOT_FOUND")
	},
	"lists page without gap, counts count": func(t *testing.T, tn *store.Tenant) {
		for u := range 4 { // four units of three: the three are of one instant
			change(t, tn, func(tx desk.Tx) error {
				for n := range 3 {
					if err := tx.Promise(desk.Intent{Key: fmt.Sprintf("k%d%d", u, n), Lane: "l", Agent: fmt.Sprint("ag", n), Interaction: fmt.Sprint("i", u)}); err != nil {
						return err
					}
				}
				return nil
			})
		}
		var got []string
		f := delivery.Filter{Limit: 2}
		for {
			ds, err := tn.List(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			if len(ds) == 0 {
				break
			}
			for _, d := range ds {
				got = append(got, d.Key)
			}
			f.Before = ds[len(ds)-1].Created
		}
		slices.Sort(got)
		if want := "k00 k01 k02 k10 k11 k12 k20 k21 k22 k30 k31 k32"; strings.Join(got, " ") != want {
			t.Errorf("paging gave %v", got)
		}
		ds, err := tn.List(t.Context(), delivery.Filter{Agent: "ag1", Interaction: "i2"})
		if err != nil || keys(ds) != "k21" || ds[0].Intent != nil {
			t.Errorf("filtered %+v, %v", ds, err)
		}
		c, err := tn.Count(t.Context())
		if err != nil || c[delivery.Waiting].Count != 12 || c[delivery.Waiting].Oldest.IsZero() || len(c) != 1 {
			t.Errorf("counts %+v, %v", c, err)
		}
	},
}

func num(key string) (n int) {
	fmt.Sscanf(key, "k%d", &n) //nolint:errcheck // keys are ours
	return n
}
