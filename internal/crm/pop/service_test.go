package pop

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"cordboard/internal/bus"
	"cordboard/internal/crm"
	"cordboard/internal/desk"
	"cordboard/internal/fault"
	"cordboard/internal/interaction"
	"cordboard/internal/tenant"
)

// oneDesk holds a single interaction, and counts the changes.
type oneDesk struct {
	mu      sync.Mutex
	i       interaction.Interaction
	changes int
}

func (d *oneDesk) Annotate(_ context.Context, _, _ string, fn func(*interaction.Interaction) error) (interaction.Interaction, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := fn(&d.i); err != nil {
		return interaction.Interaction{}, err
	}
	d.changes++
	return clone(d.i), nil
}

// clone is what the real desk gives out: a picture that later changes leave alone.
func clone(i interaction.Interaction) (out interaction.Interaction) {
	b, err := json.Marshal(i)
	if err == nil {
		err = json.Unmarshal(b, &out)
	}
	if err != nil {
		panic(err)
	}
	return out
}

func (d *oneDesk) One(context.Context, string) (interaction.Interaction, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return clone(d.i), nil
}

func (d *oneDesk) pop(agent string) crm.Pop {
	d.mu.Lock()
	defer d.mu.Unlock()
	if p := d.i.Pops[agent]; p != nil {
		return *p
	}
	return crm.Pop{}
}

// slowCRM answers after a while, and counts how often it was asked, as whom.
type slowCRM struct {
	mu    sync.Mutex
	delay time.Duration
	err   error
	found []crm.Match
	asked []string
}

func (c *slowCRM) Find(ctx context.Context, as string, _ crm.Key) (crm.Found, error) {
	c.mu.Lock()
	c.asked = append(c.asked, as)
	delay, err, found := c.delay, c.err, c.found
	c.mu.Unlock()
	select {
	case <-time.After(delay):
	case <-ctx.Done():
		return crm.Found{}, ctx.Err()
	}
	return crm.Found{Matches: found, As: as}, err
}

func (c *slowCRM) Read(_ context.Context, as string, ref crm.Ref) (crm.Record, error) {
	return crm.Record{Ref: ref, Name: "read as " + as}, nil
}
func (c *slowCRM) Form(_ context.Context, _ string, kind crm.Kind) (crm.Form, error) {
	return crm.Form{Kind: kind, Fields: []crm.FormField{{Name: "LastName"}, {Name: "Phone"}}}, nil
}
func (c *slowCRM) Create(context.Context, string, crm.Kind, map[string]string, bool) (crm.Ref, error) {
	return crm.Ref{Kind: crm.Contact, ID: "003NEW"}, nil
}

type rig struct {
	desk *oneDesk
	crm  *slowCRM
	bus  *bus.Bus
	set  *tenant.ScreenPop
	s    *Service
}

// during runs a timeline on virtual time.
func during(t *testing.T, fn func(*rig)) {
	synctest.Test(t, func(t *testing.T) {
		r := &rig{
			desk: &oneDesk{i: interaction.Interaction{ID: "int-1", Medium: interaction.Phone, ANI: "+14155551212", Region: "US", Queue: 1}},
			crm:  &slowCRM{found: []crm.Match{ann, bob}},
			bus:  bus.New(),
			set:  &tenant.ScreenPop{Enabled: true, Target: "salesforce", Integration: "enhanced", Triggers: tenant.Triggers{Offered: true}},
		}
		users := map[string]tenant.User{"ada": {ID: "ada", Seat: true, Queues: map[int64]int{1: 5}}, "ben": {ID: "ben", Seat: true, Queues: map[int64]int{1: 5}}}
		r.s = New(Options{Desk: r.desk, CRM: r.crm, Bus: r.bus, Logger: slog.New(slog.DiscardHandler),
			Config: func() *tenant.Config { return &tenant.Config{Name: "acme", ScreenPop: *r.set, Users: users} }})
		r.s.Start(nil)
		defer r.s.Stop()
		fn(r)
	})
}

func (r *rig) offer(agent string) {
	r.desk.mu.Lock()
	r.desk.i.Offers++
	r.desk.i.Offer = &interaction.Offer{Number: r.desk.i.Offers, Agent: agent}
	r.desk.mu.Unlock()
	r.happens(interaction.EventOffered, agent)
}

func (r *rig) happens(k interaction.EventKind, agent string) {
	r.desk.mu.Lock()
	i := clone(r.desk.i)
	r.desk.mu.Unlock()
	bus.Publish(r.bus, desk.Changed{Interaction: &i, Events: []interaction.Event{{Kind: k, Agent: agent}}})
}

func TestAQuickAnswerIsOneChange(t *testing.T) {
	during(t, func(r *rig) {
		r.crm.delay = 5 * time.Millisecond
		r.offer("ada")
		synctest.Wait()
		time.Sleep(6 * time.Millisecond)
		synctest.Wait()
		p := r.desk.pop("ada")
		if p.State != crm.PopFound || p.Chosen != ann.Ref || !p.Shown || p.Details == nil || p.Details.Name != "read as ada" {
			t.Fatalf("got %+v", p)
		}
		if r.desk.changes != 2 { // matches, details
			t.Fatalf("%d changes, want 2", r.desk.changes)
		}
	})
}

func TestASlowAnswerIsSaidAtOnceAndATimeOutIsNotANoMatch(t *testing.T) {
	during(t, func(r *rig) {
		r.crm.delay = time.Hour
		r.offer("ada")
		time.Sleep(patience + time.Millisecond)
		synctest.Wait()
		if p := r.desk.pop("ada"); p.State != crm.PopSearching || !p.Shown {
			t.Fatalf("after %v the card says %+v", patience, p)
		}
		time.Sleep(SearchLimit)
		synctest.Wait()
		if p := r.desk.pop("ada"); p.State != crm.PopNotSearched || p.ReasonCode != "CRM_SLOW" {
			t.Fatalf("after the limit: %+v", p)
		}
		r.crm.mu.Lock()
		r.crm.delay = 0
		r.crm.mu.Unlock()
		if _, err := r.s.SearchAgain(t.Context(), "ada", "int-1"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if p := r.desk.pop("ada"); p.State != crm.PopFound || p.Reason != "" {
			t.Fatalf("after Search again: %+v", p)
		}
	})
}

func TestTriggersInAnyCombination(t *testing.T) {
	events := []interaction.EventKind{interaction.EventOffered, interaction.EventAccepted, interaction.EventCompleted}
	for bits := range 8 {
		tr := tenant.Triggers{Offered: bits&1 > 0, Accepted: bits&2 > 0, Completed: bits&4 > 0}
		during(t, func(r *rig) {
			r.set.Triggers = tr
			r.offer("ada")
			synctest.Wait()
			first := ""
			for n, k := range events {
				if n > 0 {
					r.happens(k, "ada")
					synctest.Wait()
				}
				if first == "" && Ticked(tr, k) {
					first = string(k)
				}
				if p := r.desk.pop("ada"); p.Shown != (first != "") || p.Trigger != first {
					t.Fatalf("%+v: after %s shown=%v by %q, want %q", tr, k, p.Shown, p.Trigger, first)
				}
			}
			if want := 1; first != "" && len(r.crm.asked) != want {
				t.Fatalf("%+v: asked %d times, want %d", tr, len(r.crm.asked), want)
			}
			if first == "" && len(r.crm.asked) != 0 {
				t.Fatal("nothing ticked and nothing logged, yet the CRM was asked")
			}
		})
	}
}

func TestAWithheldNumberIsNeverSearched(t *testing.T) {
	during(t, func(r *rig) {
		r.desk.i.ANI = "anonymous"
		r.offer("ada")
		synctest.Wait()
		if p := r.desk.pop("ada"); p.State != crm.PopRefused || p.FormKind != crm.Contact || len(r.crm.asked) != 0 {
			t.Fatalf("got %+v after %d questions", p, len(r.crm.asked))
		}
	})
}

func TestAnAnswerForSomeoneWhoLostTheOfferIsThrownAway(t *testing.T) {
	during(t, func(r *rig) {
		r.crm.delay = time.Second
		r.offer("ada")
		time.Sleep(500 * time.Millisecond)
		r.offer("ben")
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if p := r.desk.pop("ada"); p.State == crm.PopFound {
			t.Fatal("Ada got matches after the offer had gone to Ben")
		}
		if p := r.desk.pop("ben"); p.State != crm.PopFound || p.Details.Name != "read as ben" {
			t.Fatalf("Ben got %+v", p)
		}
	})
}

func TestNothingIsChosenAfterWrapUp(t *testing.T) {
	during(t, func(r *rig) {
		r.offer("ada")
		synctest.Wait()
		r.desk.i.Offer = nil
		r.desk.i.Handling = []interaction.Handling{{Number: 1, Agent: "ada", State: interaction.Wrapup}}
		if _, err := r.s.Choose(t.Context(), "ada", "int-1", bob.Ref); err != nil {
			t.Fatal(err)
		}
		if _, err := r.s.Choose(t.Context(), "ben", "int-1", bob.Ref); fault.KindOf(err) != fault.Gone {
			t.Fatalf("Ben chose in Ada's conversation: %v", err)
		}
		r.desk.i.Handling[0].State = interaction.Closed
		if _, err := r.s.Choose(t.Context(), "ada", "int-1", ann.Ref); !fault.Is(err, "WRAPUP_ENDED") {
			t.Fatalf("chosen after the end: %v", err)
		}
		synctest.Wait()
	})
}

func TestACreatedRecordBecomesTheMatch(t *testing.T) {
	during(t, func(r *rig) {
		r.crm.found = nil
		r.offer("ada")
		synctest.Wait()
		if p := r.desk.pop("ada"); p.State != crm.PopNone || p.FormKind != crm.Contact {
			t.Fatalf("got %+v", p)
		}
		f, err := r.s.Form(t.Context(), "ada", "int-1", crm.Contact)
		if err != nil || f.Fields[1].Value != "+14155551212" {
			t.Fatalf("form %+v, %v", f, err)
		}
		i, err := r.s.Create(t.Context(), "ada", "int-1", crm.Contact, map[string]string{"LastName": "New"}, false)
		if err != nil || i.PopOf("ada").Chosen.ID != "003NEW" || i.PopOf("ada").ChosenBy != "created" {
			t.Fatalf("got %+v, %v", i.PopOf("ada"), err)
		}
	})
}

func TestWaitingCustomersAreFetchedAhead(t *testing.T) {
	during(t, func(r *rig) {
		r.crm.delay = time.Second
		r.s.note(nil)
		bus.Publish(r.bus, desk.Changed{Agents: agentsAtWork("ada", "ben")})
		r.happens(interaction.EventQueued, "")
		time.Sleep(2 * time.Second)
		synctest.Wait()
		r.offer("ada")
		synctest.Wait() // no time passes: the answer was there
		if p := r.desk.pop("ada"); p.State != crm.PopFound {
			t.Fatalf("got %+v", p)
		}
		if len(r.crm.asked) != 2 {
			t.Fatalf("asked as %v", r.crm.asked)
		}
	})
}

func TestASecondSearchReadsWhatIsChosen(t *testing.T) {
	during(t, func(r *rig) {
		r.offer("ada")
		synctest.Wait()
		r.desk.i.Pops["ada"].Chosen, r.desk.i.Pops["ada"].ChosenBy, r.desk.i.Pops["ada"].Details = bob.Ref, "agent", nil
		if _, err := r.s.SearchAgain(context.Background(), "ada", "int-1"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if p := r.desk.pop("ada"); p.Chosen != bob.Ref || p.Details == nil || p.Details.Ref != bob.Ref {
			t.Fatalf("Bob is chosen, but the details are %+v", p.Details)
		}
	})
}

func TestLookupGivesOnlyTheKindAskedFor(t *testing.T) {
	during(t, func(r *rig) {
		acme := crm.Match{Ref: crm.Ref{Kind: crm.Account, ID: "001A"}, Name: "Acme"}
		person := crm.Match{Ref: crm.Ref{Kind: crm.PersonAccount, ID: "001P"}, Name: "Pat"}
		r.crm.found = []crm.Match{ann, acme, person}
		got, err := r.s.Lookup(context.Background(), "ada", crm.Account, "ac")
		if err != nil || len(got) != 2 || got[0].ID != "001A" || got[1].ID != "001P" {
			t.Fatalf("got %+v, %v", got, err)
		}
	})
}
