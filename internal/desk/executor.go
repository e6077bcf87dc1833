package desk

import (
	"context"
	"sync"
	"time"

	"cordboard/internal/agent"
	"cordboard/internal/bus"
	"cordboard/internal/fault"
	"cordboard/internal/interaction"
)

// goneAfter is how long an agent may be without connection before his wrap-up ends (INT-12).
const goneAfter = 15 * time.Minute

// A timer whose change failed, or whose time had not come by the store's clock, is tried again after these.
const (
	firstRetry = 10 * time.Millisecond
	lastRetry  = 30 * time.Second
)

// executor works on one live interaction: one inbox, one job at a time, its timers from the row. What it keeps is only the
// latest committed picture, for the timers.
type executor struct {
	d    *Desk
	id   string
	wake chan struct{}

	mu    sync.Mutex
	inbox []*job
	dead  bool

	// of its own goroutine
	last  *interaction.Interaction
	retry time.Duration // since the last timer that came to nothing; 0 = none
	after time.Time     // no timer before
}

// job is one change to make.
type job struct {
	fn   func(*unit) error
	new  bool // fn finds or makes the interaction itself
	done chan struct{}
	then func() // after everything, in the executor
	u    *unit
	err  error
}

func newJob(fn func(*unit) error) *job { return &job{fn: fn, done: make(chan struct{})} }

func (j *job) wait(ctx context.Context) (*unit, error) {
	select {
	case <-j.done:
		return j.u, j.err
	case <-ctx.Done():
		return &unit{}, ctx.Err()
	}
}

func (x *executor) post(j *job) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.dead {
		return false
	}
	x.inbox = append(x.inbox, j)
	x.rouse()
	return true
}

func (x *executor) rouse() {
	select {
	case x.wake <- struct{}{}:
	default:
	}
}

func (x *executor) next() *job {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.inbox) == 0 {
		return nil
	}
	j := x.inbox[0]
	x.inbox = x.inbox[1:]
	return j
}

// run works until the interaction is final or the desk stops, and the inbox is empty.
func (x *executor) run() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		if j := x.next(); j != nil {
			x.work(j)
			continue
		}
		stop := false
		select {
		case <-x.d.quit:
			stop = true
		default:
		}
		if stop || x.last == nil || x.last.State.Final() {
			if x.d.retire(x) {
				return
			}
			continue
		}
		at, signal := x.due()
		if at.IsZero() {
			timer.Stop()
		} else {
			timer.Reset(at.Sub(x.d.clock()))
		}
		select {
		case <-x.wake:
		case <-x.d.quit:
		case <-timer.C:
			x.fire(signal)
		}
	}
}

// fire lets a timer's signal happen. One that changes nothing, because the store failed or its clock is behind ours, is
// tried again after a growing while, so that no deadline is lost and no loop spins.
func (x *executor) fire(s interaction.Signal) {
	j := newJob(func(u *unit) error { return u.apply(s) })
	x.work(j)
	if j.err == nil && len(j.u.events) > 0 {
		return
	}
	if j.err != nil {
		x.d.log.Warn("a timer's change failed and is tried again", "interaction", x.id, "signal", s.Kind, "error", j.err)
	}
	x.retry = min(max(2*x.retry, firstRetry), lastRetry)
	x.after = x.d.clock().Add(x.retry)
}

// due is the interaction's next timer: the offer's deadline, the wrap-up's end, or the end of an absent agent's wrap-up.
func (x *executor) due() (at time.Time, s interaction.Signal) {
	i := x.last
	if o := i.Offer; o != nil {
		at, s = o.Deadline, interaction.Signal{Kind: interaction.OfferDue, Offer: o.Number}
	} else if h := i.Current(); h != nil && i.State == interaction.Wrapup {
		if !h.WrapupUntil.IsZero() {
			at, s = h.WrapupUntil, interaction.Signal{Kind: interaction.WrapupDue, Handling: h.Number}
		}
		if since, absent := x.d.presence.absent(h.Agent); absent {
			if h.CompletedAt.After(since) {
				since = h.CompletedAt
			}
			if gone := since.Add(goneAfter); at.IsZero() || gone.Before(at) {
				at, s = gone, interaction.Signal{Kind: interaction.AgentGone, Agent: h.Agent, Handling: h.Number}
			}
		}
	}
	if !at.IsZero() && at.Before(x.after) {
		at = x.after
	}
	return at, s
}

// work runs one job: change, then tell the house, then the channel.
func (x *executor) work(j *job) {
	d := x.d
	defer close(j.done)
	if j.then != nil {
		defer j.then()
	}
	j.err = d.store.Change(d.ctx, func(tx Tx) (err error) {
		j.u = &unit{d: d, tx: tx, seen: map[string]*agent.Agent{}, touched: map[string]bool{}}
		if !j.new {
			if j.u.i, err = tx.Interaction(x.id); err != nil {
				return err
			}
		}
		return j.fn(j.u)
	})
	if j.u == nil {
		j.u = &unit{}
	}
	if j.err != nil {
		if fault.KindOf(j.err) == fault.NotFound && j.u.i == nil {
			x.last = nil
		}
		return
	}
	if j.u.i.ID != x.id {
		return // an arrival that was there already: its own executor has it
	}
	x.last = j.u.i
	if len(j.u.events) > 0 {
		x.retry, x.after = 0, time.Time{}
	}
	d.committed(j.u)
}

// committed tells the house and then the channel what a unit did.
func (d *Desk) committed(u *unit) {
	if len(u.events) > 0 {
		bus.Publish(d.bus, Changed{At: u.at, Interaction: u.i, Agents: u.agents(), Events: u.events})
	}
	d.router.saw(u)
	if len(u.effects) == 0 {
		return
	}
	c := d.channels[u.i.Medium]
	if c == nil {
		d.log.Error("there is no channel for a medium", "interaction", u.i.ID, "medium", u.i.Medium)
		return
	}
	for _, e := range u.effects {
		c.Do(*u.i, e)
	}
}
