package live

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"cordboard/internal/agent"
	"cordboard/internal/bus"
	"cordboard/internal/delivery"
	"cordboard/internal/desk"
	"cordboard/internal/fault"
	"cordboard/internal/interaction"
	"cordboard/internal/setting"
	"cordboard/internal/signin"
	"cordboard/internal/tenant"
	"cordboard/internal/web/view"
)

// house is a fake of everything below a hub: a database of one agent, a desk, sessions, deliveries.
type house struct {
	bus, doors *bus.Bus
	config     *tenant.Config
	hub        *Hub

	mu        sync.Mutex
	agent     agent.Agent
	items     map[string]interaction.Interaction
	logs      []delivery.Delivery
	reads     int // of the database
	ended     bool
	presences []string
	expired   []string
	owner     string
	onRead    func() // runs inside the next snapshot, after it has read
}

func newHouse() *house {
	h := &house{bus: bus.New(), doors: bus.New(), config: tenant.New("acme"), items: map[string]interaction.Interaction{}}
	h.config.Users["a"] = tenant.User{ID: "a", FirstName: "Anna", LastName: "Test", Roles: []tenant.Role{tenant.RoleAgent}, Endpoint: tenant.EndpointBrowser}
	h.agent = agent.Agent{ID: "a", Status: agent.Available, Since: time.Now(), Version: 10}
	h.hub = New(Options{
		Tenant: "acme", Bus: h.bus, Doors: h.doors, Store: h, Desk: h, Sessions: h,
		Eye: &view.Eye{Config: func() *tenant.Config { return h.config }, Logs: h, Muted: func(string, string) bool { return false }, Now: time.Now},
		Me:  func(id string) view.Me { return view.Me{AgentID: id} },
		Phone: func(_, tab string) view.Phone {
			return view.Phone{Owner: h.owner, Mine: tab == h.owner, Abilities: []string{}}
		},
		SignOn:  func(context.Context, string) (view.SignOn, error) { return view.SignOn{Result: "CONNECTED"}, nil },
		Expired: func(id string) { h.expired = append(h.expired, id) },
		Now:     time.Now,
	})
	return h
}

func (h *house) Snapshot(context.Context, string, int) (agent.Agent, []interaction.Interaction, error) {
	h.mu.Lock()
	h.reads++
	a := h.agent
	var out []interaction.Interaction
	for _, i := range h.items {
		out = append(out, i)
	}
	then := h.onRead
	h.onRead = nil
	h.mu.Unlock()
	if then != nil {
		then()
	}
	return a, out, nil
}

func (h *house) One(_ context.Context, id string) (interaction.Interaction, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.reads++
	return h.items[id], nil
}

func (h *house) List(context.Context, delivery.Filter) ([]delivery.Delivery, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.reads++
	return slices.Clone(h.logs), nil
}

func (h *house) SessionByHash(context.Context, string) (signin.Session, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended {
		return signin.Session{}, signin.ErrSignedOut()
	}
	return signin.Session{}, nil
}

func (h *house) Present(id string, here bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.presences = append(h.presences, fmt.Sprint(id, " ", here))
}

func (h *house) Waiting() desk.Waiting { return desk.Waiting{Waiting: 3} }

// changed is one commit: it raises the agent's number and returns the event for the bus.
func (h *house) changed(i *interaction.Interaction) desk.Changed {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.agent.Version++
	if i != nil {
		h.items[i.ID] = *i
	}
	return desk.Changed{At: time.Now(), Interaction: i, Agents: []agent.Agent{h.agent}}
}

func offered(id string) *interaction.Interaction {
	return &interaction.Interaction{
		ID: id, Medium: interaction.Phone, State: interaction.Offered, ANI: "+14155550123", CreatedAt: time.Now(), Asked: []string{"a"},
		Offer: &interaction.Offer{Number: 1, Agent: "a", At: time.Now(), Deadline: time.Now().Add(30 * time.Second)},
	}
}

// tab is a browser's end of a stream: what was written, as events.
type tab struct {
	cancel context.CancelFunc
	done   chan struct{}

	mu     sync.Mutex
	buf    strings.Builder
	stall  chan struct{} // when set, writes wait for it
	header http.Header
}

func (t *tab) Header() http.Header { return t.header }
func (t *tab) WriteHeader(int)     {}
func (t *tab) Write(b []byte) (int, error) {
	t.mu.Lock()
	stall := t.stall
	t.mu.Unlock()
	if stall != nil {
		<-stall
		return 0, errors.New("write deadline")
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.buf.Write(b)
}
func (t *tab) Flush()                           {}
func (t *tab) SetWriteDeadline(time.Time) error { return nil }

func (h *house) open(t *testing.T, name string) *tab {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	x := &tab{cancel: cancel, done: make(chan struct{}), header: http.Header{}}
	r := httptest.NewRequest("GET", "/api/v1/console/stream", nil).WithContext(ctx)
	go func() {
		defer close(x.done)
		h.hub.Serve(x, r, signin.Session{Hash: "hash-" + name, Tenant: "acme", Agent: "a", Expires: time.Now().Add(12 * time.Hour)}, name)
	}()
	return x
}

// events returns what has come since the last call, each as "name n", and the data of the last.
func (t *tab) events(tt *testing.T) (names []string, last map[string]any) {
	tt.Helper()
	synctest.Wait()
	t.mu.Lock()
	text := t.buf.String()
	t.buf.Reset()
	t.mu.Unlock()
	name := ""
	for s := bufio.NewScanner(strings.NewReader(text)); s.Scan(); {
		switch line := s.Text(); {
		case strings.HasPrefix(line, "event: "):
			name = line[7:]
		case strings.HasPrefix(line, "data: "):
			last = map[string]any{}
			if err := json.Unmarshal([]byte(line[6:]), &last); err != nil {
				tt.Fatal(err)
			}
			if n, ok := last["n"]; ok {
				name = fmt.Sprintf("%s %v", name, n)
			}
			names = append(names, name)
		case strings.HasPrefix(line, ":"):
			names = append(names, "ping")
		}
	}
	return names, last
}

func wantEvents(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("events %q, want %q", got, want)
	}
}

func (h *house) end(t *testing.T, tabs ...*tab) {
	t.Helper()
	for _, x := range tabs {
		x.cancel()
		<-x.done
	}
	h.hub.Close()
}

func TestSnapshotThenDeltas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse()
		x := h.open(t, "one")
		got, data := x.events(t)
		wantEvents(t, got, "snapshot 10")
		if data["agent"].(map[string]any)["statusName"] != "Available" || data["waiting"].(map[string]any)["waiting"] != 3.0 || data["recent"] == nil {
			t.Errorf("snapshot %v", data)
		}
		before := h.reads
		bus.Publish(h.bus, h.changed(offered("int-1")))
		got, data = x.events(t)
		wantEvents(t, got, "delta 11")
		if data["interaction"].(map[string]any)["offer"].(map[string]any)["number"] != 1.0 {
			t.Errorf("delta %v", data)
		}
		if h.reads != before {
			t.Errorf("an offer on its way to the screen read the database %d times", h.reads-before)
		}
		// an interaction of others that touches him: only the number and the state
		other := offered("int-2")
		other.Offer.Agent, other.Asked = "b", []string{"b"}
		bus.Publish(h.bus, h.changed(other))
		got, data = x.events(t)
		wantEvents(t, got, "delta 12")
		if data["interaction"] != nil {
			t.Errorf("another agent's interaction was sent: %v", data)
		}
		h.end(t, x)
	})
}

func TestWhatHappensWhileTheSnapshotIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse()
		early := h.changed(nil) // 11: in the snapshot, but its event comes only now
		h.onRead = func() {
			bus.Publish(h.bus, early)
			bus.Publish(h.bus, h.changed(nil)) // 12: not in the snapshot
			time.Sleep(time.Millisecond)       // the bubble's clock: both have reached the stream
		}
		x := h.open(t, "one")
		time.Sleep(2 * time.Millisecond)
		got, _ := x.events(t)
		wantEvents(t, got, "snapshot 11", "delta 12")
		h.end(t, x)
	})
}

func TestOutOfOrderAndGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse()
		x := h.open(t, "one")
		x.events(t)
		a, b, c := h.changed(nil), h.changed(nil), h.changed(nil)
		bus.Publish(h.bus, c)
		got, _ := x.events(t)
		wantEvents(t, got)
		time.Sleep(gapWait - time.Millisecond)
		bus.Publish(h.bus, b)
		bus.Publish(h.bus, a)
		got, _ = x.events(t)
		wantEvents(t, got, "delta 11", "delta 12", "delta 13")
		time.Sleep(time.Second)
		got, _ = x.events(t)
		wantEvents(t, got)

		h.changed(nil)                     // 14: its event is lost
		bus.Publish(h.bus, h.changed(nil)) // 15
		time.Sleep(gapWait + time.Millisecond)
		got, _ = x.events(t)
		wantEvents(t, got, "snapshot 15")
		bus.Publish(h.bus, h.changed(nil))
		got, _ = x.events(t)
		wantEvents(t, got, "delta 16")
		h.end(t, x)
	})
}

func TestDeliveriesAreNumbered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse()
		i := offered("int-1")
		i.State, i.Offer = interaction.Closed, nil
		i.Handling = []interaction.Handling{{Number: 1, Agent: "a", State: interaction.Closed, AcceptedAt: time.Now()}}
		h.items["int-1"] = *i
		x := h.open(t, "one")
		got, data := x.events(t)
		wantEvents(t, got, "snapshot 10")
		if log := data["recent"].([]any)[0].(map[string]any)["log"].(map[string]any); log["state"] != "none" {
			t.Errorf("log %v", log)
		}
		d := delivery.Delivery{Key: "k", Interaction: "int-1", Handling: 1, Agent: "a", State: delivery.Done, Result: json.RawMessage(`{"url":"https://org.example/t","ref":{"kind":"Task","id":"00T"}}`)}
		h.logs = []delivery.Delivery{d}
		h.agent.Version++
		bus.Publish(h.bus, delivery.Changed{Delivery: d, Stream: 11})
		got, data = x.events(t)
		wantEvents(t, got, "delta 11")
		log := data["interaction"].(map[string]any)["log"].(map[string]any)
		if log["state"] != "done" || log["url"] != "https://org.example/t" || log["recordId"] != "00T" {
			t.Errorf("log %v", log)
		}
		bus.Publish(h.bus, delivery.Changed{Delivery: d}) // nobody's
		got, _ = x.events(t)
		wantEvents(t, got)
		h.end(t, x)
	})
}

func TestRevokedSignInEndsItsStreamAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse()
		x, y := h.open(t, "one"), h.open(t, "two")
		x.events(t)
		y.events(t)
		bus.Publish(h.doors, signin.Ended{Tenant: "other", Agent: "a", Hash: "hash-one", Reason: signin.EndRevoked})
		bus.Publish(h.doors, signin.Ended{Tenant: "acme", Agent: "a", Hash: "hash-one", Reason: signin.EndRevoked})
		began := time.Now()
		<-x.done
		got, data := x.events(t)
		wantEvents(t, got, "bye")
		if data["reason"] != "revoked" || time.Since(began) > 2*time.Second {
			t.Errorf("%v after %v", data, time.Since(began))
		}
		bus.Publish(h.bus, h.changed(nil))
		got, _ = y.events(t)
		wantEvents(t, got, "delta 11")
		h.end(t, y)
	})
}

func TestSignInThatEndedUnseenIsNoticed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse()
		x := h.open(t, "one")
		x.events(t)
		h.mu.Lock()
		h.ended = true
		h.mu.Unlock()
		time.Sleep(checkEvery + time.Second)
		got, _ := x.events(t) // begins with pings, one every ten seconds
		if len(got) < 6 || got[0] != "ping" || got[len(got)-1] != "bye" {
			t.Errorf("events %q", got)
		}
		y := h.open(t, "two") // and one that ended just before the stream opened
		got, _ = y.events(t)
		wantEvents(t, got, "bye")
		h.end(t, x, y)
	})
}

func TestExpiryLogsTheAgentOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse()
		x := h.open(t, "one")
		time.Sleep(12*time.Hour + time.Second)
		got, data := x.events(t)
		if got[len(got)-1] != "bye" || data["reason"] != "expired" || !slices.Equal(h.expired, []string{"a"}) {
			t.Errorf("%v %v, logged out %v", got[len(got)-1], data, h.expired)
		}
		h.end(t, x)
	})
}

func TestSlowReaderIsLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse()
		x, y := h.open(t, "slow"), h.open(t, "quick")
		x.events(t)
		y.events(t)
		stall := make(chan struct{})
		x.mu.Lock()
		x.stall = stall
		x.mu.Unlock()
		for range room + 10 {
			bus.Publish(h.bus, h.changed(nil))
			synctest.Wait()
		}
		got, _ := y.events(t)
		if len(got) != room+10 || got[len(got)-1] != fmt.Sprintf("delta %d", 10+room+10) {
			t.Errorf("the quick one got %d, last %s", len(got), got[len(got)-1])
		}
		close(stall) // the write's deadline
		<-x.done
		h.end(t, y)
	})
}

func TestPresenceWithGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse()
		x, y := h.open(t, "one"), h.open(t, "two")
		synctest.Wait()
		x.cancel()
		<-x.done
		time.Sleep(time.Minute)
		y.cancel()
		<-y.done
		time.Sleep(grace - time.Second)
		z := h.open(t, "three") // a reload
		synctest.Wait()
		if want := []string{"a true"}; !slices.Equal(h.presences, want) {
			t.Errorf("told %v, want %v", h.presences, want)
		}
		z.cancel()
		<-z.done
		time.Sleep(grace + time.Second)
		synctest.Wait()
		if want := []string{"a true", "a false"}; !slices.Equal(h.presences, want) {
			t.Errorf("told %v, want %v", h.presences, want)
		}
		h.end(t)
	})
}

func TestUnnumberedParts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse()
		x, y := h.open(t, "one"), h.open(t, "two")
		x.events(t)
		y.events(t)
		h.owner = "two"
		h.hub.Phone("a")
		_, data := x.events(t)
		_, other := y.events(t)
		if data["mine"] != false || other["mine"] != true || data["owner"] != "two" {
			t.Errorf("phone: %v and %v", data, other)
		}
		h.hub.SignOn("a")
		got, _ := x.events(t)
		wantEvents(t, got, "crm")
		for n := range 100 {
			bus.Publish(h.bus, desk.Waiting{Waiting: n})
		}
		got, _ = x.events(t)
		wantEvents(t, got, "waiting")
		time.Sleep(spread)
		got, data = x.events(t)
		wantEvents(t, got, "waiting")
		if data["waiting"] != 99.0 {
			t.Errorf("the latest wins: %v", data)
		}
		bus.Publish(h.bus, setting.Changed{Kind: "screenpop"})
		got, _ = x.events(t)
		wantEvents(t, got, "settings")
		bus.Publish(h.bus, setting.Changed{Kind: "user", Agent: "b"})
		bus.Publish(h.bus, setting.Changed{Kind: "user", Agent: "a"})
		got, _ = x.events(t)
		wantEvents(t, got, "snapshot 10")
		h.end(t, x, y)
	})
}

func TestNoAgentAnyMore(t *testing.T) {
	for name, change := range map[string]func(*tenant.User){
		"deactivated": func(u *tenant.User) { u.Inactive = true },
		"other role":  func(u *tenant.User) { u.Roles = []tenant.Role{tenant.RoleAdmin} },
	} {
		synctest.Test(t, func(t *testing.T) {
			h := newHouse()
			x := h.open(t, "one")
			x.events(t)
			u := h.config.Users["a"]
			change(&u)
			h.config.Users["a"] = u
			bus.Publish(h.bus, setting.Changed{Kind: "user", Agent: "a"})
			<-x.done
			if got, _ := x.events(t); !slices.Equal(got, []string{"bye"}) {
				t.Errorf("%s: %v", name, got)
			}
			h.end(t)
		})
	}
}

func TestCloseLetsEveryoneGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse()
		x := h.open(t, "one")
		x.events(t)
		h.hub.Close()
		<-x.done
		got, _ := x.events(t)
		wantEvents(t, got) // no bye: he comes back
		if h.hub.Open() != 0 {
			t.Errorf("%d are open", h.hub.Open())
		}
	})
}

func TestSignedOutMeansTheSignIn(t *testing.T) {
	if !signedOut(signin.ErrSignedOut()) || signedOut(nil) || signedOut(fault.New(fault.Unavailable, "X", "x")) || signedOut(errors.New("x")) {
		t.Error("only an ended sign-in counts")
	}
}
