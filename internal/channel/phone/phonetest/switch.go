package phonetest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"cordboard/internal/channel/phone"
)

// Switch is a phone switch in memory with the people at its ends. It implements phone.Switch, phone.Muter and
// phone.Reacher. Safe for concurrent use.
type Switch struct {
	mu       sync.Mutex
	legs     map[phone.LegID]*leg
	devices  map[phone.Target]*Device
	bridges  map[phone.BridgeID][2]phone.LegID
	commands []Command
	lag      time.Duration
	refuse   map[string]error // by command name
	count    int

	events  []delayed
	news    chan struct{} // holds one when events may have come
	running bool
	broken  chan struct{} // closed by Break
	missed  bool          // events were lost: the next Run begins with Gap
	seq     uint64
}

type delayed struct {
	due time.Time
	e   phone.Event
}

// Command is one order the switch was given.
type Command struct {
	Name   string // ring, answer, bridge, play, dial, hangup, mute
	Leg    phone.LegID
	Peer   phone.LegID
	Prompt phone.PromptKind
	Cause  phone.Cause
	Dial   phone.Dial
	On     bool
	Gone   bool // it was answered with ErrGone
}

type leg struct {
	id       phone.LegID
	inbound  bool
	from, to string
	since    time.Time
	up       bool
	muted    bool
	dying    bool // hung up by us while its device answers: the reaper has it
	prompt   phone.PromptKind
	device   *Device // who is called; nil for a caller
	party    *Party
	timer    *time.Timer
}

// New makes a switch with nobody on it.
func New() *Switch {
	return &Switch{
		legs: map[phone.LegID]*leg{}, devices: map[phone.Target]*Device{}, bridges: map[phone.BridgeID][2]phone.LegID{},
		refuse: map[string]error{}, news: make(chan struct{}, 1), broken: make(chan struct{}),
	}
}

// Refuse makes a command (ring, answer, bridge, play, dial, hangup, legs) fail with err; nil makes it work again.
func (s *Switch) Refuse(command string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse[command] = err
}

// Commands are the orders given so far.
func (s *Switch) Commands() []Command {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.commands)
}

// Hears says what the party of a leg hears: "peer <leg>", "prompt <kind>" or "".
func (s *Switch) Hears(id phone.LegID) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.legs[id]
	if l == nil {
		return ""
	}
	if l.prompt != "" {
		return "prompt " + string(l.prompt)
	}
	for _, pair := range s.bridges {
		for i, x := range pair {
			if x == id && s.legs[pair[1-i]] != nil && !s.legs[pair[1-i]].muted {
				return "peer " + string(pair[1-i])
			}
		}
	}
	return ""
}

// end takes a leg off and tells why; the switch is locked.
func (s *Switch) end(l *leg, cause phone.Cause) {
	if s.legs[l.id] != l {
		return
	}
	delete(s.legs, l.id)
	for id, pair := range s.bridges {
		if pair[0] == l.id || pair[1] == l.id {
			delete(s.bridges, id)
		}
	}
	if l.timer != nil {
		l.timer.Stop()
	}
	l.party.ended(cause)
	s.tell(phone.Event{Leg: l.id, Kind: phone.Ended, Cause: cause})
}

// command notes an order and finds its leg; the switch is locked.
func (s *Switch) command(c Command) (*leg, error) {
	l := s.legs[c.Leg]
	err := s.refuse[c.Name]
	if err == nil && (l == nil || l.dying) {
		err, c.Gone = phone.ErrGone, true
	}
	s.commands = append(s.commands, c)
	if err != nil {
		return nil, err
	}
	return l, nil
}

// Ring implements phone.Switch.
func (s *Switch) Ring(_ context.Context, id phone.LegID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, err := s.command(Command{Name: "ring", Leg: id})
	if err == nil {
		l.party.set(Ringing)
	}
	return err
}

// Answer implements phone.Switch.
func (s *Switch) Answer(_ context.Context, id phone.LegID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, err := s.command(Command{Name: "answer", Leg: id})
	if err != nil {
		return err
	}
	if l.device != nil && l.device.to.Kind != phone.TargetBrowser {
		return nil // only its owner can pick up a telephone
	}
	s.answered(l)
	return nil
}

func (s *Switch) answered(l *leg) {
	if l.up {
		return
	}
	l.up = true
	if l.timer != nil {
		l.timer.Stop()
	}
	l.party.set(Up)
	s.tell(phone.Event{Leg: l.id, Kind: phone.Answered})
}

// Bridge implements phone.Switch.
func (s *Switch) Bridge(_ context.Context, id phone.BridgeID, a, b phone.LegID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	la, err := s.command(Command{Name: "bridge", Leg: a, Peer: b})
	if err != nil {
		return err
	}
	lb := s.legs[b]
	if lb == nil || lb.dying {
		s.commands[len(s.commands)-1].Gone = true
		return phone.ErrGone
	}
	if !la.up || !lb.up {
		return fmt.Errorf("bridge %s: a leg is not answered", id)
	}
	la.prompt, lb.prompt = "", ""
	s.bridges[id] = [2]phone.LegID{a, b}
	return nil
}

// Play implements phone.Switch.
func (s *Switch) Play(_ context.Context, id phone.LegID, p phone.Prompt) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, err := s.command(Command{Name: "play", Leg: id, Prompt: p.Kind})
	if err != nil {
		return err
	}
	if !l.up {
		return fmt.Errorf("leg %s is not answered, so nothing can be played on it", id)
	}
	l.prompt = p.Kind
	return nil
}

// Mute implements phone.Muter.
func (s *Switch) Mute(_ context.Context, id phone.LegID, on bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, err := s.command(Command{Name: "mute", Leg: id, On: on})
	if err == nil {
		l.muted = on
	}
	return err
}

// Reachable implements phone.Reacher.
func (s *Switch) Reachable(to phone.Target) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.devices[to]
	return d != nil && d.reachable
}

// Legs implements phone.Switch.
func (s *Switch) Legs(context.Context) ([]phone.LegInfo, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.refuse["legs"]; err != nil {
		return nil, err
	}
	var out []phone.LegInfo
	for _, l := range s.legs {
		out = append(out, phone.LegInfo{Leg: l.id, Inbound: l.inbound, Answered: l.up, From: l.from, To: l.to, Since: l.since})
	}
	return out, nil
}

// Hangup implements phone.Switch.
func (s *Switch) Hangup(_ context.Context, id phone.LegID, cause phone.Cause) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.legs[id]
	s.commands = append(s.commands, Command{Name: "hangup", Leg: id, Cause: cause, Gone: l == nil})
	if err := s.refuse["hangup"]; err != nil {
		return err
	}
	if l == nil || l.dying {
		return nil
	}
	if l.device != nil && !l.up && l.device.crossing {
		// His answer is on the wire while our cancel is: he is up for a moment, until the reaper has hung him up.
		s.answered(l)
		l.dying = true
		l.timer = time.AfterFunc(20*time.Millisecond, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.end(l, cause)
		})
		return nil
	}
	s.end(l, cause)
	return nil
}

// Dial implements phone.Switch.
func (s *Switch) Dial(_ context.Context, d phone.Dial) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.commands = append(s.commands, Command{Name: "dial", Leg: d.Leg, Dial: d})
	if err := s.refuse["dial"]; err != nil {
		return err
	}
	if s.legs[d.Leg] != nil {
		return fmt.Errorf("leg %s is there already", d.Leg)
	}
	dev := s.devices[d.To]
	l := &leg{id: d.Leg, to: d.To.Address, from: d.CallerID, since: time.Now(), device: dev}
	l.party = &Party{sw: s, leg: l}
	s.legs[d.Leg] = l
	switch {
	case dev == nil || !dev.reachable:
		s.end(l, phone.CauseUnreachable)
		return nil
	case dev.busy || dev.line != nil && dev.line.State() != Over:
		s.end(l, phone.CauseBusy)
		return nil
	}
	dev.line = l.party
	l.party.set(Ringing)
	s.tell(phone.Event{Leg: d.Leg, Kind: phone.Ringing})
	l.timer = time.AfterFunc(d.Timeout, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if !l.up {
			s.end(l, phone.CauseNoAnswer)
		}
	})
	if dev.after > 0 {
		time.AfterFunc(dev.after, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.legs[l.id] == l {
				s.answered(l)
			}
		})
	}
	return nil
}
