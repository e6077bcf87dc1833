package change

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cordboard/internal/simorg/engine/record"
	"cordboard/internal/simorg/engine/schema"
	"cordboard/internal/simorg/engine/security"
)

func world(t *testing.T, person bool) *World {
	t.Helper()
	s, err := schema.New(schema.Options{PersonAccounts: person})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Seal(); err != nil {
		t.Fatal(err)
	}
	st := record.NewStore(s)
	g := &security.Guard{Schema: s, Store: st, Policy: security.NewPolicy()}
	return &World{Schema: s, Store: st, Guard: g, Eyes: g.System("005Sm0000000001IAA"), Now: time.Date(2026, 11, 23, 9, 30, 15, 123456789, time.UTC)}
}

func (w *World) must(t *testing.T, object string, in Input) *record.Record {
	t.Helper()
	r, err := w.Create(w.Schema.Object(object), in, Options{})
	if err != nil {
		t.Fatalf("%s: %v", object, err)
	}
	return r
}

func TestTaskRules(t *testing.T) {
	w := world(t, false)
	acc := w.must(t, "Account", Input{"Name": "Acme"})
	con := w.must(t, "Contact", Input{"LastName": " Okafor ", "FirstName": "Ann", "AccountId": acc.ID})
	opp := w.must(t, "Opportunity", Input{"Name": "O", "StageName": "Closed Won", "CloseDate": "2026-12-01", "AccountId": acc.ID})
	for _, c := range []struct {
		name string
		in   Input
		want map[string]any
	}{
		{"defaults", Input{}, map[string]any{"Status": "Not Started", "Priority": "Normal", "TaskSubtype": "Task", "IsClosed": false, "AccountId": nil}},
		{"account by contact", Input{"WhoId": con.ID}, map[string]any{"AccountId": acc.ID}},
		{"account by opportunity", Input{"WhatId": opp.ID}, map[string]any{"AccountId": acc.ID}},
		{"completed", Input{"Status": "completed", "Priority": "High"}, map[string]any{"Status": "Completed", "IsClosed": true, "IsHighPriority": true, "CompletedDateTime": "2026-11-23T09:30:15.000+0000"}},
		{"number as text", Input{"CallDurationInSeconds": "65"}, map[string]any{"CallDurationInSeconds": 65.0}},
		{"number", Input{"CallDurationInSeconds": json.Number("65")}, map[string]any{"CallDurationInSeconds": 65.0}},
		{"stamps", Input{"Subject": "x"}, map[string]any{"SystemModstamp": "2026-11-23T09:30:15.000+0000", "CreatedById": "005Sm0000000001IAA", "OwnerId": "005Sm0000000001IAA"}},
	} {
		r := w.must(t, "Task", c.in)
		got := map[string]any{}
		for k := range c.want {
			got[k] = r.Get(r.Object.Field(k))
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
	if con.Named("Name") != "Ann Okafor" || !opp.Flag(opp.Object.Field("IsWon")) {
		t.Error(con.Values(), opp.Values())
	}
}

func TestLastActivityCountsWhatHappened(t *testing.T) {
	w := world(t, false)
	con := w.must(t, "Contact", Input{"LastName": "X"})
	last := func() string { return w.Store.Get(con.Object, con.ID).Named("LastActivityDate") }
	for _, c := range []struct {
		object string
		in     Input
		want   string
	}{
		{"Task", Input{"ActivityDate": "2026-11-22"}, ""},
		{"Task", Input{"Status": "Completed", "ActivityDate": "2026-11-10"}, "2026-11-10"},
		{"Task", Input{"Status": "Completed", "ActivityDate": "2026-11-01"}, "2026-11-10"},
		{"Event", Input{"StartDateTime": "2026-12-24T10:00:00Z", "DurationInMinutes": json.Number("30")}, "2026-11-10"},
		{"Event", Input{"StartDateTime": "2026-11-20T10:00:00Z", "DurationInMinutes": json.Number("30")}, "2026-11-20"},
		{"Task", Input{"Status": "Completed"}, "2026-11-23"},
	} {
		c.in["WhoId"] = con.ID
		w.must(t, c.object, c.in)
		if got := last(); got != c.want {
			t.Errorf("%s %v: %q, want %q", c.object, c.in, got, c.want)
		}
	}
}

func TestCaseLife(t *testing.T) {
	w := world(t, false)
	acc := w.must(t, "Account", Input{"Name": "Acme"})
	con := w.must(t, "Contact", Input{"LastName": "X", "AccountId": acc.ID})
	w.System = true // as a seed, which may give out numbers
	a := w.must(t, "Case", Input{"ContactId": con.ID, "CaseNumber": "00001026"})
	w.System = false
	b := w.must(t, "Case", Input{"Status": "Closed"})
	if a.Named("AccountId") != acc.ID || a.Named("Status") != "New" || b.Named("CaseNumber") != "00001027" || b.Named("ClosedDate") == "" {
		t.Fatal(a.Values(), b.Values())
	}
	again, err := w.Update(b, Input{"Status": "Working"}, Options{})
	if err != nil || again.Named("ClosedDate") != "" || again.Flag(again.Object.Field("IsClosed")) {
		t.Fatal(again.Values(), err)
	}
}

func TestPersonAccountHasItsContact(t *testing.T) {
	w := world(t, true)
	a := w.must(t, "Account", Input{"FirstName": "Petra", "LastName": "Person", "PersonMobilePhone": "0151 1", "PersonEmail": "Petra@x.example"})
	c := w.Store.Get(w.Schema.Object("Contact"), a.Named("PersonContactId"))
	if c == nil || a.Named("Name") != "Petra Person" || c.Named("MobilePhone") != "0151 1" || c.Named("Email") != "petra@x.example" || c.Named("AccountId") != a.ID {
		t.Fatal(a.Values(), c)
	}
	b, err := w.Update(a, Input{"LastName": "Neu"}, Options{})
	if c = w.Store.Get(c.Object, c.ID); err != nil || b.Named("Name") != "Petra Neu" || c.Named("Name") != "Petra Neu" || len(w.Store.Rows(c.Object)) != 1 {
		t.Fatal(b.Values(), c.Values(), err)
	}
}

func TestFileVersions(t *testing.T) {
	w := world(t, false)
	task := w.must(t, "Task", Input{"Subject": "x"})
	v := w.must(t, "ContentVersion", Input{"PathOnClient": `C:\tmp\log.txt`, "VersionData": "aGVsbG8=", "FirstPublishLocationId": task.ID})
	doc := v.Named("ContentDocumentId")
	if v.Named("Title") != "log" || v.Named("FileType") != "TEXT" || v.Get(v.Object.Field("ContentSize")) != 5.0 || doc == "" {
		t.Fatal(v.Values())
	}
	if n := len(w.Store.Rows(w.Schema.Object("ContentDocumentLink"))); n != 2 {
		t.Fatalf("%d links, want the owner's and the task's", n)
	}
	second := w.must(t, "ContentVersion", Input{"PathOnClient": "log.txt", "VersionData": "aGk=", "ContentDocumentId": doc})
	first := w.Store.Get(v.Object, v.ID)
	d := w.Store.Get(w.Schema.Object("ContentDocument"), doc)
	if second.Named("VersionNumber") != "2" || first.Flag(first.Object.Field("IsLatest")) || d.Named("LatestPublishedVersionId") != second.ID {
		t.Fatal(second.Values(), first.Values(), d.Values())
	}
	if _, err := w.Create(v.Object, Input{"Title": "x"}, Options{}); err == nil || err.Code != "REQUIRED_FIELD_MISSING" {
		t.Fatal(err)
	}
}
