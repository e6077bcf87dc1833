package autolog

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"cordboard/internal/crm"
	"cordboard/internal/delivery"
	"cordboard/internal/fault"
	"cordboard/internal/interaction"
	"cordboard/internal/tenant"
)

type fakeCRM struct {
	found crm.Found
	err   error
	asked []string
	wrote []crm.Entry
}

func (f *fakeCRM) Find(_ context.Context, as string, _ crm.Key) (crm.Found, error) {
	f.asked = append(f.asked, as)
	return f.found, f.err
}

func (f *fakeCRM) Log(_ context.Context, _ string, e crm.Entry) (crm.Logged, error) {
	f.wrote = append(f.wrote, e)
	return crm.Logged{Ref: crm.Ref{Kind: crm.Task, ID: "00T1"}, Created: len(f.wrote) == 1}, nil
}

func world() (*AutoLog, *fakeCRM, *interaction.Interaction, *tenant.Config) {
	f := &fakeCRM{}
	i := &interaction.Interaction{ID: "int-1", Transaction: 7, Medium: interaction.Phone, ANI: "+14155551212", Region: "US",
		CreatedAt: time.Date(2026, 11, 22, 14, 2, 0, 0, time.UTC), Handling: []interaction.Handling{{Number: 1, Agent: "ada", State: interaction.Closed}}}
	cfg := &tenant.Config{Name: "acme", Users: map[string]tenant.User{"ada": {ID: "ada", Seat: true}},
		ScreenPop: tenant.ScreenPop{Version: 3, Enabled: true, Target: "salesforce", Integration: "enhanced", AutoLog: tenant.AutoLog{On: true, Phone: true}}}
	l := New(Options{Config: func() *tenant.Config { return cfg }, Finder: f, Logger: f, Lane: func(a string) string { return "salesforce:" + a },
		Interaction: func(context.Context, string) (interaction.Interaction, error) { return *i, nil },
		ScreenPop: func(_ context.Context, v int64) (tenant.ScreenPop, error) {
			old := cfg.ScreenPop
			old.Version, old.AutoLog.ContactsWithoutCompany = v, true
			return old, nil
		}})
	return l, f, i, cfg
}

// promise closes the handling and returns the delivery that its intent becomes.
func promise(t *testing.T, l *AutoLog, i *interaction.Interaction) delivery.Delivery {
	t.Helper()
	in, why := l.OnClose(i, i.Current())
	if len(in) != 1 {
		t.Fatalf("no intent: %s", why)
	}
	return delivery.Delivery{Key: in[0].Key, Lane: in[0].Lane, Kind: in[0].Kind, Interaction: in[0].Interaction, Handling: in[0].Handling, Agent: in[0].Agent, Intent: in[0].Payload}
}

func TestNotSearchedIsSearchedAtDelivery(t *testing.T) {
	l, f, i, _ := world()
	d := promise(t, l, i)
	f.err = fault.New(fault.Unavailable, "UNREACHABLE", "Salesforce cannot be reached.")
	if _, err := l.Freeze(t.Context(), d); fault.KindOf(err) != fault.Unavailable {
		t.Fatalf("a CRM that is down must make the delivery wait, got %v", err)
	}
	f.err = nil
	f.found.Matches = []crm.Match{
		{Ref: crm.Ref{Kind: crm.Contact, ID: "003P"}, AccountID: "001P"}, // only possible
		{Ref: crm.Ref{Kind: crm.Contact, ID: "003A"}, AccountID: "001A", Exact: true},
	}
	frozen, err := l.Freeze(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	var e crm.Entry
	_ = json.Unmarshal(frozen, &e)
	if e.Who.ID != "003A" || e.What.ID != "001A" || f.asked[0] != "ada" {
		t.Fatalf("related to %+v / %+v, asked as %v", e.Who, e.What, f.asked)
	}
	d.Frozen = frozen
	if _, err := l.Send(t.Context(), d); err != nil || len(f.wrote) != 1 || f.wrote[0].Key != d.Key {
		t.Fatalf("wrote %+v, %v", f.wrote, err)
	}
}

func TestWhatWasChosenIsNotSearchedAgain(t *testing.T) {
	l, f, i, _ := world()
	m := crm.Match{Ref: crm.Ref{Kind: crm.Contact, ID: "003B"}, AccountID: "001B", Exact: true}
	for name, p := range map[string]*crm.Pop{
		"chosen": {State: crm.PopFound, Matches: []crm.Match{m}, Chosen: m.Ref},
		"none":   {State: crm.PopNone},
		"hidden": {State: crm.PopRefused, Key: crm.Key{Refusal: crm.Withheld}},
	} {
		i.Pops = map[string]*crm.Pop{"ada": p}
		frozen, err := l.Freeze(t.Context(), promise(t, l, i))
		if err != nil {
			t.Fatal(err)
		}
		var e crm.Entry
		_ = json.Unmarshal(frozen, &e)
		if (name == "chosen") != (e.Who.ID == "003B") || len(f.asked) != 0 {
			t.Errorf("%s: who %+v after %d questions", name, e.Who, len(f.asked))
		}
	}
}

func TestTheSettingsOfTheTimeCount(t *testing.T) {
	l, _, i, cfg := world()
	m := crm.Match{Ref: crm.Ref{Kind: crm.Contact, ID: "003B"}, Exact: true} // without a company
	i.Pops = map[string]*crm.Pop{"ada": {State: crm.PopFound, Matches: []crm.Match{m}, Chosen: m.Ref}}
	d := promise(t, l, i)
	cfg.ScreenPop.Version = 4 // saved meanwhile; version 3 had the option on
	frozen, err := l.Freeze(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	var e crm.Entry
	_ = json.Unmarshal(frozen, &e)
	if e.Who.ID != "003B" {
		t.Fatalf("composed by the new settings: %+v", e)
	}
}

func TestNoLogHasAReason(t *testing.T) {
	for name, change := range map[string]func(*tenant.Config){
		"screen pop off": func(c *tenant.Config) { c.ScreenPop.Enabled = false },
		"legacy":         func(c *tenant.Config) { c.ScreenPop.Integration = "legacy" },
		"auto log off":   func(c *tenant.Config) { c.ScreenPop.AutoLog.On = false },
		"medium off":     func(c *tenant.Config) { c.ScreenPop.AutoLog.Phone = false },
		"no seat":        func(c *tenant.Config) { c.Users = nil },
	} {
		l, _, i, cfg := world()
		change(cfg)
		if in, why := l.OnClose(i, i.Current()); len(in) != 0 || why == "" {
			t.Errorf("%s: %d intents, reason %q", name, len(in), why)
		}
	}
}
