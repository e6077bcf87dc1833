package desk

import (
	"slices"
	"time"

	"cordboard/internal/agent"
	"cordboard/internal/interaction"
)

// unit is one change of one interaction with the agents that it touches. It is made anew whenever the store runs the
// change again.
type unit struct {
	d       *Desk
	tx      Tx
	i       *interaction.Interaction
	at      time.Time
	seen    map[string]*agent.Agent // loaded
	order   []string                // of loading
	touched map[string]bool         // his console shows what changed
	events  []interaction.Event
	effects []interaction.Effect
}

// agent loads an agent once.
func (u *unit) agent(id string) (*agent.Agent, error) {
	if a := u.seen[id]; a != nil {
		return a, nil
	}
	a, err := u.tx.Agent(id)
	if err != nil {
		return nil, err
	}
	u.seen[id], u.order = a, append(u.order, id)
	return a, nil
}

// touch loads an agent whose console shows the interaction, and raises his Version.
func (u *unit) touch(id string) (*agent.Agent, error) {
	a, err := u.agent(id)
	if err != nil || u.touched[id] {
		return a, err
	}
	u.touched[id] = true
	return a, u.tx.Touch(id)
}

// agents are those touched, as they were committed.
func (u *unit) agents() []agent.Agent {
	var out []agent.Agent
	for _, id := range u.order {
		if u.touched[id] {
			out = append(out, *u.seen[id])
		}
	}
	return out
}

// apply lets a signal happen: to the interaction, then, event by event, to the agents.
func (u *unit) apply(s interaction.Signal) error {
	u.at = u.tx.Now()
	events, effects, err := interaction.Apply(u.i, s, u.at)
	if err != nil {
		return err
	}
	u.effects = append(u.effects, effects...)
	for _, e := range events {
		if err := u.happen(e); err != nil {
			return err
		}
	}
	return nil
}

// happen follows an event with the agent it names, and asks what a closed handling promises.
func (u *unit) happen(e interaction.Event) error {
	u.events = append(u.events, e)
	if e.Agent == "" {
		return nil
	}
	a, err := u.touch(e.Agent)
	if err != nil {
		return err
	}
	switch i := u.i; e.Kind {
	case interaction.EventOffered:
		return a.Ask(agent.Offer{Interaction: i.ID, Number: e.Offer, Deadline: i.Offer.Deadline}, e.At)
	case interaction.EventOfferEnd:
		a.LoseOffer(i.ID, e.Offer, e.Why, e.At)
	case interaction.EventAccepted:
		return a.Take(i.ID, e.Offer, e.At)
	case interaction.EventCompleted:
		a.Complete(i.ID, e.At)
	case interaction.EventClosed:
		if e.Why == interaction.WhyLost || e.Why == interaction.WhyGone {
			a.Lost(i.ID, e.At)
		} else {
			a.Done(i.ID, e.At)
		}
		return u.promise(&i.Handling[e.Handling-1])
	}
	return nil
}

// promise stores what closing a handling promises, or the reason for promising nothing (LOG-19).
func (u *unit) promise(h *interaction.Handling) error {
	if u.d.onClose == nil {
		h.NoLog = "No customer records are connected."
		return nil
	}
	intents, whyNone := u.d.onClose(u.i, h)
	if len(intents) == 0 {
		h.NoLog = whyNone
		return nil
	}
	for _, in := range intents {
		if err := u.tx.Promise(in); err != nil {
			return err
		}
	}
	return nil
}

// offer asks the agent, if he is free and the interaction is waiting; otherwise nothing happens.
func (u *unit) offer(agentID string) error {
	if u.i.State != interaction.Queued {
		return nil
	}
	a, err := u.agent(agentID)
	if err != nil || !a.Free() {
		return err
	}
	seconds := u.d.config().Users[agentID].OfferSeconds
	if seconds <= 0 {
		seconds = defaultOfferSeconds
	}
	return u.apply(interaction.Signal{Kind: interaction.MakeOffer, Agent: agentID,
		Deadline: u.tx.Now().Add(time.Duration(seconds) * time.Second)})
}

// defaultOfferSeconds is INT-6's default.
const defaultOfferSeconds = 30

// involved are the agents whose consoles show the interaction now.
func involved(i *interaction.Interaction) []string {
	var out []string
	if i.Offer != nil {
		out = append(out, i.Offer.Agent)
	}
	for _, h := range i.Handling {
		if h.State != interaction.Closed && !slices.Contains(out, h.Agent) {
			out = append(out, h.Agent)
		}
	}
	return out
}
