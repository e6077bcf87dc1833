package phone_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"cordboard/internal/channel/phone"
	"cordboard/internal/channel/phone/phonetest"
	"cordboard/internal/interaction"
	"cordboard/internal/tenant"
)

const (
	customer = "+14155550123"
	service  = "+18665550100"
)

var settings = &tenant.Config{
	Profile:  tenant.Profile{Region: "US"},
	Queues:   map[int64]tenant.Queue{7: {ID: 7, AnnounceSeconds: 20}},
	Channels: map[int64]tenant.Channel{3: {ID: 3, Medium: interaction.Phone, Number: service, Queue: 7}},
	Users: map[string]tenant.User{
		"ada":  {ID: "ada", Endpoint: tenant.EndpointBrowser},
		"ben":  {ID: "ben", Endpoint: tenant.EndpointSIP, SIPUser: "ben-1"},
		"gone": {ID: "gone", Endpoint: tenant.EndpointBrowser, Inactive: true},
	},
}

// house is a channel on a simulated switch, with a desk that does only what the test tells it.
type house struct {
	t    *testing.T
	sw   *phonetest.Switch
	ch   *phone.Channel
	desk *fakeDesk
	ada  *phonetest.Device // browser
	ben  *phonetest.Device // SIP phone

	shown []string // whose phone came or went
}

// inHouse runs a test in virtual time.
func inHouse(t *testing.T, f func(h *house)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, phonetest.New())
		h.ch.Start(nil)
		f(h)
		h.ch.Stop()
	})
}

func newHouse(t *testing.T, sw *phonetest.Switch) *house {
	h := &house{
		t: t, sw: sw, desk: &fakeDesk{},
		ada: sw.Device(phone.Target{Kind: phone.TargetBrowser, Address: "ada"}),
		ben: sw.Device(phone.Target{Kind: phone.TargetSIP, Address: "ben-1"}),
	}
	h.ch = phone.New(phone.Options{Desk: h.desk, Switch: sw, Config: func() *tenant.Config { return settings }, OnReach: func(agent string) { h.shown = append(h.shown, agent) }})
	return h
}

// call has the customer call and ring.
func (h *house) call() *phonetest.Party {
	h.t.Helper()
	p := h.sw.Caller(customer, service)
	synctest.Wait()
	if p.State() != phonetest.Ringing {
		h.t.Fatalf("the caller is %s, want ringing", p.State())
	}
	return p
}

// do gives an effect on the customer's interaction, as the desk would.
func (h *house) do(p *phonetest.Party, kind interaction.EffectKind, agent string, offer int) {
	h.give(p, kind, agent, offer)
	synctest.Wait()
}

// give does the same without waiting for what comes of it.
func (h *house) give(p *phonetest.Party, kind interaction.EffectKind, agent string, offer int) {
	h.ch.Do(interactionOf(p), interaction.Effect{Kind: kind, Agent: agent, Offer: offer, Deadline: time.Now().Add(30 * time.Second)})
}

func interactionOf(p *phonetest.Party) interaction.Interaction {
	return interaction.Interaction{ID: "i-" + string(p.Leg()), Ref: string(p.Leg()), Medium: interaction.Phone, ANI: customer, Name: "Sample Caller"}
}

// talk brings caller and agent into conversation.
func (h *house) talk(agent string) (caller, device *phonetest.Party) {
	h.t.Helper()
	p := h.call()
	h.do(p, interaction.Alert, agent, 1)
	line := h.line(agent)
	if agent == "ben" {
		line.PickUp()
		synctest.Wait()
	}
	h.do(p, interaction.Connect, agent, 1)
	if want := "peer " + string(line.Leg()); p.Hears() != want {
		h.t.Fatalf("the customer hears %q, want %q", p.Hears(), want)
	}
	h.desk.take()
	return p, line
}

func (h *house) line(agent string) *phonetest.Party {
	h.t.Helper()
	d := h.ada
	if agent == "ben" {
		d = h.ben
	}
	if d.Line() == nil {
		h.t.Fatalf("%s was not rung", agent)
	}
	return d.Line()
}

// told compares what the desk was told since the last time.
func (h *house) told(want ...string) {
	h.t.Helper()
	synctest.Wait()
	if got := h.desk.take(); !slices.Equal(got, want) {
		h.t.Fatalf("the desk was told %q, want %q", got, want)
	}
}

// empty fails if anyone is still on the switch.
func (h *house) empty() {
	h.t.Helper()
	synctest.Wait()
	if legs, _ := h.sw.Legs(context.Background()); len(legs) > 0 {
		h.t.Fatalf("legs that nobody needs: %+v", legs)
	}
}

func pass(d time.Duration) {
	time.Sleep(d) // virtual
	synctest.Wait()
}

// fakeDesk notes what it is told.
type fakeDesk struct {
	mu     sync.Mutex
	told   []string
	arrive func(interaction.Arrival) error
	refuse func(interaction.Signal) error
}

func (d *fakeDesk) Arrive(_ context.Context, a interaction.Arrival) (interaction.Interaction, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.arrive != nil {
		if err := d.arrive(a); err != nil {
			return interaction.Interaction{}, err
		}
	}
	d.told = append(d.told, fmt.Sprintf("arrive %s → %s channel %d", a.ANI, a.DNIS, a.Channel))
	return interaction.Interaction{ID: "i-" + a.Ref, Ref: a.Ref, Medium: a.Medium}, nil
}

func (d *fakeDesk) Signal(_ context.Context, id string, s interaction.Signal) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.refuse != nil {
		if err := d.refuse(s); err != nil {
			return err
		}
	}
	line := string(s.Kind)
	if s.Agent != "" {
		line += fmt.Sprintf(" %s %d", s.Agent, s.Offer)
	}
	d.told = append(d.told, line)
	return nil
}

func (d *fakeDesk) Reached(agent string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.told = append(d.told, "reached "+agent)
}

func (d *fakeDesk) take() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := d.told
	d.told = nil
	// Who came within reach at the start is no news in most tests.
	return slices.DeleteFunc(out, func(s string) bool { return s == "reached ada" || s == "reached ben" })
}

func (d *fakeDesk) set(arrive func(interaction.Arrival) error, refuse func(interaction.Signal) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.arrive, d.refuse = arrive, refuse
}
