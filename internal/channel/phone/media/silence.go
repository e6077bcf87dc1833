package media

import (
	"sync"
	"time"
)

// How long a party may be silent on the network before its leg is given up: at first, while paths and gateways open,
// and later. A party that pauses still sends packets; one that sends none has lost its line.
const (
	SilenceFirst = 30 * time.Second
	SilenceLater = 15 * time.Second
)

// Watch calls once when no packet has arrived for too long. It is how media_timeout is found (CauseMedia).
type Watch struct {
	mu           sync.Mutex
	timer        *time.Timer
	first, later time.Duration
	heard        bool // anything, ever
	recent       bool // anything since the timer was set
	paused, done bool
	fire         func()
}

// NewWatch begins to watch: fire runs in its own goroutine after first without a packet, or after later (and at most
// twice that) once packets had come. Zero durations mean SilenceFirst and SilenceLater.
func NewWatch(first, later time.Duration, fire func()) *Watch {
	if first <= 0 {
		first = SilenceFirst
	}
	if later <= 0 {
		later = SilenceLater
	}
	w := &Watch{first: first, later: later, fire: fire}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer = time.AfterFunc(first, w.check)
	return w
}

// Heard notes a packet.
func (w *Watch) Heard() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.recent = true
	if !w.heard {
		w.heard = true
		if !w.paused && !w.done {
			w.timer.Reset(w.later)
		}
	}
}

// Pause stops the clock while the party has said that it won't send (on hold), and starts it again.
func (w *Watch) Pause(on bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.done || w.paused == on {
		return
	}
	w.paused = on
	if on {
		w.timer.Stop()
		return
	}
	w.recent = false
	w.timer.Reset(w.limit())
}

// Stop ends the watch for good.
func (w *Watch) Stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.done = true
	w.timer.Stop()
}

func (w *Watch) limit() time.Duration {
	if w.heard {
		return w.later
	}
	return w.first
}

func (w *Watch) check() {
	w.mu.Lock()
	switch {
	case w.done || w.paused:
		w.mu.Unlock()
	case w.recent:
		w.recent = false
		w.timer.Reset(w.later)
		w.mu.Unlock()
	default:
		w.done = true
		w.mu.Unlock()
		w.fire()
	}
}
