package delivery

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"cordboard/internal/bus"
	"cordboard/internal/fault"
)

// Config is how a pump works; zero fields take the defaults.
type Config struct {
	AtOnce  int           // sends at once, default 16
	PerLane int           // sends at once in one lane that is known to work, default 4; else one
	Lease   time.Duration // how long a claim holds without being renewed, default 1 min
	Timeout time.Duration // for one try, default 2 min
	Rates   Rates
}

// Options is what a pump needs.
type Options struct {
	Store   Store
	Workers map[string]Worker // by Kind
	Bus     *bus.Bus          // gets Changed
	Clock   func() time.Time  // default time.Now
	Logger  *slog.Logger
	Config  Config
}

// Pump claims what is due, lets a worker deliver it and settles the outcome. It does not poll: it sleeps until the next
// delivery falls due, a rest ends, or Wake is called.
type Pump struct {
	o     Options
	lanes *lanes
	wake  chan struct{}

	ctx  context.Context // of claims; ends when Stop is called
	end  context.CancelFunc
	send context.Context // of tries; ends when Stop has no more patience
	kill context.CancelFunc
	loop chan struct{} // closed when the loop has ended
	work sync.WaitGroup
	owed atomic.Int32 // outcomes that the store could not take yet; meanwhile nothing is claimed
	once sync.Once
}

// New makes a pump; Start sets it going.
func New(o Options) *Pump {
	c := &o.Config
	c.AtOnce, c.PerLane = or(c.AtOnce, 16), or(c.PerLane, 4)
	c.Lease, c.Timeout = or(c.Lease, time.Minute), or(c.Timeout, 2*time.Minute)
	c.Rates = c.Rates.filled()
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Bus == nil {
		o.Bus = bus.New()
	}
	p := &Pump{o: o, lanes: newLanes(c.PerLane, c.Rates), wake: make(chan struct{}, 1), loop: make(chan struct{})}
	p.ctx, p.end = context.WithCancel(context.Background())
	p.send, p.kill = context.WithCancel(context.Background())
	return p
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// now is the pump's instant, UTC, whole milliseconds.
func (p *Pump) now() time.Time { return p.o.Clock().UTC().Truncate(time.Millisecond) }

// Start sets the pump going; what ran when an earlier process died is taken up when its lease expires.
func (p *Pump) Start(context.Context) error {
	p.once.Do(func() { go p.run() })
	return nil
}

// Stop claims nothing more and waits for the tries under way. When ctx ends first they are broken off, set back to
// waiting, and ctx's error is returned.
func (p *Pump) Stop(ctx context.Context) error {
	p.end()
	p.once.Do(func() { close(p.loop) }) // it never ran
	<-p.loop
	done := make(chan struct{})
	go func() { p.work.Wait(); close(done) }()
	defer p.kill()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		p.kill()
		<-done
		return ctx.Err()
	}
}

// Wake says that something may be due: to be called after a commit with promises. It never waits.
func (p *Pump) Wake() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// rush is how long the pump waits at least when the store says that something is due but gives nothing.
const rush = 50 * time.Millisecond

func (p *Pump) run() {
	defer close(p.loop)
	timer := time.NewTimer(0)
	defer timer.Stop()
	failures := 0
	for {
		select {
		case <-p.ctx.Done():
			return
		case <-p.wake:
		case <-timer.C:
		}
		next, err := p.fill()
		switch {
		case p.ctx.Err() != nil:
			return
		case err != nil:
			failures++
			p.o.Logger.Warn("deliveries cannot be claimed; trying again", "err", err, "times", failures)
			timer.Reset(p.o.Config.Rates.backoff(failures, 15*time.Second))
		case next.IsZero():
			failures = 0
			timer.Stop() // until Wake
		default:
			failures = 0
			timer.Reset(max(rush, next.Sub(p.now())))
		}
	}
}

// fill starts tries until nothing is due or all hands are busy, and returns when to look again; zero: when woken.
func (p *Pump) fill() (time.Time, error) {
	for {
		if p.owed.Load() > 0 || p.lanes.busy() >= p.o.Config.AtOnce {
			return time.Time{}, nil
		}
		now := p.now()
		rest, until := p.lanes.resting(now)
		ds, err := p.o.Store.Claim(p.ctx, now, now.Add(p.o.Config.Lease), 1, rest)
		if err != nil {
			return time.Time{}, err
		}
		if len(ds) == 0 {
			next, err := p.o.Store.NextDue(p.ctx, rest)
			if next.IsZero() || !until.IsZero() && until.Before(next) {
				next = until
			}
			return next, err
		}
		for _, d := range ds {
			parks := p.lanes.begin(d.Lane)
			p.work.Go(func() {
				p.deliver(d, parks)
				p.Wake()
			})
		}
	}
}

// deliver makes one try at a delivery and settles what came of it; parks is what begin said.
func (p *Pump) deliver(d Delivery, parks int) {
	began := p.now()
	d, err := p.try(d)
	if errors.Is(err, errLost) || fault.Is(err, "CLAIM_LOST") {
		p.lanes.end(d.Lane, parks, verdict{}, p.now())
		p.o.Logger.Warn("a claim was lost; whoever has it goes on", "delivery", d.Key)
		return
	}
	if p.send.Err() != nil && err != nil {
		d.State, d.Next = Waiting, p.now() // broken off by Stop: no try
		p.settle(d)
		p.lanes.end(d.Lane, parks, verdict{}, p.now())
		return
	}
	v := judge(&d, err, began, p.now(), p.o.Config.Rates)
	if code, reason, parked := p.lanes.end(d.Lane, parks, v, p.now()); parked && d.State == Waiting {
		d.State, d.Code, d.Reason, d.Finished, d.Next = Parked, code, reason, p.now(), time.Time{}
	}
	if d.State != Done {
		p.o.Logger.Info("a delivery did not succeed", "delivery", d.Key, "lane", d.Lane, "code", d.Code, "state", string(d.State), "tries", d.Tries, "cause", cause(err))
	}
	if v.lane {
		p.parkLane(d)
		return
	}
	p.settle(d)
}

func cause(err error) error {
	if f := fault.Of(err); f != nil {
		return f.Cause
	}
	return nil
}

// settle stores the outcome, however long the store takes to answer: what was sent is sent.
func (p *Pump) settle(d Delivery) {
	p.insist(d, func(ctx context.Context) error {
		stream, err := p.o.Store.Settle(ctx, d)
		if err == nil {
			d.Stream = stream
			p.publish(d)
		}
		return err
	})
}

func (p *Pump) parkLane(d Delivery) {
	p.insist(d, func(ctx context.Context) error {
		changed, err := p.o.Store.ParkLane(ctx, d)
		p.publish(changed...)
		return err
	})
	p.lanes.parked(d.Lane)
}

// insist repeats what the store cannot do just now. After Stop it tries once more; what is not stored in the end is sent
// again when its lease expires, which does no harm.
func (p *Pump) insist(d Delivery, fn func(ctx context.Context) error) {
	for n := 1; ; n++ {
		err := fn(context.WithoutCancel(p.ctx))
		if err == nil {
			return
		}
		p.o.Logger.Warn("an outcome cannot be stored", "delivery", d.Key, "state", string(d.State), "err", err)
		if fault.KindOf(err) != fault.Unavailable || p.ctx.Err() != nil {
			return
		}
		if n == 1 {
			p.owed.Add(1)
			defer p.owed.Add(-1)
		}
		t := time.NewTimer(p.o.Config.Rates.backoff(n, 15*time.Second))
		select {
		case <-t.C:
		case <-p.ctx.Done():
			t.Stop()
		}
	}
}

// publish tells the house what changed.
func (p *Pump) publish(ds ...Delivery) {
	for _, d := range ds {
		d.Intent, d.Frozen = nil, nil
		bus.Publish(p.o.Bus, Changed{Delivery: d, Stream: d.Stream})
	}
}
