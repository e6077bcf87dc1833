package orgtest

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"cordboard/internal/crm"
	"cordboard/internal/crm/salesforce"
	"cordboard/internal/egress"
	"cordboard/internal/fault"
	"cordboard/internal/number"
	"cordboard/internal/simorg"
	"cordboard/internal/tenant"
)

// house is a connector before a running org, with everything kept in memory.
type house struct {
	*salesforce.Salesforce
	org *simorg.Org
	log *bytes.Buffer

	mu      sync.Mutex
	cfg     tenant.Config
	signons map[string]salesforce.SignOn
	secrets map[string][]byte
}

func open(t *testing.T, opt simorg.Options) *house {
	t.Helper()
	org, err := simorg.New(opt)
	if err != nil {
		t.Fatal(err)
	}
	if err := org.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = org.Stop(context.Background()) })
	out, err := egress.New(egress.Options{Allow: []string{"127.0.0.1"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(out.Close)
	h := &house{org: org, log: &bytes.Buffer{}, signons: map[string]salesforce.SignOn{}, secrets: map[string][]byte{}}
	h.cfg.Profile.Region = "US"
	h.cfg.Users = map[string]tenant.User{}
	h.cfg.ScreenPop.Connection = tenant.Connection{
		Environment: "custom", LoginURL: org.URL(), SignOns: []tenant.SignOn{tenant.SignOnPassword, tenant.SignOnJWT}, ConsumerKey: "cordboard",
	}
	h.Salesforce = salesforce.New(salesforce.Options{
		Config:  func() *tenant.Config { h.mu.Lock(); defer h.mu.Unlock(); c := h.cfg; return &c },
		SignOns: h, Vault: h, HTTP: out.Client(egress.Salesforce), Clock: time.Now, Logger: slog.New(slog.NewJSONHandler(h, nil)),
	})
	return h
}

// as signs an agent of the seed in with password and token.
func (h *house) as(t *testing.T, name string) string {
	t.Helper()
	so, err := h.Save(t.Context(), name, tenant.SignOnPassword, name+"@demo.example", "demo-pass", "TOK"+strings.ToUpper(name))
	if err != nil || so.Result != salesforce.Connected {
		t.Fatalf("%s: %+v, %v", name, so, err)
	}
	return name
}

func (h *house) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.log.Write(b)
}

func (h *house) SignOn(_ context.Context, agent string) (salesforce.SignOn, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s, ok := h.signons[agent]; ok {
		return s, nil
	}
	return salesforce.SignOn{Agent: agent, Result: salesforce.NotSetUp}, nil
}

func (h *house) PutSignOn(_ context.Context, s salesforce.SignOn) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.signons[s.Agent] = s
	return nil
}

func (h *house) DropSignOn(_ context.Context, agent string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.signons, agent)
	return nil
}

func (h *house) Put(_ context.Context, owner, name string, secret []byte) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.secrets[owner+"/"+name] = slices.Clone(secret)
	return nil
}

func (h *house) Get(_ context.Context, owner, name string) ([]byte, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.secrets[owner+"/"+name], nil
}

func (h *house) Drop(_ context.Context, owner, name string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.secrets, owner+"/"+name)
	return nil
}

func names(f crm.Found) string {
	var out []string
	for _, m := range f.Matches {
		out = append(out, string(m.Kind)+":"+m.Name)
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

func phone(e164 string) crm.Key { return crm.Key{By: crm.ByPhone, Value: e164, Region: "US"} }

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

func TestJWTAgainstTheOrg(t *testing.T) {
	h := open(t, simorg.Options{})
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_ = h.Put(t.Context(), salesforce.TenantOwner, salesforce.SecretJWTKey, pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
	h.cfg.Users["ada"] = tenant.User{ID: "ada", LoginID: "ada@demo.example"}
	h.cfg.Users["ben"] = tenant.User{ID: "ben", LoginID: "ben@demo.example"}
	// Before the app is there, and for a user who is not approved.
	if so, err := h.SignIn(t.Context(), "ada"); err != nil || so.Result != salesforce.NotApproved {
		t.Errorf("without app: %+v, %v", so, err)
	}
	if err := h.org.SetApp(simorg.App{Name: "Cordboard", ConsumerKey: "cordboard", PublicKey: &key.PublicKey, Users: []string{"ada@demo.example"}}); err != nil {
		t.Fatal(err)
	}
	so, err := h.SignIn(t.Context(), "ada")
	if err != nil || so.Result != salesforce.Connected || so.Message != "Connected as Ada Ng to Acme Trading." {
		t.Errorf("%+v, %v", so, err)
	}
	if so, err := h.SignIn(t.Context(), "ben"); err != nil || so.Result != salesforce.NotApproved {
		t.Errorf("not approved: %+v, %v", so, err)
	}
	if f, err := h.Find(t.Context(), "ada", phone("+14155550123")); err != nil || len(f.Matches) == 0 {
		t.Errorf("%s, %v", names(f), err)
	}
}

func TestSignOnRefusalsOfTheOrg(t *testing.T) {
	h := open(t, simorg.Options{})
	ada := "ada"
	save := func(password, token string) salesforce.SignOn {
		so, err := h.Save(t.Context(), ada, tenant.SignOnPassword, "ada@demo.example", password, token)
		if err != nil {
			t.Fatal(err)
		}
		return so
	}
	if so := save("demo-pass", ""); so.Result != salesforce.TokenMissing && so.Result != salesforce.InvalidLogin {
		t.Errorf("without token: %+v", so)
	}
	if so := save("demo-passTOKADA", ""); so.Result != salesforce.Connected {
		t.Errorf("token appended by hand: %+v", so)
	}
	for code, want := range map[string]salesforce.Result{"PASSWORD_LOCKOUT": salesforce.Locked, "LOGIN_DURING_RESTRICTED_TIME": salesforce.Restricted, "SERVER_UNAVAILABLE": salesforce.Unreachable} {
		_ = h.org.SetUser("ada@demo.example", simorg.UserChange{LoginFault: &code})
		if so := save("demo-pass", "TOKADA"); so.Result != want {
			t.Errorf("%s: %+v", code, so)
		}
	}
	none := ""
	_ = h.org.SetUser("ada@demo.example", simorg.UserChange{LoginFault: &none})
	// The password changes in Salesforce; the session goes; nothing is tried twice.
	save("demo-pass", "TOKADA")
	_ = h.org.SetPassword("ada@demo.example", "another")
	h.org.ExpireSessions("ada@demo.example")
	for range 12 { // more often than the org's lockout allows
		if _, err := h.Find(t.Context(), ada, phone("+14155550123")); !fault.Is(err, "INVALID_LOGIN") {
			t.Fatal(err)
		}
	}
	if so := save("another", "TOKADA"); so.Result != salesforce.Connected {
		t.Errorf("locked out by retries: %+v", so)
	}
	h.org.ExpireSessions("ada@demo.example")
	if f, err := h.Find(t.Context(), ada, phone("+14155550123")); err != nil || len(f.Matches) == 0 {
		t.Errorf("an expired session is renewed: %v", err)
	}
	if text := h.log.String(); strings.Contains(text, "demo-pass") || strings.Contains(text, "TOKADA") || strings.Contains(text, "00D000000000001") || strings.Contains(text, "4155550123") {
		t.Errorf("a secret or a number in the log:\n%s", text)
	}
}

func TestAPIAccessTakenAndGiven(t *testing.T) {
	h := open(t, simorg.Options{})
	mia := h.as(t, "mia")
	off, on := false, true
	if err := h.org.SetUser("mia@demo.example", simorg.UserChange{APIEnabled: &off}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Find(t.Context(), mia, phone("+14155550123")); !fault.Is(err, "API_DISABLED") {
		t.Errorf("taken while signed in: %v", err)
	}
	if so, err := h.Test(t.Context(), mia); err != nil || so.Result != salesforce.APIDisabled {
		t.Errorf("at sign-in: %+v, %v", so, err)
	}
	_ = h.org.SetUser("mia@demo.example", simorg.UserChange{APIEnabled: &on})
	if so, err := h.SignIn(t.Context(), mia); err != nil || so.Result != salesforce.Connected {
		t.Errorf("given back: %+v, %v", so, err)
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
