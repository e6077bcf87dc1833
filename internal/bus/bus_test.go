package bus_test

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"cordboard/internal/bus"
)

type one struct{ n int }
type other struct{ n int }

func TestByTypeAndInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := bus.New()
		var a, c []int
		stopA := bus.Subscribe(b, func(e one) { a = append(a, e.n) })
		stopC := bus.Subscribe(b, func(e other) { c = append(c, e.n) })
		for n := range 100 {
			bus.Publish(b, one{n})
			bus.Publish(b, other{-n})
		}
		bus.Publish(b, &one{7}) // another type: nobody listens
		synctest.Wait()
		stopA()
		stopC()
		if len(a) != 100 || !slices.IsSorted(a) || len(c) != 100 || c[99] != -99 {
			t.Errorf("heard %v and %v", a, c)
		}
	})
}

// A subscriber that does not come back holds nobody up.
func TestPublishNeverWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, gate := bus.New(), make(chan struct{})
		var slow, quick int
		stopSlow := bus.Subscribe(b, func(one) { <-gate; slow++ })
		stopQuick := bus.Subscribe(b, func(one) { quick++ })
		for n := range 50 {
			bus.Publish(b, one{n})
		}
		synctest.Wait()
		if quick != 50 || slow != 0 {
			t.Errorf("quick %d, slow %d", quick, slow)
		}
		close(gate)
		synctest.Wait()
		stopSlow()
		stopQuick()
		if slow != 50 {
			t.Errorf("slow heard %d", slow)
		}
	})
}

func TestStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, gate := bus.New(), make(chan struct{})
		var heard []int
		stop := bus.Subscribe(b, func(e one) { <-gate; heard = append(heard, e.n) })
		bus.Publish(b, one{1})
		synctest.Wait()
		bus.Publish(b, one{2})
		stopped := false
		go func() { stop(); stopped = true }()
		synctest.Wait()
		if stopped {
			t.Error("stop did not wait for the call under way")
		}
		close(gate)
		synctest.Wait()
		stop() // twice is once
		bus.Publish(b, one{3})
		synctest.Wait()
		if !stopped || !slices.Contains(heard, 1) || slices.Contains(heard, 3) {
			t.Errorf("stopped %v, heard %v", stopped, heard)
		}
	})
}

// Each of many publishers is heard in its own order, while subscribers come and go.
func TestManyAtOnce(t *testing.T) {
	const publishers, each = 8, 500
	b := bus.New()
	last, count := map[int]int{}, 0
	var done sync.WaitGroup
	done.Add(publishers * each)
	stop := bus.Subscribe(b, func(e [2]int) {
		if e[1] != last[e[0]]+1 {
			t.Errorf("publisher %d: %d after %d", e[0], e[1], last[e[0]])
		}
		last[e[0]], count = e[1], count+1
		done.Done()
	})
	var wg sync.WaitGroup
	for p := range publishers {
		wg.Go(func() {
			for n := range each {
				bus.Publish(b, [2]int{p, n + 1})
			}
		})
	}
	wg.Go(func() {
		for range 200 {
			bus.Subscribe(b, func([2]int) {})()
		}
	})
	wg.Wait()
	done.Wait()
	stop()
	if count != publishers*each {
		t.Errorf("heard %d", count)
	}
}

func BenchmarkPublish(b *testing.B) {
	bb := bus.New()
	for range 10 {
		defer bus.Subscribe(bb, func(one) {})()
	}
	for b.Loop() {
		bus.Publish(bb, one{1})
	}
}
