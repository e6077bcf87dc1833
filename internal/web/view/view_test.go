package view

import (
	"context"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"cordboard/internal/agent"
	"cordboard/internal/crm"
	"cordboard/internal/crm/autolog"
	"cordboard/internal/crm/salesforce"
	"cordboard/internal/delivery"
	"cordboard/internal/interaction"
	"cordboard/internal/tenant"
)

var update = flag.Bool("update", false, "write golden files anew")

var noon = time.Date(2026, 11, 23, 12, 0, 0, 123456789, time.FixedZone("CET", 3600))

// drafts composes a log of the agent's subject and the chosen match.
type drafts struct{}

func (drafts) Draft(i *interaction.Interaction, h *interaction.Handling) (crm.Entry, autolog.Association) {
	a := autolog.Associate(chosen(i.PopOf(h.Agent)), tenant.AutoLog{})
	return crm.Entry{Subject: "Inbound call", Description: h.Edits.Notes, Who: a.Who, What: a.What}, a
}

func chosen(p *crm.Pop) *crm.Match {
	if m, ok := p.ChosenMatch(); ok {
		return &m
	}
	return nil
}

func config() *tenant.Config {
	c := tenant.New("acme")
	c.ScreenPop.Enabled, c.ScreenPop.AutoLog.On = true, true
	c.Queues[1] = tenant.Queue{ID: 1, Name: "Support", CodeLists: []int64{3, 9}}
	c.CodeLists[3] = tenant.CodeList{ID: 3, Name: "Outcome"}
	for _, id := range []string{"anna", "bert"} {
		c.Users[id] = tenant.User{ID: id, FirstName: id, LastName: "Test", Roles: []tenant.Role{tenant.RoleAgent}, Seat: true, Endpoint: tenant.EndpointSIP}
	}
	return c
}

var contact = crm.Match{Ref: crm.Ref{Kind: crm.Contact, ID: "003000000000001AAA"}, Name: "Rosa Diaz", Company: "Diaz Ltd", AccountID: "001000000000001AAA", MatchedOn: "Mobile", Exact: true}

// passedOn is a call that was put to anna, who missed it, and is now handled by bert, who wrote notes.
func passedOn() *interaction.Interaction {
	return &interaction.Interaction{
		ID: "int-1", Transaction: 7, Medium: interaction.Phone, State: interaction.Accepted, ANI: "+14155550123", DNIS: "+14155550100", Name: "<script>",
		Queue: 1, QueueName: "Support", ChannelName: "Main", Region: "US", CreatedAt: noon, QueuedAt: noon, Asked: []string{"anna", "bert"}, Offers: 2,
		Handling: []interaction.Handling{{Number: 1, Agent: "bert", State: interaction.Accepted, AcceptedAt: noon.Add(5 * time.Second), Edits: interaction.Edits{Notes: "bert's notes"}}},
		Pops: map[string]*crm.Pop{
			"anna": {State: crm.PopFound, Shown: true, Over: "passed", Matches: []crm.Match{{Ref: crm.Ref{Kind: crm.Lead, ID: "00Q1"}, Name: "anna's lead"}}},
			"bert": {State: crm.PopFound, Shown: true, Matches: []crm.Match{contact}, Chosen: contact.Ref, ChosenBy: "first", Details: &crm.Record{Ref: contact.Ref, Name: contact.Name}},
		},
		Version: 9,
	}
}

func text(t *testing.T, v any) string {
	t.Helper()
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b) + "\n"
}

func TestOneCallThroughTwoPairsOfEyes(t *testing.T) {
	i, f := passedOn(), Facts{Config: config(), At: noon.Add(time.Minute), Muted: true, Drafts: drafts{}}
	for _, who := range []string{"anna", "bert"} {
		v, ok := Of(i, who, f)
		if !ok {
			t.Fatalf("%s does not see it", who)
		}
		got := text(t, v)
		file := "testdata/" + who + ".golden"
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil || got != string(want) {
			t.Errorf("%s sees (%v):\n%s", who, err, got)
		}
		if strings.Contains(got, ": null") {
			t.Errorf("%s sees a null", who)
		}
		for other, theirs := range map[string][]string{"anna": {"bert's notes", "Rosa", "003000"}, "bert": {"anna's lead", "00Q1"}} {
			for _, s := range theirs {
				if who == other && strings.Contains(got, s) {
					t.Errorf("%s sees %q", who, s)
				}
			}
		}
	}
	if _, ok := Of(i, "cleo", f); ok || Concerns(i, "cleo") {
		t.Error("cleo was never asked and sees it")
	}
}

func TestRoles(t *testing.T) {
	h := func(a string, s interaction.State) interaction.Handling {
		return interaction.Handling{Number: 1, Agent: a, State: s}
	}
	for _, c := range []struct {
		name  string
		i     interaction.Interaction
		role  Role
		state interaction.State
	}{
		{"offered", interaction.Interaction{State: interaction.Offered, Asked: []string{"anna"}, Offer: &interaction.Offer{Agent: "anna"}}, RoleOffered, interaction.Offered},
		{"offered to bert now", interaction.Interaction{State: interaction.Offered, Asked: []string{"anna", "bert"}, Offer: &interaction.Offer{Agent: "bert"}}, RolePassed, interaction.Offered},
		{"talking", interaction.Interaction{State: interaction.Accepted, Handling: []interaction.Handling{h("anna", interaction.Accepted)}}, RoleHandling, interaction.Accepted},
		{"wrapping up", interaction.Interaction{State: interaction.Wrapup, Handling: []interaction.Handling{h("anna", interaction.Wrapup)}}, RoleHandling, interaction.Wrapup},
		{"closed", interaction.Interaction{State: interaction.Closed, Handling: []interaction.Handling{h("anna", interaction.Closed)}}, RoleDone, interaction.Closed},
		{"lost to the queue", interaction.Interaction{State: interaction.Queued, Handling: []interaction.Handling{h("anna", interaction.Closed)}}, RoleDone, interaction.Closed},
		{"and offered again", interaction.Interaction{State: interaction.Offered, Offer: &interaction.Offer{Agent: "anna"}, Handling: []interaction.Handling{h("anna", interaction.Closed)}}, RoleOffered, interaction.Offered},
		{"customer left", interaction.Interaction{State: interaction.Abandoned, Asked: []string{"bert", "anna"}}, RoleLeft, interaction.Abandoned},
		{"customer left bert", interaction.Interaction{State: interaction.Abandoned, Asked: []string{"anna", "bert"}}, RolePassed, interaction.Abandoned},
	} {
		v, ok := Of(&c.i, "anna", Facts{Config: config(), At: noon})
		if !ok || v.Role != c.role || v.State != c.state {
			t.Errorf("%s: %s %s %v", c.name, v.Role, v.State, ok)
		}
	}
}

func TestPopWaitsForItsTrigger(t *testing.T) {
	i := passedOn()
	i.Pops["bert"].Shown = false
	v, _ := Of(i, "bert", Facts{Config: config(), At: noon})
	if v.Pop != nil || v.Title != "<script>" {
		t.Errorf("a pop whose trigger has not come shows %v, title %q", v.Pop, v.Title)
	}
	i.Pops["bert"].Shown = true
	if v, _ = Of(i, "bert", Facts{Config: config(), At: noon}); v.Title != "Rosa Diaz" {
		t.Errorf("title %q", v.Title)
	}
	for state, want := range map[crm.PopState]string{crm.PopSearching: "Looking", crm.PopNotSearched: "CRM not reached: slow", crm.PopRefused: "number withheld", crm.PopNone: "No record"} {
		i.Pops["bert"] = &crm.Pop{State: state, Shown: true, Reason: "slow", Key: crm.Key{Refusal: crm.Withheld}}
		if v, _ = Of(i, "bert", Facts{Config: config(), At: noon}); !strings.Contains(v.Pop.Message, want) {
			t.Errorf("%s says %q", state, v.Pop.Message)
		}
	}
}

func TestWithheldNumbers(t *testing.T) {
	for ani, want := range map[string]bool{"": true, "anonymous": true, "+266696687": true, "0000": true, "+14155550123": false} {
		i := passedOn()
		i.ANI = ani
		v, _ := Of(i, "anna", Facts{Config: config(), At: noon})
		if v.Withheld != want || want && v.ANIDisplay != "Number withheld" {
			t.Errorf("%q: %v %q", ani, v.Withheld, v.ANIDisplay)
		}
	}
	i := passedOn()
	i.Medium, i.ANI, i.Name = interaction.Email, "", ""
	i.Email = "pat@example.com"
	if v, _ := Of(i, "anna", Facts{Config: config(), At: noon}); v.Withheld || v.Title != "pat@example.com" {
		t.Errorf("an email: %v %q", v.Withheld, v.Title)
	}
}

func TestLogOfAClosedHandling(t *testing.T) {
	i := passedOn()
	f := Facts{Config: config(), At: noon}
	if v, _ := Of(i, "bert", f); v.Log != nil {
		t.Errorf("a log while talking: %v", v.Log)
	}
	i.Handling[0].State, i.State = interaction.Closed, interaction.Closed
	f.Deliveries = []delivery.Delivery{
		{Interaction: "int-2", Handling: 1, Agent: "bert", State: delivery.Parked},
		{Interaction: "int-1", Handling: 2, Agent: "bert", State: delivery.Parked},
		{Interaction: "int-1", Handling: 1, Agent: "anna", State: delivery.Parked},
	}
	if v, _ := Of(i, "bert", f); v.Log.State != "none" || v.Log.Reason != "" {
		t.Errorf("none of them is his: %v", v.Log)
	}
	f.Config.ScreenPop.AutoLog.On = false
	i.Handling[0].NoLog = "The auto log is off."
	if v, _ := Of(i, "bert", f); v.Log.State != "none" || v.Log.Reason == "" || v.Draft != nil {
		t.Errorf("switched off: %v %v", v.Log, v.Draft)
	}
	f.Deliveries = append(f.Deliveries, delivery.Delivery{Interaction: "int-1", Handling: 1, Agent: "bert", Key: "k", State: delivery.Done, Tries: 2,
		Result: json.RawMessage(`{"ref":{"kind":"Task","id":"00T1"},"url":"https://org/00T1","created":true,"adjusted":["Type was left out."]}`)})
	v, _ := Of(i, "bert", f)
	if v.Log.State != "done" || v.Log.URL != "https://org/00T1" || v.Log.RecordID != "00T1" || v.Log.Adjusted[0] != "Type was left out." || v.Log.Tries != 2 {
		t.Errorf("%+v", v.Log)
	}
	f.Deliveries[3].Result = json.RawMessage(`"what?"`)
	if v, _ = Of(i, "bert", f); v.Log.State != "done" || v.Log.URL != "" {
		t.Errorf("a result that cannot be read: %+v", v.Log)
	}
}

// logs counts how often the database is asked.
type logs struct {
	all   []delivery.Delivery
	asked []delivery.Filter
}

func (l *logs) List(_ context.Context, f delivery.Filter) ([]delivery.Delivery, error) {
	l.asked = append(l.asked, f)
	var out []delivery.Delivery
	for _, d := range l.all {
		if f.Interaction == "" || d.Interaction == f.Interaction {
			out = append(out, d)
		}
	}
	return out, nil
}

func TestSeeAllAsksForLogsOnce(t *testing.T) {
	l := &logs{}
	e := &Eye{Config: config, Logs: l, Muted: func(string, string) bool { return false }, Now: func() time.Time { return noon }}
	var list []interaction.Interaction
	for _, id := range []string{"int-1", "int-2", "int-3"} {
		i := *passedOn()
		i.ID, i.State = id, interaction.Closed
		i.Handling = []interaction.Handling{{Number: 1, Agent: "bert", State: interaction.Closed}}
		list = append(list, i)
		l.all = append(l.all, delivery.Delivery{Interaction: id, Handling: 1, Agent: "bert", State: delivery.Waiting})
	}
	list = append(list, *passedOn())
	list[3].ID = "int-4"
	seen, err := e.SeeAll(t.Context(), list, "bert")
	if err != nil || len(seen) != 4 || seen[2].Log.State != "waiting" || seen[3].Log != nil || len(l.asked) != 1 {
		t.Errorf("%v, %d seen, asked %+v", err, len(seen), l.asked)
	}
	if seen, err = e.SeeAll(t.Context(), list, "cleo"); err != nil || seen == nil || len(seen) != 0 {
		t.Errorf("cleo sees %v %v", seen, err)
	}
}

func TestSignOnOf(t *testing.T) {
	c := config()
	if v := SignOnOf(c, salesforce.SignOn{}); v.Result != "NOT_SET_UP" || v.Message == "" || v.Remedy == "" || v.Sunset != "" || v.Kinds == nil {
		t.Errorf("%+v", v)
	}
	if v := SignOnOf(c, salesforce.SignOn{Kind: tenant.SignOnPassword, Result: salesforce.InvalidLogin, Message: "Refused."}); v.Sunset == "" || !strings.Contains(v.Remedy, "token") || v.Message != "Refused." {
		t.Errorf("%+v", v)
	}
	if v := SignOnOf(c, salesforce.SignOn{Kind: tenant.SignOnJWT, Result: salesforce.Connected}); v.Remedy != "" || v.Sunset != "" {
		t.Errorf("%+v", v)
	}
	for r := range remedy {
		if v := SignOnOf(c, salesforce.SignOn{Result: r}); v.Remedy == "" {
			t.Errorf("%s has no remedy", r)
		}
	}
}

func TestAgentOf(t *testing.T) {
	c := config()
	v := AgentOf(c, agent.Agent{ID: "anna", Status: agent.OnBreak, Since: noon, Reason: agent.ReasonMissed, By: "bert"})
	if v.StatusName != "On Break" || v.By != "bert Test" || v.Since.Location() != time.UTC || v.Since.Nanosecond() != 123000000 {
		t.Errorf("%+v", v)
	}
	if v := AgentOf(c, agent.Agent{ID: "anna", By: "anna"}); v.By != "anna" {
		t.Errorf("%+v", v)
	}
}
