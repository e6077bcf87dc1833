package phonetest

import (
	"context"
	"errors"
	"time"

	"cordboard/internal/channel/phone"
)

// ErrLost is what Run returns after Break.
var ErrLost = errors.New("the simulated switch was lost")

// Run implements phone.Switch.
func (s *Switch) Run(ctx context.Context, sink func(phone.Event)) error {
	s.mu.Lock()
	s.broken = make(chan struct{})
	broken := s.broken
	s.running = true
	if s.missed {
		s.missed = false
		s.events = append([]delayed{{e: phone.Event{Kind: phone.Gap}}}, s.events...)
	}
	s.mu.Unlock()
	for {
		s.mu.Lock()
		var wait time.Duration = -1
		var e phone.Event
		if len(s.events) > 0 {
			if wait = time.Until(s.events[0].due); wait <= 0 {
				e, wait = s.events[0].e, 0
				s.events = s.events[1:]
				s.seq++
				e.Seq = s.seq
			}
		}
		s.mu.Unlock()
		if wait == 0 {
			sink(e)
			continue
		}
		var due <-chan time.Time
		if wait > 0 {
			due = time.After(wait)
		}
		select {
		case <-ctx.Done():
			s.stopped()
			return nil
		case <-broken:
			s.stopped()
			return ErrLost
		case <-due:
		case <-s.news:
		}
	}
}

func (s *Switch) stopped() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = false
}

// Break loses the connection to the switch: Run ends with ErrLost, calls go on, and what happens until the next Run is
// never told; that Run begins with a Gap.
func (s *Switch) Break() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events, s.missed = nil, true
	select {
	case <-s.broken:
	default:
		close(s.broken)
	}
}

// Lag makes events come later than the facts: from now on a leg may be gone before its end is told.
func (s *Switch) Lag(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lag = d
}

// tell queues an event; the switch is locked.
func (s *Switch) tell(e phone.Event) {
	if s.missed {
		return // nobody listens, and nobody ever will hear of it
	}
	e.At = time.Now()
	s.events = append(s.events, delayed{e.At.Add(s.lag), e})
	select {
	case s.news <- struct{}{}:
	default:
	}
}
