package view

import (
	"context"
	"slices"
	"time"

	"cordboard/internal/delivery"
	"cordboard/internal/interaction"
	"cordboard/internal/tenant"
)

// Logs lists deliveries; delivery.Store is one.
type Logs interface {
	List(ctx context.Context, f delivery.Filter) ([]delivery.Delivery, error)
}

// Eye gathers what an interaction is shown with. Only interactions that an agent has closed make it ask the database: what
// rings and what is talked on is shown from memory.
type Eye struct {
	Config func() *tenant.Config
	Logs   Logs
	Drafts Drafts
	Muted  func(interaction, agentID string) bool
	Now    func() time.Time
}

// See shows one interaction to an agent; false when it was never put to him.
func (e *Eye) See(ctx context.Context, i *interaction.Interaction, agentID string) (Interaction, bool, error) {
	var logs []delivery.Delivery
	if closed(i, agentID) {
		var err error
		if logs, err = e.Logs.List(ctx, delivery.Filter{Interaction: i.ID, Agent: agentID, Limit: 20}); err != nil {
			return Interaction{}, false, err
		}
	}
	v, ok := Of(i, agentID, e.facts(i, agentID, logs))
	return v, ok, nil
}

// SeeAll shows those of a list that were put to the agent, in the list's order, and asks for their logs at once.
func (e *Eye) SeeAll(ctx context.Context, list []interaction.Interaction, agentID string) ([]Interaction, error) {
	out := make([]Interaction, 0, len(list))
	var logs []delivery.Delivery
	asked := false
	for n := range list {
		i := &list[n]
		own := logs
		if closed(i, agentID) {
			var err error
			if !asked {
				asked = true
				if logs, err = e.Logs.List(ctx, delivery.Filter{Agent: agentID, Limit: 100}); err != nil {
					return nil, err
				}
			}
			own = slices.DeleteFunc(slices.Clone(logs), func(d delivery.Delivery) bool { return d.Interaction != i.ID })
			if len(own) == 0 { // older than the latest hundred
				if own, err = e.Logs.List(ctx, delivery.Filter{Interaction: i.ID, Agent: agentID, Limit: 20}); err != nil {
					return nil, err
				}
			}
		}
		if v, ok := Of(i, agentID, e.facts(i, agentID, own)); ok {
			out = append(out, v)
		}
	}
	return out, nil
}

func (e *Eye) facts(i *interaction.Interaction, agentID string, logs []delivery.Delivery) Facts {
	f := Facts{Config: e.Config(), At: e.Now(), Drafts: e.Drafts, Deliveries: logs}
	if h := handlingOf(i, agentID); h != nil && h.State == interaction.Accepted {
		f.Muted = e.Muted(i.ID, agentID)
	}
	return f
}

func closed(i *interaction.Interaction, agentID string) bool {
	h := handlingOf(i, agentID)
	return h != nil && h.State == interaction.Closed
}
