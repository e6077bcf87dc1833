package salesforce_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"cordboard/internal/crm"
	"cordboard/internal/fault"
)

func contact(id, name, phone, more string) string {
	return `{"attributes":{"type":"Contact","url":"/x"},"Id":"` + id + `","Name":"` + name + `","Phone":` + phone + more + `}`
}

func TestFindByPhoneAsksOnceOverAllSpellings(t *testing.T) {
	h := signedIn(t)
	h.org.says("GET /search", 200, found(
		contact(contactID, "Carla Customer", `"(415) 555-1212"`, `,"AccountId":"`+accountID+`","Account":{"attributes":{"type":"Account"},"Name":"Acme Ltd"},"LastActivityDate":"2026-11-01"`),
		contact("003000000000002AAA", "Dora Drop", `"(415) 555-9999"`, ""),
		`{"attributes":{"type":"Account"},"Id":"`+accountID+`","Name":"Acme Ltd","Phone":"415.555.1212 x3"}`,
		`{"attributes":{"type":"Lead"},"Id":"`+leadID+`","Name":"Leo Lead","Company":"Leads Inc","Phone":null,"MobilePhone":"001 415 555 1212"}`,
	))
	f, err := h.Find(t.Context(), agent, byPhone)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(h.org.seen("")); n != 1 {
		t.Errorf("%d round trips, want 1", n)
	}
	want := `FIND {\+14155551212 OR 14155551212 OR 4155551212 OR "\(415\) 555\-1212" OR "\+1 415\-555\-1212" OR 415\-555\-1212 OR 01114155551212 OR 0014155551212} IN PHONE FIELDS RETURNING ` +
		`Account(Id, Name, LastActivityDate, Phone ORDER BY LastActivityDate DESC NULLS LAST LIMIT 50), ` +
		`Contact(Id, Name, AccountId, Account.Name, LastActivityDate, Phone, MobilePhone, HomePhone ORDER BY LastActivityDate DESC NULLS LAST LIMIT 50), ` +
		`Lead(Id, Name, Company, LastActivityDate, Phone, MobilePhone WHERE IsConverted = false ORDER BY LastActivityDate DESC NULLS LAST LIMIT 50) LIMIT 200`
	want = strings.Replace(want, "Lead(Id, Name, Company, LastActivityDate, Phone, MobilePhone WHERE", "Lead(Id, Name, Company, LastActivityDate, Phone, MobilePhone WHERE", 1)
	if got := h.org.seen("GET /search")[0].Query; got != want {
		t.Errorf("asked\n%s\nwant\n%s", got, want)
	}
	var got []string
	for _, m := range f.Matches {
		if !m.Exact {
			t.Errorf("live search knows exact matches only: %+v", m)
		}
		got = append(got, fmt.Sprintf("%s %s %s|%s|%s", m.Kind, m.Name, m.MatchedOn, m.Company, m.LastActivity))
	}
	if s := strings.Join(got, "; "); s != "Contact Carla Customer Phone|Acme Ltd|2026-11-01; Account Acme Ltd Phone||; Lead Leo Lead Mobile Phone|Leads Inc|" {
		t.Errorf("found %s", s)
	}
	if f.As != "Ada Agent" || f.Source != "live" || f.More {
		t.Errorf("%+v", f)
	}
	if u := f.Matches[0].URL; u != h.org.srv.URL+"/lightning/r/Contact/"+contactID+"/view" {
		t.Errorf("address %s", u)
	}
}

// MAT-11: what this user cannot see is neither asked for nor shown.
func TestHiddenFieldsAndObjectsAreNeverAskedFor(t *testing.T) {
	h := newHouse(t)
	h.org.objects["Contact"] = object("Contact", "Id:id", "Name:string", "MobilePhone:phone")
	h.org.objects["Lead"] = ""
	h.org.objects["Account"] = object("Account", "Id:id", "Name:string")
	_, _ = h.Save(t.Context(), agent, "password", "ada@acme.example", "p", "")
	h.org.clear()
	h.org.says("GET /search", 200, found(contact(contactID, "Carla", `"+14155551212"`, `,"MobilePhone":null`)))
	f, err := h.Find(t.Context(), agent, byPhone)
	if err != nil || len(f.Matches) != 0 {
		t.Errorf("a hidden field matched: %+v, %v", f, err)
	}
	if q := h.org.seen("GET /search")[0].Query; !strings.HasSuffix(q, "RETURNING Contact(Id, Name, MobilePhone LIMIT 50) LIMIT 200") {
		t.Errorf("asked %s", q)
	}
	h.org.objects["Contact"] = ""
	_, _ = h.Test(t.Context(), agent)
	h.org.clear()
	if f, err := h.Find(t.Context(), agent, byPhone); err != nil || len(f.Matches) != 0 || len(h.org.seen("")) != 0 {
		t.Errorf("nothing visible: %+v, %v, %d calls", f, err, len(h.org.seen("")))
	}
}

func TestAFieldThatWasHiddenMeanwhileIsDescribedAnewOnce(t *testing.T) {
	h := signedIn(t)
	h.org.on("GET /search", func(c call) answer {
		if strings.Contains(c.Query, "HomePhone") {
			return answer{status: 400, body: refusal("INVALID_FIELD", "No such column 'HomePhone' on entity 'Contact'.")}
		}
		return answer{status: 200, body: found()}
	})
	h.org.objects["Contact"] = object("Contact", "Id:id", "Name:string", "Phone:phone")
	if _, err := h.Find(t.Context(), agent, byPhone); err != nil {
		t.Fatal(err)
	}
	h.org.says("GET /search", 400, refusal("INVALID_FIELD", "No such column 'Phone' on entity 'Contact'."))
	h.org.clear()
	if _, err := h.Find(t.Context(), agent, byPhone); !fault.Is(err, "INVALID_FIELD") || len(h.org.seen("GET /search")) != 2 {
		t.Errorf("%v after %d searches", err, len(h.org.seen("GET /search")))
	}
}

func TestOrderAndCounts(t *testing.T) {
	h := signedIn(t)
	var rows []string
	for i := range 25 {
		rows = append(rows, contact(fmt.Sprintf("0030000000001%02dAAA", i), fmt.Sprintf("C%02d", i), `"4155551212"`, fmt.Sprintf(`,"LastActivityDate":"2026-10-%02d"`, i+1)))
	}
	for i := range 25 {
		rows = append(rows, fmt.Sprintf(`{"attributes":{"type":"Lead"},"Id":"00Q0000000001%02dAAA","Name":"L","Phone":"4155551212"}`, i),
			fmt.Sprintf(`{"attributes":{"type":"Account"},"Id":"0010000000001%02dAAA","Name":"A","Phone":"4155551212"}`, i))
	}
	h.org.says("GET /search", 200, found(rows...))
	f, err := h.Find(t.Context(), agent, byPhone)
	if err != nil || len(f.Matches) != 50 || !f.More {
		t.Fatalf("%d matches, more %v, %v", len(f.Matches), f.More, err)
	}
	if f.Matches[0].Name != "C24" || f.Matches[19].Kind != crm.Contact || f.Matches[20].Kind != crm.Account || f.Matches[20].ID != "001000000000100AAA" || f.Matches[40].Kind != crm.Lead {
		t.Errorf("order: %+v", f.Matches[:3])
	}
}

func TestPersonAccounts(t *testing.T) {
	h := newHouse(t)
	h.org.objects["Account"] = object("Account", "Id:id", "Name:string", "Phone:phone", "IsPersonAccount:boolean", "PersonContactId:reference", "PersonMobilePhone:phone", "PersonEmail:email")
	h.org.objects["Contact"] = object("Contact", "Id:id", "Name:string", "Phone:phone", "MobilePhone:phone", "AccountId:reference", "IsPersonAccount:boolean", "Email:email")
	_, _ = h.Save(t.Context(), agent, "password", "ada@acme.example", "p", "")
	person := `{"attributes":{"type":"Account"},"Id":"` + accountID + `","Name":"Pia Person","IsPersonAccount":true,"PersonContactId":"` + contactID + `","PersonMobilePhone":"415 555 1212","PersonEmail":"pia@x.example"}`
	half := contact(contactID, "Pia Person", `null`, `,"MobilePhone":"415 555 1212","AccountId":"`+accountID+`","IsPersonAccount":true`)
	for _, rows := range [][]string{{person, half}, {half}, {person}} {
		h.org.says("GET /search", 200, found(rows...))
		f, err := h.Find(t.Context(), agent, byPhone)
		if err != nil || len(f.Matches) != 1 {
			t.Fatalf("%+v, %v", f, err)
		}
		if m := f.Matches[0]; m.Kind != crm.PersonAccount || m.ID != accountID || m.ContactID != contactID || !strings.Contains(m.URL, "/lightning/r/Account/"+accountID) {
			t.Errorf("%+v", m)
		}
	}
}

func TestFindByEmailAndCase(t *testing.T) {
	h := signedIn(t)
	h.org.says("POST /composite", 200, composed(records(contact(contactID, "Carla", `null`, `,"Email":"O'Hara@X.example"`)), records()))
	f, err := h.Find(t.Context(), agent, crm.Key{By: crm.ByEmail, Value: `o'hara@x.example`})
	if err != nil || len(f.Matches) != 1 || f.Matches[0].MatchedOn != "Email" || len(h.org.seen("")) != 1 {
		t.Fatalf("%+v, %v, %d calls", f, err, len(h.org.seen("")))
	}
	if b := h.org.seen("POST /composite")[0].Body; !strings.Contains(b, "Email+%3D+%27o%5C%5C%27hara%40x.example%27") && !strings.Contains(b, `%27o%5C%27hara%40x.example%27`) {
		t.Errorf("the quote is not escaped: %s", b)
	}
	h.org.says("GET /query", 200, records(`{"attributes":{"type":"Case"},"Id":"`+caseID+`","CaseNumber":"00001026","Subject":"Broken","Status":"Closed","IsClosed":true,"ContactId":"`+contactID+`","Contact":{"Name":"Carla"},"AccountId":"`+accountID+`","Account":{"Name":"Acme Ltd"},"LastModifiedDate":"2026-11-20T08:00:00.000+0000"}`))
	h.org.clear()
	f, err = h.Find(t.Context(), agent, crm.Key{By: crm.ByCase, Value: "# 1026"})
	if err != nil || len(f.Matches) != 3 {
		t.Fatalf("%+v, %v", f, err)
	}
	if m := f.Matches[0]; m.Kind != crm.Case || m.Name != "00001026 Broken" || !m.Closed || m.ContactID != contactID || m.LastActivity != "2026-11-20" {
		t.Errorf("%+v", m)
	}
	if f.Matches[1].Kind != crm.Contact || f.Matches[1].Company != "Acme Ltd" || f.Matches[2].Kind != crm.Account {
		t.Errorf("%+v", f.Matches)
	}
	if q := h.org.seen("GET /query")[0].Query; !strings.HasSuffix(q, "FROM Case WHERE CaseNumber IN ('1026', '00001026') LIMIT 50") {
		t.Errorf("asked %s", q)
	}
}

func TestFindByText(t *testing.T) {
	h := signedIn(t)
	h.org.says("GET /search", 200, found(contact(contactID, "Carla", `null`, "")))
	f, err := h.Find(t.Context(), agent, crm.Key{By: crm.ByText, Value: "car} OR acme*"})
	if err != nil || len(f.Matches) != 1 {
		t.Fatalf("%+v, %v", f, err)
	}
	if q := h.org.seen("GET /search")[0].Query; !strings.HasPrefix(q, `FIND {car\}* AND OR* AND acme\**} IN ALL FIELDS`) {
		t.Errorf("asked %s", q)
	}
}

func TestAFailedSearchIsAFaultNeverAnEmptyAnswer(t *testing.T) {
	for _, c := range []struct {
		answer  answer
		code    string
		verdict fault.Verdict
	}{
		{answer{lose: true}, "UNREACHABLE", fault.Retry},
		{answer{status: 503, body: "<html>"}, "HTTP_503", fault.Retry},
		{answer{status: 500, body: refusal("UNKNOWN_EXCEPTION", "An unexpected error occurred.")}, "UNKNOWN_EXCEPTION", fault.Retry},
		{answer{status: 403, body: refusal("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")}, "REQUEST_LIMIT_EXCEEDED", fault.PauseLane},
		{answer{status: 200, body: "not json"}, "UNREADABLE_ANSWER", fault.Retry},
		{answer{status: 400, body: refusal("MALFORMED_SEARCH", "No search term found.")}, "MALFORMED_SEARCH", fault.Park},
	} {
		h := signedIn(t)
		h.org.on("GET /search", func(call) answer { return c.answer })
		_, err := h.Find(t.Context(), agent, byPhone)
		if f := fault.Of(err); err == nil || f.Code != c.code || f.Verdict != c.verdict || f.Message == "" {
			t.Errorf("%+v: %v", c.answer, err)
		}
	}
	h := signedIn(t)
	for _, k := range []crm.Key{{By: crm.ByText, Value: `" \ * x {{`}, {By: crm.ByPhone}, {By: crm.ByPhone, Value: "+1", Refusal: crm.Withheld}, {By: "moon", Value: "x"}} {
		if _, err := h.Find(t.Context(), agent, k); !fault.Is(err, "NOT_SEARCHABLE") {
			t.Errorf("%+v: %v", k, err)
		}
	}
}

func TestASearchEndsAfterThreeSeconds(t *testing.T) {
	h := signedIn(t)
	free := make(chan struct{})
	t.Cleanup(func() { close(free) })
	h.org.on("GET /search", func(call) answer { <-free; return answer{status: 200, body: found()} })
	start := time.Now()
	_, err := h.Find(t.Context(), agent, byPhone)
	if f := fault.Of(err); f.Code != "UNREACHABLE" || f.Message != "it did not answer in time" {
		t.Errorf("%v", err)
	}
	if took := time.Since(start); took < 2900*time.Millisecond || took > 6*time.Second {
		t.Errorf("took %s", took)
	}
}

// MAT-13 and MAT-9: a record made from the console is found although the search does not know it, read as whoever asks.
func TestARecordJustCreatedIsFoundAtOnce(t *testing.T) {
	h := signedIn(t)
	h.org.says("POST /sobjects/Contact", 201, `{"id":"`+contactID+`","success":true,"errors":[]}`)
	if _, err := h.Create(t.Context(), agent, crm.Contact, map[string]string{"LastName": "New", "Phone": "(415) 555-1212", "Email": "new@x.example"}, false); err != nil {
		t.Fatal(err)
	}
	h.org.says("GET /search", 200, found())
	h.org.says("GET /query", 200, records(contact(contactID, "New", `"(415) 555-1212"`, "")))
	f, err := h.Find(t.Context(), agent, byPhone)
	if err != nil || len(f.Matches) != 1 || f.Matches[0].ID != contactID {
		t.Fatalf("%+v, %v", f, err)
	}
	if q := h.org.seen("GET /query")[0].Query; !strings.HasSuffix(q, "FROM Contact WHERE Id IN ('"+contactID+"')") {
		t.Errorf("asked %s", q)
	}
	// Known to the search: not asked twice, not shown twice.
	h.org.clear()
	h.org.says("GET /search", 200, found(contact(contactID, "New", `"(415) 555-1212"`, "")))
	if f, err := h.Find(t.Context(), agent, byPhone); err != nil || len(f.Matches) != 1 || len(h.org.seen("GET /query")) != 0 {
		t.Errorf("%+v, %v", f, err)
	}
	// Changed or deleted meanwhile: what the agent reads now is what counts.
	h.org.says("GET /search", 200, found())
	h.org.says("GET /query", 200, records())
	if f, err := h.Find(t.Context(), agent, byPhone); err != nil || len(f.Matches) != 0 {
		t.Errorf("%+v, %v", f, err)
	}
	h.pass(16 * time.Minute)
	h.org.clear()
	if _, err := h.Find(t.Context(), agent, byPhone); err != nil || len(h.org.seen("GET /query")) != 0 {
		t.Errorf("remembered too long: %v", err)
	}
}

func TestDescriptionsAreAskedAgainCheaply(t *testing.T) {
	h := newHouse(t)
	for _, name := range []string{"Account", "Contact", "Lead", "Case", "Task"} {
		body := h.org.objects[name]
		h.org.on("GET /sobjects/"+name+"/describe", func(c call) answer {
			if c.Header.Get("If-Modified-Since") != "" {
				return answer{status: 304}
			}
			return answer{status: 200, body: body, header: map[string]string{"Last-Modified": "Sun, 22 Nov 2026 14:00:00 GMT"}}
		})
	}
	_, _ = h.Save(t.Context(), agent, "password", "ada@acme.example", "p", "")
	h.org.says("GET /search", 200, found())
	h.pass(2 * time.Hour)
	h.org.clear()
	for range 2 {
		if _, err := h.Find(t.Context(), agent, byPhone); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(h.org.seen("GET /sobjects")); n != 4 {
		t.Errorf("%d descriptions asked, want 4", n)
	}
	if q := h.org.seen("GET /search")[1].Query; !strings.Contains(q, "HomePhone") {
		t.Errorf("fields lost: %s", q)
	}
}
