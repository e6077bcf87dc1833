package app

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"cordboard/internal/channel/phone"
)

// switchboard hands the installation's one switch out as a view per tenant (DESIGN §4.10): an arriving call goes to the
// tenant whose number was called, everything else to the tenant whose leg it is.
type switchboard struct {
	sw    phone.Switch
	owner func(number string) (tenant string, ok bool)
	log   *slog.Logger

	mu    sync.Mutex
	views map[string]*view
	legs  map[phone.LegID]*view
}

func newSwitchboard(sw phone.Switch, owner func(string) (string, bool), log *slog.Logger) *switchboard {
	return &switchboard{sw: sw, owner: owner, log: log, views: map[string]*view{}, legs: map[phone.LegID]*view{}}
}

// run follows the switch until ctx ends. A switch that was lost is taken up again, and every tenant told to compare its
// calls with what the switch still has.
func (b *switchboard) run(ctx context.Context) {
	for wait := 250 * time.Millisecond; ; wait = min(2*wait, 10*time.Second) {
		err := b.sw.Run(ctx, b.sort)
		if ctx.Err() != nil {
			return
		}
		b.log.Error("the phone switch was lost; it is taken up again", "err", err, "in", wait)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
		b.everyone(phone.Event{Kind: phone.Gap, At: time.Now()})
	}
}

// sort gives an event to whom it belongs.
func (b *switchboard) sort(e phone.Event) {
	switch e.Kind {
	case phone.Reach, phone.Gap:
		b.everyone(e)
		return
	case phone.Arrived:
		name, ok := b.owner(e.To)
		b.mu.Lock()
		v := b.views[name]
		if ok && v != nil {
			b.legs[e.Leg] = v
		}
		b.mu.Unlock()
		if !ok || v == nil {
			b.log.Warn("a call came to a number that no tenant has; it was refused", "trunk", e.Trunk)
			go func() { _ = b.sw.Hangup(context.Background(), e.Leg, phone.CauseUnallocated) }()
			return
		}
		v.feed.Put(e)
		return
	}
	b.mu.Lock()
	v := b.legs[e.Leg]
	if e.Kind == phone.Ended {
		delete(b.legs, e.Leg)
	}
	b.mu.Unlock()
	switch {
	case v != nil:
		v.feed.Put(e)
	case e.Kind == phone.Answered: // nobody's: whoever answered must not sit in a call with no one
		go func() { _ = b.sw.Hangup(context.Background(), e.Leg, phone.CauseCancelled) }()
	}
}

func (b *switchboard) everyone(e phone.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, v := range b.views {
		v.feed.Put(e)
	}
}

// view is the switch as one tenant sees it: his legs, and no others.
func (b *switchboard) view(tenant string) phone.Switch {
	v := &view{Switch: b.sw, board: b}
	b.mu.Lock()
	b.views[tenant] = v
	b.mu.Unlock()
	if m, ok := b.sw.(phone.Muter); ok {
		return mutingView{v, m}
	}
	return v
}

type view struct {
	phone.Switch
	board *switchboard
	feed  phone.Feed
}

// Run delivers the tenant's events until ctx ends.
func (v *view) Run(ctx context.Context, sink func(phone.Event)) error {
	return v.feed.Run(ctx, sink)
}

// Dial notes whose leg it is before the switch can say anything about it.
func (v *view) Dial(ctx context.Context, d phone.Dial) error {
	v.board.mu.Lock()
	v.board.legs[d.Leg] = v
	v.board.mu.Unlock()
	err := v.Switch.Dial(ctx, d)
	if err != nil {
		v.board.mu.Lock()
		delete(v.board.legs, d.Leg)
		v.board.mu.Unlock()
	}
	return err
}

// Legs lists the tenant's legs.
func (v *view) Legs(ctx context.Context) ([]phone.LegInfo, error) {
	all, err := v.Switch.Legs(ctx)
	v.board.mu.Lock()
	defer v.board.mu.Unlock()
	var mine []phone.LegInfo
	for _, l := range all {
		if v.board.legs[l.Leg] == v {
			mine = append(mine, l)
		}
	}
	return mine, err
}

// Reachable asks the switch, which says yes when it cannot tell.
func (v *view) Reachable(to phone.Target) bool {
	if r, ok := v.Switch.(phone.Reacher); ok {
		return r.Reachable(to)
	}
	return true
}

type mutingView struct {
	*view
	phone.Muter
}
