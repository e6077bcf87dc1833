package live

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"cordboard/internal/agent"
	"cordboard/internal/bus"
	"cordboard/internal/delivery"
	"cordboard/internal/desk"
	"cordboard/internal/fault"
	"cordboard/internal/interaction"
	"cordboard/internal/setting"
	"cordboard/internal/signin"
	"cordboard/internal/web/view"
)

const (
	grace      = 15 * time.Second       // a console that is gone may come back so long (INT-16)
	gapWait    = 250 * time.Millisecond // a missing number may come so late
	pingEvery  = 10 * time.Second
	checkEvery = time.Minute // a sign-in is looked at again
	writeWait  = 10 * time.Second
	spread     = time.Second // queue figures are sent at most so often
	room       = 64          // changes that may wait for one reader
	recent     = 20          // final interactions in a snapshot
)

// Store is what a snapshot reads; desk.Store is one.
type Store interface {
	Snapshot(ctx context.Context, agentID string, recent int) (agent.Agent, []interaction.Interaction, error)
	One(ctx context.Context, id string) (interaction.Interaction, error)
}

// Desk is told which agents have a console open, and says how the queues stand. desk.Desk is one.
type Desk interface {
	Present(agentID string, connected bool)
	Waiting() desk.Waiting
}

// Sessions looks at a sign-in again; signin.Guard is one.
type Sessions interface {
	SessionByHash(ctx context.Context, hash string) (signin.Session, error)
}

// Options are what a Hub works with; all are needed but Log.
type Options struct {
	Tenant   string
	Bus      *bus.Bus // the tenant's
	Doors    *bus.Bus // the installation's, with signin.Ended
	Store    Store
	Desk     Desk
	Sessions Sessions
	Eye      *view.Eye
	Me       func(agentID string) view.Me
	Phone    func(agentID, tab string) view.Phone
	SignOn   func(ctx context.Context, agentID string) (view.SignOn, error)
	// Expired is called when a sign-in has lasted its time while a console was open (AGT-3).
	Expired func(agentID string)
	Now     func() time.Time
	Log     *slog.Logger
}

// Hub hands a tenant's changes to its open streams.
type Hub struct {
	Options
	stops []func()
	done  chan struct{}
	close func()
	open  atomic.Int64

	mu      sync.Mutex
	streams map[string]map[*stream]struct{} // by agent id
	waiting *desk.Waiting                   // as last heard; nil: ask the desk
	said    time.Time                       // when waiting was last sent
	pending bool                            // it will be sent again soon

	telling sync.Mutex // presence is told in order
	present map[string]bool
	leaving map[string]*time.Timer
}

// New makes a hub and begins to listen. Make it before the desk starts, so that it hears the first word.
func New(o Options) *Hub {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	h := &Hub{
		Options: o, done: make(chan struct{}), streams: map[string]map[*stream]struct{}{},
		present: map[string]bool{}, leaving: map[string]*time.Timer{},
	}
	h.close = sync.OnceFunc(func() { close(h.done) })
	h.stops = []func(){
		bus.Subscribe(o.Bus, h.onChanged),
		bus.Subscribe(o.Bus, h.onDelivery),
		bus.Subscribe(o.Bus, h.onWaiting),
		bus.Subscribe(o.Bus, h.onSetting),
		bus.Subscribe(o.Doors, h.onEnded),
	}
	return h
}

// Close ends every stream and stops listening. Browsers come back by themselves.
func (h *Hub) Close() {
	h.close()
	for _, stop := range h.stops {
		stop()
	}
	h.telling.Lock()
	defer h.telling.Unlock()
	for _, t := range h.leaving {
		t.Stop()
	}
}

// Open counts the open streams.
func (h *Hub) Open() int { return int(h.open.Load()) }

// Phone tells an agent's tabs that his phone changed: another tab holds it, or it came or went.
func (h *Hub) Phone(agentID string) { h.mark(agentID, dirtyPhone) }

// SignOn tells an agent's tabs that his CRM sign-on changed.
func (h *Hub) SignOn(agentID string) { h.mark(agentID, dirtyCRM) }

// Refresh sends an agent's tabs a new snapshot: something changed that has no number.
func (h *Hub) Refresh(agentID string) { h.mark(agentID, dirtyAll) }

func (h *Hub) mark(agentID string, what dirt) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.streams[agentID] {
		s.mark(what)
	}
}

func (h *Hub) markAll(what dirt) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, of := range h.streams {
		for s := range of {
			s.mark(what)
		}
	}
}

func (h *Hub) push(agentID string, c change) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.streams[agentID] {
		s.push(c)
	}
}

func (h *Hub) onChanged(ev desk.Changed) {
	for n := range ev.Agents {
		a := &ev.Agents[n]
		h.push(a.ID, change{n: a.Version, at: ev.At, agent: a, interaction: ev.Interaction})
	}
}

func (h *Hub) onDelivery(ev delivery.Changed) {
	if ev.Stream != 0 {
		h.push(ev.Delivery.Agent, change{n: ev.Stream, at: h.Now(), fetch: ev.Delivery.Interaction})
	}
}

// onWaiting sends how the queues stand at once, but not more often than every spread: every console shows
// them, and they change with every call.
func (h *Hub) onWaiting(w desk.Waiting) {
	h.mu.Lock()
	h.waiting = &w
	wait := spread - h.Now().Sub(h.said)
	if h.pending {
		h.mu.Unlock()
		return
	}
	if wait > 0 {
		h.pending = true
		time.AfterFunc(wait, h.sendWaiting)
		h.mu.Unlock()
		return
	}
	h.mu.Unlock()
	h.sendWaiting()
}

func (h *Hub) sendWaiting() {
	h.mu.Lock()
	h.pending, h.said = false, h.Now()
	h.mu.Unlock()
	h.markAll(dirtyWaiting)
}

// latestWaiting does not make the desk count for every console.
func (h *Hub) latestWaiting() desk.Waiting {
	h.mu.Lock()
	w := h.waiting
	h.mu.Unlock()
	if w != nil {
		return *w
	}
	return h.Desk.Waiting()
}

func (h *Hub) onSetting(ev setting.Changed) {
	switch ev.Kind {
	case "user":
		h.mark(ev.Agent, dirtyAll)
	case "queue", "codelist", "profile":
		h.markAll(dirtyAll)
	case "screenpop":
		h.markAll(dirtySettings)
	}
}

func (h *Hub) onEnded(ev signin.Ended) {
	if ev.Tenant != h.Tenant {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.streams[ev.Agent] {
		if s.session.Hash == ev.Hash {
			s.end(ev.Reason)
		}
	}
}

// join takes a stream in, before its snapshot is read.
func (h *Hub) join(s *stream) {
	h.open.Add(1)
	id := s.session.Agent
	h.mu.Lock()
	if h.streams[id] == nil {
		h.streams[id] = map[*stream]struct{}{}
	}
	h.streams[id][s] = struct{}{}
	h.mu.Unlock()

	h.telling.Lock()
	defer h.telling.Unlock()
	if t := h.leaving[id]; t != nil {
		t.Stop()
		delete(h.leaving, id)
	}
	if !h.present[id] {
		h.present[id] = true
		h.Desk.Present(id, true)
	}
}

// leave lets a stream go; the agent's last one starts the grace.
func (h *Hub) leave(s *stream) {
	h.open.Add(-1)
	id := s.session.Agent
	h.mu.Lock()
	delete(h.streams[id], s)
	last := len(h.streams[id]) == 0
	if last {
		delete(h.streams, id)
	}
	h.mu.Unlock()
	if !last {
		return
	}
	h.telling.Lock()
	defer h.telling.Unlock()
	if h.leaving[id] == nil {
		h.leaving[id] = time.AfterFunc(grace, func() { h.gone(id) })
	}
}

func (h *Hub) gone(id string) {
	h.telling.Lock()
	defer h.telling.Unlock()
	delete(h.leaving, id)
	h.mu.Lock()
	back := len(h.streams[id]) > 0
	h.mu.Unlock()
	if !back && h.present[id] {
		delete(h.present, id)
		h.Desk.Present(id, false)
	}
}

// signedOut reports whether an error means that the sign-in is over, and not that the database could not say.
func signedOut(err error) bool { return fault.KindOf(err) == fault.Unauthenticated }
