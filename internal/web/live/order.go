package live

import (
	"time"

	"cordboard/internal/agent"
	"cordboard/internal/interaction"
)

// change is one numbered thing that happened to what an agent's console shows.
type change struct {
	n           int64
	at          time.Time
	agent       *agent.Agent             // nil: as it was
	interaction *interaction.Interaction // nil: none, or look it up by fetch
	fetch       string                   // id of an interaction whose delivery changed
}

// order brings changes into the order of their numbers: different executors publish after their commits, so that the bus
// may hand over 8 before 7.
type order struct {
	next int64 // the number awaited; 0 before the first snapshot
	held map[int64]change
}

// take returns what can leave now, in order. What is older than the snapshot is dropped.
func (o *order) take(c change) []change {
	if o.next != 0 && c.n < o.next {
		return nil
	}
	if o.held == nil {
		o.held = map[int64]change{}
	}
	o.held[c.n] = c
	return o.ready()
}

// start sets the number of a snapshot: what it has is dropped, what follows it can leave.
func (o *order) start(n int64) []change {
	o.next = n + 1
	for k := range o.held {
		if k <= n {
			delete(o.held, k)
		}
	}
	return o.ready()
}

func (o *order) ready() (out []change) {
	if o.next == 0 {
		return nil
	}
	for {
		c, ok := o.held[o.next]
		if !ok {
			return out
		}
		delete(o.held, o.next)
		o.next++
		out = append(out, c)
	}
}

// gap reports whether something waits for a number that has not come.
func (o *order) gap() bool { return o.next != 0 && len(o.held) > 0 }
