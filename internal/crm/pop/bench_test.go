package pop_test

import (
	"testing"
	"time"

	"cordboard/internal/crm"
	"cordboard/internal/crm/pop"
	"cordboard/internal/interaction"
	"cordboard/internal/tenant"
)

// BenchmarkDecide is what is decided between a search's answer and the card: the key, whether to look at all, the choice
// among the matches, and that it is shown now.
func BenchmarkDecide(b *testing.B) {
	set := &tenant.ScreenPop{Enabled: true, Target: "salesforce", Triggers: tenant.Triggers{Offered: true}}
	u := tenant.User{ID: "a", Seat: true}
	i := &interaction.Interaction{ID: "i", Medium: interaction.Phone, ANI: "+14155550123", Region: "US"}
	found := crm.Found{Matches: []crm.Match{
		{Ref: crm.Ref{Kind: crm.Account, ID: "001000000000001AAA"}, Name: "Acme"},
		{Ref: crm.Ref{Kind: crm.Contact, ID: "003000000000001AAA"}, Name: "Ann Okafor", Exact: true},
	}}
	at := time.Unix(1_800_000_000, 0)
	var p crm.Pop
	b.ReportAllocs()
	for b.Loop() {
		p = crm.Pop{}
		if !pop.Wanted(set, u) || !pop.Ticked(set.Triggers, interaction.EventOffered) {
			b.Fatal("not wanted")
		}
		p.Key = pop.Keys(i, set.Withheld)[0]
		pop.Fill(&p, found, pop.FormKind(i.Medium, set), at)
		pop.Show(&p, interaction.EventOffered, at)
	}
	if p.State != crm.PopFound || !p.Shown || p.Chosen.ID != "003000000000001AAA" {
		b.Fatalf("%+v", p)
	}
}
