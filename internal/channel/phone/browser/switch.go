package browser

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/pion/webrtc/v4"

	"cordboard/internal/channel/phone"
	"cordboard/internal/channel/phone/media"
	"cordboard/internal/fault"
)

var (
	_ phone.Switch  = (*Switch)(nil)
	_ phone.Muter   = (*Switch)(nil)
	_ phone.Reacher = (*Switch)(nil)
)

// Switch is every agent's browser as a phone. Make it with New, end it with Close. Safe for concurrent use.
type Switch struct {
	opts    Options
	conn    *net.UDPConn
	api     *webrtc.API
	mux     interface{ Close() error }
	config  webrtc.Configuration
	desk    *media.Desk
	ownDesk bool
	feed    phone.Feed
	wg      sync.WaitGroup // peers being closed, owners being told

	mu      sync.Mutex // before the desk's lock, never after
	seats   map[string]*seat
	legs    map[phone.LegID]*leg
	closed  bool
	owners  []ownership // still to be told
	telling bool
}

type ownership struct{ agent, tab string }

// New opens the UDP port. The fault of a taken port names it.
func New(o Options) (*Switch, error) {
	listen, told, err := o.check()
	if err != nil {
		return nil, err
	}
	conn, err := net.ListenUDP(network(listen.Addr()), net.UDPAddrFromAddrPort(listen))
	if err != nil {
		return nil, fault.Newf(fault.Unavailable, "BROWSER_PORT", "The UDP port for the browsers' audio, %s, can't be opened: it is taken or not allowed. Choose another.", listen).With(err)
	}
	s := &Switch{opts: o, conn: conn, desk: o.Desk, seats: map[string]*seat{}, legs: map[phone.LegID]*leg{}}
	if s.desk == nil {
		s.desk, s.ownDesk = media.NewDesk(o.Log), true
	}
	if err := s.setUp(listen, told); err != nil {
		_ = conn.Close()
		return nil, fault.New(fault.Internal, "BROWSER_START", "The browser phone could not start.").With(err)
	}
	return s, nil
}

// Addr is the UDP address on which browsers' audio is received.
func (s *Switch) Addr() net.Addr { return s.conn.LocalAddr() }

// Desk is where this switch's audio meets other switches'.
func (s *Switch) Desk() *media.Desk { return s.desk }

// Port is an answered leg's audio.
func (s *Switch) Port(leg phone.LegID) (media.Port, bool) { return s.desk.Port(leg) }

// Close ends every leg with CauseLost, every connection and the port.
func (s *Switch) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	for _, l := range s.legs {
		s.end(l, phone.CauseLost)
	}
	for _, st := range s.seats {
		s.dismiss(st.peer)
		s.dismiss(st.next)
		st.peer, st.next = nil, nil
		st.stopAway()
	}
	s.mu.Unlock()
	s.wg.Wait()
	err := s.mux.Close()
	_ = s.conn.Close()
	if s.ownDesk {
		s.desk.Close()
	}
	return err
}

// Run implements phone.Switch.
func (s *Switch) Run(ctx context.Context, sink func(phone.Event)) error { return s.feed.Run(ctx, sink) }

// leg is one ring or call of an agent's browser. Guarded by the switch.
type leg struct {
	id       phone.LegID
	seat     *seat
	from     string
	since    time.Time
	port     *port
	answer   bool // Answer was asked for
	up       bool
	deadline *time.Timer
}

// Dial implements phone.Switch: it rings at once, or says at once that it can't.
func (s *Switch) Dial(_ context.Context, d phone.Dial) error {
	if d.To.Kind != phone.TargetBrowser {
		return fmt.Errorf("the browser phone can't dial a target of kind %q", d.To.Kind)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.legs[d.Leg] != nil {
		return fmt.Errorf("leg %s is there already", d.Leg)
	}
	st := s.seats[d.To.Address]
	// One call at a time. A second one is our own confusion and not the agent's fault, so it isn't "busy".
	if s.closed || st == nil || !st.reachable() || st.leg != nil {
		s.tell(phone.Event{Leg: d.Leg, Kind: phone.Ended, Cause: phone.CauseUnreachable})
		return nil
	}
	l := &leg{id: d.Leg, seat: st, from: d.CallerID, since: time.Now(), port: &port{}}
	st.leg, s.legs[d.Leg] = l, l
	s.tell(phone.Event{Leg: d.Leg, Kind: phone.Ringing})
	if d.Timeout > 0 {
		l.deadline = time.AfterFunc(d.Timeout, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			if !l.up {
				s.end(l, phone.CauseNoAnswer)
			}
		})
	}
	return nil
}

// Ring implements phone.Switch; a browser's leg is never an inbound one, so there is nothing to tell.
func (s *Switch) Ring(_ context.Context, id phone.LegID) error {
	_, err := s.find(id)
	return err
}

// Answer implements phone.Switch: audio flows from now on. While the browser is just coming back, as soon as it is.
func (s *Switch) Answer(_ context.Context, id phone.LegID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.legs[id]
	if l == nil {
		return phone.ErrGone
	}
	l.answer = true
	s.attach(l.seat)
	return nil
}

// attach gives the seat's leg its browser, if both are there. The switch is locked.
func (s *Switch) attach(st *seat) {
	l := st.leg
	if l == nil || !l.answer || !st.reachable() {
		return
	}
	l.port.attach(st.peer)
	if l.up {
		return
	}
	l.up = true
	if l.deadline != nil {
		l.deadline.Stop()
	}
	s.desk.Add(l.id, l.port)
	s.tell(phone.Event{Leg: l.id, Kind: phone.Answered})
}

// end takes a leg off, once. The switch is locked.
func (s *Switch) end(l *leg, cause phone.Cause) {
	if s.legs[l.id] != l {
		return
	}
	delete(s.legs, l.id)
	l.seat.leg = nil
	if l.deadline != nil {
		l.deadline.Stop()
	}
	l.port.attach(nil)
	if l.up {
		s.desk.Remove(l.id)
	}
	s.tell(phone.Event{Leg: l.id, Kind: phone.Ended, Cause: cause})
}

func (s *Switch) find(id phone.LegID) (*leg, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.legs[id]; l != nil {
		return l, nil
	}
	return nil, phone.ErrGone
}

// Hangup implements phone.Switch.
func (s *Switch) Hangup(_ context.Context, id phone.LegID, c phone.Cause) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.legs[id]; l != nil {
		s.end(l, c)
	}
	return nil
}

// Bridge implements phone.Switch; either leg may be another adapter's on the same Desk.
func (s *Switch) Bridge(_ context.Context, id phone.BridgeID, a, b phone.LegID) error {
	return s.desk.Bridge(id, a, b)
}

// Play implements phone.Switch.
func (s *Switch) Play(_ context.Context, leg phone.LegID, p phone.Prompt) error {
	return s.desk.Play(leg, p)
}

// Mute implements phone.Muter.
func (s *Switch) Mute(_ context.Context, leg phone.LegID, on bool) error {
	return s.desk.Mute(leg, on)
}

// Reachable implements phone.Reacher: the agent's phone is connected.
func (s *Switch) Reachable(to phone.Target) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.seats[to.Address]
	return to.Kind == phone.TargetBrowser && st != nil && st.reachable()
}

// Legs implements phone.Switch.
func (s *Switch) Legs(context.Context) ([]phone.LegInfo, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]phone.LegInfo, 0, len(s.legs))
	for _, l := range s.legs {
		out = append(out, phone.LegInfo{Leg: l.id, Answered: l.up, From: l.from, To: l.seat.agent, Since: l.since})
	}
	return out, nil
}

func (s *Switch) tell(e phone.Event) {
	e.At = time.Now()
	s.feed.Put(e)
}
