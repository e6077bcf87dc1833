package desk

import (
	"context"
	"crypto/rand"
	"log/slog"
	"sync"
	"time"

	"cordboard/internal/bus"
	"cordboard/internal/fault"
	"cordboard/internal/interaction"
	"cordboard/internal/tenant"
)

// Options are what a desk needs.
type Options struct {
	Store    Store
	Bus      *bus.Bus
	Config   func() *tenant.Config // the present settings; called often, so it must be quick
	Channels map[interaction.Medium]Channel
	OnClose  OnClose // nil: no handling promises a log
	// Clock is time.Now unless a test says otherwise; timers run by it, what is stored has the store's instant.
	Clock func() time.Time
	// NewID makes interaction ids; the default is GEN-7's form with node number 1.
	NewID  func(at time.Time, m interaction.Medium) string
	Node   string // our name in Interaction.Node, default "1"
	Logger *slog.Logger
}

// Desk is a tenant's desk. Its methods may be called from any goroutine between Start and Stop.
type Desk struct {
	store    Store
	bus      *bus.Bus
	config   func() *tenant.Config
	channels map[interaction.Medium]Channel
	onClose  OnClose
	clock    func() time.Time
	newID    func(time.Time, interaction.Medium) string
	node     string
	log      *slog.Logger

	router   *router
	presence *presence

	ctx    context.Context // ends when Stop has waited long enough
	cancel context.CancelFunc
	quit   chan struct{} // closed when Stop begins
	wg     sync.WaitGroup

	mu    sync.Mutex
	state running
	live  map[string]*executor
}

type running uint8

const (
	notStarted running = iota
	started
	stopped
)

// New makes a desk; Start opens it.
func New(o Options) *Desk {
	d := &Desk{
		store: o.Store, bus: o.Bus, config: o.Config, channels: o.Channels, onClose: o.OnClose,
		clock: o.Clock, newID: o.NewID, node: o.Node, log: o.Logger,
		quit: make(chan struct{}), live: map[string]*executor{},
	}
	if d.clock == nil {
		d.clock = time.Now
	}
	if d.node == "" {
		d.node = "1"
	}
	if d.log == nil {
		d.log = slog.New(slog.DiscardHandler)
	}
	if d.newID == nil {
		d.newID = func(at time.Time, m interaction.Medium) string {
			return interaction.NewID(at, rand.Text()[:interaction.RandomLength], m, 1, d.config().Name)
		}
	}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	d.presence = newPresence()
	d.router = newRouter(d)
	return d
}

// Stop lets what is under way finish and ends every executor; what is open stays in the store for the next Start. When ctx
// ends first, what is left is broken off: its commits happen or do not.
func (d *Desk) Stop(ctx context.Context) error {
	d.mu.Lock()
	if d.state != stopped {
		d.state = stopped
		close(d.quit)
	}
	d.mu.Unlock()
	done := make(chan struct{})
	go func() { d.wg.Wait(); close(done) }()
	select {
	case <-done:
		d.cancel()
		return nil
	case <-ctx.Done():
		d.cancel()
		<-done
		return ctx.Err()
	}
}

// executor finds the interaction's executor or starts one.
func (d *Desk) executor(id string) (*executor, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch d.state {
	case notStarted:
		return nil, fault.New(fault.Unavailable, "STARTING", "The desk is still starting. Nothing was changed; try again in a moment.")
	case stopped:
		return nil, fault.New(fault.Unavailable, "STOPPING", "The desk is shutting down. Nothing was changed; try again in a moment.")
	}
	x := d.live[id]
	if x == nil {
		x = &executor{d: d, id: id, wake: make(chan struct{}, 1)}
		d.live[id] = x
		d.wg.Go(x.run)
	}
	return x, nil
}

// retire takes the executor off the list, unless something has come in meanwhile.
func (d *Desk) retire(x *executor) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.inbox) > 0 {
		return false
	}
	x.dead = true
	delete(d.live, x.id)
	return true
}

// post puts a job into the interaction's inbox.
func (d *Desk) post(id string, j *job) error {
	for {
		x, err := d.executor(id)
		if err != nil {
			return err
		}
		if x.post(j) {
			return nil
		}
	}
}

// do has the interaction's executor run fn in one change and waits for it. The change goes on when ctx ends meanwhile.
func (d *Desk) do(ctx context.Context, id string, fn func(*unit) error) (*unit, error) {
	j := newJob(fn)
	if err := d.post(id, j); err != nil {
		return &unit{}, err
	}
	return j.wait(ctx)
}

// nudge makes the interactions' executors look at their timers again.
func (d *Desk) nudge(ids []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, id := range ids {
		if x := d.live[id]; x != nil {
			x.rouse()
		}
	}
}
