package desk

import (
	"time"

	"cordboard/internal/agent"
	"cordboard/internal/bus"
)

// everySoOften is the shortest time between two pictures of the queues: at most four a second.
const everySoOften = 250 * time.Millisecond

// Waiting is how the queues stand now.
func (d *Desk) Waiting() Waiting {
	r := d.router
	r.mu.Lock()
	defer r.mu.Unlock()
	var w Waiting
	for _, x := range r.line {
		w.Waiting++
		if w.Longest.IsZero() || x.Since.Before(w.Longest) {
			w.Longest = x.Since
		}
	}
	for _, a := range r.agents {
		switch a.Status {
		case agent.LoggedOut, 0:
		case agent.Available:
			w.Available++
			w.SignedIn++
		default:
			w.SignedIn++
		}
	}
	return w
}

// announce publishes how the queues stand when that has changed.
func (d *Desk) announce() {
	var last Waiting
	pause := time.NewTimer(0)
	defer pause.Stop()
	for {
		select {
		case <-pause.C:
		case <-d.quit:
			return
		}
		if w := d.Waiting(); w != last {
			last = w
			bus.Publish(d.bus, w)
		}
		select {
		case <-d.router.stirred:
			pause.Reset(everySoOften)
		case <-d.quit:
			return
		}
	}
}
