package sip

import (
	"context"
	"sync"

	"cordboard/internal/channel/phone"
)

// queue keeps events in order until Run takes them. It is bounded by the number of legs, each of which has few.
type queue struct {
	mu     sync.Mutex
	events []phone.Event
	more   chan struct{} // holds one token when there is something
}

func newQueue() *queue { return &queue{more: make(chan struct{}, 1)} }

func (q *queue) push(e phone.Event) {
	q.mu.Lock()
	q.events = append(q.events, e)
	q.mu.Unlock()
	select {
	case q.more <- struct{}{}:
	default:
	}
}

// drain hands events to sink, numbered from 1, until ctx ends or stop closes.
func (q *queue) drain(ctx context.Context, stop <-chan struct{}, sink func(phone.Event)) {
	var seq uint64
	for {
		q.mu.Lock()
		batch := q.events
		q.events = nil
		q.mu.Unlock()
		for i, e := range batch {
			if ctx.Err() != nil {
				// What the next Run should see stays, in front of what came meanwhile.
				q.mu.Lock()
				q.events = append(append([]phone.Event{}, batch[i:]...), q.events...)
				q.mu.Unlock()
				return
			}
			seq++
			e.Seq = seq
			sink(e)
		}
		if len(batch) > 0 {
			continue
		}
		select {
		case <-q.more:
		case <-ctx.Done():
			return
		case <-stop:
			return
		}
	}
}
