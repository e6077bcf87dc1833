package autolog

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"cordboard/internal/crm"
	"cordboard/internal/crm/pop"
	"cordboard/internal/delivery"
	"cordboard/internal/desk"
	"cordboard/internal/fault"
	"cordboard/internal/interaction"
	"cordboard/internal/tenant"
)

// Kind is the delivery kind of an auto log.
const Kind = "autolog"

// intent is what a closing transaction stores (LOG-21): which handling, what was chosen, by which settings.
type intent struct {
	Choice   Choice `json:"choice"`
	Settings int64  `json:"settings"` // version of the Screen Pop document
}

// Options are what auto logs need.
type Options struct {
	Config func() *tenant.Config
	// Interaction reads one as it is.
	Interaction func(ctx context.Context, id string) (interaction.Interaction, error)
	// ScreenPop reads the settings as they were at a version.
	ScreenPop func(ctx context.Context, version int64) (tenant.ScreenPop, error)
	Finder    crm.Finder
	Logger    crm.Logger
	// Lane is the delivery lane of an agent: one org and credential.
	Lane func(agentID string) string
}

// AutoLog makes logs. Its OnClose is the desk's hook; it is the deliveries' Worker for Kind.
type AutoLog struct{ Options }

// New makes one.
func New(o Options) *AutoLog { return &AutoLog{o} }

// Wanted says whether a handling is logged by itself, and if not, why (LOG-1…LOG-3, LOG-19).
func Wanted(s *tenant.ScreenPop, u tenant.User, m interaction.Medium) (whyNone string, ok bool) {
	media := map[interaction.Medium]bool{
		interaction.Phone: s.AutoLog.Phone, interaction.Voicemail: s.AutoLog.Voicemail,
		interaction.Chat: s.AutoLog.Chat, interaction.Email: s.AutoLog.Email,
	}
	switch {
	case !s.Enabled:
		return "Screen Pop is off.", false
	case s.Target != "salesforce":
		return "The target writes no log.", false
	case s.Integration != "enhanced":
		return "The Legacy integration writes no log.", false
	case !s.AutoLog.On:
		return "The auto log is off.", false
	case !media[m]:
		return "The auto log is off for this medium.", false
	case !u.Seat:
		return "The agent has no Salesforce seat.", false
	}
	return "", true
}

// OnClose is the promise that the end of a handling makes; it is the desk's hook and runs inside the closing transaction.
func (l *AutoLog) OnClose(i *interaction.Interaction, h *interaction.Handling) ([]desk.Intent, string) {
	cfg := l.Config()
	if why, ok := Wanted(&cfg.ScreenPop, cfg.Users[h.Agent], i.Medium); !ok {
		return nil, why
	}
	c := ChoiceOf(i.PopOf(h.Agent))
	if h.Edits.Who != nil || h.Edits.What != nil {
		c.NotSearched = false // he said himself what it belongs to
	}
	payload, err := json.Marshal(intent{c, cfg.ScreenPop.Version})
	if err != nil {
		return nil, "The log could not be prepared."
	}
	return []desk.Intent{{
		Key: Key(cfg.Name, i.ID, h.Number), Lane: l.Lane(h.Agent), Kind: Kind, Interaction: i.ID, Handling: h.Number,
		// Order is kept per handling (LOG-17): another agent's log of the same call does not wait for one that is parked.
		Agent: h.Agent, Order: fmt.Sprintf("%s/%d", i.ID, h.Number), Payload: payload,
	}}, ""
}

// Freeze searches if nobody could before, and composes once (LOG-21 steps 1 and 3).
func (l *AutoLog) Freeze(ctx context.Context, d delivery.Delivery) (json.RawMessage, error) {
	var in intent
	if err := json.Unmarshal(d.Intent, &in); err != nil {
		return nil, fault.New(fault.Internal, "BAD_INTENT", "This log's promise cannot be read.").Judge(fault.Park, 0).With(err)
	}
	i, h, err := l.handling(ctx, d)
	if err != nil {
		return nil, err
	}
	cfg := l.Config()
	set := cfg.ScreenPop
	if in.Settings != 0 && in.Settings != set.Version {
		if set, err = l.ScreenPop(ctx, in.Settings); err != nil {
			return nil, err
		}
	}
	match := in.Choice.Match
	if in.Choice.NotSearched {
		if match, err = l.search(ctx, d.Agent, i, set.Withheld); err != nil {
			return nil, err
		}
	}
	e, _ := Compose(Input{Tenant: cfg.Name, Interaction: i, Handling: h, Match: match, Options: set.AutoLog, Zone: Zone(cfg)})
	return json.Marshal(e)
}

// search finds the match that nobody could search for at the time: one exact counts as chosen, of several the first
// (LOG-21 step 1).
func (l *AutoLog) search(ctx context.Context, agentID string, i *interaction.Interaction, withheld []string) (*crm.Match, error) {
	for _, key := range pop.Keys(i, withheld) {
		if key.Refusal != "" {
			continue
		}
		found, err := l.Finder.Find(ctx, agentID, key)
		if err != nil {
			return nil, err
		}
		for _, m := range found.Matches {
			if m.Exact {
				return &m, nil
			}
		}
	}
	return nil, nil
}

// Send writes the frozen entry as the agent (LOG-21 step 5); the adapter makes a repeat harmless.
func (l *AutoLog) Send(ctx context.Context, d delivery.Delivery) (json.RawMessage, error) {
	var e crm.Entry
	if err := json.Unmarshal(d.Frozen, &e); err != nil {
		return nil, fault.New(fault.Internal, "BAD_ENTRY", "This log's composed text cannot be read.").Judge(fault.Park, 0).With(err)
	}
	logged, err := l.Logger.Log(ctx, d.Agent, e)
	if err != nil {
		return nil, err
	}
	return json.Marshal(logged)
}

func (l *AutoLog) handling(ctx context.Context, d delivery.Delivery) (*interaction.Interaction, *interaction.Handling, error) {
	i, err := l.Interaction(ctx, d.Interaction)
	if err != nil {
		return nil, nil, err
	}
	for n := range i.Handling {
		if i.Handling[n].Number == d.Handling {
			return &i, &i.Handling[n], nil
		}
	}
	return nil, nil, fault.New(fault.Internal, "NO_HANDLING", "The conversation that this log is about cannot be found.").Judge(fault.Park, 0)
}

// Zone is the tenant's time zone; UTC when its name is not known here.
func Zone(c *tenant.Config) *time.Location {
	if z, err := time.LoadLocation(c.Profile.TimeZone); err == nil {
		return z
	}
	return time.UTC
}

// Draft is what the log window shows: the entry as it would be written now (LOG-4).
func (l *AutoLog) Draft(i *interaction.Interaction, h *interaction.Handling) (crm.Entry, Association) {
	cfg := l.Config()
	c := ChoiceOf(i.PopOf(h.Agent))
	e, a := Compose(Input{Tenant: cfg.Name, Interaction: i, Handling: h, Match: c.Match, Options: cfg.ScreenPop.AutoLog, Zone: Zone(cfg)})
	if c.NotSearched && a.StandAlone() {
		a.Why = "Not searched yet: the record is looked for when the log is written."
	}
	return e, a
}
