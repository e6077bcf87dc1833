package phone

import (
	"context"
	"fmt"
	"sync"
)

// Compose makes one Switch of several: each target kind is dialled by the part that serves it, and every other command
// goes to the part that has the leg. All parts must share one media.Desk, on which any of them can join any two legs.
// The result can mute if all parts can.
func Compose(parts map[TargetKind]Switch) Switch {
	c := &composed{byKind: parts, legs: map[LegID]Switch{}}
	all := true
	seen := map[Switch]bool{}
	for _, kind := range []TargetKind{TargetSIP, TargetNumber, TargetBrowser} {
		p, ok := parts[kind]
		if !ok || seen[p] {
			continue
		}
		seen[p] = true
		c.parts = append(c.parts, p)
		_, can := p.(Muter)
		all = all && can
	}
	if all {
		return muting{c}
	}
	return c
}

type composed struct {
	byKind map[TargetKind]Switch
	parts  []Switch

	mu   sync.Mutex
	legs map[LegID]Switch
}

// Run runs every part; when one is lost, all stop, and the caller starts them again.
func (c *composed) Run(ctx context.Context, sink func(Event)) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var (
		feed Feed
		wg   sync.WaitGroup
	)
	for _, p := range c.parts {
		wg.Go(func() {
			err := p.Run(ctx, func(e Event) {
				if e.Kind == Arrived {
					c.note(e.Leg, p)
				}
				feed.Put(e)
			})
			if err != nil {
				stop(err)
			}
		})
	}
	deliver := func(e Event) {
		if e.Kind == Ended {
			c.lose(e.Leg)
		}
		sink(e)
	}
	_ = feed.Run(ctx, deliver)
	wg.Wait()
	feed.drain(deliver) // what the parts gave away must not be lost with this Run
	if err := context.Cause(ctx); err != nil && err != context.Canceled && err != context.DeadlineExceeded {
		return err
	}
	return nil
}

func (c *composed) note(leg LegID, p Switch) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.legs[leg] = p
}

func (c *composed) lose(leg LegID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.legs, leg)
}

// of is the part that has a leg; ErrGone when none has.
func (c *composed) of(leg LegID) (Switch, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p := c.legs[leg]; p != nil {
		return p, nil
	}
	return nil, ErrGone
}

func (c *composed) Dial(ctx context.Context, d Dial) error {
	p, ok := c.byKind[d.To.Kind]
	if !ok {
		return fmt.Errorf("no phone back end dials targets of kind %q", d.To.Kind)
	}
	c.note(d.Leg, p)
	err := p.Dial(ctx, d)
	if err != nil {
		c.lose(d.Leg)
	}
	return err
}

func (c *composed) Ring(ctx context.Context, leg LegID) error {
	p, err := c.of(leg)
	if err != nil {
		return err
	}
	return p.Ring(ctx, leg)
}

func (c *composed) Answer(ctx context.Context, leg LegID) error {
	p, err := c.of(leg)
	if err != nil {
		return err
	}
	return p.Answer(ctx, leg)
}

func (c *composed) Bridge(ctx context.Context, id BridgeID, a, b LegID) error {
	p, err := c.of(a)
	if err != nil {
		return err
	}
	if _, err := c.of(b); err != nil {
		return err
	}
	return p.Bridge(ctx, id, a, b)
}

func (c *composed) Play(ctx context.Context, leg LegID, pr Prompt) error {
	p, err := c.of(leg)
	if err != nil {
		return err
	}
	return p.Play(ctx, leg, pr)
}

func (c *composed) Hangup(ctx context.Context, leg LegID, cause Cause) error {
	p, err := c.of(leg)
	if err != nil {
		return nil
	}
	return p.Hangup(ctx, leg, cause)
}

func (c *composed) Legs(ctx context.Context) ([]LegInfo, error) {
	var all []LegInfo
	for _, p := range c.parts {
		legs, err := p.Legs(ctx)
		if err != nil {
			return nil, err
		}
		for _, l := range legs {
			c.note(l.Leg, p)
		}
		all = append(all, legs...)
	}
	return all, nil
}

// Reachable asks the part that would dial; one that can't tell is taken at its word when dialled.
func (c *composed) Reachable(to Target) bool {
	p, ok := c.byKind[to.Kind]
	if !ok {
		return false
	}
	if r, ok := p.(Reacher); ok {
		return r.Reachable(to)
	}
	return true
}

// muting is a composed switch all of whose parts can mute.
type muting struct{ *composed }

func (m muting) Mute(ctx context.Context, leg LegID, on bool) error {
	p, err := m.of(leg)
	if err != nil {
		return err
	}
	return p.(Muter).Mute(ctx, leg, on)
}
