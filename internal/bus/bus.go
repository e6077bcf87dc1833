// Package bus carries what has happened from the room where it was committed to the rooms that want to know, in process
// and typed. It promises that each subscriber gets every event of its type in the order of publication, on its own
// goroutine, and that publishing never waits. It is a hint, never the truth: whoever misses an event reads the database.
package bus

import (
	"reflect"
	"sync"
)

// Bus is a set of topics, one per Go type. The zero value is not usable; see New.
type Bus struct {
	mu   sync.RWMutex
	subs map[reflect.Type]map[*sub]struct{}
	wg   sync.WaitGroup
}

type sub struct {
	mu     sync.Mutex
	queue  []any
	wake   chan struct{}
	done   chan struct{}
	closed bool
}

// New makes a bus.
func New() *Bus { return &Bus{subs: map[reflect.Type]map[*sub]struct{}{}} }

// Publish hands ev to every subscriber of its type, in order, without waiting for any.
func Publish[T any](b *Bus, ev T) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	for s := range b.subs[reflect.TypeFor[T]()] {
		s.mu.Lock()
		if !s.closed {
			s.queue = append(s.queue, ev)
		}
		s.mu.Unlock()
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
}

// Subscribe calls fn for every later event of type T, one after the other, until stop is called. stop waits for a call
// under way, so it must not be called from within fn.
func Subscribe[T any](b *Bus, fn func(T)) (stop func()) {
	s := &sub{wake: make(chan struct{}, 1), done: make(chan struct{})}
	t := reflect.TypeFor[T]()
	b.mu.Lock()
	if b.subs[t] == nil {
		b.subs[t] = map[*sub]struct{}{}
	}
	b.subs[t][s] = struct{}{}
	b.mu.Unlock()
	b.wg.Go(func() {
		defer close(s.done)
		for range s.wake {
			for {
				s.mu.Lock()
				batch, closed := s.queue, s.closed
				s.queue = nil
				s.mu.Unlock()
				if closed {
					return
				}
				if len(batch) == 0 {
					break
				}
				for _, ev := range batch {
					fn(ev.(T))
				}
			}
		}
	})
	return sync.OnceFunc(func() {
		b.mu.Lock()
		delete(b.subs[t], s)
		b.mu.Unlock()
		s.mu.Lock()
		s.closed = true
		s.mu.Unlock()
		select {
		case s.wake <- struct{}{}:
		default:
		}
		<-s.done
	})
}
