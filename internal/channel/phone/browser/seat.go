package browser

import (
	"context"
	"time"

	"github.com/pion/webrtc/v4"

	"cordboard/internal/channel/phone"
	"cordboard/internal/fault"
)

// seat is one agent's phone: who owns it, the connection to his browser, the leg on it. Guarded by the switch.
type seat struct {
	agent string
	owner string    // tab; "" = none
	since time.Time // of the ownership
	peer  *peer     // the connection in use; nil: none
	next  *peer     // one that is being set up to replace it
	leg   *leg
	away  *time.Timer // runs while the browser is away
}

// reachable says that audio would flow.
func (st *seat) reachable() bool { return st.peer != nil && st.peer.up }

func (st *seat) stopAway() {
	if st.away != nil {
		st.away.Stop()
		st.away = nil
	}
}

// Owner says which tab owns the agent's phone, and since when; "" when none does.
func (s *Switch) Owner(agentID string) (tab string, since time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if st := s.seats[agentID]; st != nil {
		return st.owner, st.since
	}
	return "", time.Time{}
}

// Take makes a tab the owner of the agent's phone. Without force only a phone that nobody holds is taken; with force
// ("Use here") the former owner is cut off at once, and a call that is up waits for the new one to connect.
func (s *Switch) Take(agentID, tabID string, force bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.take(agentID, tabID, force)
	return err
}

// take does it. The switch is locked.
func (s *Switch) take(agentID, tabID string, force bool) (*seat, error) {
	if agentID == "" || tabID == "" || len(tabID) > 64 {
		return nil, fault.New(fault.Invalid, "BAD_TAB", "The phone can't be connected: the page didn't say who it is. Please reload it.")
	}
	if s.closed {
		return nil, fault.New(fault.Unavailable, "STOPPING", "The server is stopping. Your phone will connect again by itself.")
	}
	st := s.seats[agentID]
	if st == nil {
		st = &seat{agent: agentID}
		s.seats[agentID] = st
	}
	if st.owner == tabID {
		return st, nil
	}
	if st.owner != "" && !force {
		return nil, fault.New(fault.Conflict, "PHONE_ELSEWHERE", "Your phone is in use in another tab or on another machine. Choose “Use here” to bring it over.")
	}
	s.cut(st)
	s.own(st, tabID)
	s.wait(st)
	return st, nil
}

// Release gives the phone up: the agent signs out, or this page no longer wants it. A tab that isn't the owner changes
// nothing.
func (s *Switch) Release(agentID, tabID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.seats[agentID]
	if st == nil || st.owner != tabID || tabID == "" {
		return
	}
	s.cut(st)
	s.own(st, "")
	s.wait(st)
}

// Connect sets up, or sets up again, the connection to the browser: the page's SDP offer in, our answer out. A tab that
// is not the owner becomes it when there is none. The connection in use is replaced when the new one has come about, so
// that a call goes on. Faults: PHONE_ELSEWHERE, BAD_OFFER, BAD_TAB, STOPPING.
func (s *Switch) Connect(ctx context.Context, agentID, tabID, offer string) (answer string, err error) {
	s.mu.Lock()
	st, err := s.take(agentID, tabID, false)
	if err == nil {
		s.wg.Add(1) // not closed yet, so Close will wait for us
	}
	s.mu.Unlock()
	if err != nil {
		return "", err
	}
	defer s.wg.Done()
	p, answer, err := s.newPeer(ctx, offer)
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if st.owner != tabID || s.closed { // someone was faster while we negotiated
		s.dismiss(p)
		return "", fault.New(fault.Conflict, "PHONE_ELSEWHERE", "Your phone was brought to another tab just now. Choose “Use here” to bring it over.")
	}
	s.dismiss(st.next)
	st.next = p
	p.pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) { s.changed(st, p, state) })
	s.changedLocked(st, p, p.pc.ConnectionState()) // it may have been faster than we
	return answer, nil
}

// changed follows a connection's state.
func (s *Switch) changed(st *seat, p *peer, state webrtc.PeerConnectionState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changedLocked(st, p, state)
}

func (s *Switch) changedLocked(st *seat, p *peer, state webrtc.PeerConnectionState) {
	if p != st.peer && p != st.next {
		return // dismissed
	}
	switch state {
	case webrtc.PeerConnectionStateConnected:
		was := st.reachable()
		if p == st.next {
			s.dismiss(st.peer)
			st.peer, st.next = p, nil
		}
		p.up = true
		st.stopAway()
		s.attach(st)
		if !was {
			s.reach(st, true)
		}
	case webrtc.PeerConnectionStateDisconnected, webrtc.PeerConnectionStateFailed, webrtc.PeerConnectionStateClosed:
		if p == st.next {
			if state != webrtc.PeerConnectionStateDisconnected {
				s.dismiss(p)
				st.next = nil
			}
			return
		}
		was := p.up
		p.up = false
		if state != webrtc.PeerConnectionStateDisconnected {
			s.dismiss(p)
			st.peer = nil
		}
		if was {
			s.reach(st, false)
			s.wait(st)
		}
	}
}

// cut ends the seat's connections at once. The switch is locked.
func (s *Switch) cut(st *seat) {
	was := st.reachable()
	s.dismiss(st.peer)
	s.dismiss(st.next)
	st.peer, st.next = nil, nil
	if st.leg != nil {
		st.leg.port.attach(nil)
	}
	if was {
		s.reach(st, false)
	}
}

// wait gives the browser time to come back: little for a ring, more for a call; then the leg has ended, and the phone is
// free for any tab. The switch is locked.
func (s *Switch) wait(st *seat) {
	st.stopAway()
	if l := st.leg; l != nil && !l.up {
		time.AfterFunc(s.opts.RingReattach, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			if !l.up && !st.reachable() {
				cause := phone.CauseUnreachable
				if l.answer {
					cause = phone.CauseLost
				}
				s.end(l, cause)
			}
		})
	}
	var timer *time.Timer
	timer = time.AfterFunc(s.opts.Reattach, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if st.away != timer {
			return // back in time
		}
		st.away = nil
		if st.leg != nil {
			s.opts.Log.Info("an agent's browser did not come back to its call", "agent", st.agent, "after", s.opts.Reattach)
			s.end(st.leg, phone.CauseLost)
		}
		s.cut(st)
		s.own(st, "")
	})
	st.away = timer
}

// reach tells that the agent's phone came or went.
func (s *Switch) reach(st *seat, up bool) {
	s.tell(phone.Event{Kind: phone.Reach, Target: phone.Target{Kind: phone.TargetBrowser, Address: st.agent}, Up: up})
}

// own sets the owner and has him told to whoever listens, in order. The switch is locked.
func (s *Switch) own(st *seat, tab string) {
	if st.owner == tab {
		return
	}
	st.owner, st.since = tab, time.Now()
	s.owners = append(s.owners, ownership{st.agent, tab})
	if s.telling || s.closed {
		return
	}
	s.telling = true
	s.wg.Go(func() {
		for {
			s.mu.Lock()
			todo := s.owners
			s.owners = nil
			s.telling = len(todo) > 0
			s.mu.Unlock()
			if len(todo) == 0 {
				return
			}
			for _, o := range todo {
				s.opts.OnOwner(o.agent, o.tab)
			}
		}
	})
}

// dismiss closes a connection without holding anyone up. The switch is locked.
func (s *Switch) dismiss(p *peer) {
	if p == nil || p.dismissed {
		return
	}
	p.dismissed, p.up = true, false
	p.port.Store(nil)
	s.wg.Go(func() {
		if err := p.pc.Close(); err != nil {
			s.opts.Log.Debug("a browser's connection did not close cleanly", "err", err)
		}
	})
}
