package phonetest

import (
	"context"

	"cordboard/internal/channel/phone"
)

// Rig is one switch under test with people at its ends. A fresh one is made for every story.
type Rig struct {
	Switch   phone.Switch
	From, To string // what Call's call shows

	// Call has a customer call and returns at once. nil: the switch has no callers.
	Call func(ctx context.Context) (Person, error)
	// Device makes a device that can be rung and behaves so; nil when this kind of device can't.
	Device func(b Behaviour) Instrument
	// Nobody is a target without a device.
	Nobody phone.Target
	// ByAnswer: devices are picked up by the switch's Answer, not by themselves (a browser).
	ByAnswer bool
}

// Behaviour is what a device does when it is rung.
type Behaviour string

// The behaviours.
const (
	Answers         Behaviour = "answers"           // soon, or with ByAnswer when told
	RingsOn         Behaviour = "rings on"          // for ever
	SaysBusy        Behaviour = "says busy"         //
	AnswersOnCancel Behaviour = "answers on cancel" // its answer crosses our giving up
)

// Instrument is something that can be rung.
type Instrument interface {
	Target() phone.Target
	// Rung waits until it is rung and returns who stands at it.
	Rung(ctx context.Context) (Person, error)
}

// Person is who is at the far end of a leg.
type Person interface {
	// HangUp puts down, whatever he is in: a caller who was not answered cancels.
	HangUp()
	// Wait returns when he believes so: Ringing, Up or Over.
	Wait(ctx context.Context, s State) error
	// Hears returns when he hears what the other says.
	Hears(ctx context.Context, other Person) error
}
