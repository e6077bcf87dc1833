package sip_test

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"os"
	"sync"
	"testing"
	"time"

	"cordboard/internal/channel/phone"
	"cordboard/internal/channel/phone/media"
	"cordboard/internal/channel/phone/sip"
	"cordboard/internal/channel/phone/sip/sipphone"
)

const secret = "k3v9-Qw7x-Lp2m-Zr8t-Ns4h"

// limit is how long a test waits for something that ought to happen at once; it is long because the machine may be busy.
const limit = 20 * time.Second

// world is a running switch with what it has told.
type world struct {
	t      *testing.T
	sw     *sip.Switch
	ctx    context.Context
	mu     sync.Mutex
	events []phone.Event
	more   chan struct{}
	taken  map[int]bool
	phones []*sipphone.Phone // closed after the switch, so that they can confirm its BYEs
}

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

func trunks() []sip.Trunk { return []sip.Trunk{{Name: "carrier", Allow: loopback}} }

func newWorld(t *testing.T, change ...func(*sip.Options)) *world {
	t.Helper()
	pool, err := media.NewPool(netip.MustParseAddr("127.0.0.1"), netip.Addr{}, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	opts := sip.Options{
		Listen: "127.0.0.1:0", Media: pool, Trunks: trunks,
		Accounts: func(user string) (string, bool) { return secret, user == "ada" || user == "grace" },
	}
	if os.Getenv("SIP_LOG") != "" {
		opts.Log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	for _, c := range change {
		c(&opts)
	}
	sw, err := sip.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	w := &world{t: t, sw: sw, ctx: ctx, more: make(chan struct{}), taken: map[int]bool{}}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = sw.Run(ctx, func(e phone.Event) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.events = append(w.events, e)
			close(w.more)
			w.more = make(chan struct{})
		})
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		if err := sw.Close(); err != nil {
			t.Error(err)
		}
		for _, p := range w.phones {
			_ = p.Close()
		}
	})
	return w
}

// want waits for the next event of the kind (of the leg, unless "") that no want has taken yet.
func (w *world) want(leg phone.LegID, kind phone.EventKind) phone.Event {
	w.t.Helper()
	deadline := time.After(limit)
	for {
		w.mu.Lock()
		for i, e := range w.events {
			if !w.taken[i] && e.Kind == kind && (leg == "" || e.Leg == leg) {
				w.taken[i] = true
				w.mu.Unlock()
				return e
			}
		}
		more := w.more
		w.mu.Unlock()
		select {
		case <-more:
		case <-deadline:
			w.t.Fatalf("no event %q of leg %q came; there were %+v", kind, leg, w.events)
		}
	}
}

// all is every event of the leg so far.
func (w *world) all(leg phone.LegID) (kinds []phone.EventKind) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.events {
		if e.Leg == leg {
			kinds = append(kinds, e.Kind)
		}
	}
	return kinds
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) server() string { return w.sw.Addr().String() }

func (w *world) phone(opts sipphone.Options) *sipphone.Phone {
	w.t.Helper()
	p, err := sipphone.New(opts)
	w.ok(err)
	w.phones = append(w.phones, p)
	return p
}

// agent is a registered phone.
func (w *world) agent(opts sipphone.Options) *sipphone.Phone {
	w.t.Helper()
	if opts.User == "" {
		opts.User = "ada"
	}
	opts.Secret = secret
	p := w.phone(opts)
	w.ok(p.Register(w.ctx, w.server()))
	return p
}

func (w *world) legID(n byte) phone.LegID {
	id := []byte("00000000000000000000000000000000")
	id[31] = n
	return phone.LegID(id)
}

// dial rings ada.
func (w *world) dial(n byte, timeout time.Duration) phone.LegID {
	w.t.Helper()
	id := w.legID(n)
	w.ok(w.sw.Dial(w.ctx, phone.Dial{
		Leg: id, To: phone.Target{Kind: phone.TargetSIP, Address: "ada"}, CallerID: "+14155550123", Display: `Ann "A" Alvarez`, Timeout: timeout,
	}))
	return id
}

func (w *world) noLegs() {
	w.t.Helper()
	legs, err := w.sw.Legs(w.ctx)
	w.ok(err)
	if len(legs) != 0 {
		w.t.Fatalf("legs left: %+v", legs)
	}
}

func refusedWith(t *testing.T, err error, code int) {
	t.Helper()
	var r *sipphone.Refused
	if !errors.As(err, &r) || r.Code != code {
		t.Fatalf("want a refusal with %d, got %v", code, err)
	}
}

func contextOf(w *world) (context.Context, context.CancelFunc) { return context.WithCancel(w.ctx) }

func pool(t *testing.T) *media.Pool {
	t.Helper()
	p, err := media.NewPool(netip.MustParseAddr("127.0.0.1"), netip.Addr{}, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
