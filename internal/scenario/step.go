package scenario

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"cordboard/internal/agent"
	"cordboard/internal/delivery"
	"cordboard/internal/desk"
	"cordboard/internal/desk/desktest"
	"cordboard/internal/interaction"
)

// The customer's steps.

// Call has a customer call; name is what the story calls the interaction, and the channel's reference.
func (w *World) Call(name, from string) *World {
	w.T.Helper()
	return w.Arrive(name, interaction.Arrival{Medium: interaction.Phone, Channel: 1, ANI: from, DNIS: "+14155550100"})
}

// OpenChat has a customer open a chat.
func (w *World) OpenChat(name, email string) *World {
	w.T.Helper()
	return w.Arrive(name, interaction.Arrival{Medium: interaction.Chat, Channel: 2, Email: email})
}

// Arrive has anything arrive.
func (w *World) Arrive(name string, a interaction.Arrival) *World {
	w.T.Helper()
	a.Ref = cmp.Or(a.Ref, name)
	i, err := w.Desk.Arrive(w.ctx, a)
	if err == nil {
		w.mu.Lock()
		w.ids[name] = i.ID
		if w.names[i.ID] == "" {
			w.names[i.ID] = name
		}
		w.mu.Unlock()
	}
	return w.done(name+" arrives", err)
}

// CustomerEnds has the customer hang up, or leave.
func (w *World) CustomerEnds(name string) *World {
	w.T.Helper()
	return w.Signal(name, interaction.Signal{Kind: interaction.CustomerLeft})
}

// Signal has a channel report anything.
func (w *World) Signal(name string, s interaction.Signal) *World {
	w.T.Helper()
	return w.done(fmt.Sprintf("%s: %s", name, s.Kind), w.Desk.Signal(w.ctx, w.ID(name), s))
}

// The agents' steps.

// SignIn opens an agent's console.
func (w *World) SignIn(agentID string) *World {
	w.T.Helper()
	w.Desk.Present(agentID, true)
	_, err := w.Desk.SignIn(w.ctx, agentID)
	return w.done(agentID+" signs in", err)
}

// Ready presses Ready to work.
func (w *World) Ready(agentID string) *World { w.T.Helper(); return w.Choose(agentID, agent.Available) }

// Choose presses a status.
func (w *World) Choose(agentID string, s agent.Status) *World {
	w.T.Helper()
	_, err := w.Desk.SetStatus(w.ctx, agentID, s, agentID)
	return w.done(fmt.Sprintf("%s chooses %s", agentID, s), err)
}

// SignOut ends an agent's work, for a reason of package agent.
func (w *World) SignOut(agentID, reason string) *World {
	w.T.Helper()
	_, err := w.Desk.SignOut(w.ctx, agentID, reason)
	return w.done(agentID+" signs out", err)
}

// Answer has an agent take the present offer on his device.
func (w *World) Answer(agentID, name string) *World {
	w.T.Helper()
	return w.Signal(name, interaction.Signal{Kind: interaction.AgentAnswered, Agent: agentID, Offer: w.Interaction(name).Offers})
}

// Accept has an agent press Accept on the present offer.
func (w *World) Accept(agentID, name string) *World {
	w.T.Helper()
	return w.AcceptOffer(agentID, name, w.Interaction(name).Offers)
}

// AcceptOffer has an agent press Accept on an offer by its number.
func (w *World) AcceptOffer(agentID, name string, number int) *World {
	w.T.Helper()
	return w.Command(agentID, name, interaction.Signal{Kind: interaction.Accept, Offer: number})
}

// Reject has an agent press Reject on the present offer.
func (w *World) Reject(agentID, name string) *World {
	w.T.Helper()
	return w.Command(agentID, name, interaction.Signal{Kind: interaction.Reject, Offer: w.Interaction(name).Offers})
}

// End has an agent end the conversation.
func (w *World) End(agentID, name string) *World {
	w.T.Helper()
	return w.Command(agentID, name, interaction.Signal{Kind: interaction.End})
}

// EndWrapup has an agent press End wrap-up.
func (w *World) EndWrapup(agentID, name string) *World {
	w.T.Helper()
	return w.Command(agentID, name, interaction.Signal{Kind: interaction.EndWrapup})
}

// WorkOffline has an agent stop the wrap-up's countdown.
func (w *World) WorkOffline(agentID, name string) *World {
	w.T.Helper()
	return w.Command(agentID, name, interaction.Signal{Kind: interaction.StopWrapup})
}

// Note has an agent write notes.
func (w *World) Note(agentID, name, notes string) *World {
	w.T.Helper()
	return w.Command(agentID, name, interaction.Signal{Kind: interaction.Write, Edits: &interaction.Edits{Notes: notes}})
}

// Code has an agent choose codes of list 4.
func (w *World) Code(agentID, name string, items ...int64) *World {
	w.T.Helper()
	s := interaction.Signal{Kind: interaction.Write, SetCodes: true}
	for _, n := range items {
		s.Codes = append(s.Codes, interaction.Code{List: 4, Item: n})
	}
	return w.Command(agentID, name, s)
}

// Command has an agent ask for anything.
func (w *World) Command(agentID, name string, s interaction.Signal) *World {
	w.T.Helper()
	_, err := w.Desk.Command(w.ctx, agentID, w.ID(name), s)
	return w.done(fmt.Sprintf("%s: %s %s", name, agentID, s.Kind), err)
}

// What can be looked at.

// ID is the interaction's id.
func (w *World) ID(name string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ids[name]
}

// Interaction reads an interaction.
func (w *World) Interaction(name string) interaction.Interaction {
	w.T.Helper()
	i, err := w.Desk.One(w.ctx, w.ID(name))
	if err != nil {
		w.T.Fatalf("there is no %s: %v", name, err)
	}
	return i
}

// Agent reads an agent.
func (w *World) Agent(id string) agent.Agent {
	w.T.Helper()
	a, _, err := w.Desk.Snapshot(w.ctx, id, 0)
	if err != nil {
		w.T.Fatalf("there is no agent %s: %v", id, err)
	}
	return a
}

// Log is what the default log promises for a closed handling.
type Log struct {
	Of           string              `json:"of"` // the interaction's reference: its name in the story
	Agent        string              `json:"agent"`
	Handling     int                 `json:"handling"`
	Talk         int                 `json:"talk"`
	Reason       interaction.Reason  `json:"reason"`
	EndedBy      interaction.EndedBy `json:"endedBy"`
	Notes        string              `json:"notes"`
	Codes        []interaction.Code  `json:"codes"`
	CodesMissing bool                `json:"codesMissing"`
}

// logged is the log's double.
func (w *World) logged(i *interaction.Interaction, h *interaction.Handling) ([]desk.Intent, string) {
	payload, err := json.Marshal(Log{i.Ref, h.Agent, h.Number, h.TalkSeconds(), h.Reason, h.EndedBy, h.Edits.Notes, h.Codes, h.CodesMissing})
	if err != nil {
		return nil, err.Error()
	}
	return []desk.Intent{{Key: fmt.Sprintf("%s/%d", i.Ref, h.Number), Kind: "log", Lane: h.Agent, Interaction: i.ID, Handling: h.Number, Agent: h.Agent, Payload: payload}}, ""
}

// Logs are the promises that the store keeps, oldest first.
func (w *World) Logs() []Log {
	w.T.Helper()
	var out []Log
	add := func(payload []byte) {
		var l Log
		if err := json.Unmarshal(payload, &l); err != nil {
			w.T.Fatal(err)
		}
		out = append(out, l)
	}
	switch s := w.Store.(type) {
	case *desktest.Store:
		for _, in := range s.Intents() {
			add(in.Payload)
		}
	case interface {
		List(context.Context, delivery.Filter) ([]delivery.Delivery, error)
		Delivery(context.Context, string) (delivery.Delivery, error)
	}:
		list, err := s.List(w.ctx, delivery.Filter{Limit: 1000})
		if err != nil {
			w.T.Fatal(err)
		}
		for _, d := range slices.Backward(list) {
			if d, err = s.Delivery(w.ctx, d.Key); err != nil {
				w.T.Fatal(err)
			}
			add(d.Intent)
		}
	default:
		w.T.Fatal("this store's promises cannot be looked at")
	}
	return out
}
