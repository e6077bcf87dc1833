package scenario

import (
	"log/slog"
	"testing"

	"cordboard/internal/agent"
	"cordboard/internal/bus"
	"cordboard/internal/crm"
	"cordboard/internal/crm/autolog"
	"cordboard/internal/crm/pop"
	"cordboard/internal/delivery"
	"cordboard/internal/desk"
	"cordboard/internal/interaction"
	"cordboard/internal/number"
	"cordboard/internal/tenant"
)

// House is a world with its CRM wing: screen pop, auto log and deliveries are the real ones, over a store that keeps
// deliveries; the org is a double.
type House struct {
	*World
	Org     *Org
	Pop     *pop.Service
	AutoLog *autolog.AutoLog
	Pump    *delivery.Pump
}

// Enhanced lays the Screen Pop settings down as most stories want them: Salesforce, Enhanced, triggered by the offer, every
// medium logged.
func Enhanced(c *tenant.Config) {
	c.ScreenPop = tenant.ScreenPop{Enabled: true, Target: "salesforce", Integration: "enhanced", Triggers: tenant.Triggers{Offered: true},
		AutoLog: tenant.AutoLog{On: true, Phone: true, Voicemail: true, Chat: true, Email: true}, Withheld: number.DefaultWithheld(), NoMatchForm: crm.Contact}
}

// PlayHouse tells a story in a house of its own. Options.Store must keep deliveries; Enhanced settings come before
// Options.Settings.
func PlayHouse(t *testing.T, o Options, org *Org, story func(h *House)) {
	t.Helper()
	h := &House{Org: org}
	settings := o.Settings
	o.Settings = func(c *tenant.Config) {
		Enhanced(c)
		if settings != nil {
			settings(c)
		}
	}
	o.OnClose = func(i *interaction.Interaction, hd *interaction.Handling) ([]desk.Intent, string) {
		return h.AutoLog.OnClose(i, hd)
	}
	o.Wire = h.wire
	o.Started = func(w *World) {
		open, err := w.Store.Open(w.ctx)
		if err != nil {
			w.T.Fatal(err)
		}
		h.Pop.Start(open)
	}
	Play(t, o, func(*World) { story(h) })
}

// wire makes the CRM wing as the composition root does, and starts what starts before the desk.
func (h *House) wire(w *World) func() {
	h.World = w
	kept, ok := w.Store.(delivery.Store)
	if !ok {
		w.T.Fatal("a house needs a store that keeps deliveries")
	}
	config, quiet := func() *tenant.Config { return w.Config }, slog.New(slog.DiscardHandler)
	h.AutoLog = autolog.New(autolog.Options{Config: config, Interaction: w.Store.One, Finder: h.Org, Logger: h.Org,
		Lane: func(agentID string) string { return "org/" + agentID }})
	h.Pump = delivery.New(delivery.Options{Store: kept, Workers: map[string]delivery.Worker{autolog.Kind: h.AutoLog}, Bus: w.Bus, Logger: quiet})
	h.Pop = pop.New(pop.Options{Desk: w.Desk, CRM: h.Org, Config: config, Bus: w.Bus, Logger: quiet})
	unsubscribe := bus.Subscribe(w.Bus, func(c desk.Changed) {
		for _, e := range c.Events {
			if e.Kind == interaction.EventClosed {
				h.Pump.Wake()
			}
		}
	})
	if err := h.Pump.Start(w.ctx); err != nil {
		w.T.Fatal(err)
	}
	return func() {
		h.Pop.Stop()
		if err := h.Pump.Stop(w.ctx); err != nil {
			w.T.Errorf("deliveries do not stop: %v", err)
		}
		unsubscribe()
	}
}

// PopOf is what an agent is shown for an interaction.
func (h *House) PopOf(agentID, name string) crm.Pop {
	h.T.Helper()
	i := h.Interaction(name)
	if p := i.PopOf(agentID); p != nil {
		return *p
	}
	return crm.Pop{}
}

// Delivery reads the promise of a handling.
func (h *House) Delivery(name string, handling int) delivery.Delivery {
	h.T.Helper()
	d, err := h.Store.(delivery.Store).Delivery(h.ctx, autolog.Key(h.Config.Name, h.ID(name), handling))
	if err != nil {
		h.T.Fatalf("%s has no promise for handling %d: %v", name, handling, err)
	}
	return d
}

// Choose has an agent click another of the matches.
func (h *House) Choose(agentID, name string, ref crm.Ref) *House {
	h.T.Helper()
	_, err := h.Pop.Choose(h.ctx, agentID, h.ID(name), ref)
	h.done(agentID+" chooses "+ref.ID, err)
	return h
}

// Break has an agent go On Break.
func (h *House) Break(agentID string) *House {
	h.T.Helper()
	h.World.Choose(agentID, agent.OnBreak)
	return h
}
