package media

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cordboard/internal/channel/phone"
)

// fake is a Port whose party is the test.
type fake struct {
	law     Law
	mu      sync.Mutex
	heard   []heard
	receive atomic.Pointer[func(Frame)]
	closed  atomic.Bool
}

type heard struct {
	Frame
	at time.Time
}

func (f *fake) Law() Law { return f.law }

func (f *fake) Send(fr Frame) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	fr.Payload = slices.Clone(fr.Payload)
	f.heard = append(f.heard, heard{fr, time.Now()})
	return nil
}

func (f *fake) Receive(give func(Frame)) {
	if give == nil {
		f.receive.Store(nil)
		return
	}
	f.receive.Store(&give)
}

func (f *fake) Close() error { f.closed.Store(true); return nil }

// says makes the party send one frame.
func (f *fake) says(fr Frame) {
	if give := f.receive.Load(); give != nil {
		(*give)(fr)
	}
}

func (f *fake) take() []heard {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := f.heard
	f.heard = nil
	return out
}

// desk is a desk with parties a, b, c.
func desk(t *testing.T, laws ...Law) (*Desk, []*fake) {
	t.Helper()
	d := NewDesk(nil)
	t.Cleanup(d.Close)
	var out []*fake
	for i, law := range laws {
		f := &fake{law: law}
		d.Add(phone.LegID(rune('a'+i)), f)
		out = append(out, f)
	}
	return d, out
}
