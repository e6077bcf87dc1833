package pop

import (
	"time"

	"cordboard/internal/crm"
	"cordboard/internal/fault"
	"cordboard/internal/interaction"
	"cordboard/internal/tenant"
)

// Wanted reports whether anything is to be looked for on behalf of this agent: screen pop is on, the target is one that
// searches, and he has a seat (POP-1).
func Wanted(s *tenant.ScreenPop, u tenant.User) bool {
	return s.Enabled && s.Target == "salesforce" && u.Seat && !u.Inactive
}

// Ticked reports whether an event is a ticked trigger (POP-1).
func Ticked(t tenant.Triggers, k interaction.EventKind) bool {
	switch k {
	case interaction.EventOffered:
		return t.Offered
	case interaction.EventAccepted:
		return t.Accepted
	case interaction.EventCompleted:
		return t.Completed
	}
	return false
}

// Concerns reports whether the interaction is still this agent's to see: offered to him, or in his hands. What is found
// for anyone else is thrown away.
func Concerns(i *interaction.Interaction, agentID string) bool {
	if i.Offer != nil && i.Offer.Agent == agentID {
		return true
	}
	h := i.Current()
	return h != nil && h.Agent == agentID
}

// Show marks a pop as on the agent's screen by a trigger, once (POP-3): later triggers leave it as it is.
func Show(p *crm.Pop, trigger interaction.EventKind, at time.Time) {
	if p.Shown {
		return
	}
	p.Shown, p.Trigger, p.ShownAt = true, string(trigger), at
}

// Fill puts the answer of a search into a pop and chooses as MAT-10 and POP-8 say: the first exact match. A choice that
// the agent made himself stays.
func Fill(p *crm.Pop, f crm.Found, form crm.Kind, at time.Time) {
	p.Matches, p.More, p.As, p.Source, p.SearchedAt = f.Matches, f.More, f.As, f.Source, at
	p.TookMS = float64(f.Took.Microseconds()) / 1000
	p.Reason, p.ReasonCode, p.FormKind = "", "", ""
	if p.ChosenBy == "agent" || p.ChosenBy == "created" {
		if _, ok := p.ChosenMatch(); ok {
			p.State = crm.PopFound
			return
		}
	}
	p.Chosen, p.ChosenBy, p.Details = crm.Ref{}, "", nil
	for _, m := range f.Matches {
		if m.Exact {
			p.State, p.Chosen, p.ChosenBy = crm.PopFound, m.Ref, "first"
			return
		}
	}
	p.State, p.FormKind = crm.PopNone, form
}

// Refuse makes a pop of a key that is not searched on purpose: a banner and the blank form without the number (POP-13).
func Refuse(p *crm.Pop, form crm.Kind) {
	p.State, p.FormKind = crm.PopRefused, form
}

// Miss makes a pop of a search that failed: the reason, no form, Search again (MAT-12).
func Miss(p *crm.Pop, err error, at time.Time) {
	f := fault.Of(err)
	p.State, p.Reason, p.ReasonCode, p.SearchedAt, p.FormKind = crm.PopNotSearched, f.Message, f.Code, at, ""
}

// FormKind is the first form for an interaction without a match (POP-10).
func FormKind(m interaction.Medium, s *tenant.ScreenPop) crm.Kind {
	switch m {
	case interaction.Chat:
		return crm.Case
	case interaction.Email:
		return crm.Contact
	}
	if s.NoMatchForm != "" {
		return s.NoMatchForm
	}
	return crm.Contact
}

// Choose makes one of the found records the chosen match (POP-8, LOG-10).
func Choose(p *crm.Pop, ref crm.Ref) error {
	for _, m := range p.Matches {
		if m.Ref == ref {
			if p.Chosen != ref {
				p.Chosen, p.ChosenBy, p.Details = ref, "agent", nil
			}
			p.State = crm.PopFound
			return nil
		}
	}
	return fault.New(fault.NotFound, "NO_SUCH_MATCH", "That record is not among the matches. Search again and choose one that is shown.")
}

// Adopt makes a record that the agent created the chosen match (POP-12); it stands first.
func Adopt(p *crm.Pop, m crm.Match) {
	rest := make([]crm.Match, 0, len(p.Matches)+1)
	rest = append(rest, m)
	for _, o := range p.Matches {
		if o.Ref != m.Ref {
			rest = append(rest, o)
		}
	}
	p.Matches, p.Chosen, p.ChosenBy, p.State, p.FormKind = rest, m.Ref, "created", crm.PopFound, ""
}

// Sentence says a pop's state in words for people; "" where the record speaks for itself.
func Sentence(p *crm.Pop) string {
	switch p.State {
	case crm.PopSearching:
		return "Looking for the customer in Salesforce…"
	case crm.PopNotSearched:
		return "CRM not reached: " + p.Reason
	case crm.PopNone:
		return "No record matches " + p.Key.Value + "."
	case crm.PopRefused:
		switch p.Key.Refusal {
		case crm.Withheld:
			return "No match: number withheld."
		case crm.ShortNumber:
			return "No match: internal or short number."
		case crm.NotEmail:
			return "No match: not an email address."
		case crm.NotCase:
			return "No match: not a case number."
		}
		return "No match: nothing to search by."
	}
	return ""
}
