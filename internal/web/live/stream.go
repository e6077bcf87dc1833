package live

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"cordboard/internal/agent"
	"cordboard/internal/interaction"
	"cordboard/internal/signin"
	"cordboard/internal/tenant"
	"cordboard/internal/web/view"
)

// dirt says which unnumbered parts must be sent again: the latest wins, so a flag is enough.
type dirt uint32

const (
	dirtyWaiting dirt = 1 << iota
	dirtyPhone
	dirtyCRM
	dirtySettings
	dirtyAll // a whole snapshot
)

// stream is one open console tab.
type stream struct {
	session signin.Session
	tab     string

	in    chan change
	dirty atomic.Uint32
	wake  chan struct{}

	once sync.Once
	over chan struct{} // closed when the stream must end
	why  string        // reason for bye; "" = no word, the browser comes back
}

func (s *stream) push(c change) {
	select {
	case s.in <- c:
	default:
		s.end("") // too slow: he comes back and gets a snapshot
	}
}

func (s *stream) mark(d dirt) {
	s.dirty.Or(uint32(d))
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *stream) end(why string) {
	s.once.Do(func() {
		s.why = why
		close(s.over)
	})
}

// Snapshot is the first event and the answer to a gap.
type Snapshot struct {
	N            int64              `json:"n"`
	At           time.Time          `json:"at"`
	Me           view.Me            `json:"me"`
	Agent        view.Agent         `json:"agent"`
	Interactions []view.Interaction `json:"interactions"`
	Recent       []view.Interaction `json:"recent"`
	Waiting      view.Waiting       `json:"waiting"`
	Phone        view.Phone         `json:"phone"`
	CRM          view.SignOn        `json:"crm"`
	CodeLists    []view.CodeList    `json:"codeLists"`
	Settings     view.Settings      `json:"settings"`
}

// Delta is a numbered change.
type Delta struct {
	N           int64             `json:"n"`
	At          time.Time         `json:"at"`
	Agent       view.Agent        `json:"agent"`
	Interaction *view.Interaction `json:"interaction,omitempty"`
}

// pen writes events to one browser. Every write has a deadline of its own: a server-wide one would end the stream.
type pen struct {
	w   http.ResponseWriter
	ctl *http.ResponseController
	buf bytes.Buffer
}

func (p *pen) event(name string, v any) error {
	p.buf.Reset()
	p.buf.WriteString("event: ")
	p.buf.WriteString(name)
	p.buf.WriteString("\ndata: ")
	if err := json.NewEncoder(&p.buf).Encode(v); err != nil { // ends with the line's end
		return err
	}
	p.buf.WriteByte('\n')
	return p.flush()
}

func (p *pen) ping() error {
	p.buf.Reset()
	p.buf.WriteString(": ping\n\n")
	return p.flush()
}

func (p *pen) flush() error {
	if err := p.ctl.SetWriteDeadline(time.Now().Add(writeWait)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := p.w.Write(p.buf.Bytes()); err != nil {
		return err
	}
	if p.buf.Cap() > 1<<16 {
		p.buf = bytes.Buffer{} // a big snapshot must not stay in memory for the rest of a shift
	}
	return p.ctl.Flush()
}

// Serve keeps a console's stream open until the browser goes, the sign-in ends or the hub closes.
func (h *Hub) Serve(w http.ResponseWriter, r *http.Request, session signin.Session, tab string) {
	s := &stream{session: session, tab: tab, in: make(chan change, room), wake: make(chan struct{}, 1), over: make(chan struct{})}
	h.join(s)
	defer h.leave(s)
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no") // proxies must not gather events
	f := &feed{hub: h, stream: s, pen: &pen{w: w, ctl: http.NewResponseController(w)}}
	if err := f.run(r.Context()); err != nil && r.Context().Err() == nil {
		h.Log.Debug("a stream ended", "tenant", h.Tenant, "agent", session.Agent, "err", err)
	}
}

// feed is the running of one stream, in one goroutine.
type feed struct {
	hub    *Hub
	stream *stream
	pen    *pen
	order  order
	agent  agent.Agent // as last sent
}

func (f *feed) run(ctx context.Context) error {
	// Looked at after joining: a sign-in that ended just before would else never be heard of.
	if _, err := f.hub.Sessions.SessionByHash(ctx, f.stream.session.Hash); signedOut(err) {
		return f.bye(signin.EndRevoked)
	}
	if err := f.snapshot(ctx); err != nil {
		return err
	}
	ping, check := time.NewTicker(pingEvery), time.NewTicker(checkEvery)
	expiry := time.NewTimer(f.stream.session.Expires.Sub(f.hub.Now()))
	gap := time.NewTimer(gapWait)
	gap.Stop()
	defer ping.Stop()
	defer check.Stop()
	defer expiry.Stop()
	defer gap.Stop()
	waiting := false // the gap's timer runs
	for {
		var err error
		select {
		case c := <-f.stream.in:
			err = f.send(ctx, f.order.take(c))
		case <-f.stream.wake:
			err = f.clean(ctx)
		case <-gap.C:
			waiting = false
			if f.order.gap() {
				err = f.snapshot(ctx)
			}
		case <-ping.C:
			err = f.pen.ping()
		case <-check.C:
			if _, serr := f.hub.Sessions.SessionByHash(ctx, f.stream.session.Hash); signedOut(serr) {
				f.stream.end(signin.EndRevoked)
			}
		case <-expiry.C:
			f.hub.Expired(f.stream.session.Agent)
			f.stream.end(signin.EndExpired)
		case <-f.stream.over:
			if f.stream.why != "" {
				return f.bye(f.stream.why)
			}
			return errors.New("too slow, or let go")
		case <-f.hub.done:
			return nil
		case <-ctx.Done():
			return nil
		}
		if err != nil {
			return err
		}
		switch open := f.order.gap(); {
		case open && !waiting:
			gap.Reset(gapWait)
			waiting = true
		case !open && waiting:
			gap.Stop()
			waiting = false
		}
	}
}

// bye is the last event: the browser goes to the sign-in page.
func (f *feed) bye(reason string) error {
	return f.pen.event("bye", map[string]string{"reason": reason})
}

// snapshot reads state and number in one transaction and sends them; what was held and follows it goes out after it.
func (f *feed) snapshot(ctx context.Context) error {
	h, id := f.hub, f.stream.session.Agent
	a, list, err := h.Store.Snapshot(ctx, id, recent)
	if err != nil {
		return err
	}
	seen, err := h.Eye.SeeAll(ctx, list, id)
	if err != nil {
		return err
	}
	crm, err := h.Options.SignOn(ctx, id)
	if err != nil {
		return err
	}
	c := h.Eye.Config()
	s := Snapshot{
		N: a.Version, At: h.Now().UTC().Truncate(time.Millisecond), Me: h.Me(id), Agent: view.AgentOf(c, a),
		Interactions: []view.Interaction{}, Recent: []view.Interaction{},
		Waiting: view.WaitingOf(h.latestWaiting()), Phone: h.Options.Phone(id, f.stream.tab), CRM: crm,
		CodeLists: view.CodeListsOf(c), Settings: view.SettingsOf(c),
	}
	for _, i := range seen {
		if i.Role == view.RoleOffered || i.Role == view.RoleHandling {
			s.Interactions = append(s.Interactions, i)
		} else {
			s.Recent = append(s.Recent, i)
		}
	}
	f.agent = a
	if err := f.pen.event("snapshot", s); err != nil {
		return err
	}
	return f.send(ctx, f.order.start(a.Version))
}

// send writes changes that are in order.
func (f *feed) send(ctx context.Context, ready []change) error {
	for _, c := range ready {
		if c.agent != nil {
			f.agent = *c.agent
		}
		f.agent.Version = c.n
		d := Delta{N: c.n, At: c.at.UTC().Truncate(time.Millisecond), Agent: view.AgentOf(f.hub.Eye.Config(), f.agent)}
		i := c.interaction
		if c.fetch != "" {
			one, err := f.hub.Store.One(ctx, c.fetch)
			if err != nil {
				return err
			}
			i = &one
		}
		if err := f.attach(ctx, &d, i); err != nil {
			return err
		}
		if err := f.pen.event("delta", d); err != nil {
			return err
		}
	}
	return nil
}

func (f *feed) attach(ctx context.Context, d *Delta, i *interaction.Interaction) error {
	if i == nil {
		return nil
	}
	v, ok, err := f.hub.Eye.See(ctx, i, f.stream.session.Agent)
	if ok {
		d.Interaction = &v
	}
	return err
}

// clean sends the unnumbered parts that changed.
func (f *feed) clean(ctx context.Context) error {
	h, id := f.hub, f.stream.session.Agent
	d := dirt(f.stream.dirty.Swap(0))
	if d&dirtyAll != 0 {
		if u, ok := h.Eye.Config().Users[id]; !ok || !u.Active(tenant.RoleAgent) {
			f.stream.end(signin.EndInactive) // he is no agent any more, whatever becomes of his sign-in
			return nil
		}
		return f.snapshot(ctx)
	}
	if d&dirtyWaiting != 0 {
		if err := f.pen.event("waiting", view.WaitingOf(h.latestWaiting())); err != nil {
			return err
		}
	}
	if d&dirtyPhone != 0 {
		if err := f.pen.event("phone", h.Options.Phone(id, f.stream.tab)); err != nil {
			return err
		}
	}
	if d&dirtyCRM != 0 {
		s, err := h.Options.SignOn(ctx, id)
		if err != nil {
			return err
		}
		if err := f.pen.event("crm", s); err != nil {
			return err
		}
	}
	if d&dirtySettings != 0 {
		return f.pen.event("settings", view.SettingsOf(h.Eye.Config()))
	}
	return nil
}
