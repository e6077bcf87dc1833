package phone

import (
	"context"
	"errors"
	"time"
)

// LegID names one party's line. Ids are ours, all of one length (32 hex characters), and stored before the leg is asked for.
type LegID string

// BridgeID names a pair of joined legs.
type BridgeID string

// Switch places and ends legs. It decides nothing: no queues, no agents, no retries.
// Every method returns when the thing is asked for, never when it has happened: what happened arrives as an Event.
// ErrGone is an ordinary outcome of every method that names a leg.
type Switch interface {
	// Run delivers events until ctx ends (nil) or the switch is lost (error; the caller restarts it).
	// Events of one leg arrive in order. sink is called from one goroutine and must be prompt.
	Run(ctx context.Context, sink func(Event)) error
	// Dial asks for an outgoing leg whose id d.Leg we chose.
	Dial(ctx context.Context, d Dial) error
	// Ring tells an inbound leg's caller that it rings (180, repeated every 60 s while it does, CH-3).
	Ring(ctx context.Context, leg LegID) error
	// Answer picks up: an inbound leg, or a ringing agent's leg whose device is the browser (the console's Accept).
	Answer(ctx context.Context, leg LegID) error
	// Bridge joins two legs' audio. ErrGone: one of them has ended; the caller hangs up the rest.
	Bridge(ctx context.Context, id BridgeID, a, b LegID) error
	// Play starts a prompt on an answered leg, replacing what it hears, until Bridge, another Play or Silence.
	Play(ctx context.Context, leg LegID, p Prompt) error
	// Hangup ends a leg in whatever state it is: idempotent, nil when it is gone.
	Hangup(ctx context.Context, leg LegID, c Cause) error
	// Legs lists what the switch believes is live, to reconcile after a gap or a restart.
	Legs(ctx context.Context) ([]LegInfo, error)
}

// Optional abilities, found by type assertion; the console shows only what the switch can do (AGT-6).
type (
	// Muter silences what the agent says on his leg.
	Muter interface {
		Mute(ctx context.Context, leg LegID, on bool) error
	}
	// Reacher says at once whether a target could be rung now (INT-9).
	Reacher interface {
		Reachable(to Target) bool
	}
	// Holder puts the party of a leg on hold (music) and takes him back.
	Holder interface {
		Hold(ctx context.Context, leg LegID, on bool) error
	}
	// DigitSender plays DTMF towards a leg.
	DigitSender interface {
		SendDigits(ctx context.Context, leg LegID, digits string) error
	}
)

// TargetKind is what a leg is dialled to.
type TargetKind string

// The kinds of target.
const (
	TargetBrowser TargetKind = "browser" // an agent's browser phone; Address = agent id
	TargetSIP     TargetKind = "sip"     // an agent's registered SIP phone; Address = SIP user
	TargetNumber  TargetKind = "number"  // E.164 by a trunk; Address = number
)

// Target is whom a leg is dialled to.
type Target struct {
	Kind    TargetKind
	Address string
}

// Dial asks for a leg.
type Dial struct {
	Leg         LegID
	To          Target
	CallerID    string        // number presented
	Display     string        // name presented, may be empty
	Timeout     time.Duration // give up ringing after this: Ended with NoAnswer
	Interaction string        // for the switch's own log and headers
}

// PromptKind is a built-in sound.
type PromptKind string

// The built-in prompts. All are made by us (no files needed) and loop until replaced, except Beep and Busy.
const (
	PromptRingback     PromptKind = "ringback"
	PromptAnnouncement PromptKind = "announcement" // the queue's announcement, then hold music
	PromptHold         PromptKind = "hold"
	PromptBeep         PromptKind = "beep"
	PromptBusy         PromptKind = "busy" // three bursts: the other side is gone
	PromptSilence      PromptKind = "silence"
)

// Prompt is what a leg hears.
type Prompt struct {
	Kind PromptKind
	File string // with PromptAnnouncement: a WAV of the tenant's, else the built-in chime
}

// EventKind is what happened to a leg.
type EventKind string

// The events of a leg.
const (
	Arrived  EventKind = "arrived"  // an inbound leg; From, To, Display are set
	Ringing  EventKind = "ringing"  // the far device rings
	Answered EventKind = "answered" // audio flows
	Ended    EventKind = "ended"    // final; Cause says why. Nothing follows for this leg
	Digit    EventKind = "digit"    // DTMF received; Text is the digit
	Gap      EventKind = "gap"      // the switch was lost and is back: compare Legs with what we believe
	// Reach changed: Target (in To/Kind) became reachable or not (a phone registered, a browser came or went).
	Reach EventKind = "reach"
)

// Event is one thing that happened on the switch.
type Event struct {
	Seq     uint64 // rising per Run
	Leg     LegID
	At      time.Time
	Kind    EventKind
	From    string // Arrived: caller as sent, "" or "anonymous" when withheld
	To      string // Arrived: number called
	Display string // Arrived: caller's name as sent, cleaned, at most 80 characters
	Trunk   string // Arrived: name of the trunk it came by
	Cause   Cause  // Ended
	Text    string // Digit
	Target  Target // Reach
	Up      bool   // Reach: reachable now
}

// Cause is why a leg ended.
type Cause string

// The causes.
const (
	CauseNormal      Cause = "normal"
	CauseBusy        Cause = "busy"
	CauseNoAnswer    Cause = "no_answer"
	CauseUnreachable Cause = "unreachable"
	CauseRefused     Cause = "refused"
	CauseCancelled   Cause = "cancelled" // the caller gave up before an answer
	CauseElsewhere   Cause = "elsewhere" // another device took it
	CauseUnallocated Cause = "unallocated"
	CauseTrunk       Cause = "trunk_fault"
	CauseMedia       Cause = "media_timeout" // no audio arrived for too long
	CauseLost        Cause = "lost"
	CauseCapacity    Cause = "capacity" // we are full (503 with Retry-After on SIP)
	CauseForbidden   Cause = "forbidden"
)

// LegInfo is a live leg.
type LegInfo struct {
	Leg      LegID
	Inbound  bool
	Answered bool
	From, To string
	Since    time.Time
}

// ErrGone says that a leg has ended: ARI 404/409/422, SIP 481, an ended dialog. Never an incident.
var ErrGone = errors.New("leg is gone")
