package desk_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"cordboard/internal/agent"
	"cordboard/internal/bus"
	"cordboard/internal/desk"
	"cordboard/internal/desk/desktest"
	"cordboard/internal/fault"
	"cordboard/internal/interaction"
)

// A store that is down for a while costs no deadline: the offer still runs out.
func TestTimersOutliveTheStore(t *testing.T) {
	var down bool
	var mu sync.Mutex
	set := func(v bool) { mu.Lock(); down = v; mu.Unlock() }
	s := &desktest.Store{Fail: func() error {
		mu.Lock()
		defer mu.Unlock()
		if down {
			return fault.New(fault.Unavailable, "DOWN", "The database does not answer.")
		}
		return nil
	}}
	open(t, s, nil, func(ctx context.Context, d *desk.Desk, _ *bus.Bus) {
		i, err := d.Arrive(ctx, call)
		must(t, err)
		set(true)
		_, err = d.Command(ctx, "ada", i.ID, interaction.Signal{Kind: interaction.Accept, Offer: 1})
		wantFault(t, err, fault.Unavailable, "DOWN")
		time.Sleep(3 * time.Minute)
		set(false)
		time.Sleep(time.Minute)
		if i, _ = d.One(ctx, i.ID); i.State != interaction.Queued {
			t.Errorf("it is %s", i.State)
		}
		if a, _, _ := d.Snapshot(ctx, "ada", 0); a.Status != agent.OnBreak || a.Reason != agent.ReasonMissed {
			t.Errorf("she is %s, %s", a.Status, a.Reason)
		}
	})
}

// deaf commits, but its answer is lost once.
type deaf struct {
	*desktest.Store
	lose bool
}

func (d *deaf) Change(ctx context.Context, fn func(desk.Tx) error) error {
	err := d.Store.Change(ctx, fn)
	if d.lose && err == nil {
		d.lose = false
		return fault.New(fault.Unavailable, "LOST_ANSWER", "The database's answer was lost.")
	}
	return err
}

// An arrival whose commit was answered with an error is taken up when its channel says it again.
func TestArrivalWhoseAnswerWasLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, ctx := &deaf{Store: &desktest.Store{}}, t.Context()
		d := make1(s, bus.New(), nil)
		must(t, d.Start(ctx))
		s.lose = true
		_, err := d.Arrive(ctx, call)
		wantFault(t, err, fault.Unavailable, "LOST_ANSWER")
		i, err := d.Arrive(ctx, call)
		must(t, err)
		_, err = d.SignIn(ctx, "ada")
		must(t, err)
		_, err = d.SetStatus(ctx, "ada", agent.Available, "ada")
		must(t, err)
		synctest.Wait()
		if i, _ = d.One(ctx, i.ID); i.State != interaction.Offered || len(s.All()) != 1 {
			t.Errorf("it is %s", i.State)
		}
		must(t, d.Stop(ctx))
	})
}

// slow blocks its commits until it is let go.
type slow struct {
	*desktest.Store
	gate chan struct{}
}

func (s *slow) Change(ctx context.Context, fn func(desk.Tx) error) error {
	if s.gate != nil {
		select {
		case <-s.gate:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return s.Store.Change(ctx, fn)
}

// Stop waits for what is under way; told to hurry it breaks it off.
func TestStopInTheMiddle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{Store: &desktest.Store{}}
		d := make1(s, bus.New(), nil)
		must(t, d.Start(t.Context()))
		s.gate = make(chan struct{})
		answer := make(chan error, 1)
		go func() { _, err := d.Arrive(t.Context(), call); answer <- err }()
		synctest.Wait()
		hurry, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := d.Stop(hurry); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if err := <-answer; !errors.Is(err, context.Canceled) || len(s.All()) != 0 {
			t.Errorf("%v, %v", err, s.All())
		}
	})
}

// A caller who stops waiting does not undo what he asked for.
func TestAskedAndGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{Store: &desktest.Store{}}
		d := make1(s, bus.New(), nil)
		must(t, d.Start(t.Context()))
		s.gate = make(chan struct{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := d.Arrive(ctx, call); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		close(s.gate)
		synctest.Wait()
		if len(s.All()) != 1 {
			t.Error("it was undone")
		}
		must(t, d.Stop(t.Context()))
	})
}
