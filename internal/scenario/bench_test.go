package scenario

import (
	"fmt"
	"sync/atomic"
	"testing"

	"cordboard/internal/agent"
	"cordboard/internal/bus"
	"cordboard/internal/desk"
	"cordboard/internal/desk/desktest"
	"cordboard/internal/interaction"
	"cordboard/internal/store"
	"cordboard/internal/tenant"
)

// ready is a channel whose agents can always be reached, and that does nothing.
type ready struct{}

func (ready) Do(interaction.Interaction, interaction.Effect) {}
func (ready) Reachable(string) bool                          { return true }

// BenchmarkInteraction is a whole call in five commits or fewer: in, offered, accepted, ended, closed. A thousand agents
// are Available, so that each call is offered in the commit that takes it in.
func BenchmarkInteraction(b *testing.B) {
	b.Run("memory", func(b *testing.B) { calls(b, &desktest.Store{}) })
	b.Run("sqlite", func(b *testing.B) {
		in, err := store.Open(b.Context(), store.Options{DataDir: b.TempDir()})
		if err != nil {
			b.Fatal(err)
		}
		defer in.Close()
		tn, err := in.Tenant(b.Context(), "demo")
		if err != nil {
			b.Fatal(err)
		}
		calls(b, tn)
	})
}

func calls(b *testing.B, s desk.Store) {
	ctx := b.Context()
	var agents []string
	for n := range 1000 {
		agents = append(agents, fmt.Sprintf("agent%d", n))
	}
	cfg := Settings(agents...)
	d := desk.New(desk.Options{Store: s, Bus: bus.New(), Config: func() *tenant.Config { return cfg },
		Channels: map[interaction.Medium]desk.Channel{interaction.Phone: ready{}}})
	if err := d.Start(ctx); err != nil {
		b.Fatal(err)
	}
	for _, id := range agents {
		if _, err := d.SignIn(ctx, id); err != nil {
			b.Fatal(err)
		}
		if _, err := d.SetStatus(ctx, id, agent.Available, id); err != nil {
			b.Fatal(err)
		}
	}
	var n, offered atomic.Int64
	b.SetParallelism(100)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i, err := d.Arrive(ctx, interaction.Arrival{Ref: fmt.Sprint("c", n.Add(1)), Medium: interaction.Phone, Channel: 1})
			if err != nil {
				b.Error(err)
				return
			}
			if i.Offer == nil {
				err = d.Signal(ctx, i.ID, interaction.Signal{Kind: interaction.CustomerLeft})
			} else {
				offered.Add(1)
				who := i.Offer.Agent
				for _, s := range []interaction.Signal{{Kind: interaction.Accept, Offer: i.Offer.Number}, {Kind: interaction.End}, {Kind: interaction.EndWrapup}} {
					if _, err = d.Command(ctx, who, i.ID, s); err != nil {
						break
					}
				}
			}
			if err != nil {
				b.Error(err)
			}
		}
	})
	b.StopTimer()
	b.ReportMetric(float64(offered.Load())/float64(n.Load()), "offered/op")
	b.ReportMetric(float64(n.Load())/b.Elapsed().Seconds(), "calls/s")
	if err := d.Stop(ctx); err != nil {
		b.Error(err)
	}
}
