package delivery_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cordboard/internal/delivery"
	"cordboard/internal/fault"
)

func TestDeliveredAtOnce(t *testing.T) {
	inWorld(t, func(w *world) {
		w.promise("k1", "sf/ag1", "")
		synctest.Wait() // no virtual time passes: nothing is polled for
		d := w.want("k1", delivery.Done)
		if d.Tries != 1 || len(d.Attempts) != 1 || d.Attempts[0].Code != "OK" || string(d.Result) != `{"ok":true}` || d.Finished.IsZero() {
			w.Errorf("%+v", d)
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		if len(w.changed) != 1 || w.changed[0].Delivery.State != delivery.Done || w.changed[0].Stream == 0 || w.changed[0].Delivery.Frozen != nil {
			w.Errorf("published %+v", w.changed)
		}
	})
}

func TestFrozenOnce(t *testing.T) {
	inWorld(t, func(w *world) {
		n := 0
		w.far(func(delivery.Delivery) error {
			if n++; n < 4 {
				return down
			}
			return nil
		})
		w.promise("k1", "sf/ag1", "")
		w.pass(time.Minute)
		d := w.want("k1", delivery.Done)
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.frozen != 1 || string(d.Frozen) != `"k1#1"` || d.Tries != 4 || len(d.Attempts) != 4 || d.Attempts[0].Code != "SERVER_UNAVAILABLE" {
			w.Errorf("frozen %d times as %s, %d tries, attempts %+v", w.frozen, d.Frozen, d.Tries, d.Attempts)
		}
	})
}

// LOG-18: again after 1 s, doubling with jitter to 15 min, for 72 h, then parked.
func TestBackOff(t *testing.T) {
	inWorld(t, func(w *world) {
		w.far(always(down))
		w.promise("k1", "sf/ag1", "")
		w.pass(71 * time.Hour)
		d := w.want("k1", delivery.Waiting)
		if d.Code != "SERVER_UNAVAILABLE" || d.Reason != down.Message || len(d.Attempts) != 20 {
			w.Errorf("%+v", d)
		}
		at := w.triesOf("k1")
		for n := 1; n < 12; n++ {
			want := min(15*time.Minute, time.Second<<(n-1))
			// A lane whose far end is silent rests up to a minute, too: the gap may be longer by that.
			if gap := at[n].Sub(at[n-1]); gap < want*79/100 || gap > want*121/100+73*time.Second {
				w.Errorf("gap %d is %v, want about %v", n, gap, want)
			}
		}
		for n := 12; n < len(at); n++ {
			if gap := at[n].Sub(at[n-1]); gap < 12*time.Minute-time.Second || gap > 17*time.Minute {
				w.Errorf("gap %d is %v, want about 15 min", n, gap)
			}
		}
		w.pass(2 * time.Hour)
		d = w.want("k1", delivery.Parked)
		if d.Code != "SERVER_UNAVAILABLE" || !strings.Contains(d.Reason, "72 hours") || d.Finished.Sub(d.Created) < 72*time.Hour {
			w.Errorf("%+v", d)
		}
		n := len(w.triesOf("k1"))
		w.pass(24 * time.Hour)
		if got := len(w.triesOf("k1")); got != n {
			w.Errorf("a parked delivery was tried %d times more", got-n)
		}
		// A person retries: it has its patience again.
		if err := w.pump.Retry(context.Background(), "k1"); err != nil {
			w.Fatal(err)
		}
		w.pass(time.Hour)
		w.far(nil)
		w.pass(20 * time.Minute)
		w.want("k1", delivery.Done)
	})
}

func TestRowLockComesSoon(t *testing.T) {
	inWorld(t, func(w *world) {
		w.far(always(fault.New(fault.Unavailable, "UNABLE_TO_LOCK_ROW", "Another change holds the record.").Judge(fault.Retry, 0)))
		w.promise("k1", "sf/ag1", "")
		w.pass(10 * time.Minute)
		at := w.triesOf("k1")
		if len(at) < 70 {
			w.Errorf("only %d tries in 10 min", len(at))
		}
		for n := 1; n < len(at); n++ {
			if gap := at[n].Sub(at[n-1]); gap < 500*time.Millisecond || gap > 8*time.Second+10*time.Millisecond {
				w.Errorf("gap %v, want 0.5 to 8 s", gap)
			}
		}
	})
}

func TestAfterIsRespected(t *testing.T) {
	inWorld(t, func(w *world) {
		w.far(always(fault.New(fault.TooMany, "SLOW_DOWN", "Slow down.").Judge(fault.Retry, 7*time.Minute)))
		w.promise("k1", "sf/ag1", "")
		w.pass(6 * time.Minute)
		if n := len(w.triesOf("k1")); n != 1 {
			w.Errorf("%d tries before the wait was over", n)
		}
		w.pass(time.Minute + time.Second)
		if n := len(w.triesOf("k1")); n != 2 {
			w.Errorf("%d tries after it", n)
		}
	})
}

// SF-10: exactly one try with a broken credential; the lane goes when its agent has signed on anew.
func TestBrokenCredentialParksItsLane(t *testing.T) {
	inWorld(t, func(w *world) {
		refused := fault.New(fault.Unavailable, "INVALID_LOGIN", "Salesforce refuses the password.").Judge(fault.ParkLane, 0)
		w.far(func(d delivery.Delivery) error {
			if d.Lane == "sf/ada" {
				return refused
			}
			return nil
		})
		for n := range 5 {
			w.promise(fmt.Sprint("ada", n), "sf/ada", "")
			w.promise(fmt.Sprint("bob", n), "sf/bob", "")
		}
		w.pass(time.Hour)
		w.promise("ada5", "sf/ada", "") // she goes on working
		w.pass(100 * time.Hour)
		for n := range 6 {
			if d := w.want(fmt.Sprint("ada", n), delivery.Parked); d.Code != "INVALID_LOGIN" || d.Reason != refused.Message {
				w.Errorf("%+v", d)
			}
		}
		for n := range 5 {
			w.want(fmt.Sprint("bob", n), delivery.Done)
		}
		if got := len(w.triesOf("")) - 5; got != 1 {
			w.Errorf("the broken credential was tried %d times", got)
		}
		w.far(nil)
		if err := w.pump.ReleaseLane(context.Background(), "sf/ada"); err != nil {
			w.Fatal(err)
		}
		synctest.Wait()
		for n := range 6 {
			w.want(fmt.Sprint("ada", n), delivery.Done)
		}
		w.promise("ada6", "sf/ada", "")
		synctest.Wait()
		w.want("ada6", delivery.Done)
	})
}

// What was under way when the lane parked knows no better, and must not try again by itself.
func TestTriesUnderWayParkWithTheirLane(t *testing.T) {
	inWorld(t, func(w *world) {
		w.promise("k0", "sf/ada", "") // proves the lane, so that several go at once
		synctest.Wait()
		w.slow(time.Second)
		w.far(func(d delivery.Delivery) error {
			if d.Key == "k1" {
				return fault.New(fault.Unavailable, "INVALID_LOGIN", "No.").Judge(fault.ParkLane, 0)
			}
			time.Sleep(time.Second)
			return down
		})
		for n := 1; n < 5; n++ {
			w.promise(fmt.Sprint("k", n), "sf/ada", "")
		}
		w.pass(24 * time.Hour)
		for n := 1; n < 5; n++ {
			if d := w.want(fmt.Sprint("k", n), delivery.Parked); d.Code != "INVALID_LOGIN" {
				w.Errorf("%+v", d)
			}
		}
	})
}

// LOG-18: the whole org pauses, one probe per 5 min, nothing is lost.
func TestDailyLimitPausesTheOrg(t *testing.T) {
	inWorld(t, func(w *world) {
		w.far(func(d delivery.Delivery) error {
			if strings.HasPrefix(d.Lane, "sf/") {
				return fault.New(fault.TooMany, "REQUEST_LIMIT_EXCEEDED", "No calls left today.").Judge(fault.PauseLane, 0)
			}
			return nil
		})
		w.promise("first", "sf/ag0", "")
		synctest.Wait()
		for n := range 30 {
			w.promise(fmt.Sprint("k", n), fmt.Sprint("sf/ag", n%10), "")
		}
		w.promise("hook", "hooks", "")
		w.pass(4 * time.Hour)
		w.want("hook", delivery.Done)
		if n := len(w.triesOf("")) - 1; n < 40 || n > 49 {
			w.Errorf("%d probes in 4 h, want one per 5 min", n)
		}
		w.far(nil)
		w.pass(10 * time.Minute)
		for n := range 30 {
			w.want(fmt.Sprint("k", n), delivery.Done)
		}
	})
}

func TestVerdicts(t *testing.T) {
	for _, c := range []struct {
		f    *fault.Error
		want delivery.State
	}{
		{fault.New(fault.Conflict, "DUPLICATE_VALUE", "There.").Judge(fault.AlreadyDid, 0), delivery.Done},
		{fault.New(fault.Invalid, "REQUIRED_FIELD_MISSING", "Field X.").Judge(fault.Park, 0), delivery.Parked},
		{fault.New(fault.Gone, "ORG_GONE", "Gone.").Judge(fault.GiveUp, 0), delivery.Parked},
		{fault.New(fault.Invalid, "UNJUDGED", "No opinion."), delivery.Parked},
		{fault.New(fault.Unavailable, "UNJUDGED", "No opinion."), delivery.Waiting},
		{fault.New(fault.Internal, "UNJUDGED", "No opinion."), delivery.Waiting},
	} {
		t.Run(c.f.Code+" "+string(c.f.Verdict), func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.far(always(c.f))
				w.promise("k1", "sf/ag1", "")
				synctest.Wait()
				d := w.want("k1", c.want)
				if c.want != delivery.Done && (d.Code != c.f.Code || d.Reason != c.f.Message) {
					w.Errorf("%+v", d)
				}
				if c.want == delivery.Done && (d.Code != "" || d.Reason != "") {
					w.Errorf("done with a reason: %+v", d)
				}
			})
		})
	}
}
