package scenario

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"cordboard/internal/agent"
	"cordboard/internal/bus"
	"cordboard/internal/desk"
	"cordboard/internal/desk/desktest"
	"cordboard/internal/fault"
	"cordboard/internal/interaction"
	"cordboard/internal/store"
	"cordboard/internal/store/pgtest"
	"cordboard/internal/tenant"
)

// storm is fifty customers and five agents who do whatever they like, at once and at random, over a store that has
// conflicts and fails now and then; watched through the bus as the rest of the house sees it.
type storm struct {
	t    *testing.T
	w    *World
	wg   sync.WaitGroup
	over chan struct{}

	mu       sync.Mutex
	rnd      *rand.Rand
	versions map[string]int64    // agent → latest Version heard
	heard    map[string][]string // interaction → its events, in order
	state    map[string]int64    // interaction → latest Version heard
}

func (s *storm) chance(percent int) bool { return s.upTo(100) < percent }
func (s *storm) upTo(n int) int          { s.mu.Lock(); defer s.mu.Unlock(); return s.rnd.IntN(n) }
func (s *storm) pause(most time.Duration) {
	time.Sleep(time.Duration(s.upTo(int(most/time.Millisecond))) * time.Millisecond) // virtual
}

// hear checks what must hold at every commit.
func (s *storm) hear(c desk.Changed) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range c.Agents {
		if a.Offer != nil && len(a.Handling) > 0 {
			s.t.Errorf("%s is asked while he handles %v", a.ID, a.Handling)
		}
		if len(a.Handling) > 1 {
			s.t.Errorf("%s handles two: %v", a.ID, a.Handling)
		}
		s.versions[a.ID] = max(s.versions[a.ID], a.Version)
	}
	i := c.Interaction
	if i == nil {
		return
	}
	if i.Version <= s.state[i.ID] {
		s.t.Errorf("%s: version %d after %d", i.Ref, i.Version, s.state[i.ID])
	}
	s.state[i.ID] = i.Version
	for _, e := range c.Events {
		s.heard[i.Ref] = append(s.heard[i.Ref], fmt.Sprintf("%s %d %d", e.Kind, e.Offer, e.Handling))
		if e.Kind == interaction.EventOffered {
			s.wg.Go(func() { s.agent(i.ID, e.Agent, e.Offer) })
		}
	}
}

// agent is what an agent does with an offer.
func (s *storm) agent(id, agentID string, offer int) {
	d, ctx := s.w.Desk, s.w.ctx
	signal := func(k interaction.SignalKind) {
		_ = d.Signal(ctx, id, interaction.Signal{Kind: k, Agent: agentID, Offer: offer})
	}
	command := func(sg interaction.Signal) error {
		_, err := d.Command(ctx, agentID, id, sg)
		return err
	}
	s.pause(12 * time.Second)
	switch n := s.upTo(10); {
	case n < 4:
		if err := command(interaction.Signal{Kind: interaction.Accept, Offer: offer}); fault.KindOf(err) == fault.Conflict {
			return
		}
	case n < 7:
		signal(interaction.AgentAnswered)
		if s.chance(50) {
			signal(interaction.AgentAnswered)
		}
	case n < 8:
		_ = command(interaction.Signal{Kind: interaction.Reject, Offer: offer})
		return
	case n < 9:
		signal(interaction.AgentUnreachable)
		return
	default:
		return // misses it
	}
	s.pause(20 * time.Second)
	_ = command(interaction.Signal{Kind: interaction.Write, Edits: &interaction.Edits{Notes: "n"}})
	switch n := s.upTo(10); {
	case n < 5:
		_ = command(interaction.Signal{Kind: interaction.End})
	case n < 8:
		_ = d.Signal(ctx, id, interaction.Signal{Kind: interaction.CustomerLeft})
	case n < 9:
		signal(interaction.AgentLost)
		signal(interaction.AgentLost)
	default:
		signal(interaction.AgentEnded)
	}
	s.pause(3 * time.Second)
	if s.chance(40) {
		_ = command(interaction.Signal{Kind: interaction.EndWrapup})
	}
}

func (s *storm) customer(n int) {
	s.pause(2 * time.Minute)
	a := interaction.Arrival{Ref: fmt.Sprint("c", n), Medium: interaction.Phone, Channel: 1, ANI: "+14155551212"}
	var first string
	for first == "" || s.chance(20) { // says it again when it was not heard, and sometimes anyhow
		i, err := s.w.Desk.Arrive(s.w.ctx, a)
		switch {
		case err != nil:
			s.pause(time.Second)
		case first != "" && i.ID != first:
			s.t.Errorf("%s is %s and %s", a.Ref, first, i.ID)
		default:
			first = i.ID
		}
	}
	s.pause(40 * time.Second)
	if s.chance(25) {
		_ = s.w.Desk.Signal(s.w.ctx, first, interaction.Signal{Kind: interaction.CustomerLeft})
	}
}

// back keeps an agent coming back to work, signing out now and then.
func (s *storm) back(id string) {
	for {
		select {
		case <-s.over:
			return
		case <-time.After(time.Duration(500+s.upTo(3000)) * time.Millisecond):
		}
		if s.chance(5) {
			_, _ = s.w.Desk.SignOut(s.w.ctx, id, agent.ReasonExpired)
			_, _ = s.w.Desk.SignIn(s.w.ctx, id)
		}
		_, _ = s.w.Desk.SetStatus(s.w.ctx, id, agent.Available, id)
	}
}

func TestStorm(t *testing.T) {
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			weather(t, seed, func(s *storm) func(*testing.T) desk.Store {
				return func(*testing.T) desk.Store {
					return &desktest.Store{Conflict: func() bool { return s.chance(10) }, Fail: s.fail}
				}
			})
		})
	}
	t.Run("sqlite", func(t *testing.T) {
		weather(t, 99, func(*storm) func(*testing.T) desk.Store { return sqlite })
	})
	t.Run("postgresql", func(t *testing.T) {
		url := pgtest.URL(t) // before the bubble: the server outlives it
		weather(t, 100, func(*storm) func(*testing.T) desk.Store {
			return func(t *testing.T) desk.Store { return tenantOf(t, store.Options{DatabaseURL: url}) }
		})
	})
}

// fail lets two changes in a hundred fail, once the storm has begun.
func (s *storm) fail() error {
	if s.over != nil && s.chance(2) {
		return fault.New(fault.Unavailable, "DOWN", "The database does not answer.")
	}
	return nil
}

func weather(t *testing.T, seed uint64, open func(*storm) func(*testing.T) desk.Store) {
	s := &storm{t: t, rnd: rand.New(rand.NewPCG(seed, 1)),
		versions: map[string]int64{}, heard: map[string][]string{}, state: map[string]int64{}}
	agents := []string{"ada", "ben", "cy", "dee", "eve"}
	Play(t, Options{Agents: agents, Store: open(s), Settings: func(c *tenant.Config) {
		c.Profile.AllowReject = true
		q := c.Queues[1]
		q.WrapupSeconds = 5
		c.Queues[1] = q
	}}, func(w *World) {
		s.w, s.over = w, make(chan struct{})
		stop := bus.Subscribe(w.Bus, s.hear)
		for n := range 50 {
			s.wg.Go(func() { s.customer(n) })
		}
		var back sync.WaitGroup
		for _, id := range agents {
			back.Go(func() { s.back(id) })
		}
		w.At("30m")
		close(s.over)
		s.wg.Wait()
		back.Wait()
		stop()
		s.check()
	})
}

// check is what must be true when the storm is over.
func (s *storm) check() {
	promised := map[string]bool{}
	for _, l := range s.w.Logs() {
		promised[fmt.Sprintf("%s/%d", l.Of, l.Handling)] = true
	}
	if len(s.state) != 50 {
		s.t.Errorf("%d interactions", len(s.state))
	}
	handlings := 0
	for id := range s.state {
		i, err := s.w.Store.One(s.w.ctx, id)
		if err != nil {
			s.t.Fatal(err)
		}
		if !i.State.Final() {
			b, _ := json.Marshal(i)
			s.t.Errorf("%s hangs: %s\n%v", i.Ref, b, s.heard[i.Ref])
		}
		seen := map[string]int{}
		for _, e := range s.heard[i.Ref] {
			if seen[e]++; seen[e] > 1 && !strings.HasPrefix(e, "changed") {
				s.t.Errorf("%s: %q %d times", i.Ref, e, seen[e])
			}
		}
		for _, h := range i.Handling {
			handlings++
			if !promised[fmt.Sprintf("%s/%d", i.Ref, h.Number)] {
				s.t.Errorf("%s: handling %d is not promised", i.Ref, h.Number)
			}
			for _, k := range []interaction.EventKind{interaction.EventCompleted, interaction.EventClosed} {
				if seen[fmt.Sprintf("%s 0 %d", k, h.Number)] != 1 {
					s.t.Errorf("%s: handling %d: %s not once: %v", i.Ref, h.Number, k, s.heard[i.Ref])
				}
			}
			if seen[fmt.Sprintf("accepted %d %d", 0, h.Number)] > 0 || h.AcceptedAt.Before(h.OfferedAt) || h.CompletedAt.Before(h.AcceptedAt) || h.ClosedAt.Before(h.CompletedAt) {
				s.t.Errorf("%s: %+v", i.Ref, h)
			}
		}
	}
	if handlings != len(promised) || handlings < 20 {
		s.t.Errorf("%d handlings, %d promises", handlings, len(promised))
	}
	list, _ := s.w.Store.Agents(s.w.ctx)
	for _, a := range list {
		if a.Offer != nil || len(a.Handling) > 0 || a.Version < s.versions[a.ID] {
			s.t.Errorf("%s is left with %+v", a.ID, a)
		}
	}
}
