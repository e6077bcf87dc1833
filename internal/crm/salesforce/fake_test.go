package salesforce_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"cordboard/internal/crm/salesforce"
	"cordboard/internal/tenant"
)

// Ids of the fake org.
const (
	userID    = "005000000000001AAA"
	orgID     = "00D000000000001EAA"
	contactID = "003000000000001AAA"
	accountID = "001000000000001AAA"
	leadID    = "00Q000000000001AAA"
	caseID    = "500000000000001AAA"
	taskID    = "00T000000000001AAA"
)

// call is one request that the fake org got.
type call struct {
	Method, Path, Query, Body string
	Header                    http.Header
}

// answer is what a handler gives back.
type answer struct {
	status int
	body   string
	header map[string]string
	lose   bool // drop the connection instead
}

// org is a hand-written org: default answers of the documentation, replaced per test.
type org struct {
	t   *testing.T
	srv *httptest.Server

	mu       sync.Mutex
	calls    []call
	handlers map[string]func(call) answer // "METHOD path" below /services/data/v64.0, or the whole path
	objects  map[string]string            // describe answers
	logins   int
}

func newOrg(t *testing.T) *org {
	o := &org{t: t, handlers: map[string]func(call) answer{}, objects: map[string]string{}}
	o.srv = httptest.NewServer(http.HandlerFunc(o.serve))
	t.Cleanup(o.srv.Close)
	o.objects["Account"] = object("Account", "Id:id", "Name:string", "Phone:phone", "Fax:phone", "Website:url", "OwnerId:reference", "LastActivityDate:date")
	o.objects["Contact"] = object("Contact", "Id:id", "Name:string", "FirstName:string", "LastName:string!", "AccountId:reference>Account", "Title:string",
		"Phone:phone", "MobilePhone:phone", "HomePhone:phone", "Fax:phone", "Email:email", "OwnerId:reference", "LastActivityDate:date")
	o.objects["Lead"] = object("Lead", "Id:id", "Name:string", "LastName:string!", "Company:string!", "Phone:phone", "MobilePhone:phone", "Email:email", "IsConverted:boolean", "OwnerId:reference", "LastActivityDate:date")
	o.objects["Case"] = object("Case", "Id:id", "CaseNumber:string-", "Subject:string", "Status:picklist=New|Closed", "Origin:picklist=Phone|Email|Web", "IsClosed:boolean-", "ContactId:reference>Contact", "AccountId:reference>Account",
		"SuppliedPhone:string", "CreatedDate:datetime-", "LastModifiedDate:datetime-")
	o.objects["Task"] = object("Task", "Id:id", "Subject:combobox", "Status:picklist", "Priority:picklist", "ActivityDate:date", "OwnerId:reference", "Type:picklist", "TaskSubtype:picklist", "CallType:picklist",
		"CallDurationInSeconds:int", "CallDisposition:string", "CallObject:string", "Description:textarea", "WhoId:reference", "WhatId:reference", "AccountId:reference-", "CreatedDate:datetime-", "CC_Interaction_Key__c:string")
	o.on("POST /services/Soap/u/64.0", func(call) answer {
		o.mu.Lock()
		o.logins++
		o.mu.Unlock()
		return answer{status: 200, body: o.granted("SESSION1")}
	})
	return o
}

// object writes a describe answer. Field notation: name:type, "!" required, "-" not createable, ">X" reference, "=a|b" picklist.
func object(name string, fields ...string) string {
	type m = map[string]any
	var out []m
	for _, f := range fields {
		n, typ, _ := strings.Cut(f, ":")
		typ, refs, _ := strings.Cut(typ, ">")
		typ, values, _ := strings.Cut(typ, "=")
		required, fixed := strings.HasSuffix(typ, "!"), strings.HasSuffix(typ, "-") || typ == "id"
		typ = strings.Trim(typ, "!-")
		d := m{"name": n, "label": strings.TrimSuffix(label(n), " Id") + map[bool]string{true: " ID"}[typ == "reference"], "type": typ, "createable": !fixed, "nillable": !required, "defaultedOnCreate": false, "length": 255}
		if n == "Description" {
			d["length"] = 32000
		}
		if refs != "" {
			d["referenceTo"] = []string{refs}
		}
		var picks []m
		for v := range strings.SplitSeq(values, "|") {
			if v != "" {
				picks = append(picks, m{"value": v, "label": v, "active": true, "defaultValue": len(picks) == 0})
			}
		}
		d["picklistValues"] = picks
		out = append(out, d)
	}
	b, _ := json.Marshal(m{"name": name, "label": name, "createable": true, "fields": out})
	return string(b)
}

// label spaces a name as Salesforce's labels do: MobilePhone, Mobile Phone.
func label(n string) string {
	var b strings.Builder
	for i, r := range n {
		if i > 0 && r >= 'A' && r <= 'Z' {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func (o *org) on(what string, h func(call) answer) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.handlers[what] = h
}

// says answers a request always alike.
func (o *org) says(what string, status int, body string) {
	o.on(what, func(call) answer { return answer{status: status, body: body} })
}

func (o *org) serve(w http.ResponseWriter, r *http.Request) {
	b, _ := io.ReadAll(r.Body)
	path := strings.TrimPrefix(r.URL.Path, "/services/data/v64.0")
	c := call{r.Method, path, r.URL.Query().Get("q"), string(b), r.Header.Clone()}
	o.mu.Lock()
	o.calls = append(o.calls, c)
	h := o.handlers[r.Method+" "+path]
	object, described := strings.CutSuffix(strings.TrimPrefix(path, "/sobjects/"), "/describe")
	desc := o.objects[object]
	o.mu.Unlock()
	a := answer{status: 404, body: `[{"errorCode":"NOT_FOUND","message":"The requested resource does not exist"}]`}
	switch {
	case h != nil:
		a = h(c)
	case described && desc != "":
		a = answer{status: 200, body: desc}
	}
	if a.lose {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Sforce-Limit-Info", "api-usage=18/5000")
	for k, v := range a.header {
		w.Header().Set(k, v)
	}
	w.WriteHeader(a.status)
	_, _ = io.WriteString(w, a.body)
}

// seen are the requests so far whose "METHOD path" begins with what; take also forgets all.
func (o *org) seen(what string) (out []call) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, c := range o.calls {
		if strings.HasPrefix(c.Method+" "+c.Path, what) {
			out = append(out, c)
		}
	}
	return out
}

func (o *org) clear() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.calls = nil
}

// granted is the documented answer to login().
func (o *org) granted(session string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:partner.soap.sforce.com" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><loginResponse><result>` +
		`<metadataServerUrl>` + o.srv.URL + `/services/Soap/m/64.0/00D000000000001</metadataServerUrl><passwordExpired>false</passwordExpired><sandbox>false</sandbox>` +
		`<serverUrl>` + o.srv.URL + `/services/Soap/u/64.0/00D000000000001</serverUrl><sessionId>` + session + `</sessionId><userId>` + userID + `</userId>` +
		`<userInfo><organizationId>` + orgID + `</organizationId><organizationName>Acme</organizationName><roleId xsi:nil="true"/><userFullName>Ada Agent</userFullName></userInfo>` +
		`</result></loginResponse></soapenv:Body></soapenv:Envelope>`
}

// fault is the documented refusal of login().
func soapFault(code, text string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:sf="urn:fault.partner.soap.sforce.com" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><soapenv:Fault><faultcode>sf:` + code + `</faultcode><faultstring>` + code + `: ` + text + `</faultstring><detail><sf:LoginFault xsi:type="sf:LoginFault"><sf:exceptionCode>` + code + `</sf:exceptionCode><sf:exceptionMessage>` + text + `</sf:exceptionMessage></sf:LoginFault></detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>`
}

// refusal is one error of the REST API.
func refusal(code, message string, fields ...string) string {
	b, _ := json.Marshal([]map[string]any{{"errorCode": code, "message": message, "fields": append([]string{}, fields...)}})
	return string(b)
}

// records is the answer to a query or, as searchRecords, to a search.
func records(rows ...string) string {
	return `{"totalSize":1,"done":true,"records":[` + strings.Join(rows, ",") + `]}`
}

func found(rows ...string) string { return `{"searchRecords":[` + strings.Join(rows, ",") + `]}` }

// composed wraps query answers as a composite does.
func composed(bodies ...string) string {
	var parts []string
	for _, b := range bodies {
		status := "200"
		if strings.HasPrefix(b, "[") {
			status = "400"
		}
		parts = append(parts, `{"body":`+b+`,"httpHeaders":{},"httpStatusCode":`+status+`,"referenceId":"q"}`)
	}
	return `{"compositeResponse":[` + strings.Join(parts, ",") + `]}`
}

// house is what surrounds the connector in a test.
type house struct {
	*salesforce.Salesforce
	org *org

	mu      sync.Mutex
	cfg     tenant.Config
	now     time.Time
	stored  map[string]salesforce.SignOn
	secrets map[string]string
	heard   []salesforce.SignOn
}

const agent = "ag0000000000000000000001"

func newHouse(t *testing.T) *house {
	o := newOrg(t)
	h := &house{org: o, now: time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC), stored: map[string]salesforce.SignOn{}, secrets: map[string]string{}}
	h.cfg.Users = map[string]tenant.User{agent: {ID: agent}}
	h.cfg.Profile.Region = "US"
	h.cfg.ScreenPop.Connection = tenant.Connection{
		Environment: "custom", LoginURL: o.srv.URL, SignOns: []tenant.SignOn{tenant.SignOnPassword, tenant.SignOnJWT}, ConsumerKey: "consumer",
	}
	tr := &http.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	h.Salesforce = salesforce.New(salesforce.Options{
		Config:  func() *tenant.Config { h.mu.Lock(); defer h.mu.Unlock(); c := h.cfg; return &c },
		SignOns: h, Vault: h, Clock: h.clock, Logger: slog.New(slog.DiscardHandler),
		HTTP:     &http.Client{Transport: tr, Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		OnSignOn: func(s salesforce.SignOn) { h.mu.Lock(); defer h.mu.Unlock(); h.heard = append(h.heard, s) },
	})
	return h
}

// signedIn is a house whose agent is signed in and described, with the calls for it forgotten.
func signedIn(t *testing.T) *house {
	t.Helper()
	h := newHouse(t)
	if so, err := h.Save(t.Context(), agent, tenant.SignOnPassword, "ada@acme.example", "mycode", "xxxxx"); err != nil || so.Result != salesforce.Connected {
		t.Fatalf("signing in: %+v, %v", so, err)
	}
	h.org.clear()
	return h
}

func (h *house) clock() time.Time { h.mu.Lock(); defer h.mu.Unlock(); return h.now }

func (h *house) pass(d time.Duration) { h.mu.Lock(); defer h.mu.Unlock(); h.now = h.now.Add(d) }

func (h *house) SignOn(_ context.Context, agent string) (salesforce.SignOn, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s, ok := h.stored[agent]; ok {
		return s, nil
	}
	return salesforce.SignOn{Agent: agent, Result: salesforce.NotSetUp}, nil
}

func (h *house) PutSignOn(_ context.Context, s salesforce.SignOn) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stored[s.Agent] = s
	return nil
}

func (h *house) DropSignOn(_ context.Context, agent string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.stored, agent)
	return nil
}

func (h *house) Put(_ context.Context, owner, name string, secret []byte) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.secrets[owner+"/"+name] = string(secret)
	return nil
}

func (h *house) Get(_ context.Context, owner, name string) ([]byte, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s, ok := h.secrets[owner+"/"+name]; ok {
		return []byte(s), nil
	}
	return nil, nil
}

func (h *house) Drop(_ context.Context, owner, name string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.secrets, owner+"/"+name)
	return nil
}
