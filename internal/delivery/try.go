package delivery

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"cordboard/internal/fault"
)

// errLost ends a try whose claim another pump has taken.
var errLost = errors.New("delivery: the claim was lost")

// try freezes what is not frozen yet and sends it, keeping the claim alive meanwhile. It returns the delivery with what
// was frozen and what the worker said.
func (p *Pump) try(d Delivery) (Delivery, error) {
	w := p.o.Workers[d.Kind]
	if w == nil {
		return d, fault.Newf(fault.Internal, "UNKNOWN_KIND", "This program does not know how to deliver %q. It was kept; start the newer program.", d.Kind).
			Judge(fault.Park, 0)
	}
	ctx, lose := context.WithCancelCause(p.send)
	ctx, cancel := context.WithTimeout(ctx, p.o.Config.Timeout)
	held := make(chan struct{})
	claim := d // d changes below
	go func() { defer close(held); p.hold(ctx, lose, claim) }()
	defer func() { cancel(); lose(nil); <-held }()

	err := guarded(func() error {
		if d.Frozen == nil {
			frozen, err := w.Freeze(ctx, d)
			if err != nil {
				return err
			}
			d.Frozen = frozen
			if err := p.o.Store.Freeze(ctx, d); err != nil {
				return err
			}
		}
		result, err := w.Send(ctx, d)
		if result != nil {
			d.Result = result
		}
		return err
	})
	var f *fault.Error
	switch {
	case err == nil:
	case context.Cause(ctx) == errLost: //nolint:errorlint // it is set as it is
		return d, errLost
	case errors.As(err, &f):
	case errors.Is(err, context.DeadlineExceeded):
		err = fault.Newf(fault.Unavailable, "TIMEOUT", "There was no answer within %d seconds. It is kept and tried again.", int(p.o.Config.Timeout/time.Second)).
			Judge(fault.Retry, 0).With(err)
	}
	return d, err
}

// hold renews the claim until ctx ends.
func (p *Pump) hold(ctx context.Context, lose context.CancelCauseFunc, d Delivery) {
	t := time.NewTicker(p.o.Config.Lease / 3)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		err := p.o.Store.Renew(ctx, d, p.now().Add(p.o.Config.Lease))
		if fault.Is(err, "CLAIM_LOST") {
			lose(errLost)
			return
		}
		if err != nil && ctx.Err() == nil {
			p.o.Logger.Warn("a claim cannot be renewed", "delivery", d.Key, "err", err)
		}
	}
}

// guarded turns a worker's panic into a fault: one delivery must not stop the others.
func guarded(fn func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fault.New(fault.Internal, "WORKER_PANIC", "Something went wrong on our side. It was kept and is tried again.").
				Judge(fault.Retry, 0).With(fmt.Errorf("panic: %v\n%s", r, debug.Stack()))
		}
	}()
	return fn()
}
