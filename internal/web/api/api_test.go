package api

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cordboard/internal/crm"
	"cordboard/internal/delivery"
	"cordboard/internal/fault"
	"cordboard/internal/interaction"
	"cordboard/internal/tenant"
	"cordboard/internal/web/gate"
)

type obj = map[string]any

func TestSessionFromSignInToSignOut(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	res := b.send("POST", "/api/v1/session", obj{"userId": " Anna.ACME ", "password": goodPassword}, nil)
	if res.StatusCode != 200 {
		t.Fatal(res.StatusCode)
	}
	c := b.cookie
	if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Secure || len(c.Value) != 43 || !c.Expires.Equal(noon.Add(12*3600e9)) {
		t.Errorf("cookie: %+v", c)
	}
	if code, me := b.do("GET", "/api/v1/session", nil); code != 200 || me["name"] != "anna Test" || me["tenant"] != "acme" || me["version"] != "1.2.3" {
		t.Errorf("me: %d %v", code, me)
	}
	old := *b.cookie
	w.rooms["acme"].fail = fault.New(fault.Conflict, "STATUS_LOCKED", "You are in a conversation.")
	if code, p := b.do("DELETE", "/api/v1/session", nil); code != 409 || p["code"] != "STATUS_LOCKED" {
		t.Errorf("sign-out while busy: %d %v", code, p)
	}
	if code, _ := b.do("GET", "/api/v1/session", nil); code != 200 {
		t.Errorf("the session did not outlive the refusal: %d", code)
	}
	elsewhere := w.as("anna.acme")
	if code, _ := b.do("DELETE", "/api/v1/session", nil); code != 204 || b.cookie != nil {
		t.Errorf("sign-out: %d, cookie %v", code, b.cookie)
	}
	b.cookie = &old
	for name, x := range map[string]*browser{"old cookie": b, "other browser": elsewhere} {
		if code, p := x.do("GET", "/api/v1/session", nil); code != 401 || p["code"] != "SIGNED_OUT" {
			t.Errorf("%s after sign-out: %d %v", name, code, p)
		}
	}
	if got := w.rooms["acme"].take(); !slices.Equal(got, []string{"sign in", "sign out sign-out", "sign in", "sign out sign-out"}) {
		t.Errorf("the desk was told %v", got)
	}
}

func TestSignInRefusalsTellNothing(t *testing.T) {
	w := newWorld(t)
	var bodies []string
	for _, user := range []string{"anna.acme", "nobody.acme"} {
		code, p := w.browser().do("POST", "/api/v1/session", obj{"userId": user, "password": "wrong password here"})
		delete(p, "requestId")
		raw, _ := json.Marshal(p)
		if bodies = append(bodies, string(raw)); code != 401 {
			t.Errorf("%s: %d", user, code)
		}
		for range 9 {
			code, _ = w.browser().do("POST", "/api/v1/session", obj{"userId": user, "password": "wrong password here"})
		}
		if code != 429 {
			t.Errorf("%s: the tenth failure answered %d", user, code)
		}
		res := w.browser().send("POST", "/api/v1/session", obj{"userId": user, "password": goodPassword}, nil)
		raw, _ = io.ReadAll(res.Body)
		if res.StatusCode != 429 || res.Header.Get("Retry-After") != "900" || !strings.Contains(string(raw), "12:15:00") {
			t.Errorf("%s locked: %d, Retry-After %q, %s", user, res.StatusCode, res.Header.Get("Retry-After"), raw)
		}
	}
	if bodies[0] != bodies[1] {
		t.Errorf("the answers differ:\n%s\n%s", bodies[0], bodies[1])
	}
}

func TestNoSessionIsLeftBehind(t *testing.T) {
	w := newWorld(t)
	w.rooms["acme"].failSignIn = fault.New(fault.Unavailable, "STARTING", "The desk is still starting.")
	b := w.browser()
	if code, p := b.do("POST", "/api/v1/session", obj{"userId": "anna.acme", "password": goodPassword}); code != 503 || p["code"] != "STARTING" || b.cookie != nil {
		t.Errorf("%d %v %v", code, p, b.cookie)
	}
	if left, err := w.sessions.Sessions(t.Context(), "acme", w.rooms["acme"].ids["anna"], w.now); err != nil || len(left) > 0 {
		t.Errorf("%v %v", left, err)
	}
}

func TestHistoryIsPaged(t *testing.T) {
	w := newWorld(t)
	r := w.rooms["acme"]
	b := w.as("anna.acme")
	for query, want := range map[string]string{
		"":                                 "2026-11-23T12:00:00Z 50",
		"?limit=20":                        "2026-11-23T12:00:00Z 20",
		"?limit=100000":                    "2026-11-23T12:00:00Z 50",
		"?before=2026-11-20T08:15:00.250Z": "2026-11-20T08:15:00.25Z 50",
	} {
		code, p := b.do("GET", "/api/v1/console/history"+query, nil)
		if code != 200 || p["interactions"] == nil || r.history != want {
			t.Errorf("%s: %d, asked for %s", query, code, r.history)
		}
	}
	if code, p := b.do("GET", "/api/v1/console/history?before=yesterday", nil); code != 422 || p["errors"].([]any)[0].(obj)["field"] != "before" {
		t.Errorf("%d %v", code, p)
	}
}

func TestOnlyJSONChangesAnything(t *testing.T) {
	w := newWorld(t)
	b := w.as("anna.acme")
	w.rooms["acme"].take()
	for _, kind := range []string{"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain; application/json"} {
		res := b.send("POST", "/api/v1/console/status", `{"status":4}`, http.Header{"Content-Type": {kind}})
		if res.StatusCode != 415 || res.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%q: %d %s", kind, res.StatusCode, res.Header.Get("Content-Type"))
		}
	}
	for _, p := range []string{"/api/v1/console/status", "/api/v1/profile/crm/test", "/api/v1/console/phone/take", "/api/v1/console/interactions/int-1/accept"} {
		if code, problem := b.do("GET", p, nil); code != 404 || problem["code"] != "NO_SUCH_ROUTE" { // no GET where a change is
			t.Errorf("GET %s: %d %v", p, code, problem)
		}
	}
	if did := w.rooms["acme"].take(); len(did) > 0 {
		t.Errorf("something was done: %v", did)
	}
	if code, _ := b.do("POST", "/api/v1/console/status", obj{"status": 4}); code != 200 {
		t.Errorf("JSON: %d", code)
	}
}

func TestUnreadableRequests(t *testing.T) {
	w := newWorld(t)
	b := w.as("anna.acme")
	for _, c := range []struct {
		name, body, code string
		status           int
	}{
		{"no JSON", `{"status":`, "BAD_REQUEST", 422},
		{"wrong kind", `{"status":"four"}`, "BAD_REQUEST", 422},
		{"too large", `{"status":4,"x":"` + strings.Repeat("a", maxBody) + `"}`, "TOO_LARGE", 413},
		{"unknown status", `{"status":7}`, "INVALID", 422},
	} {
		res := b.send("POST", "/api/v1/console/status", c.body, nil)
		raw, _ := io.ReadAll(res.Body)
		var p obj
		must(t, json.Unmarshal(raw, &p))
		if res.StatusCode != c.status || p["code"] != c.code || strings.Contains(string(raw), "json:") || strings.Contains(string(raw), "Go ") {
			t.Errorf("%s: %d %s", c.name, res.StatusCode, raw)
		}
	}
}

func TestProblemsOfOneFormComeTogether(t *testing.T) {
	w := newWorld(t)
	_, p := w.as("admin.acme").do("POST", "/api/v1/manager/users", obj{
		"userId": "an", "lastName": strings.Repeat("x", 81), "email": "nobody", "roles": []string{"king"}, "queues": obj{"9": 11},
		"offerSeconds": 5, "endpoint": "tin can", "password": "short",
	})
	delete(p, "requestId")
	raw, err := json.MarshalIndent(p, "", "  ")
	must(t, err)
	golden(t, "testdata/user_problem.golden", string(raw)+"\n")
}

func TestAddAndDeactivateAUser(t *testing.T) {
	w := newWorld(t)
	admin := w.as("admin.acme")
	code, u := admin.do("POST", "/api/v1/manager/users", obj{
		"userId": "Cleo.Acme", "firstName": "Cleo", "lastName": "Roe", "email": "cleo@example.com", "roles": []string{"agent"},
		"queues": obj{"1": 5}, "password": goodPassword,
	})
	if code != 200 || u["userId"] != "cleo.acme" || u["version"] != 1.0 || u["password"] != nil {
		t.Fatalf("added: %d %v", code, u)
	}
	cleo := w.as("cleo.acme")
	w.rooms["acme"].take()
	u["inactive"] = true
	if code, p := admin.do("PUT", "/api/v1/manager/users/"+u["id"].(string), u); code != 200 {
		t.Fatalf("deactivated: %d %v", code, p)
	}
	if code, _ := cleo.do("GET", "/api/v1/session", nil); code != 401 {
		t.Errorf("still signed in: %d", code)
	}
	if got := w.rooms["acme"].take(); !slices.Equal(got, []string{"sign out removed"}) {
		t.Errorf("the desk was told %v", got)
	}
	if code, p := w.browser().do("POST", "/api/v1/session", obj{"userId": "cleo.acme", "password": goodPassword}); code != 401 || p["code"] != "SIGN_IN_REFUSED" {
		t.Errorf("sign-in: %d %v", code, p)
	}
	if code, p := admin.do("POST", "/api/v1/manager/users", obj{
		"userId": "anna.other", "firstName": "A", "lastName": "B", "email": "a@example.com", "roles": []string{"agent"}, "password": goodPassword,
	}); code != 422 || !strings.Contains(p["errors"].([]any)[0].(obj)["message"].(string), "in use already") {
		t.Errorf("a name of another tenant: %d %v", code, p)
	}
	if code, p := admin.do("PUT", "/api/v1/manager/users/"+u["id"].(string), obj{"version": 1}); code != 422 {
		t.Errorf("an empty form: %d %v", code, p)
	}
}

func TestSomeoneWasFaster(t *testing.T) {
	w := newWorld(t)
	admin := w.as("admin.acme")
	_, q := admin.do("GET", "/api/v1/manager/queues/1", nil)
	q["name"] = "First"
	if code, p := admin.do("PUT", "/api/v1/manager/queues/1", q); code != 200 || p["version"] != 2.0 {
		t.Fatal(code, p)
	}
	q["name"] = "Second"
	code, p := admin.do("PUT", "/api/v1/manager/queues/1", q)
	if code != 409 || p["code"] != "CHANGED" || p["current"].(obj)["name"] != "First" || !strings.HasPrefix(p["message"].(string), "Changed by admin Test at 2026-11-23 12:00 UTC.") {
		t.Errorf("%d %v", code, p)
	}
}

func TestWriteChangesWhatItNames(t *testing.T) {
	subject := "Own words"
	account := crm.Ref{Kind: crm.Account, ID: "001000000000001AAA"}
	for _, c := range []struct {
		name, body string
		want       *interaction.Edits
		codes      []interaction.Code
		set        bool
	}{
		{"nothing", `{}`, nil, nil, false},
		{"notes", `{"notes":"new"}`, &interaction.Edits{Subject: &subject, Notes: "new"}, nil, false},
		{"empty notes", `{"notes":""}`, &interaction.Edits{Subject: &subject}, nil, false},
		{"subject as composed again", `{"subject":null}`, &interaction.Edits{Notes: "old"}, nil, false},
		{"related", `{"what":{"kind":"Account","id":"001000000000001AAA"}}`, &interaction.Edits{Subject: &subject, Notes: "old", What: &account}, nil, false},
		{"related to nobody", `{"who":{"kind":"","id":""}}`, &interaction.Edits{Subject: &subject, Notes: "old", Who: &crm.Ref{}}, nil, false},
		{"codes", `{"codes":[{"list":1,"item":2}]}`, nil, []interaction.Code{{List: 1, Item: 2}}, true},
		{"no codes", `{"codes":[]}`, nil, nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			r := w.rooms["acme"]
			r.call("int-1", interaction.Wrapup)
			if code, p := w.as("anna.acme").do("PUT", "/api/v1/console/interactions/int-1/write", c.body); code != 200 {
				t.Fatal(code, p)
			}
			want := interaction.Signal{Kind: interaction.Write, Handling: 1, Edits: c.want, Codes: c.codes, SetCodes: c.set}
			if d := cmp.Diff(want, r.signal); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestFaultsOfCommands(t *testing.T) {
	w := newWorld(t)
	r := w.rooms["acme"]
	r.call("int-1", interaction.Wrapup)
	b := w.as("anna.acme")
	limit := fault.Fields{{Field: "notes", Code: "TOO_LONG", Message: "At most 20000 characters; this has 20001."}}
	for _, c := range []struct {
		name   string
		err    error
		status int
		code   string
		text   string
	}{
		{"taken", fault.New(fault.Conflict, "OFFER_TAKEN", "No longer available – taken by another agent."), 409, "OFFER_TAKEN", "No longer available"},
		{"too long", limit.Err(), 422, "INVALID", "20001"},
		{"gone", fault.New(fault.Gone, "CALL_GONE", "The call is gone."), 410, "CALL_GONE", "gone"},
		{"crm refused its credentials", fault.New(fault.Unauthenticated, "INVALID_LOGIN", "Salesforce refused you."), 409, "INVALID_LOGIN", "Salesforce"},
		{"crm down", fault.New(fault.Unavailable, "UNREACHABLE", "Salesforce cannot be reached."), 503, "UNREACHABLE", "reached"},
		{"our own", errors.New("disk full at /secret/path"), 500, "INTERNAL", "on our side"},
	} {
		r.fail = c.err
		res := b.send("POST", "/api/v1/console/interactions/int-1/end", obj{}, nil)
		raw, _ := io.ReadAll(res.Body)
		var p obj
		must(t, json.Unmarshal(raw, &p))
		if res.StatusCode != c.status || p["code"] != c.code || !strings.Contains(string(raw), c.text) || strings.Contains(string(raw), "secret") {
			t.Errorf("%s: %d %s", c.name, res.StatusCode, raw)
		}
		if _, ok := p["errors"].([]any); !ok {
			t.Errorf("%s: errors is no list: %s", c.name, raw)
		}
	}
	r.fail = &crm.DuplicatesError{Message: "It looks like a duplicate.", MaySave: true}
	code, p := b.do("POST", "/api/v1/console/interactions/int-1/records", obj{"kind": "Contact", "values": obj{"LastName": "Roe"}})
	if code != 409 || p["code"] != "DUPLICATES" || p["duplicates"].(obj)["maySave"] != true || p["duplicates"].(obj)["matches"] == nil {
		t.Errorf("duplicates: %d %v", code, p)
	}
}

func TestLookupNeedsAKindAndWords(t *testing.T) {
	w := newWorld(t)
	r, b := w.rooms["acme"], w.as("anna.acme")
	r.take()
	if code, p := b.do("GET", "/api/v1/console/lookup?kind=Account&q=ac", nil); code != 200 || p["matches"].([]any)[0].(obj)["name"] != "Acme" {
		t.Errorf("%d %v", code, p)
	}
	r.take()
	if code, p := b.do("GET", "/api/v1/console/lookup?kind=Account&q=+a+", nil); code != 200 || len(p["matches"].([]any)) != 0 || len(r.take()) != 0 {
		t.Errorf("one letter was looked up: %d %v", code, p)
	}
	if code, p := b.do("GET", "/api/v1/console/lookup?kind=User&q=ada", nil); code != 422 || len(r.take()) != 0 {
		t.Errorf("users may not be looked up: %d %v", code, p)
	}
}

func TestOthersInteractionsDoNotExist(t *testing.T) {
	w := newWorld(t)
	r := w.rooms["acme"]
	r.call("int-1", interaction.Accepted)
	for _, who := range []string{"bert.acme", "all.other"} {
		b := w.as(who)
		r.take()
		for _, path := range []string{"", "/form/Contact"} {
			code, p := b.do("GET", "/api/v1/console/interactions/int-1"+path, nil)
			none, q := b.do("GET", "/api/v1/console/interactions/int-9"+path, nil)
			delete(p, "requestId")
			delete(q, "requestId")
			if code != 404 || none != 404 || cmp.Diff(p, q) != "" {
				t.Errorf("%s %s: %d %v, one that does not exist: %d %v", who, path, code, p, none, q)
			}
		}
		for _, path := range []string{"/end", "/reject", "/mute", "/pop/search", "/log/retry"} {
			if code, _ := b.do("POST", "/api/v1/console/interactions/int-1"+path, obj{}); code != 404 {
				t.Errorf("%s %s: %d", who, path, code)
			}
		}
		if code, _ := b.do("PUT", "/api/v1/console/interactions/int-1/write", obj{"notes": "mine"}); code != 404 {
			t.Errorf("%s write: %d", who, code)
		}
		if did := r.take(); len(did) > 0 {
			t.Errorf("%s reached %v", who, did)
		}
	}
}

func TestRetryOfOwnParkedLog(t *testing.T) {
	w := newWorld(t)
	r := w.rooms["acme"]
	r.call("int-1", interaction.Closed)
	r.deliveries = []delivery.Delivery{
		{Key: "mine", Interaction: "int-1", Handling: 1, Agent: r.ids["anna"], State: delivery.Parked, Reason: "A field is missing."},
		{Key: "bert's", Interaction: "int-1", Handling: 2, Agent: r.ids["bert"], State: delivery.Parked},
	}
	b := w.as("anna.acme")
	r.take()
	code, p := b.do("POST", "/api/v1/console/interactions/int-1/log/retry", obj{})
	if code != 200 || p["interaction"].(obj)["log"].(obj)["state"] != "waiting" {
		t.Errorf("%d %v", code, p)
	}
	if got := r.take(); !slices.Equal(got, []string{"retry mine"}) {
		t.Errorf("retried %v", got)
	}
	if code, p := b.do("POST", "/api/v1/console/interactions/int-1/log/retry", obj{}); code != 409 || p["code"] != "NOT_PARKED" {
		t.Errorf("again: %d %v", code, p)
	}
}

func TestSignOnOfTheAgent(t *testing.T) {
	w := newWorld(t)
	r := w.rooms["acme"]
	b := w.as("anna.acme")
	if code, p := b.do("PUT", "/api/v1/profile/crm", obj{"kind": "password", "loginId": " anna@org.example ", "password": "mycode", "token": " xxxxx "}); code != 200 ||
		p["result"] != "CONNECTED" || p["loginId"] != "anna@org.example" || p["sunset"] == nil || p["password"] != nil {
		t.Errorf("%d %v", code, p)
	}
	if r.secret != "mycodexxxxx" {
		t.Errorf("secret %q", r.secret)
	}
	if code, p := b.do("PUT", "/api/v1/profile/crm", obj{"kind": "jwt", "loginId": "boss@org.example"}); code != 422 || r.signOn.LoginID == "boss@org.example" {
		t.Errorf("a login id of the agent's own: %d %v", code, p)
	}
	s := r.book.Config().ScreenPop
	s.Connection.SignOns, s.Connection.ConsumerKey = []tenant.SignOn{tenant.SignOnJWT}, "key"
	_, err := r.book.SaveScreenPop(t.Context(), "system", s)
	must(t, err)
	u := r.book.Config().Users[r.ids["anna"]]
	u.LoginID = "anna@org.example"
	_, err = r.book.SaveUser(t.Context(), "system", u)
	must(t, err)
	if code, p := b.do("PUT", "/api/v1/profile/crm", obj{"kind": "jwt", "loginId": "boss@org.example"}); code != 200 || r.signOn.LoginID != "anna@org.example" {
		t.Errorf("JWT signs on as the administrator said: %d %v", code, p)
	}
	for _, e := range r.trail.Entries() {
		if strings.Contains(e, "mycode") {
			t.Errorf("the audit log holds the secret: %s", e)
		}
	}
}

func TestPhoneIsHeldByOneTab(t *testing.T) {
	w := newWorld(t)
	b := w.as("anna.acme")
	if code, p := b.do("POST", "/api/v1/console/phone/connect", obj{"tab": "one", "sdp": "offer"}); code != 200 || p["sdp"] != "answer to offer" {
		t.Fatal(code, p)
	}
	if code, p := b.do("POST", "/api/v1/console/phone/connect", obj{"tab": "two", "sdp": "offer"}); code != 409 || p["code"] != "PHONE_ELSEWHERE" {
		t.Errorf("second tab: %d %v", code, p)
	}
	if code, p := b.do("POST", "/api/v1/console/phone/take", obj{"tab": "two"}); code != 200 || p["phone"].(obj)["mine"] != true {
		t.Errorf("use here: %d %v", code, p)
	}
}

func TestDropNeedsAReason(t *testing.T) {
	w := newWorld(t)
	r := w.rooms["acme"]
	r.call("int-1", interaction.Closed)
	r.deliveries = []delivery.Delivery{{Key: "k1", Interaction: "int-1", Agent: r.ids["anna"], State: delivery.Parked}}
	b := w.as("admin.acme")
	if code, p := b.do("POST", "/api/v1/manager/deliveries/k1/drop", obj{"reason": " "}); code != 422 || r.deliveries[0].State != delivery.Parked {
		t.Errorf("without: %d %v", code, p)
	}
	code, p := b.do("POST", "/api/v1/manager/deliveries/k1/drop", obj{"reason": "The org is gone."})
	if code != 200 || p["state"] != "dropped" || p["agentName"] != "anna Test" || p["title"] != "Pat <b>" {
		t.Errorf("with: %d %v", code, p)
	}
	if log := r.trail.Entries(); !slices.ContainsFunc(log, func(e string) bool { return strings.HasSuffix(e, "delivery_dropped k1") }) {
		t.Errorf("not in the audit log: %v", log)
	}
	_, p = b.do("GET", "/api/v1/manager/deliveries", nil)
	if len(p["deliveries"].([]any)) != 1 || p["counts"].(obj)["waiting"] == nil {
		t.Errorf("list: %v", p)
	}
}

func TestOpenAPIHasEveryJSONRoute(t *testing.T) {
	raw, err := OpenAPI("1.2.3")
	must(t, err)
	var doc struct{ Paths map[string]map[string]any }
	must(t, json.Unmarshal(raw, &doc))
	for _, pattern := range gate.Routes() {
		method, path, _ := strings.Cut(pattern, " ")
		if path == "/api/v1/openapi.json" || path == "/api/v1/console/stream" {
			continue
		}
		if doc.Paths[path][strings.ToLower(method)] == nil {
			t.Errorf("%s is not described", pattern)
		}
	}
}
