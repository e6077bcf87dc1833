// Package interaction is the heart: one engagement with one customer, whatever the medium, from its arrival to its log.
//
// It promises that Apply is one table (docs/states.md is rendered from it): for every state and every signal it says what
// the interaction becomes, which events leave it and which effects its channel must carry out; that there are never two
// agents in one handling, no negative time, and that a final state is final. It never reads a clock, starts a goroutine,
// or speaks of telephones, browsers or Salesforce.
package interaction

import (
	"time"

	"cordboard/internal/crm"
)

// Medium is how the customer reaches us (SPEC chapter 2).
type Medium string

// The media.
const (
	Phone     Medium = "phone"
	Voicemail Medium = "voicemail"
	Chat      Medium = "chat"
	Email     Medium = "email"
)

// State is INT-1's state.
type State string

// The states.
const (
	New       State = "new"
	Queued    State = "queued"
	Diverted  State = "diverted"
	Offered   State = "offered"
	Dialing   State = "dialing"
	Accepted  State = "accepted"
	Wrapup    State = "wrapup"
	Closed    State = "closed"
	Abandoned State = "abandoned"
	Left      State = "voicemail" // left a voicemail
	Rejected  State = "rejected"
	Failed    State = "failed"
)

// Final reports whether nothing follows the state.
func (s State) Final() bool {
	switch s {
	case Closed, Abandoned, Left, Rejected, Failed:
		return true
	}
	return false
}

// EndedBy is who ended an interaction (INT-14).
type EndedBy string

// Who ended it.
const (
	BySystem   EndedBy = "SYSTEM"
	ByAgent    EndedBy = "AGENT"
	ByCustomer EndedBy = "CUSTOMER"
)

// Reason is why it ended (INT-14).
type Reason string

// The reasons.
const (
	ReasonNormal     Reason = "NORMAL"
	ReasonBusy       Reason = "BUSY"
	ReasonNoAnswer   Reason = "NOANSWER"
	ReasonBadAddress Reason = "BADADDRESS"
	ReasonCancelled  Reason = "CANCELLED"
	ReasonRejected   Reason = "REJECTED"
	ReasonFailed     Reason = "FAILED"
	ReasonBlocked    Reason = "BLOCKED"
	ReasonLost       Reason = "LOST"
	ReasonAgentLost  Reason = "AGENTLOST"
)

// CallType is INT-15's; empty = ordinary inbound.
type CallType string

// Pair is a name and a value that came with the interaction.
type Pair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Offer is the interaction put to one agent; numbered 1, 2, 3… within the interaction.
type Offer struct {
	Number   int       `json:"number"`
	Agent    string    `json:"agent"`
	At       time.Time `json:"at"`
	Deadline time.Time `json:"deadline"`
}

// Code is one selected transaction code (INT-13): texts as they were when selected.
type Code struct {
	List       int64  `json:"list"`
	Item       int64  `json:"item"`
	ReportText string `json:"reportText"`
}

// Edits are what the agent wrote in the log window (LOG-4); a nil field was never touched, and his edits win.
type Edits struct {
	Subject *string  `json:"subject,omitempty"` // ≤ 255
	Notes   string   `json:"notes,omitempty"`   // ≤ 20,000
	Who     *crm.Ref `json:"who,omitempty"`
	What    *crm.Ref `json:"what,omitempty"`
}

// Handling is one agent's part of an interaction, numbered 1, 2, 3… within it.
type Handling struct {
	Number      int       `json:"number"`
	Agent       string    `json:"agent"`
	State       State     `json:"state"` // accepted, wrapup or closed
	OfferedAt   time.Time `json:"offeredAt,omitzero"`
	AcceptedAt  time.Time `json:"acceptedAt,omitzero"`
	CompletedAt time.Time `json:"completedAt,omitzero"`
	ClosedAt    time.Time `json:"closedAt,omitzero"`
	EndedBy     EndedBy   `json:"endedBy,omitempty"`
	Reason      Reason    `json:"reason,omitempty"`
	// WrapupUntil is when wrap-up ends by itself; zero while it is stopped (Work Offline) or held by missing codes.
	WrapupUntil  time.Time `json:"wrapupUntil,omitzero"`
	Stopped      bool      `json:"stopped,omitempty"`      // Work Offline pressed: no countdown
	CodesNeeded  bool      `json:"codesNeeded,omitempty"`  // a required list has no code yet (INT-12); true from the accept on
	CodesMissing bool      `json:"codesMissing,omitempty"` // closed without them (INT-12, INT-16)
	Codes        []Code    `json:"codes,omitempty"`        // at most six (INT-13)
	Edits        Edits     `json:"edits"`
	NoLog        string    `json:"noLog,omitempty"` // why closing it made no promise of a log (LOG-19)
}

// TalkSeconds is the whole seconds from accepted to completed, never negative.
func (h *Handling) TalkSeconds() int {
	if h.AcceptedAt.IsZero() || !h.CompletedAt.After(h.AcceptedAt) {
		return 0
	}
	return int(h.CompletedAt.Sub(h.AcceptedAt) / time.Second)
}

// Interaction is one engagement with one customer (INT-14). Version rises by one with every stored change.
type Interaction struct {
	ID          string `json:"id"`
	Transaction int64  `json:"transaction"`
	Medium      Medium `json:"medium"`
	State       State  `json:"state"`
	// Ref is the channel's own name for it (the customer's leg, a message id): unique, so that a repeated arrival is one.
	Ref         string   `json:"ref"`
	CallType    CallType `json:"callType,omitempty"`
	Outbound    bool     `json:"outbound,omitempty"`
	Channel     int64    `json:"channel"`
	ChannelName string   `json:"channelName"`
	Queue       int64    `json:"queue"`
	QueueName   string   `json:"queueName"`
	Region      string   `json:"region"`

	ANI        string `json:"ani"`  // as it came: a number, "" when withheld
	DNIS       string `json:"dnis"` // the address reached
	Email      string `json:"email,omitempty"`
	CaseNumber string `json:"caseNumber,omitempty"`
	Name       string `json:"name,omitempty"` // what the customer's side calls him; unverified
	Subject    string `json:"subject,omitempty"`
	Vars       []Pair `json:"vars,omitempty"`
	Ext        []Pair `json:"ext,omitempty"` // extTransactionData
	Ctl        []Pair `json:"ctl,omitempty"` // ctl_userdata

	CreatedAt   time.Time `json:"createdAt"`
	QueuedAt    time.Time `json:"queuedAt,omitzero"` // first time queued: waiting time is kept across offers
	CompletedAt time.Time `json:"completedAt,omitzero"`
	ClosedAt    time.Time `json:"closedAt,omitzero"`
	EndedBy     EndedBy   `json:"endedBy,omitempty"`
	Reason      Reason    `json:"reason,omitempty"`

	Offer    *Offer     `json:"offer,omitempty"`  // the open offer
	Offers   int        `json:"offers"`           // how many have been made
	Asked    []string   `json:"asked,omitempty"`  // agents asked so far, in order
	AtHead   bool       `json:"atHead,omitempty"` // back at the head of its queue (INT-6, INT-16)
	Handling []Handling `json:"handling,omitempty"`

	// What its queue lays down, fixed when it was queued.
	WrapupSeconds int  `json:"wrapupSeconds"`
	CodesRequired bool `json:"codesRequired,omitempty"`
	// RequiredLists are the code lists of which one code each is required; none named: any code will do.
	RequiredLists []int64 `json:"requiredLists,omitempty"`

	// Pops is what each agent was shown, by agent id (POP-5).
	Pops map[string]*crm.Pop `json:"pops,omitempty"`

	Node    string `json:"node,omitempty"` // owning node
	Fence   int64  `json:"fence"`          // fencing number of the ownership
	Version int64  `json:"version"`
}

// Current is the last handling, or nil before anyone accepted.
func (i *Interaction) Current() *Handling {
	if len(i.Handling) == 0 {
		return nil
	}
	return &i.Handling[len(i.Handling)-1]
}

// WaitSeconds is how long the customer waited for the first accept, or has waited until at.
func (i *Interaction) WaitSeconds(at time.Time) int {
	from := i.QueuedAt
	if from.IsZero() {
		from = i.CreatedAt
	}
	if len(i.Handling) > 0 {
		at = i.Handling[0].AcceptedAt
	} else if !i.CompletedAt.IsZero() {
		at = i.CompletedAt
	}
	return max(0, int(at.Sub(from)/time.Second))
}
