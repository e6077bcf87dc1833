package phonetest

import (
	"fmt"
	"sync"
	"time"

	"cordboard/internal/channel/phone"
)

// State is what someone at the far end of a leg believes.
type State string

// The states of a party.
const (
	Waiting State = "waiting" // dialled, nothing heard yet
	Ringing State = "ringing"
	Up      State = "up"
	Over    State = "over"
)

// Party is the person at the far end of one leg.
type Party struct {
	sw  *Switch
	leg *leg

	mu    sync.Mutex
	state State
	cause phone.Cause
}

// Leg is the leg's id.
func (p *Party) Leg() phone.LegID { return p.leg.id }

// State is what he believes.
func (p *Party) State() State {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state == "" {
		return Waiting
	}
	return p.state
}

// Cause is why it ended for him.
func (p *Party) Cause() phone.Cause {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cause
}

// Hears is what he hears; see Switch.Hears.
func (p *Party) Hears() string { return p.sw.Hears(p.leg.id) }

func (p *Party) set(s State) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.state != Over {
		p.state = s
	}
}

func (p *Party) ended(c phone.Cause) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state, p.cause = Over, c
}

// HangUp puts down: a caller who was not answered cancels, someone who is rung refuses.
func (p *Party) HangUp() {
	cause := phone.CauseNormal
	if st := p.State(); st != Up {
		cause = phone.CauseCancelled
		if p.leg.device != nil {
			cause = phone.CauseRefused
		}
	}
	p.End(cause)
}

// End ends the leg for whatever cause: a dead network (CauseLost), silence (CauseMedia), a reply of the far end.
func (p *Party) End(c phone.Cause) {
	p.sw.mu.Lock()
	defer p.sw.mu.Unlock()
	if p.leg.dying {
		return
	}
	p.sw.end(p.leg, c)
}

// PickUp answers a ringing leg.
func (p *Party) PickUp() {
	p.sw.mu.Lock()
	defer p.sw.mu.Unlock()
	if p.sw.legs[p.leg.id] == p.leg {
		p.sw.answered(p.leg)
	}
}

// Caller has someone call.
func (s *Switch) Caller(from, to string) *Party {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	l := &leg{id: phone.LegID(fmt.Sprintf("%032x", s.count)), inbound: true, from: from, to: to, since: time.Now()}
	l.party = &Party{sw: s, leg: l}
	s.legs[l.id] = l
	s.tell(phone.Event{Leg: l.id, Kind: phone.Arrived, From: from, To: to, Display: "Sample Caller", Trunk: "simulated"})
	return l.party
}

// Device is a telephone (or a browser) that can be dialled.
type Device struct {
	sw *Switch
	to phone.Target

	// guarded by the switch
	reachable bool
	busy      bool
	crossing  bool
	after     time.Duration
	line      *Party
}

// Device makes a reachable device, or finds it.
func (s *Switch) Device(to phone.Target) *Device {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.devices[to]
	if d == nil {
		d = &Device{sw: s, to: to, reachable: true}
		s.devices[to] = d
		s.tell(phone.Event{Kind: phone.Reach, Target: to, Up: true})
	}
	return d
}

// Target is how it is dialled.
func (d *Device) Target() phone.Target { return d.to }

// Line is the last leg that rang it; nil when none did.
func (d *Device) Line() *Party {
	d.sw.mu.Lock()
	defer d.sw.mu.Unlock()
	return d.line
}

// Reachable plugs it in or out.
func (d *Device) Reachable(on bool) {
	d.sw.mu.Lock()
	defer d.sw.mu.Unlock()
	d.reachable = on
	d.sw.tell(phone.Event{Kind: phone.Reach, Target: d.to, Up: on})
}

// Busy makes it answer busy.
func (d *Device) Busy(on bool) {
	d.sw.mu.Lock()
	defer d.sw.mu.Unlock()
	d.busy = on
}

// AnswersAfter makes it pick up by itself; 0 = never.
func (d *Device) AnswersAfter(after time.Duration) {
	d.sw.mu.Lock()
	defer d.sw.mu.Unlock()
	d.after = after
}

// AnswersOnCancel makes its answer cross every cancel.
func (d *Device) AnswersOnCancel(on bool) {
	d.sw.mu.Lock()
	defer d.sw.mu.Unlock()
	d.crossing = on
}
