package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"cordboard/internal/agent"
	"cordboard/internal/desk"
	"cordboard/internal/fault"
	"cordboard/internal/interaction"
	"cordboard/internal/store"
)

// together runs fn n times at once and waits.
func together(n int, fn func(n int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { fn(i) })
	}
	wg.Wait()
}

var raceTests = map[string]func(t *testing.T, tn *store.Tenant){
	"no raise is lost": func(t *testing.T, tn *store.Tenant) {
		create(t, tn, call(1))
		together(8, func(int) {
			for range 20 {
				err := tn.Change(t.Context(), func(tx desk.Tx) error {
					i, err := tx.Interaction("int-0001")
					if err != nil {
						return err
					}
					a, err := tx.Agent("ag1")
					if err != nil {
						return err
					}
					i.Offers++
					a.Handling = []string{fmt.Sprint(i.Offers)}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
		i, _ := tn.One(t.Context(), "int-0001")
		a, _, _ := tn.Snapshot(t.Context(), "ag1", 0)
		if i.Offers != 160 || i.Version != 161 || a.Version != 160 || a.Handling[0] != "160" {
			t.Errorf("offers %d, version %d, agent %+v", i.Offers, i.Version, a)
		}
	},
	"one arrival, one interaction": func(t *testing.T, tn *store.Tenant) {
		var made atomic.Int32
		together(8, func(n int) {
			i := call(100 + n)
			i.Ref = "one leg"
			err := tn.Change(t.Context(), func(tx desk.Tx) error {
				old, err := tx.ByRef(i.Ref)
				if err != nil || old != nil {
					return err
				}
				_, err = tx.Create(i)
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
		is, err := tn.Open(t.Context())
		if err != nil || len(is) != 1 || is[0].Transaction != 1 {
			t.Errorf("made %d, stored %s, %v", made.Load(), ids(is), err)
		}
	},
	"transaction numbers have no gap and no double": func(t *testing.T, tn *store.Tenant) {
		together(8, func(n int) {
			for k := range 15 {
				err := tn.Change(t.Context(), func(tx desk.Tx) error {
					if _, err := tx.Create(call(n*100 + k)); err != nil {
						return err
					}
					if k%5 == 4 {
						return errStop
					}
					return nil
				})
				if err != nil && !errors.Is(err, errStop) {
					t.Error(err)
				}
			}
		})
		is, err := tn.Open(t.Context())
		if err != nil || len(is) != 96 {
			t.Fatalf("%d interactions, %v", len(is), err)
		}
		for n, i := range is {
			if i.Transaction != int64(n+1) {
				t.Fatalf("number %d stands at place %d", i.Transaction, n+1)
			}
		}
	},
	"two agents never get one interaction": func(t *testing.T, tn *store.Tenant) {
		for n := range 20 {
			create(t, tn, call(n))
		}
		var won atomic.Int32
		together(6, func(me int) {
			id := fmt.Sprintf("ag%d", me)
			for n := range 20 {
				err := tn.Change(t.Context(), func(tx desk.Tx) error {
					i, err := tx.Interaction(fmt.Sprintf("int-%04d", n))
					if err != nil {
						return err
					}
					if i.State != interaction.Queued {
						return fault.New(fault.Conflict, "OFFER_TAKEN", "Taken.")
					}
					a, err := tx.Agent(id)
					if err != nil {
						return err
					}
					i.State = interaction.Accepted
					i.Handling = append(i.Handling, interaction.Handling{Number: 1, Agent: id, State: interaction.Accepted})
					a.Handling = append(a.Handling, i.ID)
					return nil
				})
				switch {
				case err == nil:
					won.Add(1)
				case !fault.Is(err, "OFFER_TAKEN"):
					t.Error(err)
				}
			}
		})
		as, _ := tn.Agents(t.Context())
		held := 0
		for _, a := range as {
			held += len(a.Handling)
		}
		if won.Load() != 20 || held != 20 {
			t.Errorf("%d accepts won, agents hold %d, want 20", won.Load(), held)
		}
	},
	"crossed loads end": func(t *testing.T, tn *store.Tenant) {
		together(4, func(me int) {
			for range 5 {
				err := tn.Change(t.Context(), func(tx desk.Tx) error {
					for k := range 2 {
						a, err := tx.Agent(fmt.Sprintf("ag%d", (me+k)%2))
						if err != nil {
							return err
						}
						a.Handling = append(a.Handling, "x")
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
		as, _ := tn.Agents(t.Context())
		if len(as) != 2 || len(as[0].Handling) != 20 || len(as[1].Handling) != 20 {
			t.Errorf("agents: %+v", as)
		}
	},
	"a snapshot's number and content agree": func(t *testing.T, tn *store.Tenant) {
		create(t, tn, call(1))
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		var wg sync.WaitGroup
		wg.Go(func() { // every commit: agent's version = offers of the interaction
			for ctx.Err() == nil {
				err := tn.Change(ctx, func(tx desk.Tx) error {
					i, err := tx.Interaction("int-0001")
					if err != nil {
						return err
					}
					i.State, i.Offer = interaction.Offered, &interaction.Offer{Agent: "ag1"}
					i.Offers++
					return tx.Touch("ag1")
				})
				if err != nil && ctx.Err() == nil {
					t.Error(err)
					return
				}
			}
		})
		var seen int64
		for range 200 {
			a, is, err := tn.Snapshot(ctx, "ag1", 5)
			if err != nil {
				t.Fatal(err)
			}
			offers := 0
			if len(is) == 1 {
				offers = is[0].Offers
			}
			if int64(offers) != a.Version || a.Version < seen {
				t.Fatalf("version %d with offers %d, after %d", a.Version, offers, seen)
			}
			seen = a.Version
		}
		stop()
		wg.Wait()
		if a, err := agentOf(t, tn, "ag1"); err != nil || a.Version == 0 {
			t.Errorf("nothing was written: %+v %v", a, err)
		}
	},
	"a caller who leaves gets the truth": func(t *testing.T, tn *store.Tenant) {
		var saved atomic.Int32
		together(8, func(n int) {
			for k := range 20 {
				ctx, cancel := context.WithCancel(t.Context())
				if rand.IntN(2) == 0 {
					go cancel()
				}
				err := tn.Change(ctx, func(tx desk.Tx) error {
					_, err := tx.Create(call(n*100 + k))
					return err
				})
				cancel()
				if err == nil {
					saved.Add(1)
				}
			}
		})
		is, err := tn.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		// On PostgreSQL an answer can be lost after the commit; what was confirmed is always there.
		if len(is) < int(saved.Load()) {
			t.Errorf("%d confirmed, %d stored", saved.Load(), len(is))
		}
	},
}

func agentOf(t *testing.T, tn *store.Tenant, id string) (agent.Agent, error) {
	t.Helper()
	a, _, err := tn.Snapshot(t.Context(), id, 0)
	return a, err
}
