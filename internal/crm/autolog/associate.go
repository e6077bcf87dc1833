package autolog

import (
	"cordboard/internal/crm"
	"cordboard/internal/tenant"
)

// Choice is what was known of the customer's record when the handling closed (LOG-21).
type Choice struct {
	Match       *crm.Match `json:"match,omitempty"` // the chosen match; nil = none
	NotSearched bool       `json:"notSearched,omitempty"`
}

// ChoiceOf reads the choice off an agent's pop: only a search that succeeded says "none" (MAT-12).
func ChoiceOf(p *crm.Pop) Choice {
	if p == nil || p.State == crm.PopSearching || p.State == crm.PopNotSearched {
		if m, ok := p.ChosenMatch(); ok {
			return Choice{Match: &m}
		}
		return Choice{NotSearched: true}
	}
	if m, ok := p.ChosenMatch(); ok {
		return Choice{Match: &m}
	}
	return Choice{}
}

// Association is whom and what an entry is related to, and in words why not when it stands alone.
type Association struct {
	Who, What crm.Ref
	Why       string
}

// StandAlone reports whether the entry is related to nothing.
func (a Association) StandAlone() bool { return a.Who.Zero() && a.What.Zero() }

// Associate applies the inbound rows of LOG-8.
func Associate(m *crm.Match, o tenant.AutoLog) Association {
	if m == nil {
		return Association{Why: "No record was chosen."}
	}
	contact := func(id string) crm.Ref {
		if id == "" {
			return crm.Ref{}
		}
		return crm.Ref{Kind: crm.Contact, ID: id}
	}
	switch m.Kind {
	case crm.Contact:
		switch {
		case m.AccountID != "":
			return Association{Who: m.Ref, What: crm.Ref{Kind: crm.Account, ID: m.AccountID}}
		case o.ContactsWithoutCompany:
			return Association{Who: m.Ref}
		}
		return Association{Why: "The contact has no company, so the log stands alone."}
	case crm.Lead:
		return Association{Who: m.Ref} // a Lead permits no WhatId
	case crm.PersonAccount:
		return Association{Who: contact(m.ContactID), What: crm.Ref{Kind: crm.Account, ID: m.ID}}
	case crm.Account:
		return Association{What: m.Ref}
	case crm.Case:
		return Association{Who: contact(m.ContactID), What: m.Ref}
	}
	return Association{Why: "Logs cannot be related to a record of this kind."}
}
