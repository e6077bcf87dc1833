package delivery

import (
	"context"

	"cordboard/internal/fault"
)

// Retry sends one delivery at once, parked or waiting as it is (CFG-20).
func (p *Pump) Retry(ctx context.Context, key string) error {
	n, err := p.release(ctx, Filter{Key: key})
	if err != nil || n > 0 {
		return err
	}
	d, err := p.o.Store.Delivery(ctx, key)
	if err != nil {
		return err
	}
	if d.State == Running {
		return fault.New(fault.Conflict, "DELIVERY_RUNNING", "This delivery is being sent at this moment. Look again in a few seconds.")
	}
	return fault.New(fault.Conflict, "DELIVERY_OVER", "This delivery is over already. Nothing was changed.")
}

// RetryLike sends every parked delivery whose latest fault has the code, and returns how many there are.
func (p *Pump) RetryLike(ctx context.Context, code string) (int, error) {
	if code == "" {
		return 0, fault.New(fault.Invalid, "CODE_MISSING", "Say which fault's deliveries are to be tried again.")
	}
	return p.release(ctx, Filter{Code: code})
}

// ReleaseLane sends every parked delivery of a lane and opens it for later ones: its agent has signed on anew (LOG-18).
func (p *Pump) ReleaseLane(ctx context.Context, lane string) error {
	if lane == "" {
		return fault.New(fault.Internal, "LANE_MISSING", "No lane was named.")
	}
	p.lanes.wake(lane)
	_, err := p.release(ctx, Filter{Lane: lane})
	return err
}

func (p *Pump) release(ctx context.Context, f Filter) (int, error) {
	ds, err := p.o.Store.Release(ctx, f, p.now())
	if err != nil {
		return 0, err
	}
	for _, d := range ds {
		p.lanes.wake(d.Lane)
	}
	p.publish(ds...)
	p.Wake()
	return len(ds), nil
}

// Drop gives a delivery up for good; the caller audits it (CFG-20).
func (p *Pump) Drop(ctx context.Context, key, reason string) error {
	if reason == "" {
		var f fault.Fields
		f.Add("reason", "REQUIRED", "Say why this delivery is given up. Nothing was changed.")
		return f.Err()
	}
	d, err := p.o.Store.Drop(ctx, key, reason, p.now())
	if err != nil {
		return err
	}
	p.publish(d)
	p.Wake() // the next of its Order may go
	return nil
}

// List shows deliveries, newest first.
func (p *Pump) List(ctx context.Context, f Filter) ([]Delivery, error) { return p.o.Store.List(ctx, f) }

// Count tells how many deliveries there are per state and when the oldest of each was made.
func (p *Pump) Count(ctx context.Context) (map[State]Tally, error) { return p.o.Store.Count(ctx) }
