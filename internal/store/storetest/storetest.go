// Package storetest is what every engine of the store must pass: the promises of desk.Store, delivery.Store,
// setting.Store, signin.Store, audit.Store, seal.Keeper and the reservations, checked through their interfaces. It is run
// against SQLite and PostgreSQL by the store's own tests. It never looks into a table.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"cordboard/internal/agent"
	"cordboard/internal/desk"
	"cordboard/internal/fault"
	"cordboard/internal/interaction"
	"cordboard/internal/store"
)

// Run checks an engine; open gives a new, empty installation each time.
func Run(t *testing.T, open func(t *testing.T) *store.Installation) {
	for _, suite := range []struct {
		name  string
		tests map[string]func(t *testing.T, tn *store.Tenant)
	}{
		{"desk", deskTests}, {"concurrency", raceTests}, {"delivery", deliveryTests}, {"lane", laneTests}, {"setting", settingTests}, {"kept", keptTests},
	} {
		t.Run(suite.name, func(t *testing.T) {
			for name, test := range suite.tests {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					tn, err := open(t).Tenant(t.Context(), "acme")
					if err != nil {
						t.Fatal(err)
					}
					test(t, tn)
				})
			}
		})
	}
	t.Run("control", func(t *testing.T) {
		for name, test := range controlTests {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				test(t, open(t))
			})
		}
	})
}

// day is the instant that tests speak from.
var day = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func call(n int) interaction.Interaction {
	return interaction.Interaction{
		ID: fmt.Sprintf("int-%04d", n), Ref: fmt.Sprintf("leg-%04d", n), Medium: interaction.Phone, State: interaction.Queued,
		ANI: "+14155550123", Queue: 7, Channel: 3, CreatedAt: day.Add(time.Duration(n) * time.Second),
	}
}

func change(t *testing.T, tn *store.Tenant, fn func(tx desk.Tx) error) {
	t.Helper()
	if err := tn.Change(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func create(t *testing.T, tn *store.Tenant, i interaction.Interaction) {
	t.Helper()
	change(t, tn, func(tx desk.Tx) error {
		_, err := tx.Create(i)
		return err
	})
}

func wantKind(t *testing.T, err error, kind fault.Kind, code string) {
	t.Helper()
	if fault.KindOf(err) != kind || !fault.Is(err, code) {
		t.Fatalf("got error %v, want %s %s", err, kind, code)
	}
	if m := fault.Of(err).Message; !strings.HasSuffix(m, ".") {
		t.Errorf("message %q is no sentence", m)
	}
}

var errStop = errors.New("stop")

var deskTests = map[string]func(t *testing.T, tn *store.Tenant){
	"a change is saved and comes back": func(t *testing.T, tn *store.Tenant) {
		var made *interaction.Interaction
		change(t, tn, func(tx desk.Tx) error {
			if tx.Now().Location() != time.UTC || tx.Now().Nanosecond()%1e6 != 0 {
				t.Errorf("the instant is %v, want UTC and whole milliseconds", tx.Now())
			}
			var err error
			if made, err = tx.Create(call(1)); err != nil {
				return err
			}
			if made.Transaction != 1 {
				t.Errorf("first Transaction number is %d", made.Transaction)
			}
			made.Name = "Ada\x00 \"quoted\" \u2028"
			again, err := tx.Interaction(made.ID)
			if again != made {
				t.Error("a second load gives another pointer")
			}
			if byRef, _ := tx.ByRef("leg-0001"); byRef != made {
				t.Error("a new interaction is not found by its ref")
			}
			return err
		})
		if made.Version != 1 {
			t.Errorf("after commit the pointer's Version is %d, want 1", made.Version)
		}
		got, err := tn.One(t.Context(), made.ID)
		if err != nil {
			t.Fatal(err)
		}
		if got.Name != made.Name || got.Version != 1 || got.Transaction != 1 || !got.CreatedAt.Equal(made.CreatedAt) {
			t.Errorf("read %+v, want %+v", got, *made)
		}
	},
	"an error rolls everything back and is returned as it is": func(t *testing.T, tn *store.Tenant) {
		create(t, tn, call(1))
		err := tn.Change(t.Context(), func(tx desk.Tx) error {
			i, err := tx.Interaction("int-0001")
			if err != nil {
				return err
			}
			i.Name = "half"
			if _, err := tx.Create(call(2)); err != nil {
				return err
			}
			if err := tx.Touch("ag1"); err != nil {
				return err
			}
			if err := tx.Promise(desk.Intent{Key: "k1", Lane: "l"}); err != nil {
				return err
			}
			return errStop
		})
		if !errors.Is(err, errStop) {
			t.Fatalf("got %v", err)
		}
		if i, _ := tn.One(t.Context(), "int-0001"); i.Name != "" || i.Version != 1 {
			t.Errorf("half a change was kept: %+v", i)
		}
		if _, err := tn.One(t.Context(), "int-0002"); fault.KindOf(err) != fault.NotFound {
			t.Errorf("a created interaction was kept: %v", err)
		}
		if as, _ := tn.Agents(t.Context()); len(as) != 0 {
			t.Errorf("a touched agent was kept: %+v", as)
		}
		if ds, _ := tn.List(t.Context(), listAll); len(ds) != 0 {
			t.Errorf("a promise was kept: %+v", ds)
		}
		// The number that was rolled back is given again: there is no gap.
		create(t, tn, call(3))
		if i, _ := tn.One(t.Context(), "int-0003"); i.Transaction != 2 {
			t.Errorf("Transaction number %d, want 2", i.Transaction)
		}
	},
	"a panic reaches the caller, and the store goes on": func(t *testing.T, tn *store.Tenant) {
		func() {
			defer func() {
				if p := recover(); p != "boom" {
					t.Errorf("recovered %v", p)
				}
			}()
			_ = tn.Change(t.Context(), func(desk.Tx) error { panic("boom") })
		}()
		create(t, tn, call(1))
	},
	"only what changed is saved": func(t *testing.T, tn *store.Tenant) {
		create(t, tn, call(1))
		change(t, tn, func(tx desk.Tx) error {
			a, err := tx.Agent("ag1")
			a.Status = agent.Available
			return err
		})
		var i *interaction.Interaction
		var a *agent.Agent
		read := func(tx desk.Tx) (err error) {
			if i, err = tx.Interaction("int-0001"); err != nil {
				return err
			}
			a, err = tx.Agent("ag1")
			return err
		}
		change(t, tn, read)
		if i.Version != 1 || a.Version != 1 {
			t.Errorf("reading raised versions to %d and %d", i.Version, a.Version)
		}
		change(t, tn, func(tx desk.Tx) error {
			if err := read(tx); err != nil {
				return err
			}
			i.Version, a.Version = 99, 99 // versions are the store's
			return nil
		})
		change(t, tn, func(tx desk.Tx) error {
			err := read(tx)
			i.State = interaction.Offered
			return err
		})
		if i.Version != 2 || a.Version != 1 {
			t.Errorf("versions %d and %d, want 2 and 1", i.Version, a.Version)
		}
	},
	"touch raises an agent's version once": func(t *testing.T, tn *store.Tenant) {
		for want := int64(1); want <= 3; want++ {
			var a *agent.Agent
			change(t, tn, func(tx desk.Tx) (err error) {
				if a, err = tx.Agent("ag1"); err != nil {
					return err
				}
				if want == 2 {
					a.Status = agent.OnBreak
				}
				return errors.Join(tx.Touch("ag1"), tx.Touch("ag1"))
			})
			if a.Version != want {
				t.Errorf("Version %d, want %d", a.Version, want)
			}
		}
		as, err := tn.Agents(t.Context())
		if err != nil || len(as) != 1 || as[0].Version != 3 || as[0].Status != agent.OnBreak {
			t.Errorf("Agents: %+v, %v", as, err)
		}
	},
	"an agent never seen is logged out": func(t *testing.T, tn *store.Tenant) {
		change(t, tn, func(tx desk.Tx) error {
			a, err := tx.Agent("ag9")
			if a.Status != agent.LoggedOut || a.ID != "ag9" || a.Version != 0 {
				t.Errorf("got %+v", a)
			}
			return err
		})
		a, is, err := tn.Snapshot(t.Context(), "ag9", 5)
		if err != nil || a.Status != agent.LoggedOut || a.ID != "ag9" || len(is) != 0 {
			t.Errorf("Snapshot: %+v %v %v", a, is, err)
		}
	},
	"what is not there is not found": func(t *testing.T, tn *store.Tenant) {
		err := tn.Change(t.Context(), func(tx desk.Tx) error {
			if i, err := tx.ByRef("nobody"); i != nil || err != nil {
				t.Errorf("ByRef: %v, %v", i, err)
			}
			_, err := tx.Interaction("int-9999")
			return err
		})
		wantKind(t, err, fault.NotFound, "INTERACTION_NOT_FOUND")
		_, err = tn.One(t.Context(), "int-9999")
		wantKind(t, err, fault.NotFound, "INTERACTION_NOT_FOUND")
	},
	"the same ref or id twice is refused": func(t *testing.T, tn *store.Tenant) {
		create(t, tn, call(1))
		for _, i := range []interaction.Interaction{call(1), {ID: "int-other", Ref: "leg-0001"}, {ID: "int-0001", Ref: "other"}} {
			err := tn.Change(t.Context(), func(tx desk.Tx) error {
				_, err := tx.Create(i)
				return err
			})
			wantKind(t, err, fault.Conflict, "DUPLICATE_INTERACTION")
		}
		// Without a ref there may be many.
		for n := 5; n < 8; n++ {
			i := call(n)
			i.Ref = ""
			create(t, tn, i)
		}
	},
	"an older fence is refused": func(t *testing.T, tn *store.Tenant) {
		i := call(1)
		i.Fence = 5
		create(t, tn, i)
		set := func(fence int64) error {
			return tn.Change(t.Context(), func(tx desk.Tx) error {
				i, err := tx.Interaction("int-0001")
				if err == nil {
					i.Node, i.Fence = "b", fence
				}
				return err
			})
		}
		wantKind(t, set(4), fault.Conflict, "FENCED")
		if err := set(6); err != nil {
			t.Fatal(err)
		}
	},
	"open ones, oldest first": func(t *testing.T, tn *store.Tenant) {
		for n, s := range []interaction.State{interaction.Queued, interaction.Abandoned, interaction.Offered, interaction.Wrapup, interaction.Closed} {
			i := call(9 - n)
			i.State = s
			create(t, tn, i)
		}
		is, err := tn.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := ids(is); got != "int-0009 int-0007 int-0006" {
			t.Errorf("Open: %s", got)
		}
	},
	"a snapshot shows what is his, then his latest": func(t *testing.T, tn *store.Tenant) {
		for n := 1; n <= 6; n++ { // six that he handled, closed in turn
			i := handled(n, "ag1", interaction.Closed)
			i.ClosedAt = day.Add(time.Duration(n) * time.Minute)
			i.Handling[0].ClosedAt = i.ClosedAt
			create(t, tn, i)
		}
		create(t, tn, handled(7, "ag2", interaction.Closed))
		wrap := handled(8, "ag1", interaction.Wrapup)
		create(t, tn, wrap)
		offered := call(9)
		offered.State, offered.Offer = interaction.Offered, &interaction.Offer{Number: 1, Agent: "ag1"}
		create(t, tn, offered)
		create(t, tn, call(10))
		// Someone else has it again after he lost it: neither open for him nor past.
		lost := handled(11, "ag1", interaction.Closed)
		lost.State = interaction.Queued
		create(t, tn, lost)
		snap := func() string {
			_, is, err := tn.Snapshot(t.Context(), "ag1", 4)
			if err != nil {
				t.Fatal(err)
			}
			return ids(is)
		}
		if got, want := snap(), "int-0008 int-0009 int-0006 int-0005 int-0004 int-0003"; got != want {
			t.Errorf("Snapshot: %s, want %s", got, want)
		}
		change(t, tn, func(tx desk.Tx) error { // the offer passes to another
			i, err := tx.Interaction("int-0009")
			i.Offer.Agent = "ag2"
			return err
		})
		if got, want := snap(), "int-0008 int-0006 int-0005 int-0004 int-0003"; got != want {
			t.Errorf("Snapshot after the offer passed: %s, want %s", got, want)
		}
	},
	"lists filter and page": func(t *testing.T, tn *store.Tenant) {
		for n := 1; n <= 9; n++ {
			i := handled(n, fmt.Sprintf("ag%d", n%3), interaction.Closed)
			i.Queue = int64(n % 2)
			create(t, tn, i)
		}
		for _, c := range []struct {
			f    store.InteractionFilter
			want string
		}{
			{store.InteractionFilter{Limit: 2}, "int-0009 int-0008"},
			{store.InteractionFilter{Limit: 2, Before: 8}, "int-0007 int-0006"},
			{store.InteractionFilter{Agent: "ag0"}, "int-0009 int-0006 int-0003"},
			{store.InteractionFilter{Agent: "ag0", Queue: 1}, "int-0009 int-0003"},
			{store.InteractionFilter{State: interaction.Queued}, ""},
			{store.InteractionFilter{Medium: interaction.Phone, From: day.Add(2 * time.Second), To: day.Add(4 * time.Second)}, "int-0003 int-0002"},
		} {
			is, err := tn.Interactions(t.Context(), c.f)
			if err != nil || ids(is) != c.want {
				t.Errorf("%+v: %s, %v; want %s", c.f, ids(is), err, c.want)
			}
		}
	},
	"an ended context changes nothing": func(t *testing.T, tn *store.Tenant) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := tn.Change(ctx, func(desk.Tx) error { t.Error("it ran"); return nil })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	},
}

func handled(n int, agentID string, s interaction.State) interaction.Interaction {
	i := call(n)
	i.State = s
	i.Handling = []interaction.Handling{{Number: 1, Agent: agentID, State: s, AcceptedAt: i.CreatedAt}}
	return i
}

func ids(is []interaction.Interaction) string {
	var out []string
	for _, i := range is {
		out = append(out, i.ID)
	}
	return strings.Join(out, " ")
}
