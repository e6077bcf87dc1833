package orgtest

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"cordboard/internal/crm"
	"cordboard/internal/fault"
	"cordboard/internal/number"
	"cordboard/internal/simorg"
)

func TestEachAgentSeesWhatHisUserSees(t *testing.T) {
	h := open(t, simorg.Options{SeedName: "private"})
	for name, want := range map[string]string{
		"ada": "Contact:Ann Adams, Contact:Sue Shared",
		"ben": "Contact:Bob Benson, Contact:Sue Shared, Lead:Lea Lindt",
		"cho": "",
		"mia": "Contact:Ann Adams, Contact:Bob Benson, Contact:Max Miller, Contact:Sue Shared, Lead:Lea Lindt",
	} {
		f, err := h.Find(t.Context(), h.as(t, name), phone("+14155551212"))
		if err != nil || names(f) != want {
			t.Errorf("%s sees %q, want %q; %v", name, names(f), want, err)
		}
	}
	// HomePhone is hidden from agents: it neither matches nor shows.
	if f, err := h.Find(t.Context(), "ada", phone("+14155559001")); err != nil || len(f.Matches) != 0 {
		t.Errorf("a hidden field matched: %s, %v", names(f), err)
	}
	if f, err := h.Find(t.Context(), "mia", phone("+14155559001")); err != nil || names(f) != "Contact:Ann Adams" {
		t.Errorf("the administrator's search: %s, %v", names(f), err)
	}
	f, _ := h.Find(t.Context(), "ada", phone("+14155551212"))
	for _, m := range f.Matches {
		rec, err := h.Read(t.Context(), "ada", m.Ref)
		if err != nil {
			t.Fatal(err)
		}
		for _, fd := range rec.Fields {
			if fd.Name == "HomePhone" {
				t.Errorf("%s shows a hidden field", m.Name)
			}
		}
		if m.Name == "Ann Adams" && (rec.Company != "Ada's Account" || rec.Owner != "Ada Ng" || len(rec.Activities) != 1 || rec.Activities[0].Title != "Call Ann" || rec.Title != "Buyer") {
			t.Errorf("%+v", rec)
		}
	}
	// What is not shared cannot be read by its id either.
	all, _ := h.Find(t.Context(), "mia", phone("+14155551212"))
	for _, m := range all.Matches {
		_, err := h.Read(t.Context(), "cho", m.Ref)
		if fault.KindOf(err) != fault.NotFound {
			t.Errorf("cho reads %s: %v", m.Name, err)
		}
	}
}

// Every number of the demo's mess, looked up as a caller would come in: found, or not one of SF-19's spellings.
func TestTheDemosNumbersAreFound(t *testing.T) {
	h := open(t, simorg.Options{})
	mia := h.as(t, "mia")
	regions := map[string]string{"USA": "US", "UK": "GB", "Germany": "DE", "Brazil": "BR", "Japan": "JP", "France": "FR", "Australia": "AU", "Canada": "CA", "India": "IN"}
	reached, missed := 0, map[string]string{}
	for _, object := range []string{"Contact", "Lead", "Account"} {
		for _, r := range h.org.Records(object) {
			if r["IsConverted"] == true || r["IsDeleted"] == true {
				continue
			}
			country, _ := r["MailingCountry"].(string)
			region := regions[country]
			if region == "" {
				region = "US"
			}
			for _, f := range []string{"Phone", "MobilePhone", "HomePhone", "OtherPhone", "AssistantPhone"} {
				raw, _ := r[f].(string)
				e164, ok := number.E164(raw, region)
				if !ok {
					continue
				}
				found, err := h.Find(t.Context(), mia, crm.Key{By: crm.ByPhone, Value: e164, Region: region})
				if err != nil {
					t.Fatal(err)
				}
				if found.More || slices.ContainsFunc(found.Matches, func(m crm.Match) bool { return m.ID == r["Id"] }) {
					reached++
				} else {
					missed[raw] = region
				}
			}
		}
	}
	t.Logf("reached %d, missed %d: %v", reached, len(missed), missed)
	if reached < 150 || len(missed)*20 > reached {
		t.Errorf("live search reaches %d numbers and misses %d: %v", reached, len(missed), missed)
	}
	// MAT-4's own examples.
	for _, raw := range []string{"(415) 555-1212", "415.555.1212 x3"} {
		f, err := h.Find(t.Context(), mia, phone("+14155551212"))
		if err != nil || !slices.ContainsFunc(f.Matches, func(m crm.Match) bool {
			rec, err := h.Read(t.Context(), mia, m.Ref)
			return err == nil && slices.ContainsFunc(rec.Fields, func(f crm.Field) bool { return f.Value == raw })
		}) {
			t.Errorf("%s is not among %s, %v", raw, names(f), err)
		}
	}
}

func TestFormsAndCreating(t *testing.T) {
	h := open(t, simorg.Options{SeedName: "private"})
	ada := h.as(t, "ada")
	for _, k := range []crm.Kind{crm.Account, crm.Contact, crm.Lead, crm.Case} {
		f, err := h.Form(t.Context(), ada, k)
		if err != nil || len(f.Fields) < 4 {
			t.Errorf("%s: %+v, %v", k, f, err)
		}
		t.Logf("%s: %v", k, f.Fields)
	}
	_, err := h.Create(t.Context(), ada, crm.Contact, map[string]string{"FirstName": "No"}, false)
	if f := fault.Of(err); f.Kind != fault.Invalid || len(f.Fields) != 1 || f.Fields[0].Field != "LastName" {
		t.Errorf("required field: %v", err)
	}
	_, err = h.Create(t.Context(), ada, crm.Case, map[string]string{"Subject": "x", "Priority": "High"}, false)
	if f := fault.Of(err); f.Kind != fault.Invalid || len(f.Fields) != 1 || f.Fields[0].Field != "Reason" || f.Fields[0].Message != "A case of high priority needs a reason." {
		t.Errorf("validation rule: %v", err)
	}
	person := map[string]string{"LastName": "Adams", "Email": "ann@adas.example", "Phone": "415 555 7777"}
	_, err = h.Create(t.Context(), ada, crm.Contact, person, false)
	var d *crm.DuplicatesError
	if !errors.As(err, &d) || !d.MaySave || len(d.Matches) != 1 || d.Matches[0].Kind != crm.Contact {
		t.Fatalf("duplicate rule: %+v", err)
	}
	ref, err := h.Create(t.Context(), ada, crm.Contact, person, true)
	if err != nil {
		t.Fatal(err)
	}
	f, err := h.Find(t.Context(), ada, phone("+14155557777"))
	if err != nil || len(f.Matches) != 1 || f.Matches[0].Ref != ref {
		t.Errorf("just created: %s, %v", names(f), err)
	}
	// Another agent, with whom it is not shared, does not find it through our memory either.
	if f, err := h.Find(t.Context(), h.as(t, "cho"), phone("+14155557777")); err != nil || len(f.Matches) != 0 {
		t.Errorf("cho finds %s, %v", names(f), err)
	}
}

func TestANewRecordIsFoundWhileTheSearchLags(t *testing.T) {
	h := open(t, simorg.Options{Seed: fstest.MapFS{
		"org.json":      {Data: []byte(`{"name": "Slow", "searchLag": "1h"}`)},
		"profiles.json": {Data: []byte(`[{"name": "P", "permissions": ["ApiEnabled"], "objects": {"*": "CRED"}}]`)},
		"users.json":    {Data: []byte(`[{"username": "u@demo.example", "password": "demo-pass", "token": "TOKU", "firstName": "Uma", "lastName": "Ulm", "profile": "P"}]`)},
	}})
	u := h.as(t, "u")
	ref, err := h.Create(t.Context(), u, crm.Lead, map[string]string{"LastName": "Neu", "Company": "Neu GmbH", "Phone": "+49 (0)30 123456", "Email": "neu@x.example"}, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []crm.Key{phone("+4930123456"), {By: crm.ByEmail, Value: "NEU@x.example"}} {
		f, err := h.Find(t.Context(), u, k)
		if err != nil || len(f.Matches) != 1 || f.Matches[0].Ref != ref || f.Matches[0].Company != "Neu GmbH" {
			t.Errorf("%s: %+v, %v", k.By, f.Matches, err)
		}
	}
}

func TestFindByEmailCaseAndText(t *testing.T) {
	h := open(t, simorg.Options{})
	ada := h.as(t, "ada")
	f, err := h.Find(t.Context(), ada, crm.Key{By: crm.ByEmail, Value: "ANN@acme.example"})
	if err != nil || names(f) != "Contact:Ann Okafor" {
		t.Errorf("email: %s, %v", names(f), err)
	}
	if f, err := h.Find(t.Context(), ada, crm.Key{By: crm.ByEmail, Value: `x' OR Name != 'y@z.example`}); err != nil || len(f.Matches) != 0 {
		t.Errorf("injected: %s, %v", names(f), err)
	}
	cases := h.org.Records("Case")
	num, _ := cases[0]["CaseNumber"].(string)
	for _, v := range []string{num, "#" + strings.TrimLeft(num, "0"), " " + num} {
		f, err := h.Find(t.Context(), ada, crm.Key{By: crm.ByCase, Value: v})
		if err != nil || len(f.Matches) == 0 || f.Matches[0].Kind != crm.Case || f.Matches[0].ID != cases[0]["Id"] {
			t.Errorf("case %q: %s, %v", v, names(f), err)
		}
	}
	f, err = h.Find(t.Context(), ada, crm.Key{By: crm.ByText, Value: "okaf"})
	if err != nil || !strings.Contains(names(f), "Contact:Ann Okafor") {
		t.Errorf("text: %s, %v", names(f), err)
	}
	for _, evil := range []string{"} RETURNING User(Id)", `"`, `\`, "or", "*", "a AND NOT b", "{{", `x" OR "y`, `ann\`, "an*", "星"} {
		if _, err := h.Find(t.Context(), ada, crm.Key{By: crm.ByText, Value: evil}); err != nil && !fault.Is(err, "NOT_SEARCHABLE") {
			t.Errorf("%q: %v", evil, err)
		}
	}
}

// Every kind of record can be read, as it stands in the demo.
func TestReadingTheDemosRecords(t *testing.T) {
	h := open(t, simorg.Options{})
	ada := h.as(t, "ada")
	kinds := map[crm.Kind]int{}
	for _, k := range []crm.Kind{crm.Account, crm.Contact, crm.Lead, crm.Case} {
		rows := h.org.Records(string(k))
		lists := 0
		for _, r := range rows[:min(len(rows), 40)] {
			id, _ := r["Id"].(string)
			rec, err := h.Read(t.Context(), ada, crm.Ref{Kind: k, ID: id})
			if err != nil {
				t.Errorf("%s %v: %v", k, r["Name"], err)
				continue
			}
			if rec.Name == "" || rec.Owner == "" || rec.URL != h.org.URL()+"/lightning/r/"+string(k)+"/"+id+"/view" || len(rec.Fields) < 2 || rec.Kind != k {
				t.Errorf("%s: %+v", k, rec)
			}
			lists += len(rec.Cases) + len(rec.Activities)
			if len(rec.Cases) > 5 || len(rec.Activities) > 5 {
				t.Errorf("%s: %d cases, %d activities", rec.Name, len(rec.Cases), len(rec.Activities))
			}
			for i, a := range rec.Activities {
				kinds[a.Kind]++
				if i > 0 && a.Date > rec.Activities[i-1].Date {
					t.Errorf("%s: activities are not the latest first: %+v", rec.Name, rec.Activities)
				}
			}
		}
		if lists == 0 {
			t.Errorf("no %s has a case or an activity", k)
		}
	}
	if kinds[crm.Task] == 0 || kinds["Event"] == 0 {
		t.Errorf("activities are tasks and events: %v", kinds)
	}
	if strings.Contains(h.log.String(), "WARN") {
		t.Errorf("warnings:\n%s", h.log.String())
	}
}

// Lost searches and slow ones are faults, in time.
func TestASlowOrgIsAFaultInTime(t *testing.T) {
	h := open(t, simorg.Options{})
	ada := h.as(t, "ada")
	if _, err := h.org.AddFault(simorg.Fault{Match: simorg.Match{Path: "/search"}, Kind: "delay", DelayMs: 10_000, Times: 1}); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	_, err := h.Find(t.Context(), ada, phone("+14155550123"))
	if f := fault.Of(err); f.Code != "UNREACHABLE" || f.Message != "it did not answer in time" || time.Since(start) > 5*time.Second {
		t.Errorf("%v after %s", err, time.Since(start))
	}
	if f, err := h.Find(t.Context(), ada, phone("+14155550123")); err != nil || len(f.Matches) == 0 {
		t.Errorf("search again: %v", err)
	}
}
