package scenario

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"cordboard/internal/crm"
	"cordboard/internal/delivery"
	"cordboard/internal/fault"
	"cordboard/internal/interaction"
	"cordboard/internal/tenant"
)

var (
	annRecord = Person{Match: crm.Match{Ref: crm.Ref{Kind: crm.Contact, ID: "003ANN"}, Name: "Ann", Company: "Acme", AccountID: "001ACME", MatchedOn: "Phone", Exact: true},
		Phones: []string{ann, "+14155550001"}, Email: "ann@acme.example"}
	bobRecord = Person{Match: crm.Match{Ref: crm.Ref{Kind: crm.Contact, ID: "003BOB"}, Name: "Bob", Company: "Acme", AccountID: "001ACME", MatchedOn: "Mobile", Exact: true},
		Phones: []string{"+14155550001"}}
	leadRecord = Person{Match: crm.Match{Ref: crm.Ref{Kind: crm.Lead, ID: "00QLEE"}, Name: "Lee", MatchedOn: "Phone", Exact: true}, Phones: []string{"+14155550001"}}
	danaRecord = Person{Match: crm.Match{Ref: crm.Ref{Kind: crm.Contact, ID: "003DANA"}, Name: "Dana", MatchedOn: "Phone", Exact: true}, Phones: []string{"+14155550002"}}
	caseRecord = Person{Match: crm.Match{Ref: crm.Ref{Kind: crm.Case, ID: "500CASE"}, Name: "00001042", ContactID: "003ANN", MatchedOn: "Case Number", Exact: true}, Case: "1042"}
)

func org() *Org { return NewOrg(caseRecord, annRecord, bobRecord, danaRecord, leadRecord) }

// tell tells a story in a house over the real store.
func tell(t *testing.T, o Options, org *Org, story func(h *House)) {
	t.Helper()
	if o.Store == nil {
		o.Store = sqlite
	}
	PlayHouse(t, o, org, story)
}

// logged checks that the org has exactly these logs: "agent who what subject-prefix", in the order of interaction and handling.
func logged(t *testing.T, h *House, want ...string) {
	t.Helper()
	h.settle()
	var got []string
	for _, x := range h.Org.Tasks() {
		got = append(got, fmt.Sprintf("%s %s>%s", x.As, x.Who.ID, x.What.ID))
	}
	if !slices.Equal(got, want) {
		t.Errorf("at %s the org has %q, want %q", time.Since(h.start), got, want)
	}
}

// ACC-1, with every set of triggers (POP-3): one search, one pop by the first ticked trigger, one log.
func TestOneMatch(t *testing.T) {
	for n := range 8 {
		ticked := tenant.Triggers{Offered: n&1 > 0, Accepted: n&2 > 0, Completed: n&4 > 0}
		t.Run(fmt.Sprintf("%+v", ticked), func(t *testing.T) {
			o := org()
			tell(t, Options{Settings: func(c *tenant.Config) {
				needCodes(c)
				c.ScreenPop.Triggers = ticked
			}}, o, func(h *House) {
				first, at := "", ""
				shown := func() {
					t.Helper()
					p := h.PopOf("ada", "call")
					if p.State != crm.PopFound || p.Chosen != annRecord.Ref || p.Details == nil || p.Details.Name != "Ann" {
						t.Fatalf("the pop is %+v", p)
					}
					when := ""
					if p.Shown {
						when = p.ShownAt.Sub(h.start).String()
					}
					if p.Trigger != first || when != at {
						t.Errorf("at %s: shown by %q at %q, want %q at %q", time.Since(h.start), p.Trigger, when, first, at)
					}
				}
				step := func(when, trigger string, is bool) {
					t.Helper()
					if is && first == "" {
						first, at = trigger, when
					}
					shown()
				}
				h.At("1s").Call("call", ann)
				step("1s", "offered", ticked.Offered)
				h.At("6s").Accept("ada", "call")
				step("6s", "accepted", ticked.Accepted)
				h.At("71s").End("ada", "call")
				step("1m11s", "completed", ticked.Completed)
				h.At("75s").Code("ada", "call", 1)
				logged(t, h)
				h.At("80s").EndWrapup("ada", "call")
				logged(t, h, "ada 003ANN>001ACME")
				task := o.Tasks()[0]
				i := h.Interaction("call")
				if task.Duration != 65 || task.Disposition != "RES" || task.CallType != "Inbound" || task.Type != "Call" || task.Date != "2000-01-01" ||
					task.Object != i.ID+"/1" || task.Subject != "Inbound call "+ann+" 2000-01-01 00:00" || len(task.Key) != 52 {
					t.Errorf("the log is %+v", task.Entry)
				}
				for _, line := range []string{"Answered: 2000-01-01 00:00:06 UTC", "Hung up: 2000-01-01 00:01:11 UTC", "Duration: 00:01:05",
					"Interaction ID: " + i.ID, "Customer number: " + ann, "Waited: 00:00:05", "Ended by: agent, normal", "Codes: RES"} {
					if !strings.Contains("\n"+task.Description+"\n", "\n"+line+"\n") {
						t.Errorf("the log lacks %q:\n%s", line, task.Description)
					}
				}
				if d := h.Delivery("call", 1); d.State != delivery.Done || d.Tries != 1 {
					t.Errorf("the delivery is %s after %d tries", d.State, d.Tries)
				}
				if asked := o.Asked(); len(asked) != 1 || asked[0] != "ada phone "+ann {
					t.Errorf("asked %q", asked)
				}
			})
		})
	}
}

// ACC-2.
func TestManyMatches(t *testing.T) {
	for _, c := range []struct {
		name, want string
		before     func(h *House)
		wrapup     func(h *House)
	}{
		{name: "untouched", want: "ada 003ANN>001ACME"},
		{name: "Bob during the offer", want: "ada 003BOB>001ACME", before: func(h *House) { h.Choose("ada", "call", bobRecord.Ref) }},
		{name: "Bob in wrap-up", want: "ada 003BOB>001ACME", wrapup: func(h *House) { h.Choose("ada", "call", bobRecord.Ref) }},
		{name: "the lead, which permits no account", want: "ada 00QLEE>", wrapup: func(h *House) { h.Choose("ada", "call", leadRecord.Ref) }},
		{name: "to and fro", want: "ada 003ANN>001ACME", before: func(h *House) { h.Choose("ada", "call", bobRecord.Ref) }, wrapup: func(h *House) { h.Choose("ada", "call", annRecord.Ref) }},
		{name: "a record that was not found", want: "ada 003ANN>001ACME", wrapup: func(h *House) { h.Refused("NO_SUCH_MATCH"); h.Choose("ada", "call", danaRecord.Ref) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			tell(t, Options{}, org(), func(h *House) {
				h.At("1s").Call("call", "+14155550001")
				if p := h.PopOf("ada", "call"); len(p.Matches) != 3 || p.Chosen != annRecord.Ref || p.Details == nil || p.Details.Ref != annRecord.Ref || p.ChosenBy != "first" {
					t.Errorf("the pop is %+v", p)
				}
				if c.before != nil {
					c.before(h)
				}
				h.At("2s").Accept("ada", "call")
				h.At("10s").CustomerEnds("call")
				if c.wrapup != nil {
					c.wrapup(h)
				}
				if p := h.PopOf("ada", "call"); p.Details == nil || p.Details.Ref != p.Chosen || !p.ShownAt.Equal(h.start.Add(time.Second)) {
					t.Errorf("in the end the pop is %+v with %+v", p, p.Details)
				}
				h.At("40s") // wrap-up ran out
				logged(t, h, c.want)
				h.Refused("WRAPUP_ENDED").done("too late", func() error {
					_, err := h.Pop.Choose(h.ctx, "ada", h.ID("call"), bobRecord.Ref)
					return err
				}())
			})
		})
	}
}

// ACC-3, first part.
func TestUnknownNumber(t *testing.T) {
	const unknown = "+14155550199"
	o := org()
	tell(t, Options{}, o, func(h *House) {
		h.At("1s").Call("call", unknown)
		if p := h.PopOf("ada", "call"); p.State != crm.PopNone || p.FormKind != crm.Contact || !p.Shown {
			t.Fatalf("the pop is %+v", p)
		}
		h.At("3s").Accept("ada", "call")
		f, err := h.Pop.Form(h.ctx, "ada", h.ID("call"), crm.Contact)
		if err != nil || f.Fields[2].Value != unknown {
			t.Fatalf("the form is %+v, %v", f, err)
		}
		create := func(lastName string) error {
			_, err := h.Pop.Create(h.ctx, "ada", h.ID("call"), crm.Contact, map[string]string{"LastName": lastName, "AccountId": "001ACME", "Phone": unknown}, false)
			return err
		}
		if f := fault.Of(create("")); f == nil || len(f.Fields) != 1 || f.Fields[0].Field != "LastName" {
			t.Errorf("without a last name: %v", f)
		}
		h.done("create", create("Nowak"))
		if p := h.PopOf("ada", "call"); p.State != crm.PopFound || p.ChosenBy != "created" || p.Details == nil {
			t.Errorf("the pop is %+v", p)
		}
		h.At("10s").End("ada", "call").EndWrapup("ada", "call")
		logged(t, h, "ada 003NEW1>001ACME")
		h.At("20s").Call("again", unknown)
		if p := h.PopOf("ada", "again"); p.State != crm.PopFound || p.Chosen.ID != "003NEW1" {
			t.Errorf("the next call from it pops %+v", p)
		}
	})
}

// ACC-3, the rest: what is not searched, and what is not related.
func TestStandAlone(t *testing.T) {
	for _, c := range []struct {
		name, from string
		refusal    crm.Refusal
		with       bool
		want       string
	}{
		{name: "withheld", from: "", refusal: crm.Withheld, want: "ada >"},
		{name: "anonymous", from: "anonymous", refusal: crm.Withheld, want: "ada >"},
		{name: "internal", from: "4711", refusal: crm.ShortNumber, want: "ada >"},
		{name: "without a company", from: "+14155550002", want: "ada >"},
		{name: "without a company, with the option", from: "+14155550002", with: true, want: "ada 003DANA>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := org()
			tell(t, Options{Settings: func(cfg *tenant.Config) { cfg.ScreenPop.AutoLog.ContactsWithoutCompany = c.with }}, o, func(h *House) {
				h.At("1s").Call("call", c.from)
				p := h.PopOf("ada", "call")
				if p.Key.Refusal != c.refusal || (c.refusal != "") != (p.State == crm.PopRefused) || !p.Shown {
					t.Errorf("the pop is %+v", p)
				}
				h.At("2s").Accept("ada", "call")
				h.At("3s").CustomerEnds("call").EndWrapup("ada", "call")
				logged(t, h, c.want)
				if asked := len(o.Asked()); (c.refusal != "") != (asked == 0) {
					t.Errorf("%d searches", asked)
				}
			})
		})
	}
}

// ACC-4: the pop goes with the call, and so does the log; each sees with his own eyes.
func TestLostOfferAndItsPop(t *testing.T) {
	o := org()
	o.Hide("ben", "003ANN")
	tell(t, Options{Agents: []string{"ada", "ben"}}, o, func(h *House) {
		h.At("1s").Call("call", "+14155550001")
		h.At("31s")
		if p := h.PopOf("ada", "call"); p.Over != interaction.OverPassed || len(p.Matches) != 3 {
			t.Errorf("ada's pop is %+v", p)
		}
		h.Refused("PASSED_ON")
		h.Choose("ada", "call", bobRecord.Ref)
		if p := h.PopOf("ben", "call"); p.Over != "" || !p.Shown || len(p.Matches) != 2 || p.Chosen != bobRecord.Ref {
			t.Errorf("ben's pop is %+v", p)
		}
		h.At("35s").Accept("ben", "call")
		h.At("40s").End("ben", "call").EndWrapup("ben", "call")
		logged(t, h, "ben 003BOB>001ACME")
	})
}

// The second medium goes the same way (MAT-1, LOG-5's chat rows, LOG-8).
func TestChatAndItsLog(t *testing.T) {
	for _, c := range []struct {
		name    string
		a       interaction.Arrival
		asked   []string
		state   crm.PopState
		form    crm.Kind
		want    string
		subject string
	}{
		{"by case number", interaction.Arrival{CaseNumber: " #0001042", Email: "ann@acme.example", Name: "Ann"}, []string{"ada case 1042"},
			crm.PopFound, "", "ada 003ANN>500CASE", "Chat with Ann 2000-01-01 00:00"},
		{"no such case, so by e-mail", interaction.Arrival{CaseNumber: "77", Email: "Ann@Acme.example "}, []string{"ada case 77", "ada email ann@acme.example"},
			crm.PopFound, "", "ada 003ANN>001ACME", "Chat with Ann@Acme.example 2000-01-01 00:00"},
		{"no case number", interaction.Arrival{Email: "ann@acme.example"}, []string{"ada email ann@acme.example"},
			crm.PopFound, "", "ada 003ANN>001ACME", "Chat with ann@acme.example 2000-01-01 00:00"},
		{"no case number at all, so by e-mail", interaction.Arrival{CaseNumber: "';--", Email: "ann@acme.example"}, []string{"ada email ann@acme.example"},
			crm.PopFound, "", "ada 003ANN>001ACME", "Chat with ann@acme.example 2000-01-01 00:00"},
		{"nobody knows him", interaction.Arrival{Email: "x@y.example"}, []string{"ada email x@y.example"},
			crm.PopNone, crm.Case, "ada >", "Chat with x@y.example 2000-01-01 00:00"},
		{"nothing given", interaction.Arrival{Name: " ", Email: " "}, nil, crm.PopRefused, crm.Case, "ada >", "Chat with visitor 2000-01-01 00:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := org()
			tell(t, Options{}, o, func(h *House) {
				c.a.Medium, c.a.Channel = interaction.Chat, 2
				h.At("1s").Arrive("chat", c.a)
				if p := h.PopOf("ada", "chat"); p.State != c.state || !p.Shown || p.FormKind != c.form {
					t.Errorf("the pop is %+v", p)
				}
				if !slices.Equal(o.Asked(), c.asked) {
					t.Errorf("asked %q", o.Asked())
				}
				h.At("6s").Accept("ada", "chat")
				h.At("66s").CustomerEnds("chat").Note("ada", "chat", "asked for a quote").EndWrapup("ada", "chat")
				logged(t, h, c.want)
				e := o.Tasks()[0].Entry
				if e.Type != "Other" || e.Subtype != "Task" || e.CallType != "" || e.Duration != 60 || e.Subject != c.subject {
					t.Errorf("the log is %+v", e)
				}
				for _, line := range []string{"Initiated: 2000-01-01 00:00:01 UTC", "Accepted: 2000-01-01 00:00:06 UTC", "Terminated: 2000-01-01 00:01:06 UTC", "Notes: asked for a quote"} {
					if !strings.Contains(e.Description, line) {
						t.Errorf("the log lacks %q:\n%s", line, e.Description)
					}
				}
				if strings.Contains(e.Description, "Customer number") || strings.Contains(e.Description, "all type") {
					t.Errorf("a chat speaks of telephones:\n%s", e.Description)
				}
			})
		})
	}
}
