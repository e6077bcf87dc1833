package interaction

import (
	"slices"
	"time"

	"cordboard/internal/fault"
)

// Apply lets a signal happen to an interaction: it changes i and says which events leave it and which effects its channel
// must carry out, in order. On an error i is as it was.
//
// What channels and timers say may come late or twice: then nothing happens and there is no error. What people and the
// desk's routing ask for may not: they get a fault that says what became of it instead (INT-5). An instant before the
// interaction's latest one counts as that one, so no duration is negative even when a clock is set back (GEN-6).
func Apply(i *Interaction, s Signal, at time.Time) ([]Event, []Effect, error) {
	if sources[s.Kind] == "" {
		return nil, nil, fault.Newf(fault.Internal, "UNKNOWN_SIGNAL", "There is no signal %q.", s.Kind)
	}
	if l := i.latest(); at.Before(l) {
		at = l
	}
	r, ok := table[i.State][s.Kind]
	if !ok {
		return nil, nil, refusal(i, s)
	}
	m := &move{i: i, s: s, at: at}
	if err := r.do(m); err != nil {
		return nil, nil, err
	}
	return m.events, m.effects, nil
}

// move is one signal happening to one interaction. A rule first checks, then changes: it never fails half-way.
type move struct {
	i       *Interaction
	s       Signal
	at      time.Time
	events  []Event
	effects []Effect
}

func (m *move) event(e Event) {
	e.At = m.at
	m.events = append(m.events, e)
}

func (m *move) effect(e Effect) { m.effects = append(m.effects, e) }

// latest is the latest instant that the interaction knows.
func (i *Interaction) latest() time.Time {
	l := i.CreatedAt
	for _, t := range []time.Time{i.QueuedAt, i.CompletedAt, i.ClosedAt} {
		if t.After(l) {
			l = t
		}
	}
	if i.Offer != nil && i.Offer.At.After(l) {
		l = i.Offer.At
	}
	if h := i.Current(); h != nil {
		for _, t := range []time.Time{h.AcceptedAt, h.CompletedAt, h.ClosedAt} {
			if t.After(l) {
				l = t
			}
		}
	}
	return l
}

// open is the handling that is accepted or in wrap-up, or nil.
func (i *Interaction) open() *Handling {
	if h := i.Current(); h != nil && h.State != Closed {
		return h
	}
	return nil
}

// theirs reports whether the signal means the open handling: its agent, and its number and offer where they are said.
func (m *move) theirs() bool {
	h := m.i.open()
	return h != nil && h.Agent == m.s.Agent &&
		(m.s.Handling == 0 || m.s.Handling == h.Number) &&
		(m.s.Offer == 0 || m.s.Offer == m.i.Offers)
}

// offer reports whether the signal means the open offer.
func (m *move) offer() bool {
	o := m.i.Offer
	return o != nil && o.Number == m.s.Offer && (o.Agent == m.s.Agent || m.s.Kind == OfferDue)
}

// missingCodes reports whether a required list has no code yet (INT-12).
func (i *Interaction) missingCodes(h *Handling) bool {
	if !i.CodesRequired {
		return false
	}
	if len(i.RequiredLists) == 0 {
		return len(h.Codes) == 0
	}
	return slices.ContainsFunc(i.RequiredLists, func(list int64) bool {
		return !slices.ContainsFunc(h.Codes, func(c Code) bool { return c.List == list })
	})
}
