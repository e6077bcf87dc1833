package desk

import (
	"context"
	"slices"

	"cordboard/internal/agent"
	"cordboard/internal/fault"
	"cordboard/internal/interaction"
	"cordboard/internal/tenant"
)

// Command carries out what an agent asks for on an interaction: Accept, Reject, End, EndWrapup, StopWrapup or Write. The
// desk sets the signal's Agent itself. Accept and Reject need Offer (INT-5). With a Conflict, Gone or Invalid fault the
// interaction comes as it stands, so that the console can show what became of it.
func (d *Desk) Command(ctx context.Context, agentID, id string, s interaction.Signal) (interaction.Interaction, error) {
	if !s.Kind.FromPerson() {
		return interaction.Interaction{}, fault.Newf(fault.Invalid, "NOT_A_COMMAND", "%q is not an agent's to ask for.", s.Kind)
	}
	cfg := d.config()
	if s.Kind == interaction.Reject && !cfg.Profile.AllowReject {
		return interaction.Interaction{}, fault.New(fault.Forbidden, "REJECT_OFF", "Your administrator has not allowed agents to reject interactions.")
	}
	s.Agent = agentID
	u, err := d.do(ctx, id, func(u *unit) error {
		s := s
		if s.SetCodes {
			codes, err := spell(cfg, u.i, s.Codes)
			if err != nil {
				return err
			}
			s.Codes = codes
		}
		return u.apply(s)
	})
	if err == nil {
		return *u.i, nil
	}
	if k := fault.KindOf(err); k == fault.Conflict || k == fault.Gone || k == fault.Invalid {
		if i, e := d.store.One(ctx, id); e == nil {
			return i, err
		}
	}
	return interaction.Interaction{}, err
}

// spell gives chosen codes their texts and refuses those that the interaction's queue does not know (INT-13). A code that
// was chosen before keeps its text, though it may have left its list meanwhile.
func spell(cfg *tenant.Config, i *interaction.Interaction, chosen []interaction.Code) ([]interaction.Code, error) {
	var f fault.Fields
	var out []interaction.Code
	of := map[int64]int{}
	for _, c := range chosen {
		list := cfg.CodeLists[c.List]
		if of[c.List]++; of[c.List] == 2 && !list.Multiple {
			f.Addf("codes", "ONE_ONLY", "Only one code can be chosen from %s.", list.Name)
		}
		if text, ok := textOf(cfg, i, list, c); ok {
			out = append(out, interaction.Code{List: c.List, Item: c.Item, ReportText: text})
		} else {
			f.Addf("codes", "UNKNOWN", "There is no code %d|%d for this queue; choose another.", c.List, c.Item)
		}
	}
	return out, f.Err()
}

func textOf(cfg *tenant.Config, i *interaction.Interaction, list tenant.CodeList, c interaction.Code) (string, bool) {
	if h := i.Current(); h != nil {
		for _, old := range h.Codes {
			if old.List == c.List && old.Item == c.Item {
				return old.ReportText, true
			}
		}
	}
	if !slices.Contains(cfg.Queues[i.Queue].CodeLists, c.List) {
		return "", false
	}
	for _, item := range list.Items {
		if item.ID == c.Item {
			if item.ReportText == "" {
				return item.Text, true
			}
			return item.ReportText, true
		}
	}
	return "", false
}

// Annotate changes an interaction by function, for what other rooms keep on it (POP-5), and tells the agent's console. fn
// may run more than once, must change nothing else, and what it returns as an error undoes the change and is returned.
func (d *Desk) Annotate(ctx context.Context, id, agentID string, fn func(*interaction.Interaction) error) (interaction.Interaction, error) {
	u, err := d.do(ctx, id, func(u *unit) error {
		if err := fn(u.i); err != nil {
			return err
		}
		endLatePop(u.i, agentID)
		u.at = u.tx.Now()
		return u.happen(interaction.Event{Kind: interaction.EventChanged, At: u.at, Agent: agentID})
	})
	if u.i == nil || err != nil {
		return interaction.Interaction{}, err
	}
	return *u.i, nil
}

// endLatePop is for a search whose answer came when the agent was not asked any more: what he then sees has no actions
// (POP-4). Another offer brings it to life again.
func endLatePop(i *interaction.Interaction, agentID string) {
	p := i.PopOf(agentID)
	if p == nil || p.Over != "" || i.Offer != nil && i.Offer.Agent == agentID ||
		slices.ContainsFunc(i.Handling, func(h interaction.Handling) bool { return h.Agent == agentID }) {
		return
	}
	p.Over = interaction.OverPassed
	if i.State.Final() && len(i.Handling) == 0 {
		p.Over = interaction.OverLeft
	}
}

// Snapshot reads an agent's state and his interactions in one read transaction (DESIGN §4.4): the open ones that he is
// offered or handles, and the latest recent ones that are final.
func (d *Desk) Snapshot(ctx context.Context, agentID string, recent int) (agent.Agent, []interaction.Interaction, error) {
	return d.store.Snapshot(ctx, agentID, recent)
}

// One reads an interaction.
func (d *Desk) One(ctx context.Context, id string) (interaction.Interaction, error) {
	return d.store.One(ctx, id)
}
