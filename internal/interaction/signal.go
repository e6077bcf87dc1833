package interaction

import (
	"time"

	"cordboard/internal/crm"
)

// Arrival is a new interaction as its channel reports it.
type Arrival struct {
	Ref        string // unique; a repeated arrival is the same interaction
	Medium     Medium
	Channel    int64
	ANI, DNIS  string
	Email      string
	CaseNumber string
	Name       string
	Subject    string
	Vars       []Pair
	Ext, Ctl   []Pair
}

// SignalKind is what can happen to an interaction. Channels send the first group, people the second, the desk's own
// timers and routing the third; Apply does not care who sent it.
type SignalKind string

// The signals.
const (
	// from channels
	CustomerLeft     SignalKind = "customer_left"     // the customer ended it
	AgentAnswered    SignalKind = "agent_answered"    // the agent took the offer on his device; Agent, Offer
	AgentUnreachable SignalKind = "agent_unreachable" // the offer could not reach him; Agent, Offer (INT-9)
	AgentRefused     SignalKind = "agent_refused"     // he refused on his device; Agent, Offer
	AgentEnded       SignalKind = "agent_ended"       // he ended it on his device; Agent
	AgentLost        SignalKind = "agent_lost"        // his device and console are gone (INT-16); Agent
	ChannelLost      SignalKind = "channel_lost"      // the conversation no longer exists (GEN-9)
	ChannelFailed    SignalKind = "channel_failed"    // technical end
	// from people
	Accept     SignalKind = "accept"      // Agent, Offer
	Reject     SignalKind = "reject"      // Agent, Offer (INT-7)
	End        SignalKind = "end"         // hang up, done, close: Agent ends the conversation
	EndWrapup  SignalKind = "end_wrapup"  // Agent
	StopWrapup SignalKind = "stop_wrapup" // Work Offline: Agent; no countdown from here (INT-11)
	Write      SignalKind = "write"       // Agent: Edits (whole), Codes (whole)
	AgentGone  SignalKind = "agent_gone"  // logged out, or 15 min without connection: wrap-up ends (INT-12)
	// from the desk
	Enqueue   SignalKind = "enqueue"    // Queue settings
	MakeOffer SignalKind = "make_offer" // Agent, Deadline
	OfferDue  SignalKind = "offer_due"  // the offer's time is over; Offer
	WrapupDue SignalKind = "wrapup_due" // the wrap-up's time is over; Handling
	Refuse    SignalKind = "refuse"     // policy, closed hours, capacity; Reason
)

// Signal is one thing that happened to an interaction.
type Signal struct {
	Kind     SignalKind
	Agent    string
	Offer    int // number of the offer meant; an old accept cannot take a later offer (INT-5)
	Handling int // number of the handling meant; 0 = the agent's open one
	Deadline time.Time
	Reason   Reason
	Queue    QueueTerms
	Edits    *Edits
	Codes    []Code
	SetCodes bool // Codes is meant (it may be empty)
}

// QueueTerms are what a queue lays down for its interactions.
type QueueTerms struct {
	ID            int64
	Name          string
	WrapupSeconds int
	CodesRequired bool
	RequiredLists []int64 // lists of which one code each is required; none named: any code will do
}

// EventKind is what leaves an interaction for the rest of the house (INT-2); the first four are each at most once per
// handling (offered: once per offer).
type EventKind string

// The events.
const (
	EventOffered   EventKind = "offered"
	EventAccepted  EventKind = "accepted"
	EventCompleted EventKind = "completed"
	EventClosed    EventKind = "closed"
	// further ones that lists and pops follow
	EventArrived  EventKind = "arrived"
	EventQueued   EventKind = "queued"
	EventOfferEnd EventKind = "offer_ended" // Why: one of the Why… below
	EventEnded    EventKind = "ended"       // final without a handling
	EventChanged  EventKind = "changed"     // notes, codes, pop
)

// Why an offer ended (Event.Why of offer_ended, Effect.Why of Unalert), and what closed a handling out of turn (Event.Why
// of closed).
const (
	WhyMissed      = "missed"      // not accepted in time (INT-6)
	WhyRejected    = "rejected"    // refused (INT-6, INT-7)
	WhyUnreachable = "unreachable" // his device could not be reached (INT-9)
	WhyLeft        = "left"        // the customer left (INT-8)
	WhyGone        = "gone"        // the agent logged out, or has had no connection for 15 min (INT-12)
	WhyLost        = "lost"        // offer: the conversation is lost (GEN-9); handling: the agent is (INT-16)
	WhyLate        = "late"        // Unalert only: he answered an offer that was over
)

// What becomes of the pops of those who are not asked any more (crm.Pop.Over, POP-4).
const (
	OverPassed = "passed"
	OverLeft   = "left"
)

// Event is one thing that an interaction did.
type Event struct {
	Kind     EventKind `json:"kind"`
	At       time.Time `json:"at"`
	Agent    string    `json:"agent,omitempty"`
	Offer    int       `json:"offer,omitempty"`
	Handling int       `json:"handling,omitempty"`
	Why      string    `json:"why,omitempty"`
}

// EffectKind is what a channel must now do.
type EffectKind string

// The effects.
const (
	Alert      EffectKind = "alert"      // ask the agent: ring his device; Agent, Offer, Deadline
	Unalert    EffectKind = "unalert"    // stop asking; Agent, Offer, Why
	Connect    EffectKind = "connect"    // join customer and agent; Agent, Offer
	Disconnect EffectKind = "disconnect" // let the agent go; Agent
	Hangup     EffectKind = "hangup"     // let the customer go (and everyone else); Why
	Hold       EffectKind = "hold"       // the customer waits again and is told so (INT-16)
)

// Effect is one order to the channel that owns the medium.
type Effect struct {
	Kind     EffectKind
	Agent    string
	Offer    int
	Deadline time.Time
	Why      string
}

// ClearPops marks the pops of every agent but keep as over (POP-4).
func (i *Interaction) ClearPops(keep, why string) {
	for agent, p := range i.Pops {
		if agent != keep && p != nil && p.Over == "" {
			p.Over = why
		}
	}
}

// PopOf is the agent's pop, or nil.
func (i *Interaction) PopOf(agent string) *crm.Pop { return i.Pops[agent] }
