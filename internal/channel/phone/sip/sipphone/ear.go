package sipphone

import (
	"context"
	"fmt"
	"sync"

	"cordboard/internal/channel/phone/media"
)

// window is how much of the newest sound is judged: 200 ms.
const window = media.SampleRate / 5

// Ear keeps the newest second of what a call hears.
type Ear struct {
	mu      sync.Mutex
	samples []int16
	packets int
	gaps    int // packets whose sequence number didn't follow
	last    uint16
	more    chan struct{}
}

func newEar() *Ear { return &Ear{more: make(chan struct{})} }

func (e *Ear) hear(f media.Frame, law media.Law) {
	if f.Event {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.packets > 0 && f.Seq != e.last+1 {
		e.gaps++
	}
	e.last = f.Seq
	e.packets++
	e.samples = law.Decode(e.samples, f.Payload)
	if n := len(e.samples); n > 2*media.SampleRate {
		e.samples = append(e.samples[:0], e.samples[n-media.SampleRate:]...)
	}
	close(e.more)
	e.more = make(chan struct{})
}

// Packets is how many packets of sound have come, and how many of them didn't follow their predecessor.
func (e *Ear) Packets() (n, gaps int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.packets, e.gaps
}

// Share is the share of the newest 200 ms that lies at the frequency, 0 to 1.
func (e *Ear) Share(freq float64) float64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.samples) < window {
		return 0
	}
	return media.Measure(e.samples[len(e.samples)-window:], freq)
}

// Wait returns when the newest 200 ms are mostly (0.8) the given tone, or with freq 0 when they are silent.
func (e *Ear) Wait(ctx context.Context, freq float64) error {
	for {
		e.mu.Lock()
		more, n := e.more, len(e.samples)
		var recent []int16
		if n >= window {
			recent = append(recent, e.samples[n-window:]...)
		}
		e.mu.Unlock()
		if recent != nil {
			if freq == 0 && loudest(recent) < 64 || freq > 0 && media.Measure(recent, freq) > 0.8 {
				return nil
			}
		}
		select {
		case <-more:
		case <-ctx.Done():
			packets, _ := e.Packets()
			return fmt.Errorf("%g Hz was not heard (share %.2f, %d packets): %w", freq, e.Share(freq), packets, ctx.Err())
		}
	}
}

func loudest(s []int16) (top int) {
	for _, v := range s {
		top = max(top, int(v), -int(v))
	}
	return top
}

// More waits for the next packet.
func (e *Ear) More(ctx context.Context) error {
	e.mu.Lock()
	more := e.more
	e.mu.Unlock()
	select {
	case <-more:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
