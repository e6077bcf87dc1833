package pop

import (
	"context"

	"cordboard/internal/crm"
	"cordboard/internal/fault"
	"cordboard/internal/interaction"
)

// SearchAgain searches anew on the agent's wish (MAT-12) and returns the interaction as it is when the search has begun.
func (s *Service) SearchAgain(ctx context.Context, agentID, id string) (interaction.Interaction, error) {
	i, err := s.mine(ctx, agentID, id, func(i *interaction.Interaction) error {
		p := s.popOf(i, agentID)
		p.State, p.Reason, p.ReasonCode = crm.PopSearching, "", ""
		Show(p, interaction.EventChanged, s.Clock().UTC())
		return nil
	})
	if err != nil {
		return i, err
	}
	s.search(i, agentID, interaction.EventChanged)
	return i, nil
}

// Choose makes another of the shown records the chosen match (POP-8) and fetches its details.
func (s *Service) Choose(ctx context.Context, agentID, id string, ref crm.Ref) (interaction.Interaction, error) {
	i, err := s.mine(ctx, agentID, id, func(i *interaction.Interaction) error {
		p := i.Pops[agentID]
		if p == nil {
			return fault.New(fault.NotFound, "NO_SUCH_MATCH", "Nothing has been found for this interaction yet.")
		}
		return Choose(p, ref)
	})
	if err == nil && i.PopOf(agentID).Details == nil {
		s.work.Go(func() { s.details(s.ctx, id, agentID, ref) })
	}
	return i, err
}

// Form is a blank record, prefilled from the interaction (POP-10, POP-11).
func (s *Service) Form(ctx context.Context, agentID, id string, kind crm.Kind) (crm.Form, error) {
	i, err := s.Desk.One(ctx, id)
	if err != nil {
		return crm.Form{}, err
	}
	if !Concerns(&i, agentID) {
		return crm.Form{}, errPassed
	}
	f, err := s.CRM.Form(ctx, agentID, kind)
	if err != nil {
		return f, err
	}
	Prefill(&f, &i, Keys(&i, s.Config().ScreenPop.Withheld)[0])
	return f, nil
}

// Create makes the record as the agent's user and makes it the chosen match (POP-12).
func (s *Service) Create(ctx context.Context, agentID, id string, kind crm.Kind, values map[string]string, saveDuplicate bool) (interaction.Interaction, error) {
	// Asked before writing: a record must not be made for someone who may no longer relate it.
	if _, err := s.mine(ctx, agentID, id, func(*interaction.Interaction) error { return nil }); err != nil {
		return interaction.Interaction{}, err
	}
	ref, err := s.CRM.Create(ctx, agentID, kind, values, saveDuplicate)
	if err != nil {
		return interaction.Interaction{}, err
	}
	m := crm.Match{Ref: ref, Name: nameOf(kind, values), Company: values["Company"], MatchedOn: "Created now", Exact: true, AccountID: values["AccountId"]}
	rec, rerr := s.CRM.Read(ctx, agentID, ref)
	if rerr == nil {
		m.Name, m.Company, m.AccountID, m.ContactID, m.URL = rec.Name, rec.Company, rec.AccountID, rec.ContactID, rec.URL
	}
	return s.mine(ctx, agentID, id, func(i *interaction.Interaction) error {
		p := s.popOf(i, agentID)
		Adopt(p, m)
		p.Details = nil
		if rerr == nil {
			p.Details = &rec
		}
		Show(p, interaction.EventChanged, s.Clock().UTC())
		return nil
	})
}

// Lookup finds records of one kind by the agent's own words, for a field of a blank record that points at one.
func (s *Service) Lookup(ctx context.Context, agentID string, kind crm.Kind, words string) ([]crm.Match, error) {
	ctx, cancel := context.WithTimeout(ctx, SearchLimit)
	defer cancel()
	found, err := s.CRM.Find(ctx, agentID, crm.Key{By: crm.ByText, Value: words})
	if err != nil {
		return nil, err
	}
	out := []crm.Match{}
	for _, m := range found.Matches {
		if m.Kind == kind || kind == crm.Account && m.Kind == crm.PersonAccount {
			out = append(out, m)
		}
	}
	return out, nil
}

func nameOf(kind crm.Kind, v map[string]string) string {
	switch kind {
	case crm.Account:
		return v["Name"]
	case crm.Case:
		return v["Subject"]
	}
	if v["FirstName"] == "" {
		return v["LastName"]
	}
	return v["FirstName"] + " " + v["LastName"]
}

// mine changes the interaction by function if it is this agent's and his handling is not closed: a change counts until
// wrap-up ends (LOG-10).
func (s *Service) mine(ctx context.Context, agentID, id string, fn func(*interaction.Interaction) error) (interaction.Interaction, error) {
	return s.Desk.Annotate(ctx, id, agentID, func(i *interaction.Interaction) error {
		if !Concerns(i, agentID) {
			return errPassed
		}
		if h := i.Current(); h != nil && h.Agent == agentID && h.State == interaction.Closed {
			return fault.New(fault.Gone, "WRAPUP_ENDED", "Wrap-up has ended, and the log is on its way with what was chosen then.")
		}
		return fn(i)
	})
}
