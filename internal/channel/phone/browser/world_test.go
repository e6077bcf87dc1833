package browser_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"cordboard/internal/channel/phone"
	"cordboard/internal/channel/phone/browser"
	"cordboard/internal/channel/phone/browser/page"
)

// limit is how long a test waits for what ought to happen at once.
const limit = 20 * time.Second

// tab is a page of the console in a test.
type tab struct {
	*page.Page
	t    *testing.T
	name string
}

func openTab(t *testing.T, name string, tone float64) tab {
	t.Helper()
	p, err := page.Open(tone)
	must(t, err)
	t.Cleanup(p.Close)
	return tab{p, t, name}
}

func (b tab) connect(s *browser.Switch, agent string) error {
	ctx, stop := context.WithTimeout(context.Background(), limit)
	defer stop()
	return b.Connect(ctx, func(offer string) (string, error) { return s.Connect(ctx, agent, b.name, offer) })
}

// connected connects and waits until sound could flow.
func (b tab) connected(s *browser.Switch, agent string) tab {
	b.t.Helper()
	must(b.t, b.connect(s, agent))
	return b
}

func (b tab) hears(tone float64) {
	b.t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), limit)
	defer stop()
	must(b.t, b.Hears(ctx, tone))
}

// world is a browser switch with its events.
type world struct {
	t  *testing.T
	sw *browser.Switch

	mu     sync.Mutex
	events []phone.Event
	owners []string
	news   chan struct{}
}

func newWorld(t *testing.T, o browser.Options) *world {
	t.Helper()
	w := &world{t: t, news: make(chan struct{}, 1)}
	o.OnOwner = func(agent, tab string) {
		w.mu.Lock()
		w.owners = append(w.owners, agent+":"+tab)
		w.mu.Unlock()
		w.wake()
	}
	sw, err := browser.New(o)
	must(t, err)
	w.sw = sw
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		_ = sw.Run(ctx, func(e phone.Event) {
			w.mu.Lock()
			w.events = append(w.events, e)
			w.mu.Unlock()
			w.wake()
		})
	})
	t.Cleanup(func() {
		must(t, sw.Close())
		stop()
		wg.Wait()
	})
	return w
}

func (w *world) wake() {
	select {
	case w.news <- struct{}{}:
	default:
	}
}

// until waits for something to come true.
func (w *world) until(what string, f func() bool) {
	w.t.Helper()
	late := time.After(limit)
	for {
		w.mu.Lock()
		ok := f()
		w.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-w.news:
		case <-late:
			w.mu.Lock()
			defer w.mu.Unlock()
			w.t.Fatalf("waited for %s; events %+v, owners %v", what, w.events, w.owners)
		}
	}
}

// want waits for a leg's event.
func (w *world) want(leg phone.LegID, kind phone.EventKind) phone.Event {
	w.t.Helper()
	var got phone.Event
	w.until(string(leg)+" "+string(kind), func() bool {
		for _, e := range w.events {
			if e.Leg == leg && e.Kind == kind {
				got = e
				return true
			}
		}
		return false
	})
	return got
}

func (w *world) reach(agent string, up bool) {
	w.t.Helper()
	w.until("reach "+agent, func() bool {
		for i := len(w.events) - 1; i >= 0; i-- {
			if e := w.events[i]; e.Kind == phone.Reach && e.Target.Address == agent {
				return e.Up == up
			}
		}
		return false
	})
}

func (w *world) owner(want string) {
	w.t.Helper()
	w.until("owner "+want, func() bool { return len(w.owners) > 0 && w.owners[len(w.owners)-1] == want })
}

// dial rings an agent's browser.
func (w *world) dial(leg phone.LegID, agent string) {
	w.t.Helper()
	must(w.t, w.sw.Dial(context.Background(), phone.Dial{
		Leg: leg, To: phone.Target{Kind: phone.TargetBrowser, Address: agent}, CallerID: "+14155550123", Timeout: time.Minute,
	}))
}

// call rings and answers.
func (w *world) call(leg phone.LegID, agent string) {
	w.t.Helper()
	w.dial(leg, agent)
	w.want(leg, phone.Ringing)
	must(w.t, w.sw.Answer(context.Background(), leg))
	w.want(leg, phone.Answered)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// eventually waits for what no event tells.
func eventually(t *testing.T, f func() bool) {
	t.Helper()
	late := time.After(limit)
	clock := time.NewTicker(5 * time.Millisecond)
	defer clock.Stop()
	for !f() {
		select {
		case <-clock.C:
		case <-late:
			t.Fatal("it did not come true")
		}
	}
}
