package salesforce_test

import (
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"strings"
	"testing"

	"cordboard/internal/crm"
	"cordboard/internal/fault"
)

// golden compares with a file under testdata; UPDATE_GOLDEN=1 writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := "testdata/" + name
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; got\n%s\nwant\n%s", name, got, want)
	}
}

func pretty(t *testing.T, v any) string {
	t.Helper()
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b) + "\n"
}

func TestReadIsOneRoundTrip(t *testing.T) {
	h := signedIn(t)
	h.org.says("POST /composite", 200, composed(
		records(contact(contactID, "Carla Customer", `"(415) 555-1212"`, `,"MobilePhone":null,"Email":"carla@x.example","Title":"Buyer","AccountId":"`+accountID+`","Account":{"Name":"Acme Ltd"},"Owner":{"Name":"Olga Owner"},"LastActivityDate":"2026-11-01"`)),
		records(`{"attributes":{"type":"Case"},"Id":"`+caseID+`","CaseNumber":"00001026","Subject":"Broken","Status":"New","CreatedDate":"2026-11-20T08:00:00.000+0000"}`),
		records(`{"attributes":{"type":"Task"},"Id":"`+taskID+`","Subject":"Inbound call","Status":"Completed","ActivityDate":"2026-11-01","CallDurationInSeconds":184}`),
	))
	rec, err := h.Read(t.Context(), agent, crm.Ref{Kind: crm.Contact, ID: contactID})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(h.org.seen("")); n != 1 {
		t.Errorf("%d round trips, want 1", n)
	}
	var body struct {
		Requests []struct{ URL string } `json:"compositeRequest"`
	}
	if err := json.Unmarshal([]byte(h.org.seen("POST /composite")[0].Body), &body); err != nil {
		t.Fatal(err)
	}
	var asked strings.Builder
	for _, r := range body.Requests {
		u, err := url.Parse(r.URL)
		if err != nil {
			t.Fatal(err)
		}
		asked.WriteString(u.Path + " " + u.Query().Get("q") + "\n")
	}
	golden(t, "read.soql", asked.String())
	golden(t, "read.json", strings.ReplaceAll(pretty(t, rec), h.org.srv.URL, "https://org.example"))
}

func TestReadOfARecordThatIsNotThereOrNotShared(t *testing.T) {
	h := signedIn(t)
	h.org.says("POST /composite", 200, composed(records(), records(), records()))
	if _, err := h.Read(t.Context(), agent, crm.Ref{Kind: crm.Contact, ID: contactID}); fault.KindOf(err) != fault.NotFound {
		t.Error(err)
	}
	for _, ref := range []crm.Ref{{Kind: crm.Contact, ID: "x' OR Id != '"}, {Kind: crm.Task, ID: taskID}, {Kind: "Moon", ID: contactID}} {
		if _, err := h.Read(t.Context(), agent, ref); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%+v: %v", ref, err)
		}
	}
}

func TestARelatedListThatFailsDoesNotHideTheRecord(t *testing.T) {
	h := signedIn(t)
	h.org.says("POST /composite", 200, composed(records(contact(contactID, "Carla", `null`, "")), refusal("INVALID_TYPE", "sObject type 'Case' is not supported."), records()))
	rec, err := h.Read(t.Context(), agent, crm.Ref{Kind: crm.Contact, ID: contactID})
	if err != nil || rec.Name != "Carla" || len(rec.Cases) != 0 {
		t.Errorf("%+v, %v", rec, err)
	}
	// A hidden field is described anew, and asked once more.
	h.org.says("POST /composite", 200, composed(refusal("INVALID_FIELD", "No such column 'Title' on entity 'Contact'."), records(), records()))
	h.org.clear()
	if _, err := h.Read(t.Context(), agent, crm.Ref{Kind: crm.Contact, ID: contactID}); !fault.Is(err, "INVALID_FIELD") || len(h.org.seen("POST /composite")) != 2 || len(h.org.seen("GET /sobjects/Contact")) != 1 {
		t.Errorf("%v", err)
	}
}

func TestForm(t *testing.T) {
	h := signedIn(t)
	for _, k := range []crm.Kind{crm.Contact, crm.Lead, crm.Case} {
		f, err := h.Form(t.Context(), agent, k)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "form-"+strings.ToLower(string(k))+".json", pretty(t, f))
	}
	if _, err := h.Form(t.Context(), agent, crm.Task); !fault.Is(err, "NOT_CREATABLE") {
		t.Error(err)
	}
	h.org.objects["Account"] = strings.Replace(h.org.objects["Account"], `"createable":true,"fields"`, `"createable":false,"fields"`, 1)
	_, _ = h.Test(t.Context(), agent)
	if _, err := h.Form(t.Context(), agent, crm.Account); fault.KindOf(err) != fault.Forbidden {
		t.Error(err)
	}
}

func TestCreate(t *testing.T) {
	h := signedIn(t)
	h.org.says("POST /sobjects/Contact", 201, `{"id":"`+contactID+`","success":true,"errors":[]}`)
	ref, err := h.Create(t.Context(), agent, crm.Contact, map[string]string{"LastName": "O'Hara", "Phone": "+14155551212", "Title": " ", "AccountId": accountID}, false)
	if err != nil || ref != (crm.Ref{Kind: crm.Contact, ID: contactID}) {
		t.Fatalf("%+v, %v", ref, err)
	}
	c := h.org.seen("POST /sobjects/Contact")[0]
	if c.Body != `{"AccountId":"`+accountID+`","LastName":"O'Hara","Phone":"+14155551212"}` {
		t.Errorf("sent %s", c.Body)
	}
	if got := c.Header.Get("Sforce-Duplicate-Rule-Header"); got != "allowSave=false; includeRecordDetails=true; runAsCurrentUser=true" {
		t.Errorf("duplicate header %q", got)
	}
	if _, err := h.Create(t.Context(), agent, crm.Contact, map[string]string{"LastName": "x"}, true); err != nil || !strings.HasPrefix(h.org.seen("POST /sobjects/Contact")[1].Header.Get("Sforce-Duplicate-Rule-Header"), "allowSave=true") {
		t.Errorf("saving anyway: %v", err)
	}
	// All of our own faults at once, before anything is sent.
	h.org.clear()
	_, err = h.Create(t.Context(), agent, crm.Contact, map[string]string{"AccountId": "x", "Nope__c": "1", "Id": "2"}, false)
	if f := fault.Of(err); f.Kind != fault.Invalid || len(f.Fields) != 3 || len(h.org.seen("POST")) != 0 {
		t.Errorf("%v", err)
	}
}

func TestCreateIsRefusedInSalesforcesWords(t *testing.T) {
	h := signedIn(t)
	h.org.says("POST /sobjects/Contact", 400, `[{"message":"Required fields are missing: [LastName]","errorCode":"REQUIRED_FIELD_MISSING","fields":["LastName"]},{"message":"Phones start with +","errorCode":"FIELD_CUSTOM_VALIDATION_EXCEPTION","fields":[]}]`)
	_, err := h.Create(t.Context(), agent, crm.Contact, map[string]string{"Phone": "1"}, false)
	f := fault.Of(err)
	if f.Kind != fault.Invalid || len(f.Fields) != 2 || f.Fields[0] != (fault.Field{Field: "LastName", Code: "REQUIRED_FIELD_MISSING", Message: "Required fields are missing: [LastName]"}) || f.Fields[1].Field != "" {
		t.Errorf("%+v", f)
	}
	h.org.says("POST /sobjects/Contact", 400, `[{"duplicateResult":{"allowSave":true,"duplicateRule":"Standard","errorMessage":"You're creating a duplicate record.","matchResults":[{"entityType":"Contact","matchRecords":[{"record":{"attributes":{"type":"Contact"},"Id":"`+contactID+`","Name":"Carla"}},{"record":{"attributes":{"type":"Contact"},"Id":"003000000000009AAA"}}]}]},"errorCode":"DUPLICATES_DETECTED","message":"You're creating a duplicate record. We recommend you use an existing record instead."}]`)
	_, err = h.Create(t.Context(), agent, crm.Contact, map[string]string{"LastName": "C"}, false)
	var d *crm.DuplicatesError
	if !errors.As(err, &d) || !d.MaySave || len(d.Matches) != 2 || d.Matches[0].Name != "Carla" || d.Matches[1].Name != "003000000000009AAA" || d.Message == "" {
		t.Errorf("%+v", err)
	}
	// A lost answer is never repeated by itself, and says so.
	for _, a := range []answer{{lose: true}, {status: 503}} {
		h.org.on("POST /sobjects/Contact", func(call) answer { return a })
		h.org.clear()
		if _, err := h.Create(t.Context(), agent, crm.Contact, map[string]string{"LastName": "C"}, false); !fault.Is(err, "UNSURE") || len(h.org.seen("POST /sobjects")) != 1 {
			t.Error(err)
		}
	}
}
