package desk

import (
	"context"
	"encoding/json"
	"time"

	"cordboard/internal/agent"
	"cordboard/internal/interaction"
)

// Tx is one unit of change: what is loaded through it is locked until commit, and everything loaded that came out changed
// is saved together with the intents, or nothing is. The instant is the same for the whole unit. Loading the same row twice
// gives the same pointer, and after the commit the pointers carry their new Version: that is what is published.
type Tx interface {
	// Now is the unit's instant, UTC, milliseconds.
	Now() time.Time
	// Interaction loads one by id; a fault of kind NotFound when there is none.
	Interaction(id string) (*interaction.Interaction, error)
	// ByRef loads one by its channel's own name; nil when there is none.
	ByRef(ref string) (*interaction.Interaction, error)
	// Create takes a new interaction in, gives it its Transaction number and returns the pointer that will be saved.
	Create(i interaction.Interaction) (*interaction.Interaction, error)
	// Agent loads an agent's state; an agent never seen before comes as logged out.
	Agent(id string) (*agent.Agent, error)
	// Touch raises an agent's Version although nothing of his own changed: his console shows something that did.
	Touch(agentID string) error
	// Promise stores a delivery with the change (DESIGN §4.8). The same key again is ignored.
	Promise(in Intent) error
}

// Store keeps interactions and agents.
type Store interface {
	// Change runs fn in one transaction and commits once. It may run fn again after a conflict, so fn does nothing else.
	// What fn returns as an error rolls everything back and is returned as it is.
	Change(ctx context.Context, fn func(Tx) error) error
	// Open lists the interactions that are not final, oldest first.
	Open(ctx context.Context) ([]interaction.Interaction, error)
	// Agents lists every agent's state.
	Agents(ctx context.Context) ([]agent.Agent, error)
	// Snapshot reads, in one read transaction, an agent's state and his interactions: the open ones he is offered or
	// handles, and his latest recent ones that are final, newest first (DESIGN §4.4).
	Snapshot(ctx context.Context, agentID string, recent int) (agent.Agent, []interaction.Interaction, error)
	// One reads an interaction by id.
	One(ctx context.Context, id string) (interaction.Interaction, error)
}

// Intent is a neutral promise that commits with the state that made it (DESIGN §4.8). The desk does not look inside.
type Intent struct {
	Key         string // unique; LOG-11's key for a log
	Lane        string // what pauses or parks as a whole: one org and credential
	Kind        string // who delivers it
	Interaction string // for lists
	Handling    int
	Agent       string
	Order       string // deliveries of one Order go one after the other (LOG-17); "" = free
	Payload     json.RawMessage
}

// OnClose is asked, inside the closing transaction, what promises the end of a handling makes; it must be quick and pure.
// A reason instead of intents says why there is none (LOG-19) and is kept.
type OnClose func(i *interaction.Interaction, h *interaction.Handling) (intents []Intent, whyNone string)

// Channel is a medium's own side. Do must not wait: what comes of an effect returns as a signal.
type Channel interface {
	// Do carries out an effect on an interaction as it was when the effect was decided. Effects of one interaction come in
	// order; the interaction is shared and must not be changed. An effect may repeat what is so already.
	Do(i interaction.Interaction, e interaction.Effect)
	// Reachable says at once whether an agent could be asked now (INT-9); when that changes, call Desk.Reached.
	Reachable(agentID string) bool
}

// Changed is published after each commit: the interaction (nil for a change of an agent alone), the agents that the
// commit touched with their new Versions, and what happened. Subscribers must treat it as read-only.
type Changed struct {
	At          time.Time
	Interaction *interaction.Interaction
	Agents      []agent.Agent
	Events      []interaction.Event
}

// Waiting is published when the queues' numbers may have changed: unnumbered, the latest wins.
type Waiting struct {
	Waiting   int       // interactions queued or offered
	Longest   time.Time // the longest waiting since; zero when none
	Available int       // agents Available
	SignedIn  int       // agents not logged out
}
