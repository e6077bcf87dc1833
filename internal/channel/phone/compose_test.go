package phone_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"cordboard/internal/channel/phone"
	"cordboard/internal/channel/phone/phonetest"
)

// plain hides what a simulated switch can do besides carrying calls.
type plain struct{ phone.Switch }

func TestComposeCanWhatAllItsPartsCan(t *testing.T) {
	sim := phonetest.New()
	sim.Device(phone.Target{Kind: phone.TargetSIP, Address: "ben-1"})
	both := phone.Compose(map[phone.TargetKind]phone.Switch{phone.TargetSIP: sim, phone.TargetBrowser: plain{phonetest.New()}})
	if _, ok := both.(phone.Muter); ok {
		t.Error("it says that it can mute, and one of its parts can't")
	}
	r := both.(phone.Reacher)
	for to, want := range map[phone.Target]bool{
		{Kind: phone.TargetSIP, Address: "ben-1"}:   true,
		{Kind: phone.TargetSIP, Address: "nobody"}:  false,
		{Kind: phone.TargetBrowser, Address: "ada"}: true, // that part can't tell: dialling will
		{Kind: phone.TargetNumber, Address: "+1"}:   false,
	} {
		if r.Reachable(to) != want {
			t.Errorf("%+v reachable: %v", to, !want)
		}
	}
	if err := both.Dial(context.Background(), phone.Dial{Leg: "x", To: phone.Target{Kind: phone.TargetNumber}}); err == nil {
		t.Error("a kind of target that no part serves was dialled")
	}
}

// When one part is lost, Run ends with its fault, nothing that the other part said is lost, and the next Run goes on.
func TestComposeLosesAPart(t *testing.T) {
	a, b := phonetest.New(), phonetest.New()
	both := phone.Compose(map[phone.TargetKind]phone.Switch{phone.TargetSIP: a, phone.TargetBrowser: b})
	var (
		mu   sync.Mutex
		seen []phone.EventKind
		news = make(chan struct{}, 100)
	)
	sink := func(e phone.Event) {
		mu.Lock()
		seen = append(seen, e.Kind)
		mu.Unlock()
		news <- struct{}{}
	}
	run := func(ctx context.Context) chan error {
		done := make(chan error, 1)
		go func() { done <- both.Run(ctx, sink) }()
		return done
	}
	wait := func(n int) {
		t.Helper()
		for range n {
			select {
			case <-news:
			case <-time.After(10 * time.Second):
				t.Fatalf("only %v came", seen)
			}
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	first := run(ctx)
	a.Caller(customer, service)
	caller := b.Caller(customer, service)
	wait(2) // both parts are running
	a.Break()
	select {
	case err := <-first:
		if !errors.Is(err, phonetest.ErrLost) {
			t.Fatalf("Run ended with %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("Run did not end when a part was lost")
	}
	caller.HangUp()
	second := run(ctx)
	wait(2) // the end of b's caller, and a's gap
	stop()
	if err := <-second; err != nil {
		t.Fatalf("Run ended with %v", err)
	}
	mu.Lock()
	defer mu.Unlock()
	n := map[phone.EventKind]int{}
	for _, k := range seen {
		n[k]++
	}
	if n[phone.Arrived] != 2 || n[phone.Ended] != 1 || n[phone.Gap] != 1 {
		t.Fatalf("seen %v", seen)
	}
}
