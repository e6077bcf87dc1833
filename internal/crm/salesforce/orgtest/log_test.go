package orgtest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"cordboard/internal/crm"
	"cordboard/internal/fault"
	"cordboard/internal/simorg"
)

func logEntry(h *house, t *testing.T, i int) crm.Entry {
	t.Helper()
	f, err := h.Find(t.Context(), "ada", phone("+14155550123"))
	if err != nil || len(f.Matches) == 0 {
		t.Fatal(err)
	}
	m := f.Matches[0]
	return crm.Entry{
		Key: fmt.Sprintf("%052d", i), Subject: "Inbound call +14155550123 2026-11-22 14:02", Description: "Duration: 00:03:04", Date: "2026-11-22",
		Type: "Call", Subtype: "Call", CallType: "Inbound", Duration: 184, Disposition: "Resolved", Object: fmt.Sprintf("int-%d/1", i),
		Who: m.Ref, What: crm.Ref{Kind: crm.Account, ID: m.AccountID},
	}
}

func TestALogIsWrittenOnceWhateverIsLost(t *testing.T) {
	h := open(t, simorg.Options{})
	h.as(t, "ada")
	const n = 30
	entries := make([]crm.Entry, n)
	for i := range entries {
		entries[i] = logEntry(h, t, i)
	}
	for _, f := range []simorg.Fault{
		{Match: simorg.Match{Method: "PATCH"}, Kind: "lost_reply", Probability: 0.4},
		{Match: simorg.Match{Method: "PATCH"}, Kind: "row_lock", Probability: 0.2},
		{Match: simorg.Match{Method: "PATCH"}, Kind: "unavailable", Probability: 0.2},
		{Match: simorg.Match{Method: "PATCH"}, Kind: "expire_session", Times: 1},
		{Match: simorg.Match{Method: "PATCH"}, Kind: "limit_concurrent", Probability: 0.1},
	} {
		if _, err := h.org.AddFault(f); err != nil {
			t.Fatal(err)
		}
	}
	before := len(h.org.Records("Task"))
	var wg sync.WaitGroup
	for _, e := range entries {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range 200 {
				got, err := h.Log(t.Context(), "ada", e)
				if err == nil {
					if got.Ref.ID == "" {
						t.Error("no id")
					}
					return
				}
				if v := fault.Of(err).Verdict; v != fault.Retry {
					t.Errorf("verdict %s: %v", v, err)
					return
				}
			}
			t.Error("never written")
		}()
	}
	wg.Wait()
	h.org.ClearFaults()
	per := map[any]int{}
	for _, r := range h.org.Records("Task") {
		if k := r["CC_Interaction_Key__c"]; k != nil && k != "" {
			per[k]++
		}
	}
	if len(per) != n || len(h.org.Records("Task"))-before != n {
		t.Errorf("%d keys and %d new Tasks for %d logs", len(per), len(h.org.Records("Task"))-before, n)
	}
	created := 0
	for _, e := range h.org.Ledger("Task") {
		if e.Op == "created" {
			created++
		}
		if e.Op == "deleted" {
			t.Error("something was deleted")
		}
	}
	if created != n {
		t.Errorf("%d Tasks were made for %d logs", created, n)
	}
}

func TestTheTasksFields(t *testing.T) {
	h := open(t, simorg.Options{})
	h.as(t, "ada")
	e := logEntry(h, t, 1)
	got, err := h.Log(t.Context(), "ada", e)
	if err != nil || !got.Created || len(got.Adjusted) != 0 {
		t.Fatalf("%+v, %v", got, err)
	}
	so, _ := h.Status(t.Context(), "ada")
	for _, r := range h.org.Records("Task") {
		if r["Id"] != got.Ref.ID {
			continue
		}
		for name, want := range map[string]any{
			"Subject": e.Subject, "Status": "Completed", "Priority": "Normal", "ActivityDate": "2026-11-22", "OwnerId": so.UserID, "Type": "Call", "TaskSubtype": "Call",
			"CallType": "Inbound", "CallDurationInSeconds": "184", "CallDisposition": "Resolved", "CallObject": "int-1/1", "WhoId": e.Who.ID, "WhatId": e.What.ID,
			"Description": e.Description, "CC_Interaction_Key__c": e.Key,
		} {
			if got := fmt.Sprint(r[name]); got != want {
				t.Errorf("%s = %q, want %q", name, got, want)
			}
		}
		return
	}
	t.Error("the Task is not there")
}

func TestLogReactionsAgainstTheOrg(t *testing.T) {
	h := open(t, simorg.Options{SeedName: "private"})
	h.as(t, "ada")
	h.as(t, "mia")
	mine, _ := h.Find(t.Context(), "ada", phone("+14155551212"))
	all, _ := h.Find(t.Context(), "mia", phone("+14155551212"))
	base := crm.Entry{Key: strings.Repeat("a", 52), Subject: "s", Description: "d", Date: "2026-11-22", Type: "Call", Subtype: "Call", CallType: "Inbound", Object: "int-2/1"}
	// Type is hidden from agents in this org (LOG-14).
	got, err := h.Log(t.Context(), "ada", base)
	if err != nil || len(got.Adjusted) != 1 || !strings.Contains(got.Adjusted[0], "Type") {
		t.Errorf("%+v, %v", got, err)
	}
	// A record that this agent cannot see: written stand-alone.
	foreign := base
	foreign.Key, foreign.Object = strings.Repeat("b", 52), "int-3/1"
	for _, m := range all.Matches {
		if m.Kind == crm.Contact && !slices.ContainsFunc(mine.Matches, func(o crm.Match) bool { return o.ID == m.ID }) {
			foreign.Who = m.Ref
		}
	}
	got, err = h.Log(t.Context(), "ada", foreign)
	if err != nil || !strings.Contains(strings.Join(got.Adjusted, " "), "stand-alone") {
		t.Errorf("%+v, %v", got, err)
	}
	// A text beyond 32,000 characters becomes a File of the Task, once.
	long := base
	long.Key, long.Object = strings.Repeat("c", 52), "int-4/1"
	long.Description, long.OverflowName = strings.Repeat("ä", 40000), "interaction-4.txt"
	for i := range 2 {
		got, err = h.Log(t.Context(), "ada", long)
		if err != nil || got.Created != (i == 0) {
			t.Fatalf("%+v, %v", got, err)
		}
	}
	if n := len(h.org.Records("ContentVersion")); n != 1 {
		t.Errorf("%d files", n)
	}
	if n := len(h.org.Records("ContentDocumentLink")); n < 1 {
		t.Errorf("%d links", n)
	}
	// The org's daily limit.
	if _, err := h.org.AddFault(simorg.Fault{Kind: "limit_daily", Times: 1}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Log(t.Context(), "ada", base); fault.Of(err).Verdict != fault.PauseLane {
		t.Error(err)
	}
	if used, limit := h.Usage(); used == 0 || limit == 0 {
		t.Errorf("usage %d/%d", used, limit)
	}
}

// An org without our package: LOG-12.
func TestWithoutTheKeyField(t *testing.T) {
	h := open(t, simorg.Options{Seed: fstest.MapFS{
		"org.json":      {Data: []byte(`{"name": "Bare"}`)},
		"profiles.json": {Data: []byte(`[{"name": "P", "permissions": ["ApiEnabled", "EditTask"], "objects": {"*": "CRED"}}]`)},
		"users.json":    {Data: []byte(`[{"username": "u@demo.example", "password": "demo-pass", "token": "TOKU", "firstName": "Uma", "lastName": "Ulm", "profile": "P"}]`)},
	}})
	u := h.as(t, "u")
	e := crm.Entry{Key: strings.Repeat("a", 52), Subject: "s", Description: "d", Date: "2026-11-22", Type: "Call", Subtype: "Call", CallType: "Inbound", Object: "int-2/1"}
	if _, err := h.org.AddFault(simorg.Fault{Match: simorg.Match{Method: "POST", Path: "/sobjects/Task"}, Kind: "lost_reply", Times: 1}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Log(t.Context(), u, e); fault.Of(err).Verdict != fault.Retry {
		t.Fatal(err)
	}
	got, err := h.Log(t.Context(), u, e)
	if err != nil || got.Created || len(h.org.Records("Task")) != 1 {
		t.Errorf("%+v, %v, %d Tasks", got, err, len(h.org.Records("Task")))
	}
}
