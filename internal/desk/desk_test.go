package desk_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"cordboard/internal/agent"
	"cordboard/internal/bus"
	"cordboard/internal/desk"
	"cordboard/internal/desk/desktest"
	"cordboard/internal/fault"
	"cordboard/internal/interaction"
	"cordboard/internal/tenant"
)

// silent is a channel that does nothing.
type silent struct{}

func (silent) Do(interaction.Interaction, interaction.Effect) {}
func (silent) Reachable(string) bool                          { return true }

func settings() *tenant.Config {
	return &tenant.Config{Name: "demo",
		Users:    map[string]tenant.User{"ada": {ID: "ada", Queues: map[int64]int{1: 5}}, "old": {ID: "old", Inactive: true}},
		Queues:   map[int64]tenant.Queue{1: {ID: 1, Name: "Sales", WrapupSeconds: 10, Region: "GB"}},
		Channels: map[int64]tenant.Channel{1: {ID: 1, Medium: interaction.Phone, Queue: 1}, 2: {ID: 2, Medium: interaction.Chat, Queue: 9}},
	}
}

func make1(s desk.Store, b *bus.Bus, onClose desk.OnClose) *desk.Desk {
	return desk.New(desk.Options{Store: s, Bus: b, Config: settings, OnClose: onClose,
		Channels: map[interaction.Medium]desk.Channel{interaction.Phone: silent{}}})
}

var call = interaction.Arrival{Ref: "call", Medium: interaction.Phone, Channel: 1, ANI: "+14155551212"}

// open runs a story over a desk that has started, with ada Available.
func open(t *testing.T, s *desktest.Store, onClose desk.OnClose, story func(ctx context.Context, d *desk.Desk, b *bus.Bus)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := bus.New()
		d := make1(s, b, onClose)
		must(t, d.Start(t.Context()))
		_, err := d.SignIn(t.Context(), "ada")
		must(t, err)
		d.Present("ada", true)
		_, err = d.SetStatus(t.Context(), "ada", agent.Available, "ada")
		must(t, err)
		story(t.Context(), d, b)
		must(t, d.Stop(t.Context()))
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantFault(t *testing.T, err error, k fault.Kind, code string) {
	t.Helper()
	if f := fault.Of(err); err == nil || f.Kind != k || f.Code != code {
		t.Errorf("fault %v, want %s %s", err, k, code)
	}
}

// One commit stands between a ring and a card (DESIGN §4.3), and nobody needs to know the id before.
func TestOneCommitFromRingToOffer(t *testing.T) {
	s := &desktest.Store{}
	open(t, s, nil, func(ctx context.Context, d *desk.Desk, b *bus.Bus) {
		var heard []desk.Changed
		defer bus.Subscribe(b, func(c desk.Changed) { heard = append(heard, c) })()
		before := s.Commits()
		i, err := d.Arrive(ctx, call)
		must(t, err)
		if n := s.Commits() - before; n != 1 {
			t.Errorf("%d commits", n)
		}
		synctest.Wait()
		if len(heard) != 1 || len(heard[0].Events) != 3 || heard[0].Events[2].Kind != interaction.EventOffered ||
			len(heard[0].Agents) != 1 || heard[0].Agents[0].Status != agent.Offered || heard[0].Agents[0].Version != 3 {
			t.Errorf("published %+v", heard)
		}
		if i.State != interaction.Offered || i.Region != "GB" || i.Transaction != 1 || i.Version != 1 || i.Node != "1" ||
			!i.Offer.Deadline.Equal(time.Now().Add(30*time.Second)) {
			t.Errorf("took in %+v", i)
		}
	})
}

func TestWhyNoLog(t *testing.T) {
	for name, c := range map[string]struct {
		hook desk.OnClose
		want string
	}{
		"no hook":    {nil, "No customer records are connected."},
		"no promise": {func(*interaction.Interaction, *interaction.Handling) ([]desk.Intent, string) { return nil, "Off." }, "Off."},
		"a promise": {func(*interaction.Interaction, *interaction.Handling) ([]desk.Intent, string) {
			return []desk.Intent{{Key: "k"}}, ""
		}, ""},
		"not storable": {func(*interaction.Interaction, *interaction.Handling) ([]desk.Intent, string) {
			return []desk.Intent{{}}, ""
		}, "open"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &desktest.Store{}
			open(t, s, c.hook, func(ctx context.Context, d *desk.Desk, _ *bus.Bus) {
				i, err := d.Arrive(ctx, call)
				must(t, err)
				for _, k := range []interaction.Signal{{Kind: interaction.Accept, Offer: 1}, {Kind: interaction.End}} {
					_, err = d.Command(ctx, "ada", i.ID, k)
					must(t, err)
				}
				_, err = d.Command(ctx, "ada", i.ID, interaction.Signal{Kind: interaction.EndWrapup})
				i, _ = d.One(ctx, i.ID)
				if c.want == "open" { // what cannot be promised is not closed
					if err == nil || i.State != interaction.Wrapup {
						t.Errorf("it is %s, fault %v", i.State, err)
					}
					return
				}
				must(t, err)
				if got := i.Current().NoLog; got != c.want || len(s.Intents()) == 0 != (c.want != "") {
					t.Errorf("reason %q, promises %v", got, s.Intents())
				}
			})
		})
	}
}

func TestAnnotate(t *testing.T) {
	open(t, &desktest.Store{Conflict: everyOther()}, nil, func(ctx context.Context, d *desk.Desk, b *bus.Bus) {
		i, err := d.Arrive(ctx, call)
		must(t, err)
		var heard []desk.Changed
		stop := bus.Subscribe(b, func(c desk.Changed) { heard = append(heard, c) })
		i, err = d.Annotate(ctx, i.ID, "ada", func(i *interaction.Interaction) error { i.Name += "Ann"; return nil })
		must(t, err)
		boom := errors.New("boom")
		if _, err := d.Annotate(ctx, i.ID, "ada", func(i *interaction.Interaction) error { i.Name = "?"; return boom }); !errors.Is(err, boom) {
			t.Error(err)
		}
		_, err = d.Annotate(ctx, "int-none", "ada", func(*interaction.Interaction) error { return nil })
		wantFault(t, err, fault.NotFound, "NO_SUCH_INTERACTION")
		synctest.Wait()
		stop()
		i, _ = d.One(ctx, i.ID)
		if i.Name != "Ann" || len(heard) != 1 || heard[0].Events[0].Kind != interaction.EventChanged || heard[0].Agents[0].ID != "ada" || heard[0].At.IsZero() {
			t.Errorf("name %q, published %+v", i.Name, heard)
		}
	})
}

func everyOther() func() bool {
	n := 0
	return func() bool { n++; return n%2 == 1 }
}

func TestFaults(t *testing.T) {
	open(t, &desktest.Store{}, nil, func(ctx context.Context, d *desk.Desk, _ *bus.Bus) {
		i, err := d.Arrive(ctx, call)
		must(t, err)
		wantFault(t, d.Signal(ctx, i.ID, interaction.Signal{Kind: interaction.Accept}), fault.Invalid, "NOT_A_REPORT")
		wantFault(t, d.Signal(ctx, "int-none", interaction.Signal{Kind: interaction.CustomerLeft}), fault.NotFound, "NO_SUCH_INTERACTION")
		_, err = d.Command(ctx, "ada", i.ID, interaction.Signal{Kind: interaction.ChannelLost})
		wantFault(t, err, fault.Invalid, "NOT_A_COMMAND")
		_, err = d.Command(ctx, "eve", i.ID, interaction.Signal{Kind: interaction.Accept, Agent: "ada", Offer: 1}) // nobody speaks for another
		wantFault(t, err, fault.Forbidden, interaction.CodeNotYours)
		now, err := d.Command(ctx, "ada", i.ID, interaction.Signal{Kind: interaction.Accept, Offer: 7})
		wantFault(t, err, fault.Conflict, interaction.CodeWithdrawn)
		if now.State != interaction.Offered {
			t.Errorf("the refusal does not say how it stands: %+v", now)
		}
		for _, id := range []string{"old", "nobody"} {
			_, err = d.SignIn(ctx, id)
			wantFault(t, err, fault.NotFound, "NO_SUCH_AGENT")
			_, err = d.SetStatus(ctx, id, agent.Available, id)
			wantFault(t, err, fault.NotFound, "NO_SUCH_AGENT")
		}
		_, err = d.SetStatus(ctx, "ada", agent.LoggedOut, "ada") // the offer passes on, then she is out
		must(t, err)
		_, err = d.Arrive(ctx, interaction.Arrival{Ref: "c", Medium: interaction.Chat, Channel: 2})
		wantFault(t, err, fault.NotFound, "UNKNOWN_QUEUE")
		_, err = d.Arrive(ctx, interaction.Arrival{Medium: interaction.Phone, Channel: 1})
		wantFault(t, err, fault.Invalid, "INVALID")
	})
}

func TestClosedDoors(t *testing.T) {
	d := make1(&desktest.Store{}, bus.New(), nil)
	ctx := t.Context()
	_, err := d.Arrive(ctx, call)
	wantFault(t, err, fault.Unavailable, "STARTING")
	_, err = d.SignIn(ctx, "ada")
	wantFault(t, err, fault.Unavailable, "STOPPING")
	must(t, d.Start(ctx))
	must(t, d.Stop(ctx))
	must(t, d.Stop(ctx)) // twice is once
	_, err = d.Arrive(ctx, call)
	wantFault(t, err, fault.Unavailable, "STOPPING")
}

// How the queues stand is published when it changed, at most four times a second, the latest last.
func TestWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, ctx := bus.New(), t.Context()
		d := make1(&desktest.Store{}, b, nil)
		type told struct {
			desk.Waiting
			at time.Duration
		}
		var mu sync.Mutex
		var heard []told
		start := time.Now()
		stop := bus.Subscribe(b, func(w desk.Waiting) { mu.Lock(); heard = append(heard, told{w, time.Since(start)}); mu.Unlock() })
		must(t, d.Start(ctx))
		for n := range 20 {
			a := call
			a.Ref = string(rune('a' + n))
			_, err := d.Arrive(ctx, a)
			must(t, err)
			time.Sleep(50 * time.Millisecond)
		}
		_, err := d.SignIn(ctx, "ada")
		must(t, err)
		time.Sleep(10 * time.Second)
		must(t, d.Stop(ctx))
		stop()
		for n := 1; n < len(heard); n++ {
			if heard[n].at-heard[n-1].at < 250*time.Millisecond {
				t.Errorf("too soon: %v", heard)
			}
		}
		if last := heard[len(heard)-1]; last.Waiting.Waiting != 20 || !last.Longest.Equal(start) || last.SignedIn != 1 || last.Available != 0 || len(heard) > 7 {
			t.Errorf("%d times, last %+v", len(heard), last)
		}
	})
}

// An agent whose row does not agree with the interactions is set right at start (GEN-9).
func TestRepairAtStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, ctx := &desktest.Store{}, t.Context()
		must(t, s.Change(ctx, func(tx desk.Tx) error {
			a, err := tx.Agent("ada")
			a.Status, a.Before, a.Offer = agent.Offered, agent.Available, &agent.Offer{Interaction: "int-gone", Number: 3}
			if err != nil {
				return err
			}
			i, events, err := interaction.NewInteraction(call, interaction.Origin{ID: "int-1", Node: "other", Fence: 4}, tx.Now())
			if err != nil || len(events) == 0 {
				return err
			}
			i.State = interaction.Wrapup
			i.Handling = []interaction.Handling{{Number: 1, Agent: "ben", State: interaction.Wrapup, CompletedAt: tx.Now(), WrapupUntil: tx.Now().Add(time.Hour)}}
			_, err = tx.Create(i)
			return err
		}))
		d := make1(s, bus.New(), nil)
		must(t, d.Start(ctx))
		agents, _ := s.Agents(ctx)
		if len(agents) != 2 || agents[0].Status != agent.Available || agents[0].Offer != nil || agents[1].Status != agent.WrapUp || !slices.Equal(agents[1].Handling, []string{"int-1"}) {
			t.Errorf("%+v", agents)
		}
		if i, _ := s.One(ctx, "int-1"); i.Node != "1" || i.Fence != 5 {
			t.Errorf("owned by %s, fence %d", i.Node, i.Fence)
		}
		must(t, d.Stop(ctx))
	})
}
