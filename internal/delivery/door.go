package delivery

import (
	"context"
	"encoding/json"
	"time"
)

// State is how far a delivery is (LOG-17).
type State string

// The states.
const (
	Waiting State = "waiting"
	Running State = "running"
	Done    State = "done"
	Parked  State = "parked"  // a person must look
	Dropped State = "dropped" // a person gave it up, with a reason
)

// Attempt is one try and its answer.
type Attempt struct {
	At   time.Time `json:"at"`
	Took int       `json:"tookMs"`
	Code string    `json:"code"` // "OK" or the fault's code
	Text string    `json:"text"`
}

// Delivery is a durable promise to write something elsewhere.
type Delivery struct {
	Key         string          `json:"key"`
	Lane        string          `json:"lane"` // "org/credential", or a word without "/"
	Kind        string          `json:"kind"`
	Interaction string          `json:"interaction"`
	Handling    int             `json:"handling"`
	Agent       string          `json:"agent"`
	Order       string          `json:"order,omitempty"`
	State       State           `json:"state"`
	Intent      json.RawMessage `json:"-"`
	// Frozen is what every attempt sends, composed once (LOG-21); nil until then.
	Frozen   json.RawMessage `json:"-"`
	Result   json.RawMessage `json:"result,omitempty"`   // the worker's word about what it wrote
	Code     string          `json:"code,omitempty"`     // latest fault
	Reason   string          `json:"reason,omitempty"`   // its sentence
	Tries    int             `json:"tries"`              // since Since
	Attempts []Attempt       `json:"attempts,omitempty"` // the latest 20
	Created  time.Time       `json:"created"`
	Since    time.Time       `json:"since"` // made or last released: LOG-18's 72 h begin here
	Next     time.Time       `json:"next,omitzero"`
	Lease    time.Time       `json:"-"` // running until then, else up for grabs
	Finished time.Time       `json:"finished,omitzero"`
	Version  int64           `json:"version"`
	// Stream is the agent's Version with the change that this value came from, the number of his live stream's delta
	// (DESIGN §4.4); 0 when he has none or the change shows on no screen.
	Stream int64 `json:"-"`
}

// Worker delivers one kind.
type Worker interface {
	// Freeze composes what will be sent, once; it may search, and may fail like Send. Its result is stored before Send.
	Freeze(ctx context.Context, d Delivery) (frozen json.RawMessage, err error)
	// Send sends the frozen payload; a repeat after a lost answer must do no harm. result is shown to people.
	Send(ctx context.Context, d Delivery) (result json.RawMessage, err error)
}

// Store keeps deliveries. Every method that changes what people see of a delivery (Settle, ParkLane, Release, Drop) raises
// the Version of the delivery's agent in the same transaction, once per delivery, and returns it as Stream. Claim, Renew
// and Freeze change nothing that is shown. A delivery's own Version rises with its Claim and names that claim.
type Store interface {
	// Claim takes up to n due deliveries whose lane is not in rest (an entry that ends in "/" is every lane of that org),
	// at most one per Order and oldest first, and marks them running until lease, by one conditional UPDATE … RETURNING.
	// A delivery waits while an earlier one of its Order is not done or dropped. One whose lease has expired is due again.
	Claim(ctx context.Context, now, lease time.Time, n int, rest []string) ([]Delivery, error)
	// Renew lets a claim last until lease; a fault of kind Conflict (code CLAIM_LOST) when it was lost.
	Renew(ctx context.Context, d Delivery, lease time.Time) error
	// Freeze stores the composed payload while the claim holds; CLAIM_LOST when it was lost.
	Freeze(ctx context.Context, d Delivery) error
	// Settle stores the outcome (State, Result, Code, Reason, Tries, Attempts, Next, Finished) while the claim holds;
	// CLAIM_LOST when it was lost.
	Settle(ctx context.Context, d Delivery) (stream int64, err error)
	// ParkLane settles d as Parked and parks, with its code and sentence and in the same transaction, every waiting
	// delivery of its lane, and those promised later until one of the lane is Done or the lane is released (SF-10). It
	// returns all that it changed, d among them; CLAIM_LOST when the claim was lost.
	ParkLane(ctx context.Context, d Delivery) ([]Delivery, error)
	// Release sets parked deliveries back to waiting, due at once, with no tries: those that match the filter; empty
	// fields match all. One named by Key is released from its back-off, too; a filter by Lane alone opens the lane
	// again and releases what was parked with it, not what is parked for a reason of its own.
	Release(ctx context.Context, f Filter, at time.Time) ([]Delivery, error)
	// Drop ends a parked or waiting delivery for good; NotFound, or Conflict when it is running or over.
	Drop(ctx context.Context, key, reason string, at time.Time) (Delivery, error)
	// List shows deliveries, newest first, without payloads. Deliveries of one instant come on one page, so a page can
	// be longer than Limit.
	List(ctx context.Context, f Filter) ([]Delivery, error)
	// Delivery reads one with its payloads; NotFound when there is none.
	Delivery(ctx context.Context, key string) (Delivery, error)
	// Count tells how many there are per state and when the oldest of each was made.
	Count(ctx context.Context) (map[State]Tally, error)
	// NextDue is when the earliest delivery falls due that Claim would take then; zero when there is none.
	NextDue(ctx context.Context, rest []string) (time.Time, error)
}

// Filter selects deliveries; empty fields match all.
type Filter struct {
	Key, Lane, Code, Agent, Interaction string
	State                               State
	Before                              time.Time // created before: paging
	Limit                               int       // default 100
}

// Tally counts one state.
type Tally struct {
	Count  int       `json:"count"`
	Oldest time.Time `json:"oldest,omitzero"`
}

// Changed is published after a delivery changed.
type Changed struct {
	Delivery Delivery
	Stream   int64 // the agent's Version with this change; 0 when he has none
}
