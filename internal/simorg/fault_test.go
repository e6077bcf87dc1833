package simorg

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestFaults(t *testing.T) {
	for _, c := range []struct {
		fault Fault
		want  refused
	}{
		{Fault{Kind: "row_lock"}, refused{400, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record or 1 records: 001000000000000AAA", nil}},
		{Fault{Kind: "limit_daily"}, refused{403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", nil}},
		{Fault{Kind: "limit_concurrent"}, refused{403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded.", nil}},
		{Fault{Kind: "unavailable"}, refused{503, "SERVER_UNAVAILABLE", "Server unavailable", nil}},
		{Fault{Kind: "status", Status: 500}, refused{500, "UNKNOWN_EXCEPTION", "An unexpected error occurred.", nil}},
		{Fault{Kind: "expire_session"}, refused{401, "INVALID_SESSION_ID", "Session expired or invalid", nil}},
	} {
		t.Run(c.fault.Kind, func(t *testing.T) {
			o := start(t, Options{})
			ada := login(t, o, "ada")
			ben := login(t, o, "ben")
			c.fault.Times = 1
			c.fault.Match = Match{Method: "PATCH", Path: "/sobjects/Task/", User: "ada@demo.example"}
			if _, err := o.AddFault(c.fault); err != nil {
				t.Fatal(err)
			}
			ada.query("SELECT Id FROM Profile") // not matched
			if code, _, body := ben.send("PATCH", "/sobjects/Task/CC_Interaction_Key__c/b", m{"Subject": "x"}); code != 201 {
				t.Fatal(code, body)
			}
			if diff := cmp.Diff(c.want, ada.refused("PATCH", "/sobjects/Task/CC_Interaction_Key__c/a", m{"Subject": "x"})); diff != "" {
				t.Fatal(diff)
			}
			if c.fault.Kind == "expire_session" {
				ada = login(t, o, "ada")
			}
			if code, _, body := ada.send("PATCH", "/sobjects/Task/CC_Interaction_Key__c/a", m{"Subject": "x"}); code != 201 {
				t.Fatalf("the fault was not used up: %d %s", code, body)
			}
		})
	}
}

// A lost reply is lost after the commit: the repeat finds the record, the ledger tells both.
func TestLostReply(t *testing.T) {
	o := start(t, Options{})
	ada := login(t, o, "ada")
	if _, err := o.AddFault(Fault{Kind: "lost_reply", Times: 1, Match: Match{Path: "/sobjects/Task/"}}); err != nil {
		t.Fatal(err)
	}
	const path = "/sobjects/Task/CC_Interaction_Key__c/once"
	if code, _, body, err := ada.try("PATCH", path, m{"Subject": "x"}); err == nil {
		t.Fatalf("an answer came: %d %s", code, body)
	}
	if code, _, body := ada.send("PATCH", path, m{"Subject": "x"}); code != 200 || !strings.Contains(body, `"created":false`) {
		t.Fatal(code, body)
	}
	var got []string
	for _, e := range o.Ledger("task") {
		got = append(got, fmt.Sprint(e.Op, " ", e.Delivered, " ", e.Method, " ", e.User, " ", string(e.Body)))
	}
	if diff := cmp.Diff([]string{`created false PATCH ada@demo.example {"Subject":"x"}`, `updated true PATCH ada@demo.example {"Subject":"x"}`}, got); diff != "" {
		t.Fatal(diff)
	}
}

func TestLoginFault(t *testing.T) {
	o := start(t, Options{})
	if _, err := o.AddFault(Fault{Kind: "login_fault", Code: "PASSWORD_LOCKOUT", Match: Match{User: "ada@demo.example"}}); err != nil {
		t.Fatal(err)
	}
	if _, body := soapLogin(t, o, "u/64.0", "ada@demo.example", "demo-passTOKADA"); element(body, "faultcode") != "sf:PASSWORD_LOCKOUT" {
		t.Fatal(body)
	}
	login(t, o, "ben")
	o.ClearFaults()
	login(t, o, "ada")
}

func TestControl(t *testing.T) {
	o := start(t, Options{})
	ada := login(t, o, "ada")
	call := func(method, path string, body any) (int, string) {
		b, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequest(method, o.URL()+"/_sim/"+path, bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		res, err := browser().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		out, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(out)
	}
	for _, c := range []struct {
		body any
		code int
		text string
	}{
		{m{"kind": "delay", "delay_ms": 1, "times": 1}, 201, `"id":1`},
		{m{"kind": "nonsense"}, 400, "is none of delay, status"},
		{m{"kind": "status"}, 400, "needs a status of 400 to 599"},
		{m{"kind": "delay", "match": m{"path": "("}}, 400, "match.path"},
		{m{"kind": "delay", "probability": 2}, 400, "between 0 and 1"},
		{m{"kind": "delay", "typo": 1}, 400, "unknown field"},
	} {
		if code, body := call("POST", "faults", c.body); code != c.code || !strings.Contains(body, c.text) {
			t.Errorf("%v: %d %s", c.body, code, body)
		}
	}
	if _, body := call("GET", "faults", nil); !strings.Contains(body, `"kind":"delay"`) {
		t.Error(body)
	}
	if code, _ := call("DELETE", "faults", nil); code != 204 {
		t.Error(code)
	}
	ada.create("Task", m{"Subject": "seen"})
	if _, body := call("GET", "ledger?object=Task", nil); strings.Count(body, `"op":"created"`) != 1 || !strings.Contains(body, `"delivered":true`) {
		t.Error(body)
	}
	if _, body := call("GET", "records/Task", nil); !strings.Contains(body, `"Subject":"seen"`) {
		t.Error(body)
	}
	if code, body := call("POST", "lag", m{"ms": 60000}); code != 204 {
		t.Error(code, body)
	}
	ada.create("Lead", m{"LastName": "Latecomer", "Company": "C"})
	search := func() string {
		_, _, body := ada.send("GET", "/search?q=FIND+%7Blatecomer%7D+RETURNING+Lead(Name)", nil)
		return found(body)
	}
	if got := search(); got != "" {
		t.Errorf("found before the lag: %s", got)
	}
	if code, body := call("POST", "clock", m{"shift_ms": 61000}); code != 200 {
		t.Error(code, body)
	}
	if got := search(); got != "Lead Latecomer" {
		t.Errorf("after the lag: %q", got)
	}
	if _, body := call("POST", "sessions/expire?user=ada@demo.example", nil); body != `{"expired":1}`+"\n" {
		t.Error(body)
	}
	req, err := http.NewRequest("GET", "/_sim/ledger", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.RemoteAddr = "192.0.2.7:1234"
	w := &recorder{h: http.Header{}}
	o.Handler().ServeHTTP(w, req)
	if w.code != 403 {
		t.Errorf("the control answers a stranger: %d", w.code)
	}
}

type recorder struct {
	h    http.Header
	code int
	bytes.Buffer
}

func (r *recorder) Header() http.Header { return r.h }
func (r *recorder) WriteHeader(c int)   { r.code = c }

// What was answered survives the process, sessions and all; what the seed holds is not doubled.
func TestStateSurvives(t *testing.T) {
	dir := t.TempDir()
	first, err := New(Options{StateDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	ada := login(t, first, "ada")
	ada.send("PATCH", "/sobjects/Task/CC_Interaction_Key__c/kept", m{"Subject": "kept", "Status": "Completed"})
	kase := ada.create("Case", m{"Subject": "numbered"})
	number := names(ada, "SELECT CaseNumber FROM Case WHERE Id = '"+kase+"'")
	contacts := len(first.Records("Contact"))
	if err := first.SetPassword("ben@demo.example", "changed"); err != nil {
		t.Fatal(err)
	}
	// No Stop: as after kill -9, only what the journal holds counts. The file is copied as it is now.
	copied := t.TempDir()
	b, err := os.ReadFile(dir + "/journal.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(copied+"/journal.jsonl", append(b, []byte(`{"k":"put","id":"Ta`)...), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := first.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	second := start(t, Options{StateDir: copied})
	again := &client{t: t, org: second, token: ada.token, v: "v64.0", http: browser()}
	if code, _, body := again.send("PATCH", "/sobjects/Task/CC_Interaction_Key__c/kept", m{"Subject": "again"}); code != 200 || !strings.Contains(body, `"created":false`) {
		t.Fatal(code, body)
	}
	next := names(again, "SELECT CaseNumber FROM Case WHERE Id = '"+again.create("Case", m{"Subject": "next"})+"'")
	if next <= number || len(second.Records("Contact")) != contacts {
		t.Fatalf("case %s then %s; %d contacts, were %d", number, next, len(second.Records("Contact")), contacts)
	}
	if l := second.Ledger("Task"); len(l) != 2 || l[0].Op != "created" || l[1].Op != "updated" {
		t.Fatalf("%+v", l)
	}
	if code, body := soapLogin(t, second, "u/64.0", "ben@demo.example", "changedTOKBEN"); code != 200 {
		t.Fatal(body)
	}
	if _, _, body := again.send("GET", "/search?q=FIND+%7Bnumbered%7D+RETURNING+Case(Id)", nil); !strings.Contains(body, kase) {
		t.Fatal(body)
	}
}

// Many writers with one key make one record.
func TestUpsertRace(t *testing.T) {
	o := start(t, Options{StateDir: t.TempDir()})
	var wg sync.WaitGroup
	created := make(chan bool, 64)
	for _, user := range []string{"ada", "ben"} {
		c := login(t, o, user)
		for range 32 {
			wg.Go(func() {
				code, _, _, err := c.try("PATCH", "/sobjects/Task/CC_Interaction_Key__c/race", m{"Subject": "x"})
				if err != nil {
					t.Error(err)
				}
				created <- code == 201
			})
		}
	}
	wg.Wait()
	close(created)
	n := 0
	for yes := range created {
		if yes {
			n++
		}
	}
	made := 0
	for _, e := range o.Ledger("Task") {
		if e.Op == "created" {
			made++
		}
	}
	if n != 1 || made != 1 {
		t.Fatalf("%d answers said created, the ledger has %d", n, made)
	}
}

func TestUnusableStarts(t *testing.T) {
	bad := tiny(`, "typo": 1`, "", "")
	if _, err := New(Options{Seed: bad}); err == nil || !strings.Contains(err.Error(), "SEED_INVALID") || !strings.Contains(err.Error(), "org.json:1") {
		t.Error(err)
	}
	file := t.TempDir() + "/file"
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(Options{StateDir: file}); err == nil || !strings.Contains(err.Error(), "STATE_UNUSABLE") {
		t.Error(err)
	}
	o := start(t, Options{Seed: tiny("", "", "")})
	p, err := New(Options{Seed: tiny("", "", "")})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(o.Addr()); err == nil || !strings.Contains(err.Error(), "ADDRESS_TAKEN") {
		t.Error(err)
	}
}

func TestOpenSeed(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/org.json", []byte(`{"name": `), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"": "", "private": "", dir: "org.json:1: unexpected EOF", "nowhere": `there is no seed named "nowhere"`} {
		fsys, err := OpenSeed(name)
		if err == nil {
			_, err = New(Options{Seed: fsys})
		}
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestDailyLimit(t *testing.T) {
	o := start(t, Options{Seed: tiny(`, "dailyRequests": 2`, "", "")})
	_, body := soapLogin(t, o, "u/64.0", "u@demo.example", "secret")
	c := &client{t: t, org: o, token: element(body, "sessionId"), v: "v64.0", http: browser()}
	c.send("GET", "/limits", nil)
	if _, h, _ := c.send("GET", "/limits", nil); h.Get("Sforce-Limit-Info") != "api-usage=2/2" {
		t.Error(h)
	}
	if r := c.refused("GET", "/limits", nil); r.Status != 403 || r.Code != "REQUEST_LIMIT_EXCEEDED" {
		t.Error(r)
	}
	o.ShiftClock(25 * time.Hour)
	_, body = soapLogin(t, o, "u/64.0", "u@demo.example", "secret")
	c.token = element(body, "sessionId")
	if code, _, body := c.send("GET", "/limits", nil); code != 200 {
		t.Error(code, body)
	}
}
