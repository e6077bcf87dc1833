// Package scenario is the language in which stories about the house are told as tests, on virtual time:
//
//	scenario.Play(t, scenario.Options{}, func(w *scenario.World) {
//		w.At("0s").Call("call", "+14155550123")
//		w.At("5s").Accept("ada", "call")
//		w.At("70s").CustomerEnds("call")
//		w.Want(`…`) // all that has happened since the last Want, instant by instant
//	})
//
// It promises that the desk is the real one, that each step has settled before the next is told, and that what happened is
// written down in an order which does not depend on goroutines. The channels (a phone and a chat), the store and the log are doubles
// unless Options brings others. It never sleeps for real and is for tests alone.
package scenario

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"cordboard/internal/agent"
	"cordboard/internal/bus"
	"cordboard/internal/desk"
	"cordboard/internal/desk/desktest"
	"cordboard/internal/fault"
	"cordboard/internal/interaction"
	"cordboard/internal/tenant"
)

// Options are what a story's world differs in.
type Options struct {
	// Agents sign in and are Available at 0s, in this order; default: ada. They are members of queue 1.
	Agents []string
	// Settings changes the settings before the story begins; see Settings for what they are.
	Settings func(*tenant.Config)
	// Store opens where it is kept; default: desktest's. It is called in the story's bubble of virtual time, so that the
	// store's goroutines belong to it; close it by t.Cleanup.
	Store func(t *testing.T) desk.Store
	// OnClose is the log's hook; default: Log writes down what was closed.
	OnClose desk.OnClose
	// Wire connects further rooms (pop, autolog, the live stream) once the desk is made and before it starts, also after
	// each Restart; stop is called when that desk has stopped.
	Wire func(w *World) (stop func())
	// Started is called each time the desk has started.
	Started func(w *World)
}

// World is a story under way.
type World struct {
	T      *testing.T
	Desk   *desk.Desk
	Bus    *bus.Bus
	Store  desk.Store
	Config *tenant.Config
	Phone  *Phone
	Chat   *Chat

	o      Options
	ctx    context.Context
	start  time.Time
	unwire []func()
	expect string // code of the fault that the next command must get

	mu     sync.Mutex
	ids    map[string]string // name in the story → id
	names  map[string]string // id → name
	status map[string]agent.Status
	lines  []line
}

// line is one thing that happened: who it happened to, and what.
type line struct {
	at    time.Duration
	who   string
	order int // events before effects before statuses, within one instant and name
	text  string
}

// Settings are the world's settings: queue 1 "Sales" (phone and chat, wrap-up 30 s), phone channel 1 and chat channel 2
// into it, code list 4 "Outcome" (in no queue), an agent per name.
func Settings(agents ...string) *tenant.Config {
	c := &tenant.Config{
		Name:    "demo",
		Profile: tenant.Profile{Label: "Demo", TimeZone: "UTC", Region: "US"},
		Users:   map[string]tenant.User{},
		Queues: map[int64]tenant.Queue{1: {ID: 1, Name: "Sales", Priority: 5, WrapupSeconds: 30,
			Media: []interaction.Medium{interaction.Phone, interaction.Chat}}},
		Channels: map[int64]tenant.Channel{
			1: {ID: 1, Medium: interaction.Phone, Name: "Main", Number: "+14155550100", Queue: 1},
			2: {ID: 2, Medium: interaction.Chat, Name: "Site", Queue: 1},
		},
		CodeLists: map[int64]tenant.CodeList{4: {ID: 4, Name: "Outcome", Required: true,
			Items: []tenant.CodeItem{{ID: 1, Text: "Resolved", ReportText: "RES"}, {ID: 2, Text: "Call again"}}}},
	}
	for _, id := range agents {
		c.Users[id] = tenant.User{ID: id, UserID: id, FirstName: strings.ToUpper(id[:1]) + id[1:], Roles: []tenant.Role{tenant.RoleAgent},
			Queues: map[int64]int{1: 5}, OfferSeconds: 30, Seat: true}
	}
	return c
}

// Play tells a story in a world of its own, on virtual time that begins at midnight 2000-01-01 UTC.
func Play(t *testing.T, o Options, story func(w *World)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		if len(o.Agents) == 0 {
			o.Agents = []string{"ada"}
		}
		if o.Store == nil {
			o.Store = func(*testing.T) desk.Store { return &desktest.Store{} }
		}
		w := &World{T: t, Store: o.Store(t), Bus: bus.New(), Config: Settings(o.Agents...), o: o, ctx: t.Context(), start: time.Now(),
			ids: map[string]string{}, names: map[string]string{}, status: map[string]agent.Status{}}
		if o.Settings != nil {
			o.Settings(w.Config)
		}
		w.Phone, w.Chat = &Phone{newChannel(w, interaction.Phone)}, &Chat{newChannel(w, interaction.Chat)}
		w.open()
		for _, id := range o.Agents {
			w.SignIn(id)
			w.Ready(id)
		}
		w.forget()
		story(w)
		w.settle()
		w.close()
	})
}

// open makes a desk over the store and starts it.
func (w *World) open() {
	w.T.Helper()
	onClose := w.o.OnClose
	if onClose == nil {
		onClose = w.logged
	}
	w.Desk = desk.New(desk.Options{Store: w.Store, Bus: w.Bus, Config: func() *tenant.Config { return w.Config }, OnClose: onClose,
		Channels: map[interaction.Medium]desk.Channel{interaction.Phone: w.Phone, interaction.Chat: w.Chat}})
	w.unwire = append(w.unwire, bus.Subscribe(w.Bus, w.hear))
	if w.o.Wire != nil {
		w.unwire = append(w.unwire, w.o.Wire(w))
	}
	if err := w.Desk.Start(w.ctx); err != nil {
		w.T.Fatalf("the desk does not start: %v", err)
	}
	if w.o.Started != nil {
		w.o.Started(w)
	}
	w.settle()
}

func (w *World) close() {
	w.T.Helper()
	if err := w.Desk.Stop(w.ctx); err != nil {
		w.T.Errorf("the desk does not stop: %v", err)
	}
	for _, stop := range slices.Backward(w.unwire) {
		if stop != nil {
			stop()
		}
	}
	w.unwire = nil
}

// settle waits until nobody has anything left to do at this instant.
func (w *World) settle() { synctest.Wait() }

// At goes forward to an instant, counted from the story's beginning.
func (w *World) At(when string) *World {
	w.T.Helper()
	d, err := time.ParseDuration(when)
	wait := d - time.Since(w.start)
	if err != nil || wait < 0 {
		w.T.Fatalf("a story cannot go to %s: %s have passed", when, time.Since(w.start))
	}
	time.Sleep(wait) // virtual
	w.settle()
	return w
}

// Restart kills nothing but stops the desk, and starts another one over the same store: every console and every call is gone.
func (w *World) Restart() *World {
	w.T.Helper()
	w.settle()
	w.close()
	w.open()
	return w
}

// Refused says that the next command must be refused with this code.
func (w *World) Refused(code string) *World { w.expect = code; return w }

// done checks a command's answer and lets what follows from it happen.
func (w *World) done(what string, err error) *World {
	w.T.Helper()
	got := ""
	if err != nil {
		got = fault.Of(err).Code
	}
	if got != w.expect {
		w.T.Errorf("at %s: %s: fault %q (%v), want %q", time.Since(w.start), what, got, err, w.expect)
	}
	w.expect = ""
	w.settle()
	return w
}

// hear writes down what the desk published.
func (w *World) hear(c desk.Changed) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range c.Events {
		text := []string{string(e.Kind), e.Agent}
		if e.Offer > 0 {
			text = append(text, fmt.Sprintf("#%d", e.Offer))
		}
		w.write(w.names[c.Interaction.ID], c.Interaction.Ref, 0, append(text, e.Why)...)
	}
	for _, a := range c.Agents {
		if w.status[a.ID] != a.Status {
			w.status[a.ID] = a.Status
			w.write(a.ID, "", 2, "is", a.Status.String(), "("+a.Reason+")")
		}
	}
}

// write needs w.mu.
func (w *World) write(who, otherwise string, order int, words ...string) {
	if who == "" {
		who = otherwise // the arrival's own name is known when it has been told
	}
	words = slices.DeleteFunc(words, func(s string) bool { return s == "" })
	w.lines = append(w.lines, line{time.Since(w.start), who, order, strings.Join(words, " ")})
}

func (w *World) forget() {
	w.settle()
	w.mu.Lock()
	w.lines = nil
	w.mu.Unlock()
}

// Told is what has happened since the last time it was asked, a line each: instant, who, what. Effects are marked "!".
func (w *World) Told() []string {
	w.settle()
	w.mu.Lock()
	defer w.mu.Unlock()
	slices.SortStableFunc(w.lines, func(a, b line) int {
		if a.at != b.at {
			return int(a.at - b.at)
		}
		if a.order == 2 != (b.order == 2) { // first what happened to interactions, then to agents
			return a.order - b.order
		}
		if c := strings.Compare(a.who, b.who); c != 0 {
			return c
		}
		return a.order - b.order
	})
	var out []string
	for _, l := range w.lines {
		out = append(out, fmt.Sprintf("%s %s %s", l.at, l.who, l.text))
	}
	w.lines = nil
	return out
}

// Want compares all that has happened since the last Want, one line each, white space aside.
func (w *World) Want(story string) *World {
	w.T.Helper()
	var want []string
	for l := range strings.Lines(story) {
		if l = strings.Join(strings.Fields(l), " "); l != "" {
			want = append(want, l)
		}
	}
	if got := w.Told(); !slices.Equal(got, want) {
		w.T.Errorf("it went otherwise.\n got:\n\t%s\nwant:\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
	return w
}

// Names lists the story's interactions.
func (w *World) Names() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Sorted(maps.Keys(w.ids))
}
