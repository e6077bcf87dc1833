package task

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"cordboard/internal/fault"
)

var tooMany = fault.New(fault.TooMany, "CONCURRENT_LIMIT", "too many").Judge(fault.Retry, 0)

func TestWidthHalvesAndGrows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w width
		for range 8 {
			if err := w.take(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		w.give(tooMany)
		for range 7 {
			w.give(nil)
		}
		if w.limit != 4 || w.busy != 0 {
			t.Fatalf("limit %d, busy %d", w.limit, w.busy)
		}
		for range 4 {
			_ = w.take(t.Context())
		}
		in := false
		go func() {
			if err := w.take(t.Context()); err != nil {
				t.Error(err)
			}
			in = true
		}()
		synctest.Wait()
		if in {
			t.Fatal("a fifth came in")
		}
		w.give(nil)
		synctest.Wait()
		if !in {
			t.Fatal("nobody was let in after one left")
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := w.take(ctx); !fault.Is(err, "CONCURRENT_LIMIT") || fault.Of(err).Verdict != fault.Retry {
			t.Errorf("waiting too long: %v", err)
		}
		for range 4 {
			w.give(nil)
		}
		for range 4 * wide * wide {
			_ = w.take(t.Context())
			w.give(nil)
		}
		if w.limit != 0 {
			t.Errorf("the limit %d is never forgotten", w.limit)
		}
	})
}

func TestLocksLetOneInAndForgetKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l locks
		free, err := l.take(t.Context(), "001")
		if err != nil {
			t.Fatal(err)
		}
		if other, err := l.take(t.Context(), "002"); err != nil {
			t.Fatal("another account waits")
		} else {
			other()
		}
		if none, err := l.take(t.Context(), ""); err != nil {
			t.Fatal(err)
		} else {
			none()
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := l.take(ctx, "001"); !fault.Is(err, "UNABLE_TO_LOCK_ROW") {
			t.Errorf("waiting too long: %v", err)
		}
		free()
		again, err := l.take(t.Context(), "001")
		if err != nil {
			t.Fatal(err)
		}
		again()
		if len(l.held) != 0 {
			t.Errorf("%d keys are kept for ever", len(l.held))
		}
	})
}

func TestPauseLetsOneProbeThrough(t *testing.T) {
	var p pause
	now := time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)
	daily := fault.New(fault.TooMany, "REQUEST_LIMIT_EXCEEDED", "x")
	if err := p.enter(now); err != nil {
		t.Fatal(err)
	}
	p.leave(daily, now)
	if err := p.enter(now.Add(time.Minute)); fault.Of(err).Verdict != fault.PauseLane || fault.Of(err).After != 4*time.Minute {
		t.Errorf("%v", err)
	}
	if err := p.enter(now.Add(5 * time.Minute)); err != nil {
		t.Errorf("the probe: %v", err)
	}
	if err := p.enter(now.Add(5*time.Minute + time.Second)); err == nil {
		t.Error("a second probe at once")
	}
	p.leave(tooMany, now.Add(5*time.Minute)) // another trouble says nothing about the limit
	if err := p.enter(now.Add(6 * time.Minute)); err == nil {
		t.Error("the rest ended without a success")
	}
	p.leave(nil, now.Add(6*time.Minute))
	if err := p.enter(now.Add(6 * time.Minute)); err != nil {
		t.Error(err)
	}
}
