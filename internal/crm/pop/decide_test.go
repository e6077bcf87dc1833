package pop

import (
	"errors"
	"testing"
	"time"

	"cordboard/internal/crm"
	"cordboard/internal/fault"
	"cordboard/internal/interaction"
	"cordboard/internal/tenant"
)

var (
	ann = crm.Match{Ref: crm.Ref{Kind: crm.Contact, ID: "003A"}, Name: "Ann", Exact: true}
	bob = crm.Match{Ref: crm.Ref{Kind: crm.Contact, ID: "003B"}, Name: "Bob", Exact: true}
	may = crm.Match{Ref: crm.Ref{Kind: crm.Lead, ID: "00QM"}, Name: "Maybe"}
	t0  = time.Date(2026, 11, 22, 14, 2, 0, 0, time.UTC)
)

func TestFillChoosesTheFirstExactMatch(t *testing.T) {
	for name, c := range map[string]struct {
		matches []crm.Match
		state   crm.PopState
		chosen  crm.Ref
		form    crm.Kind
	}{
		"one":           {[]crm.Match{ann}, crm.PopFound, ann.Ref, ""},
		"many":          {[]crm.Match{ann, bob}, crm.PopFound, ann.Ref, ""},
		"possible last": {[]crm.Match{bob, may}, crm.PopFound, bob.Ref, ""},
		"only possible": {[]crm.Match{may}, crm.PopNone, crm.Ref{}, crm.Contact},
		"none":          {nil, crm.PopNone, crm.Ref{}, crm.Contact},
	} {
		t.Run(name, func(t *testing.T) {
			p := &crm.Pop{State: crm.PopSearching}
			Fill(p, crm.Found{Matches: c.matches, As: "Ada Ng"}, crm.Contact, t0)
			if p.State != c.state || p.Chosen != c.chosen || p.FormKind != c.form || p.As != "Ada Ng" {
				t.Fatalf("got %+v", p)
			}
		})
	}
}

func TestAChoiceByTheAgentOutlivesASecondSearch(t *testing.T) {
	p := &crm.Pop{}
	Fill(p, crm.Found{Matches: []crm.Match{ann, bob}}, crm.Contact, t0)
	if err := Choose(p, bob.Ref); err != nil {
		t.Fatal(err)
	}
	Fill(p, crm.Found{Matches: []crm.Match{ann, bob}}, crm.Contact, t0)
	if p.Chosen != bob.Ref || p.ChosenBy != "agent" {
		t.Fatalf("the choice became %+v", p.Chosen)
	}
	Fill(p, crm.Found{Matches: []crm.Match{ann}}, crm.Contact, t0) // Bob is no longer visible
	if p.Chosen != ann.Ref {
		t.Fatalf("a record that is gone stayed chosen: %+v", p.Chosen)
	}
	if err := Choose(p, crm.Ref{Kind: crm.Contact, ID: "003X"}); !fault.Is(err, "NO_SUCH_MATCH") {
		t.Fatalf("choosing what was not found gave %v", err)
	}
}

func TestAFailedSearchIsNoNoMatch(t *testing.T) {
	p := &crm.Pop{}
	Miss(p, errors.New("dial tcp: refused"), t0)
	if p.State != crm.PopNotSearched || p.FormKind != "" {
		t.Fatalf("got %+v: a failed search opens no blank record", p)
	}
	if Sentence(p) == "" {
		t.Fatal("a failed search needs a sentence")
	}
}

func TestShownOnce(t *testing.T) {
	p := &crm.Pop{}
	Show(p, interaction.EventOffered, t0)
	Show(p, interaction.EventAccepted, t0.Add(time.Minute))
	if p.Trigger != "offered" || !p.ShownAt.Equal(t0) {
		t.Fatalf("a later trigger showed it anew: %+v", p)
	}
}

func TestAdoptPutsTheNewRecordFirst(t *testing.T) {
	p := &crm.Pop{Matches: []crm.Match{may}, State: crm.PopNone, FormKind: crm.Contact}
	Adopt(p, ann)
	Adopt(p, ann)
	if len(p.Matches) != 2 || p.Chosen != ann.Ref || p.State != crm.PopFound || p.FormKind != "" {
		t.Fatalf("got %+v", p)
	}
}

func TestPrefill(t *testing.T) {
	field := func(n string) crm.FormField { return crm.FormField{Name: n} }
	i := &interaction.Interaction{Medium: interaction.Phone, Name: "Ann Mae Okafor", Email: "ann@acme.example", ANI: "anonymous", Subject: "Broken"}
	for name, c := range map[string]struct {
		kind crm.Kind
		key  crm.Key
		want map[string]string
	}{
		"contact":  {crm.Contact, crm.Key{By: crm.ByPhone, Value: "+14155551212"}, map[string]string{"FirstName": "Ann Mae", "LastName": "Okafor", "Phone": "+14155551212", "Email": "ann@acme.example"}},
		"withheld": {crm.Contact, crm.Key{By: crm.ByPhone, Refusal: crm.Withheld}, map[string]string{"LastName": "Okafor", "Phone": ""}},
		"lead":     {crm.Lead, crm.Key{By: crm.ByPhone, Value: "+1"}, map[string]string{"Company": "", "LastName": "Okafor"}},
		"account":  {crm.Account, crm.Key{By: crm.ByPhone, Value: "+1"}, map[string]string{"Name": "Ann Mae Okafor", "Phone": "+1"}},
		"case":     {crm.Case, crm.Key{By: crm.ByPhone, Value: "+1"}, map[string]string{"SuppliedPhone": "+1", "SuppliedName": "Ann Mae Okafor", "Origin": "Phone", "Subject": "Broken"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := crm.Form{Kind: c.kind}
			for n := range c.want {
				f.Fields = append(f.Fields, field(n))
			}
			Prefill(&f, i, c.key)
			for _, got := range f.Fields {
				if got.Value != c.want[got.Name] {
					t.Errorf("%s is %q, want %q", got.Name, got.Value, c.want[got.Name])
				}
			}
		})
	}
}

func TestWanted(t *testing.T) {
	on := tenant.ScreenPop{Enabled: true, Target: "salesforce"}
	for name, c := range map[string]struct {
		set  tenant.ScreenPop
		user tenant.User
		want bool
	}{
		"on and seated": {on, tenant.User{Seat: true}, true},
		"no seat":       {on, tenant.User{}, false},
		"off":           {tenant.ScreenPop{Target: "salesforce"}, tenant.User{Seat: true}, false},
		"inactive":      {on, tenant.User{Seat: true, Inactive: true}, false},
	} {
		if got := Wanted(&c.set, c.user); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
