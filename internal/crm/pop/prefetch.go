package pop

import (
	"context"
	"slices"
	"sync"
	"time"

	"cordboard/internal/agent"
	"cordboard/internal/crm"
	"cordboard/internal/interaction"
)

// prefetchFor is how many agents' views of a waiting customer are fetched ahead (DESIGN §5), and keepFor how long such an
// answer is good: short enough that a record made meanwhile is missed for no longer than a greeting takes.
const (
	prefetchFor = 3
	keepFor     = 30 * time.Second
)

type asked struct {
	agent string
	by    crm.KeyBy
	value string
}

type answer struct {
	found crm.Found
	at    time.Time
}

type prefetched struct {
	mu    sync.Mutex
	found map[asked]answer
}

// take returns and forgets a fresh answer.
func (c *prefetched) take(k asked, now time.Time) (crm.Found, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a, ok := c.found[k]
	delete(c.found, k)
	return a.found, ok && now.Sub(a.at) <= keepFor
}

func (c *prefetched) put(k asked, f crm.Found, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for o, a := range c.found {
		if now.Sub(a.at) > keepFor {
			delete(c.found, o)
		}
	}
	c.found[k] = answer{f, now}
}

// ask answers from what was fetched ahead, else from the CRM.
func (s *Service) ask(ctx context.Context, agentID string, key crm.Key) (crm.Found, error) {
	if f, ok := s.cache.take(asked{agentID, key.By, key.Value}, s.Clock()); ok {
		return f, nil
	}
	return s.CRM.Find(ctx, agentID, key)
}

// prefetch asks ahead, for a customer who must wait, as the agents of his queue who are likely to be next: a search takes
// a WAN round trip that need not be paid when the telephone rings. Faults are left to the real search.
func (s *Service) prefetch(i interaction.Interaction) {
	cfg := s.Config()
	keys := Keys(&i, cfg.ScreenPop.Withheld)
	if keys[0].Refusal != "" {
		return
	}
	n := 0
	for _, id := range s.likely() {
		u := cfg.Users[id]
		if _, member := u.Queues[i.Queue]; !member || !Wanted(&cfg.ScreenPop, u) {
			continue
		}
		if n++; n > prefetchFor {
			return
		}
		s.work.Go(func() {
			ctx, cancel := context.WithTimeout(s.ctx, SearchLimit)
			defer cancel()
			if f, err := s.CRM.Find(ctx, id, keys[0]); err == nil {
				s.cache.put(asked{id, keys[0].By, keys[0].Value}, f, s.Clock())
			}
		})
	}
}

// likely lists the agents who may be asked soon, longest idle first: at work, and not on a break.
func (s *Service) likely() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var at []agent.Agent
	for _, a := range s.agents {
		switch a.Status {
		case agent.Available, agent.Busy, agent.WrapUp:
			at = append(at, a)
		}
	}
	slices.SortFunc(at, func(a, b agent.Agent) int { return a.IdleSince.Compare(b.IdleSince) })
	ids := make([]string, len(at))
	for n, a := range at {
		ids[n] = a.ID
	}
	return ids
}

// note remembers who is at work, from what the desk says.
func (s *Service) note(agents []agent.Agent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range agents {
		if a.Version >= s.agents[a.ID].Version {
			s.agents[a.ID] = a
		}
	}
}
