package pop

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"cordboard/internal/agent"
	"cordboard/internal/bus"
	"cordboard/internal/crm"
	"cordboard/internal/desk"
	"cordboard/internal/fault"
	"cordboard/internal/interaction"
	"cordboard/internal/tenant"
)

// SearchLimit is how long a search may take before it counts as failed (MAT-12).
const SearchLimit = 3 * time.Second

// patience is how long an answer may take before the card is told that the search is under way: an answer within it needs
// one commit instead of two.
const patience = 40 * time.Millisecond

// Desk is what pop needs of the desk.
type Desk interface {
	// Annotate changes an interaction by function and tells the agent's console.
	Annotate(ctx context.Context, id, agentID string, fn func(*interaction.Interaction) error) (interaction.Interaction, error)
	One(ctx context.Context, id string) (interaction.Interaction, error)
}

// CRM is what pop asks: as the agent, always.
type CRM interface {
	crm.Finder
	crm.Reader
	crm.Writer
}

// Options are a Service's needs.
type Options struct {
	Desk   Desk
	CRM    CRM
	Config func() *tenant.Config
	Bus    *bus.Bus
	Clock  func() time.Time // default time.Now
	Logger *slog.Logger
}

// Service pops records. Make one with New.
type Service struct {
	Options
	ctx    context.Context
	cancel context.CancelFunc
	stop   func()
	work   sync.WaitGroup

	mu      sync.Mutex
	flights map[flight]*search     // searches under way
	agents  map[string]agent.Agent // who is at work, as last heard: only to guess who is asked next
	cache   prefetched
}

// New makes a service; Start it after the desk.
func New(o Options) *Service {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	ctx, cancel := context.WithCancel(context.Background())
	return &Service{Options: o, ctx: ctx, cancel: cancel, flights: map[flight]*search{}, agents: map[string]agent.Agent{}, cache: prefetched{found: map[asked]answer{}}}
}

// Start listens to the desk, and takes up the pops of interactions that were open when the process stopped (POP-5).
func (s *Service) Start(open []interaction.Interaction) {
	s.stop = bus.Subscribe(s.Bus, s.hear)
	for n := range open {
		i := open[n]
		switch h := i.Current(); {
		case i.Offer != nil:
			s.resume(i, i.Offer.Agent, interaction.EventOffered)
		case h != nil && h.State == interaction.Accepted:
			s.resume(i, h.Agent, interaction.EventOffered, interaction.EventAccepted)
		case h != nil && h.State == interaction.Wrapup:
			s.resume(i, h.Agent, interaction.EventOffered, interaction.EventAccepted, interaction.EventCompleted)
		}
	}
}

// resume takes up what the stop broke off: a search without an answer, or a trigger that was not yet acted upon. came are
// the triggers so far; the latest ticked one counts.
func (s *Service) resume(i interaction.Interaction, agentID string, came ...interaction.EventKind) {
	cfg := s.Config()
	set := &cfg.ScreenPop
	if !Wanted(set, cfg.Users[agentID]) {
		return
	}
	k := came[len(came)-1]
	for _, c := range came {
		if Ticked(set.Triggers, c) {
			k = c
		}
	}
	s.begin(i, agentID, k)
}

// Stop ends the searches under way and waits for them.
func (s *Service) Stop() {
	if s.stop != nil {
		s.stop()
	}
	s.cancel()
	s.work.Wait()
}

// hear follows what was committed. Nothing in it waits.
func (s *Service) hear(c desk.Changed) {
	s.note(c.Agents)
	if c.Interaction == nil {
		return
	}
	for _, e := range c.Events {
		switch e.Kind {
		case interaction.EventQueued:
			if c.Interaction.Offer == nil {
				s.prefetch(*c.Interaction)
			}
		case interaction.EventOffered, interaction.EventAccepted, interaction.EventCompleted:
			s.begin(*c.Interaction, e.Agent, e.Kind)
		case interaction.EventOfferEnd, interaction.EventEnded:
			s.drop(flight{c.Interaction.ID, e.Agent})
		}
	}
}

// begin pops, or prepares to, for one agent on one event.
func (s *Service) begin(i interaction.Interaction, agentID string, k interaction.EventKind) {
	cfg := s.Config()
	set := &cfg.ScreenPop
	if !Wanted(set, cfg.Users[agentID]) {
		return
	}
	ticked := Ticked(set.Triggers, k)
	p := i.PopOf(agentID)
	switch {
	case unanswered(p, k) && !s.flying(flight{i.ID, agentID}):
		if !ticked && set.Triggers == (tenant.Triggers{}) && !set.AutoLog.On {
			return // nothing would ever be shown or logged
		}
		s.search(i, agentID, k)
	case ticked && (p == nil || !p.Shown):
		s.work.Go(func() { s.show(i.ID, agentID, k) })
	}
}

// unanswered reports whether an event finds nothing to show: never searched, or broken off because the offer went away.
// Another offer is also another chance after a search that failed (MAT-12).
func unanswered(p *crm.Pop, k interaction.EventKind) bool {
	return p == nil || p.State == crm.PopSearching || p.State == crm.PopNotSearched && k == interaction.EventOffered
}

// show brings a pop that was prepared earlier to the screen.
func (s *Service) show(id, agentID string, k interaction.EventKind) {
	s.annotate(id, agentID, func(i *interaction.Interaction) error {
		Show(s.popOf(i, agentID), k, s.Clock().UTC()) // while the search is still under way, the card says so
		return nil
	})
}

// popOf is the agent's pop on the interaction; one that was not there is that of a search which has only begun.
func (s *Service) popOf(i *interaction.Interaction, agentID string) *crm.Pop {
	if p := i.Pops[agentID]; p != nil {
		return p
	}
	if i.Pops == nil {
		i.Pops = map[string]*crm.Pop{}
	}
	p := &crm.Pop{State: crm.PopSearching, Key: Keys(i, s.Config().ScreenPop.Withheld)[0]}
	i.Pops[agentID] = p
	return p
}

// write changes the agent's pop, shows it when the event that began it is ticked, and returns it as it was kept; nil when
// it was not. change may still run after write has returned, when we are stopping, so it changes nothing but the pop.
func (s *Service) write(id, agentID string, k interaction.EventKind, change func(*crm.Pop)) *crm.Pop {
	triggers := s.Config().ScreenPop.Triggers
	return s.annotate(id, agentID, func(i *interaction.Interaction) error {
		p := s.popOf(i, agentID)
		change(p)
		if Ticked(triggers, k) {
			Show(p, k, s.Clock().UTC())
		}
		return nil
	})
}

// annotate writes onto the interaction while it is the agent's to see, and returns his pop as it was kept.
func (s *Service) annotate(id, agentID string, fn func(*interaction.Interaction) error) *crm.Pop {
	i, err := s.Desk.Annotate(s.ctx, id, agentID, func(i *interaction.Interaction) error {
		if !Concerns(i, agentID) {
			return errPassed
		}
		return fn(i)
	})
	if err != nil && !fault.Is(err, errPassed.Code) && s.ctx.Err() == nil {
		s.Logger.Warn("pop not kept", "interaction", id, "code", fault.Of(err).Code, "cause", err)
	}
	if err != nil {
		return nil
	}
	return i.PopOf(agentID)
}

var errPassed = fault.New(fault.Gone, "PASSED_ON", "This interaction is no longer yours.")
