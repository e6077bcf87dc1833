package pop

import (
	"context"
	"time"

	"cordboard/internal/crm"
	"cordboard/internal/fault"
	"cordboard/internal/interaction"
)

// flight names a search: for which interaction, as which agent.
type flight struct{ interaction, agent string }

// search is one search under way. It has an identity: one that was overtaken must not take the later one off the map.
type search struct{ cancel context.CancelFunc }

// search asks the CRM as the agent and writes the outcome onto the interaction: the matches first, the chosen one's
// details when they come.
func (s *Service) search(i interaction.Interaction, agentID string, k interaction.EventKind) {
	f := flight{i.ID, agentID}
	ctx, cancel := context.WithCancel(s.ctx)
	s.mu.Lock()
	if old := s.flights[f]; old != nil {
		old.cancel()
	}
	own := &search{cancel}
	s.flights[f] = own
	s.mu.Unlock()
	s.work.Go(func() {
		defer s.land(f, own)
		set := s.Config().ScreenPop
		keys := Keys(&i, set.Withheld)
		type outcome struct {
			key   crm.Key
			found crm.Found
			err   error
		}
		done := make(chan outcome, 1)
		go func() {
			key, found, err := s.find(ctx, agentID, keys)
			done <- outcome{key, found, err}
		}()
		var o outcome
		wait := time.NewTimer(patience)
		defer wait.Stop()
		select {
		case o = <-done:
		case <-wait.C:
			s.write(i.ID, agentID, k, func(p *crm.Pop) { p.Key, p.State = keys[0], crm.PopSearching })
			o = <-done
		}
		if ctx.Err() != nil {
			return // the agent lost it, or we are stopping: taken up again at the next start
		}
		if o.err != nil {
			s.write(i.ID, agentID, k, func(p *crm.Pop) { p.Key = o.key; Miss(p, o.err, s.Clock().UTC()) })
			return
		}
		p := s.write(i.ID, agentID, k, func(p *crm.Pop) {
			p.Key = o.key
			if o.key.Refusal != "" {
				Refuse(p, FormKind(i.Medium, &set))
				return
			}
			Fill(p, o.found, FormKind(i.Medium, &set), s.Clock().UTC())
		})
		if p != nil && p.Details == nil && !p.Chosen.Zero() {
			s.details(ctx, i.ID, agentID, p.Chosen)
		}
	})
}

// find tries the keys in order until one finds something (MAT-1), within the limit. Only the last key that was really
// asked counts: an earlier one that found nothing is no match, one that failed is a failure.
func (s *Service) find(ctx context.Context, agentID string, keys []crm.Key) (crm.Key, crm.Found, error) {
	ctx, cancel := context.WithTimeout(ctx, SearchLimit)
	defer cancel()
	last, found := keys[0], crm.Found{}
	for _, key := range keys {
		if key.Refusal != "" {
			continue
		}
		f, err := s.ask(ctx, agentID, key)
		if err != nil {
			if ctx.Err() == context.DeadlineExceeded {
				err = fault.New(fault.Unavailable, "CRM_SLOW", "no answer within 3 seconds. The call goes on, and the log will be related when Salesforce answers.").With(err)
			}
			return key, crm.Found{}, err
		}
		last, found = key, f
		if len(f.Matches) > 0 {
			break
		}
	}
	return last, found, nil
}

// details reads the chosen record as the agent and shows it. A record that cannot be read leaves the table as it is.
func (s *Service) details(ctx context.Context, id, agentID string, ref crm.Ref) {
	ctx, cancel := context.WithTimeout(ctx, SearchLimit)
	defer cancel()
	rec, err := s.CRM.Read(ctx, agentID, ref)
	if err != nil {
		s.Logger.Info("details not read", "interaction", id, "kind", ref.Kind, "code", fault.Of(err).Code)
		return
	}
	s.annotate(id, agentID, func(i *interaction.Interaction) error {
		if p := i.Pops[agentID]; p != nil && p.Chosen == ref {
			p.Details = &rec
		}
		return nil
	})
}

func (s *Service) flying(f flight) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.flights[f] != nil
}

// drop ends the search under way, if there is one.
func (s *Service) drop(f flight) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if x := s.flights[f]; x != nil {
		x.cancel()
		delete(s.flights, f)
	}
}

// land takes a search that has ended off the map, unless another has taken its place.
func (s *Service) land(f flight, own *search) {
	own.cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flights[f] == own {
		delete(s.flights, f)
	}
}
