package phonetest_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"cordboard/internal/channel/phone"
	"cordboard/internal/channel/phone/browser"
	"cordboard/internal/channel/phone/phonetest"
	"cordboard/internal/interaction"
	"cordboard/internal/tenant"
)

// The whole telephone side on real wires: a SIP caller, the channel, an agent in a browser. Only the desk is the test's.
func TestInboundCall(t *testing.T) {
	w := newWire(t)
	b, err := browser.New(browser.Options{Desk: w.desk})
	must(t, err)
	t.Cleanup(func() { must(t, b.Close()) })
	d := &desk{arrived: make(chan interaction.Interaction, 1), signals: make(chan interaction.Signal, 10), reached: make(chan string, 10)}
	cfg := &tenant.Config{
		Profile:  tenant.Profile{Region: "US"},
		Channels: map[int64]tenant.Channel{3: {ID: 3, Medium: interaction.Phone, Number: "+18665550100", Queue: 7}},
		Queues:   map[int64]tenant.Queue{7: {ID: 7, AnnounceSeconds: 20}},
		Users:    map[string]tenant.User{"ada": {ID: "ada", Endpoint: tenant.EndpointBrowser}},
	}
	ch := phone.New(phone.Options{Desk: d, Switch: w.with(b), Config: func() *tenant.Config { return cfg }})
	ch.Start(nil)
	t.Cleanup(ch.Stop)

	ada := w.browser(b, "ada")
	if got := next(t, d.reached); got != "ada" || !ch.Reachable("ada") {
		t.Fatalf("%q is reached", got)
	}
	ctx, stop := context.WithTimeout(context.Background(), 20*time.Second)
	defer stop()
	customer, err := w.call(ctx)
	must(t, err)
	i := next(t, d.arrived)
	must(t, customer.Wait(ctx, phonetest.Ringing))
	if i.ANI != "+14155550123" || i.DNIS != "+18665550100" {
		t.Fatalf("arrived %+v", i)
	}
	deadline := time.Now().Add(30 * time.Second)
	ch.Do(i, interaction.Effect{Kind: interaction.Alert, Agent: "ada", Offer: 1, Deadline: deadline})
	ch.Do(i, interaction.Effect{Kind: interaction.Connect, Agent: "ada", Offer: 1})
	must(t, customer.Wait(ctx, phonetest.Up))
	must(t, customer.Hears(ctx, ada))
	must(t, ada.Hears(ctx, customer))
	must(t, ch.Mute(ctx, i.ID, "ada", true))
	must(t, customer.(caller).Ear.Wait(ctx, 0)) // silence
	must(t, ch.Mute(ctx, i.ID, "ada", false))
	must(t, customer.Hears(ctx, ada))
	customer.HangUp()
	if s := next(t, d.signals); s.Kind != interaction.CustomerLeft {
		t.Fatalf("signal %+v", s)
	}
	select {
	case s := <-d.signals:
		t.Fatalf("and then %+v", s)
	default:
	}
}

// desk hands on what it is told.
type desk struct {
	arrived chan interaction.Interaction
	signals chan interaction.Signal
	reached chan string
	once    sync.Once
}

func (d *desk) Arrive(_ context.Context, a interaction.Arrival) (interaction.Interaction, error) {
	i := interaction.Interaction{ID: "i-1", Ref: a.Ref, Medium: a.Medium, ANI: a.ANI, DNIS: a.DNIS, Name: a.Name}
	d.arrived <- i
	return i, nil
}

func (d *desk) Signal(_ context.Context, _ string, s interaction.Signal) error {
	d.signals <- s
	return nil
}

func (d *desk) Reached(agent string) { d.once.Do(func() { d.reached <- agent }) }

func next[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(20 * time.Second):
		t.Fatal("nothing came")
		panic("unreachable")
	}
}
