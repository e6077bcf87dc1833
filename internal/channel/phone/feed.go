package phone

import (
	"context"
	"sync"
)

// Feed is a Switch's stream of events: anyone puts, one goroutine delivers in order. What is put while nobody runs it is
// kept for the next Run, so no event is lost between two. The zero value is ready.
type Feed struct {
	mu   sync.Mutex
	wait chan struct{} // closed when something was put, while someone waits
	todo []Event
	seq  uint64
}

// Put adds an event; its Seq is set here.
func (f *Feed) Put(e Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seq++
	e.Seq = f.seq
	f.todo = append(f.todo, e)
	if f.wait != nil {
		close(f.wait)
		f.wait = nil
	}
}

// Run delivers until ctx ends. Only one Run at a time.
func (f *Feed) Run(ctx context.Context, sink func(Event)) error {
	for {
		f.mu.Lock()
		todo := f.todo
		f.todo = nil
		var wait chan struct{}
		if len(todo) == 0 {
			if f.wait == nil {
				f.wait = make(chan struct{})
			}
			wait = f.wait
		}
		f.mu.Unlock()
		if wait != nil {
			select {
			case <-ctx.Done():
				return nil
			case <-wait:
			}
			continue
		}
		for i, e := range todo {
			if ctx.Err() != nil {
				f.mu.Lock()
				f.todo = append(todo[i:len(todo):len(todo)], f.todo...)
				f.mu.Unlock()
				return nil
			}
			sink(e)
		}
	}
}

// drain delivers what is left.
func (f *Feed) drain(sink func(Event)) {
	f.mu.Lock()
	todo := f.todo
	f.todo = nil
	f.mu.Unlock()
	for _, e := range todo {
		sink(e)
	}
}
