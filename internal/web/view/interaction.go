package view

import (
	"encoding/json"
	"slices"
	"time"

	"cordboard/internal/crm"
	"cordboard/internal/crm/autolog"
	"cordboard/internal/crm/pop"
	"cordboard/internal/delivery"
	"cordboard/internal/interaction"
	"cordboard/internal/number"
	"cordboard/internal/tenant"
)

// Drafts composes what a handling's log would say now. autolog.AutoLog is one.
type Drafts interface {
	Draft(i *interaction.Interaction, h *interaction.Handling) (crm.Entry, autolog.Association)
}

// Facts are what an interaction is shown with.
type Facts struct {
	Config     *tenant.Config
	At         time.Time
	Muted      bool
	Drafts     Drafts              // nil: no drafts
	Deliveries []delivery.Delivery // of this interaction and agent; may hold others, which are left out
}

// Of is the interaction as the agent sees it; false when it was never put to him.
func Of(i *interaction.Interaction, agentID string, f Facts) (Interaction, bool) {
	h := handlingOf(i, agentID)
	role, ok := roleOf(i, h, agentID)
	if !ok {
		return Interaction{}, false
	}
	c := f.Config
	region := i.Region
	if region == "" {
		region = c.Profile.Region
	}
	v := Interaction{
		ID: i.ID, Transaction: i.Transaction, Medium: i.Medium, State: i.State, Role: role,
		ANI: i.ANI, ANIDisplay: number.Display(i.ANI, region), Name: i.Name,
		DNIS: i.DNIS, DNISDisplay: number.Display(i.DNIS, region), Email: i.Email, CaseNumber: i.CaseNumber,
		Queue: i.QueueName, Channel: i.ChannelName,
		CreatedAt: utc(i.CreatedAt), QueuedAt: utc(i.QueuedAt), WaitSeconds: i.WaitSeconds(f.At),
		CodeLists: []int64{}, WrapupSeconds: i.WrapupSeconds, Version: i.Version,
	}
	if role == RoleDone {
		v.State = interaction.Closed
	}
	if i.Medium == interaction.Phone || i.Medium == interaction.Voicemail {
		if v.Withheld = number.Withheld(i.ANI, c.ScreenPop.Withheld); v.Withheld {
			v.ANIDisplay = "Number withheld"
		}
	}
	for _, l := range c.CodeListsOf(i.Queue) {
		v.CodeLists = append(v.CodeLists, l.ID)
	}
	if role == RoleOffered {
		v.Offer = &Offer{Number: i.Offer.Number, At: utc(i.Offer.At), Deadline: utc(i.Offer.Deadline),
			ByDevice: i.Medium == interaction.Phone && c.Users[agentID].Endpoint == tenant.EndpointSIP}
	}
	p := i.PopOf(agentID)
	v.Pop = popOf(p, role)
	v.Title = title(&v)
	if h != nil {
		v.Handling = handling(h)
		v.Muted = f.Muted && h.State == interaction.Accepted
		v.Draft = draft(i, h, p, f)
		v.Log = logOf(i, h, f)
	}
	return v, true
}

// handlingOf is the agent's latest handling, or nil.
func handlingOf(i *interaction.Interaction, agentID string) *interaction.Handling {
	for n := len(i.Handling) - 1; n >= 0; n-- {
		if i.Handling[n].Agent == agentID {
			return &i.Handling[n]
		}
	}
	return nil
}

// Concerns reports whether the interaction was ever put to the agent.
func Concerns(i *interaction.Interaction, agentID string) bool {
	_, ok := roleOf(i, handlingOf(i, agentID), agentID)
	return ok
}

func roleOf(i *interaction.Interaction, h *interaction.Handling, agentID string) (Role, bool) {
	switch {
	case i.Offer != nil && i.Offer.Agent == agentID:
		return RoleOffered, true
	case h != nil && h.State != interaction.Closed:
		return RoleHandling, true
	case h != nil:
		return RoleDone, true
	case !slices.Contains(i.Asked, agentID):
		return "", false
	case i.State == interaction.Abandoned && i.Asked[len(i.Asked)-1] == agentID:
		return RoleLeft, true
	}
	return RolePassed, true
}

// title is the best name for the row: the chosen record's, else the name that came with it, else the number.
func title(v *Interaction) string {
	if v.Pop != nil {
		for _, m := range v.Pop.Matches {
			if m.Ref == v.Pop.Chosen && m.Name != "" {
				return m.Name
			}
		}
	}
	return Title(v.Name, v.ANIDisplay, v.Email)
}

// Title is the first of the texts that says something.
func Title(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return "Unknown customer"
}

// popOf shows a pop once a ticked trigger brought it up, and afterwards that it is over (POP-1, POP-4).
func popOf(p *crm.Pop, role Role) *Pop {
	if p == nil || !p.Shown {
		return nil
	}
	v := &Pop{
		Key: p.Key, State: p.State, Matches: notNil(p.Matches), More: p.More, Chosen: p.Chosen, ChosenBy: p.ChosenBy,
		FormKind: p.FormKind, Reason: p.Reason, ReasonCode: p.ReasonCode, As: p.As, Source: p.Source, TookMS: p.TookMS,
		Shown: p.Shown, ShownAt: utc(p.ShownAt), Trigger: p.Trigger, Over: p.Over, Message: pop.Sentence(p),
	}
	if v.Over == "" && role == RolePassed {
		v.Over = "passed"
	}
	if v.Over == "" && role == RoleLeft {
		v.Over = "left"
	}
	switch v.Over {
	case "passed":
		v.Message = "Passed to another agent."
	case "left":
		v.Message = "Customer left."
	}
	if d := p.Details; d != nil {
		c := *d
		c.Fields, c.Cases, c.Activities = notNil(c.Fields), notNil(c.Cases), notNil(c.Activities)
		v.Details = &c
	}
	return v
}

func handling(h *interaction.Handling) *Handling {
	return &Handling{
		Number: h.Number, State: h.State, AcceptedAt: utc(h.AcceptedAt), CompletedAt: utc(h.CompletedAt), ClosedAt: utc(h.ClosedAt),
		WrapupUntil: utc(h.WrapupUntil), Stopped: h.Stopped, CodesNeeded: h.CodesNeeded, CodesMissing: h.CodesMissing,
		Codes: notNil(h.Codes), EndedBy: h.EndedBy, Reason: h.Reason, TalkSeconds: h.TalkSeconds(),
		Subject: h.Edits.Subject, Notes: h.Edits.Notes, Who: h.Edits.Who, What: h.Edits.What,
	}
}

func draft(i *interaction.Interaction, h *interaction.Handling, p *crm.Pop, f Facts) *Draft {
	if f.Drafts == nil {
		return nil
	}
	if _, ok := autolog.Wanted(&f.Config.ScreenPop, f.Config.Users[h.Agent], i.Medium); !ok {
		return nil
	}
	e, a := f.Drafts.Draft(i, h)
	d := &Draft{Subject: e.Subject, Description: e.Description, Disposition: e.Disposition, StandAlone: a.StandAlone(), Why: a.Why}
	if !e.Who.Zero() {
		m := matchOf(e.Who, p)
		d.Who = &m
	}
	if !e.What.Zero() {
		d.What = &Named{Ref: e.What, Name: nameOf(e.What, p)}
	}
	return d
}

// matchOf is the shown match that a reference means; a bare one when it is none of them.
func matchOf(r crm.Ref, p *crm.Pop) crm.Match {
	if p != nil {
		for _, m := range p.Matches {
			if m.Ref == r {
				return m
			}
		}
	}
	return crm.Match{Ref: r, Name: nameOf(r, p)}
}

// nameOf is a record's name as far as this agent was shown it.
func nameOf(r crm.Ref, p *crm.Pop) string {
	if p == nil {
		return ""
	}
	for _, m := range p.Matches {
		switch r.ID {
		case m.ID:
			return m.Name
		case m.AccountID:
			return m.Company
		}
	}
	if d := p.Details; d != nil {
		for _, l := range d.Cases {
			if l.Ref == r {
				return l.Title
			}
		}
	}
	return ""
}

// logOf says what has become of a closed handling's log; nil while it is open.
func logOf(i *interaction.Interaction, h *interaction.Handling, f Facts) *Log {
	if h.State != interaction.Closed {
		return nil
	}
	for _, d := range f.Deliveries {
		if d.Interaction != i.ID || d.Handling != h.Number || d.Agent != h.Agent {
			continue
		}
		l := &Log{State: string(d.State), Key: d.Key, Code: d.Code, Reason: d.Reason, Tries: d.Tries, Next: utc(d.Next)}
		var r crm.Logged
		if len(d.Result) > 0 && json.Unmarshal(d.Result, &r) == nil {
			l.URL, l.RecordID, l.Adjusted = r.URL, r.Ref.ID, r.Adjusted
		}
		return l
	}
	return &Log{State: "none", Reason: h.NoLog} // as it was decided when it closed (LOG-19)
}

// utc is a time as the contract wants it: UTC, milliseconds.
func utc(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC().Truncate(time.Millisecond)
}

func notNil[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
