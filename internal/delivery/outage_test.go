package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cordboard/internal/bus"
	"cordboard/internal/delivery"
	"cordboard/internal/desk"
	"cordboard/internal/fault"
)

// A CRM that is away for 8 h, loses 3 % of its answers and refuses some, while agents go on working: nothing is lost,
// nothing is written with two contents, each order is kept, and the CRM is not stormed.
func TestEightHoursOutage(t *testing.T) {
	inWorld(t, func(w *world) {
		random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a test's own dice
		start := time.Now()
		w.far(func(d delivery.Delivery) error {
			w.mu.Lock()
			dice := random.Float64()
			if since := time.Since(start); since > time.Hour && since < 9*time.Hour {
				w.mu.Unlock()
				return down
			}
			if dice < 0.03 { // written, and the answer lost
				w.written[string(d.Frozen)]++
			}
			w.mu.Unlock()
			switch {
			case dice < 0.03:
				return fault.New(fault.Unavailable, "CONNECTION_RESET", "The answer was lost.").Judge(fault.Retry, 0)
			case dice < 0.05:
				return fault.New(fault.Unavailable, "UNABLE_TO_LOCK_ROW", "Locked.").Judge(fault.Retry, 0)
			}
			return nil
		})
		agents, each := 10, 30
		if _, real := w.keep.(sqlite); real {
			agents = 2 // each try is two commits, on a disk that may be slow
		}
		for n := range each { // every 20 min one log of each agent, and a second one of the same handling
			for a := range agents {
				for part := range 2 {
					w.promise(fmt.Sprintf("i%02d-%02d/%d", a, n, part), fmt.Sprintf("sf/ag%d", a), fmt.Sprintf("i%02d-%02d", a, n))
				}
			}
			w.pass(20 * time.Minute)
		}
		w.pass(time.Hour)
		c, err := w.keep.Count(context.Background())
		if err != nil || c[delivery.Done].Count != agents*each*2 || len(c) != 1 {
			w.Fatalf("%+v, %v", c, err)
		}
		if len(w.written) != agents*each*2 {
			w.Errorf("%d contents were written, want %d: one per delivery, frozen once", len(w.written), agents*each*2)
		}
		for n := range each {
			for a := range agents {
				o := fmt.Sprintf("i%02d-%02d/", a, n)
				if first, second := slices.Index(w.sent, o+"0"), slices.Index(w.sent, o+"1"); first > second {
					w.Errorf("%s went %d before %d", o, first, second)
				}
			}
		}
		// A lane is asked at most about once a minute while the CRM is away.
		storm := 0
		for _, at := range w.triesOf("") {
			if since := at.Sub(start); since > time.Hour && since < 9*time.Hour {
				storm++
			}
		}
		if most := agents * 8 * 60 * 2; storm > most {
			w.Errorf("%d tries in 8 h without answer, want at most %d", storm, most)
		}
	})
}

// A lane in which nobody has got an answer yet is asked by one at a time; one that works by a few.
func TestAtOnce(t *testing.T) {
	inWorld(t, func(w *world) {
		w.slow(time.Second)
		for n := range 20 {
			w.promise(fmt.Sprint("k", n), "sf/ag1", "")
		}
		w.pass(500 * time.Millisecond)
		if now, _ := w.atOnce(); now != 1 {
			w.Errorf("%d at once in an unknown lane", now)
		}
		w.pass(time.Second)
		if now, _ := w.atOnce(); now != 4 {
			w.Errorf("%d at once in a lane that works, want 4", now)
		}
		for n := range 100 {
			w.promise(fmt.Sprint("other", n), fmt.Sprint("sf/other", n), "")
		}
		w.pass(time.Minute)
		if _, most := w.atOnce(); most != 16 {
			w.Errorf("%d at once in all, want 16", most)
		}
		for n := range 100 {
			w.want(fmt.Sprint("other", n), delivery.Done)
		}
	})
}

func TestLongSendKeepsItsClaim(t *testing.T) {
	inWorld(t, func(w *world) {
		w.slow(110 * time.Second) // the lease is a minute
		w.promise("k1", "sf/ag1", "")
		w.pass(100 * time.Second)
		if got, err := w.keep.Claim(context.Background(), time.Now(), time.Now().Add(time.Minute), 1, nil); len(got) != 0 || err != nil {
			w.Errorf("another claimed it: %+v, %v", got, err)
		}
		w.pass(time.Minute)
		w.want("k1", delivery.Done)
		if n := len(w.triesOf("")); n != 1 {
			w.Errorf("sent %d times", n)
		}
	})
}

func TestNoAnswerInTime(t *testing.T) {
	inWorld(t, func(w *world) {
		w.slow(time.Hour)
		w.promise("k1", "sf/ag1", "")
		w.pass(2*time.Minute + time.Second)
		if d := w.one("k1"); d.Code != "TIMEOUT" || d.Tries != 1 {
			w.Errorf("%+v", d)
		}
	})
}

// A process that died leaves claims: they are taken up when the lease expires.
func TestTakenUpAfterACrash(t *testing.T) {
	inWorld(t, func(w *world) {
		err := w.keep.Promise(desk.Intent{Key: "k1", Lane: "sf/ag1", Kind: "log"})
		if err != nil {
			w.Fatal(err)
		}
		ds, err := w.keep.Claim(context.Background(), time.Now(), time.Now().Add(time.Minute), 1, nil)
		if err != nil || len(ds) != 1 {
			w.Fatal(ds, err)
		}
		w.pump.Wake()
		w.pass(59 * time.Second)
		w.want("k1", delivery.Running)
		w.pass(2 * time.Second)
		w.want("k1", delivery.Done)
	})
}

func TestStopGivesBackWhatIsUnderWay(t *testing.T) {
	inWorld(t, func(w *world) {
		w.slow(10 * time.Second)
		w.promise("k1", "sf/ag1", "")
		w.pass(time.Second)
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if err := w.pump.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
			w.Errorf("Stop: %v", err)
		}
		d := w.want("k1", delivery.Waiting)
		if d.Tries != 0 || d.Next.After(time.Now()) {
			w.Errorf("it was counted as a try: %+v", d)
		}
		// The next process goes on at once.
		next := delivery.New(delivery.Options{Store: w.keep, Workers: map[string]delivery.Worker{"log": w}})
		if err := next.Start(context.Background()); err != nil {
			w.Fatal(err)
		}
		w.pass(11 * time.Second)
		w.want("k1", delivery.Done)
		if err := next.Stop(context.Background()); err != nil {
			w.Error(err)
		}
	})
}

func TestStopWaits(t *testing.T) {
	inWorld(t, func(w *world) {
		w.slow(10 * time.Second)
		w.promise("k1", "sf/ag1", "")
		w.promise("k2", "sf/ag1", "")
		w.pass(time.Second)
		if err := w.pump.Stop(context.Background()); err != nil {
			w.Error(err)
		}
		w.want("k1", delivery.Done)
		w.want("k2", delivery.Waiting)
	})
}

func TestWorkerPanicHarmsNobody(t *testing.T) {
	inWorld(t, func(w *world) {
		w.far(func(d delivery.Delivery) error {
			if d.Key == "k1" {
				panic("boom")
			}
			return nil
		})
		w.promise("k1", "sf/ag1", "")
		w.promise("k2", "sf/ag1", "")
		w.pass(time.Second / 2)
		w.want("k2", delivery.Done)
		if d := w.want("k1", delivery.Waiting); d.Code != "WORKER_PANIC" || strings.Contains(d.Reason, "boom") {
			w.Errorf("%+v", d)
		}
	})
}

func TestUnknownKindIsParked(t *testing.T) {
	inWorld(t, func(w *world) {
		if err := w.keep.Promise(desk.Intent{Key: "k1", Lane: "l", Kind: "from the future"}); err != nil {
			w.Fatal(err)
		}
		w.pump.Wake()
		synctest.Wait()
		if d := w.want("k1", delivery.Parked); d.Code != "UNKNOWN_KIND" {
			w.Errorf("%+v", d)
		}
	})
}

func TestPeople(t *testing.T) {
	inWorld(t, func(w *world) {
		ctx := context.Background()
		w.far(always(fault.New(fault.Invalid, "REQUIRED_FIELD_MISSING", "Field X.").Judge(fault.Park, 0)))
		for n := range 4 {
			w.promise(fmt.Sprint("k", n), "sf/ag1", "")
		}
		synctest.Wait()
		if c, err := w.pump.Count(ctx); err != nil || c[delivery.Parked].Count != 4 {
			w.Fatalf("%+v, %v", c, err)
		}
		if err := w.pump.Drop(ctx, "k3", ""); fault.KindOf(err) != fault.Invalid {
			w.Errorf("drop without a reason: %v", err)
		}
		if err := w.pump.Drop(ctx, "k3", "a test call"); err != nil {
			w.Error(err)
		}
		w.far(nil)
		if err := w.pump.Retry(ctx, "k0"); err != nil {
			w.Error(err)
		}
		synctest.Wait()
		w.want("k0", delivery.Done)
		if err := w.pump.Retry(ctx, "k0"); !fault.Is(err, "DELIVERY_OVER") {
			w.Errorf("retry of a delivered one: %v", err)
		}
		if err := w.pump.Retry(ctx, "nobody"); fault.KindOf(err) != fault.NotFound {
			w.Errorf("retry of nothing: %v", err)
		}
		if n, err := w.pump.RetryLike(ctx, "REQUIRED_FIELD_MISSING"); n != 2 || err != nil {
			w.Errorf("released %d, %v", n, err)
		}
		if _, err := w.pump.RetryLike(ctx, ""); fault.KindOf(err) != fault.Invalid {
			w.Errorf("retry of everything: %v", err)
		}
		synctest.Wait()
		w.want("k1", delivery.Done)
		w.want("k2", delivery.Done)
		w.want("k3", delivery.Dropped)
		if ds, err := w.pump.List(ctx, delivery.Filter{State: delivery.Done}); len(ds) != 3 || err != nil {
			w.Errorf("listed %+v, %v", ds, err)
		}
		// Every change of a stream's owner was published once, with its number.
		w.mu.Lock()
		defer w.mu.Unlock()
		seen := map[int64]bool{}
		for _, c := range w.changed {
			if c.Stream == 0 || seen[c.Stream] {
				w.Errorf("stream %d of %s was published twice or without a number", c.Stream, c.Delivery.Key)
			}
			seen[c.Stream] = true
		}
		if len(seen) != 11 { // 4 parked, 1 dropped, 3 released, 3 done
			w.Errorf("%d changes were published, want 11", len(seen))
		}
	})
}

// A database that does not answer for an hour loses no outcome.
func TestStoreAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		newWorld(t, m, delivery.Config{}, func(w *world) {
			w.slow(time.Second)
			w.promise("k1", "sf/ag1", "")
			w.pass(time.Second / 2)
			m.breakDown(fault.New(fault.Unavailable, "DATABASE_UNREACHABLE", "Away."))
			w.promise("k2", "sf/ag1", "")
			w.pass(time.Hour)
			m.breakDown(nil)
			w.pass(20 * time.Second)
			w.want("k1", delivery.Done)
			w.want("k2", delivery.Done)
			if n := len(w.triesOf("k1")); n != 1 {
				w.Errorf("k1 was sent %d times", n)
			}
		})
	})
}

// A claim that another pump took while ours could not be renewed ends our try, and ours writes nothing.
func TestLostClaimIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		newWorld(t, m, delivery.Config{}, func(w *world) {
			w.slow(100 * time.Second)
			w.promise("k1", "sf/ag1", "")
			w.pass(time.Second)
			theirs, err := m.Claim(context.Background(), time.Now().Add(2*time.Minute), time.Now().Add(time.Hour), 1, nil)
			if err != nil || len(theirs) != 1 {
				w.Fatal(theirs, err)
			}
			w.pass(10 * time.Minute)
			if now, _ := w.atOnce(); now != 0 {
				w.Errorf("%d sends go on", now)
			}
			if d := w.want("k1", delivery.Running); d.Version != theirs[0].Version {
				w.Errorf("ours wrote: %+v", d)
			}
		})
	})
}

func TestStopBeforeStart(t *testing.T) {
	p := delivery.New(delivery.Options{Store: newMemory(), Bus: bus.New()})
	for range 2 {
		if err := p.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	}
}
