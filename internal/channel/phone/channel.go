package phone

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"cordboard/internal/interaction"
	"cordboard/internal/number"
	"cordboard/internal/tenant"
)

// Desk is what the channel tells the house. Its methods may be called from any goroutine and may wait; what they return
// as a fault of kind Unavailable or Internal is tried again, anything else is a final no.
type Desk interface {
	// Arrive takes a call in. The same Ref again gives the same interaction.
	Arrive(ctx context.Context, a interaction.Arrival) (interaction.Interaction, error)
	// Signal says what happened to an interaction.
	Signal(ctx context.Context, id string, s interaction.Signal) error
	// Reached says that an agent's phone came or went (INT-9).
	Reached(agentID string)
}

// Options are what a Channel needs.
type Options struct {
	Desk   Desk
	Switch Switch
	Config func() *tenant.Config // the settings of now
	Logger *slog.Logger          // nil: silent
	// OnReach hears that an agent's phone came or went, to show it to him; nil: nobody. It must be quick.
	OnReach func(agentID string)
}

// Channel is the medium phone: it implements desk.Channel over a Switch. One actor per call reads both legs' events, the
// desk's effects and its timers in one order, so that every race has one winner. Safe for concurrent use.
type Channel struct {
	desk   Desk
	sw     Switch
	config func() *tenant.Config
	log    *slog.Logger

	onReach func(string)

	ctx    context.Context
	cancel context.CancelFunc
	crew   crew
	chores mailbox // what belongs to no call

	mu    sync.Mutex
	legs  map[LegID]*call
	calls map[string]*call // by interaction id
}

// New makes a channel that does nothing before Start.
func New(o Options) *Channel {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.OnReach == nil {
		o.OnReach = func(string) {}
	}
	ch := &Channel{
		onReach: o.OnReach,
		desk:    o.Desk, sw: o.Switch, config: o.Config, log: o.Logger,
		legs: map[LegID]*call{}, calls: map[string]*call{},
	}
	ch.ctx, ch.cancel = context.WithCancel(context.Background())
	ch.chores.crew = &ch.crew
	return ch
}

// Start takes up the phone interactions that were open when the process ended (nil: none), compares them with the legs
// that the switch still has, and then follows the switch until Stop. A conversation that no longer exists is reported as
// ChannelLost (GEN-9).
func (ch *Channel) Start(open []interaction.Interaction) {
	for i := range open {
		ch.adopt(&open[i])
	}
	ch.crew.run(ch.follow)
}

// Stop ends the actors. Calls are left to the switch: one that outlives us still has them when we come back, one that
// does not ends them itself.
func (ch *Channel) Stop() {
	ch.cancel()
	ch.crew.close()
}

// follow keeps the switch running.
func (ch *Channel) follow() {
	const first, most = 250 * time.Millisecond, 10 * time.Second
	wait := first
	ch.chores.put(ch.reconcile)
	for {
		began := time.Now()
		err := ch.sw.Run(ch.ctx, ch.event)
		if ch.ctx.Err() != nil {
			return
		}
		if time.Since(began) > time.Minute {
			wait = first
		}
		ch.log.Error("the phone switch was lost; calls go on where they can, and it is tried again", "in", wait, "err", err)
		if !ch.sleep(wait) {
			return
		}
		wait = min(2*wait, most)
		ch.chores.put(ch.reconcile)
	}
}

func (ch *Channel) sleep(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ch.ctx.Done():
		return false
	}
}

// event takes one event of the switch; it is called from the switch's goroutine and returns at once.
func (ch *Channel) event(e Event) {
	switch e.Kind {
	case Gap:
		ch.chores.put(ch.reconcile)
	case Reach:
		ch.chores.put(func() { ch.reached(e.Target) })
	case Arrived:
		ch.arrived(e)
	default:
		if c := ch.byLeg(e.Leg); c != nil {
			c.put(func(k *core) []order { return k.event(e) })
		} else if e.Kind == Answered {
			// Nobody waits for this answer any more: whoever gave it must not sit in a call with no one.
			ch.chores.put(func() { ch.release(e.Leg, CauseCancelled) })
		}
	}
}

// arrived begins a call, or turns it away when its number is nobody's.
func (ch *Channel) arrived(e Event) {
	channel, ok := ch.config().ChannelByNumber(e.To)
	if !ok {
		ch.log.Warn("a call came to a number that no channel has; it was refused", "to", number.Mask(e.To), "from", number.Mask(e.From), "trunk", e.Trunk)
		ch.chores.put(func() { ch.release(e.Leg, CauseUnallocated) })
		return
	}
	c := ch.open(e.Leg)
	if c == nil {
		return // told twice
	}
	c.arrive(interaction.Arrival{
		Ref: string(e.Leg), Medium: interaction.Phone, Channel: channel.ID,
		ANI: ani(e.From), DNIS: channel.Number, Name: e.Display,
	}, ch.announceAfter(channel.Queue))
}

// open registers a call by its customer's leg; nil when it is there already.
func (ch *Channel) open(customer LegID) *call {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	if ch.legs[customer] != nil {
		return nil
	}
	c := &call{ch: ch, core: newCore(customer)}
	c.inbox.crew, c.post.crew = &ch.crew, &ch.crew
	ch.legs[customer], c.legs = c, []LegID{customer}
	return c
}

// Do carries out an effect of the desk. It never waits.
func (ch *Channel) Do(i interaction.Interaction, e interaction.Effect) {
	c := ch.byLeg(LegID(i.Ref))
	if c == nil {
		switch e.Kind {
		case interaction.Alert, interaction.Connect, interaction.Hold:
			ch.chores.put(func() {
				ch.log.Warn("the desk asked for a call that no longer exists; it was told so", "interaction", i.ID, "effect", e.Kind)
				_ = ch.desk.Signal(ch.ctx, i.ID, interaction.Signal{Kind: interaction.ChannelLost})
			})
		}
		return
	}
	c.named(i.ID)
	c.put(func(k *core) []order { return c.effect(k, &i, e) })
}

// Reachable says whether an agent's phone could be rung now (INT-9).
func (ch *Channel) Reachable(agentID string) bool {
	to, ok := targetOf(ch.config(), agentID)
	if !ok {
		return false
	}
	if r, ok := ch.sw.(Reacher); ok {
		return r.Reachable(to)
	}
	return true
}

// reached tells whose phone came or went.
func (ch *Channel) reached(to Target) {
	cfg := ch.config()
	for id := range cfg.Users {
		if t, ok := targetOf(cfg, id); ok && t == to {
			ch.desk.Reached(id)
			ch.onReach(id)
		}
	}
}

func (ch *Channel) byLeg(leg LegID) *call {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	return ch.legs[leg]
}

// release hangs up a leg that belongs to no call.
func (ch *Channel) release(leg LegID, cause Cause) {
	ctx, done := context.WithTimeout(ch.ctx, commandTime)
	defer done()
	if err := ch.sw.Hangup(ctx, leg, cause); err != nil {
		ch.log.Warn("a leg could not be hung up", "leg", leg, "err", err)
	}
}

func (ch *Channel) announceAfter(queue int64) time.Duration {
	if q, ok := ch.config().Queues[queue]; ok && q.AnnounceSeconds > 0 {
		return time.Duration(q.AnnounceSeconds) * time.Second
	}
	return 20 * time.Second
}

// targetOf is where an agent's phone is.
func targetOf(cfg *tenant.Config, agentID string) (Target, bool) {
	u, ok := cfg.Users[agentID]
	switch {
	case !ok || u.Inactive:
		return Target{}, false
	case u.Endpoint == tenant.EndpointSIP:
		return Target{Kind: TargetSIP, Address: u.SIPUser}, u.SIPUser != ""
	}
	return Target{Kind: TargetBrowser, Address: u.ID}, true
}

// ani is the caller's number as it came, empty when he withheld it.
func ani(from string) string {
	if strings.EqualFold(from, "anonymous") {
		return ""
	}
	return from
}
