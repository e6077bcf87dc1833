package salesforce_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"cordboard/internal/crm"
	"cordboard/internal/fault"
)

const (
	logKey  = "abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrst"
	keyPath = "/sobjects/Task/CC_Interaction_Key__c/" + logKey
	written = `{"id":"` + taskID + `","success":true,"errors":[],"created":true}`
)

func entry() crm.Entry {
	return crm.Entry{
		Key: logKey, Subject: "Inbound call +14155551212 2026-11-22 14:02", Description: "Duration: 00:03:04", Date: "2026-11-22",
		Type: "Call", Subtype: "Call", CallType: "Inbound", Duration: 184, Disposition: "Resolved", Object: "int-1-phone-01-acme/1",
		Who: crm.Ref{Kind: crm.Contact, ID: contactID}, What: crm.Ref{Kind: crm.Account, ID: accountID},
	}
}

func sent(t *testing.T, c call) map[string]any {
	t.Helper()
	m := map[string]any{}
	if err := json.Unmarshal([]byte(c.Body), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestLogIsOneUpsertByTheUniqueKey(t *testing.T) {
	h := signedIn(t)
	h.org.says("PATCH "+keyPath, 201, written)
	got, err := h.Log(t.Context(), agent, entry())
	if err != nil || !got.Created || got.Ref != (crm.Ref{Kind: crm.Task, ID: taskID}) || len(got.Adjusted) != 0 || !strings.HasSuffix(got.URL, "/lightning/r/Task/"+taskID+"/view") {
		t.Fatalf("%+v, %v", got, err)
	}
	if n := len(h.org.seen("")); n != 1 {
		t.Errorf("%d calls, want 1", n)
	}
	golden(t, "task.json", pretty(t, sent(t, h.org.seen("PATCH")[0])))
	// Again, after a lost answer: the same request, the same Task.
	h.org.says("PATCH "+keyPath, 200, strings.Replace(written, `"created":true`, `"created":false`, 1))
	if got, err := h.Log(t.Context(), agent, entry()); err != nil || got.Created || got.Ref.ID != taskID {
		t.Errorf("%+v, %v", got, err)
	}
	if p := h.org.seen("PATCH"); p[0].Body != p[1].Body {
		t.Errorf("the repeat differs:\n%s\n%s", p[0].Body, p[1].Body)
	}
}

func TestALeadHasNoWhatAndAChatNoCallFields(t *testing.T) {
	h := signedIn(t)
	h.org.says("PATCH "+keyPath, 201, written)
	e := entry()
	e.Who, e.Type, e.Subtype, e.CallType = crm.Ref{Kind: crm.Lead, ID: leadID}, "Other", "Task", ""
	if _, err := h.Log(t.Context(), agent, e); err != nil {
		t.Fatal(err)
	}
	b := sent(t, h.org.seen("PATCH")[0])
	for _, no := range []string{"WhatId", "CallType", "CallDurationInSeconds"} {
		if _, there := b[no]; there {
			t.Errorf("%s was sent", no)
		}
	}
	if b["WhoId"] != leadID || b["TaskSubtype"] != "Task" {
		t.Errorf("%v", b)
	}
}

// LOG-18's table, each row with what Salesforce says first, and then.
func TestLogReactions(t *testing.T) {
	const ok = ""
	for _, c := range []struct {
		name    string
		first   answer
		code    string // of the fault; ok = written after the reaction
		verdict fault.Verdict
		kind    fault.Kind
		tries   int
		gone    string // fields that the last try must not hold
		said    string // within Adjusted
	}{
		{"lost", answer{lose: true}, "UNREACHABLE", fault.Retry, fault.Unavailable, 1, "", ""},
		{"500", answer{status: 500, body: refusal("UNKNOWN_EXCEPTION", "oops")}, "UNKNOWN_EXCEPTION", fault.Retry, fault.Unavailable, 1, "", ""},
		{"502", answer{status: 502, body: "<html>"}, "HTTP_502", fault.Retry, fault.Unavailable, 1, "", ""},
		{"503", answer{status: 503, body: refusal("SERVER_UNAVAILABLE", "down")}, "SERVER_UNAVAILABLE", fault.Retry, fault.Unavailable, 1, "", ""},
		{"unreadable", answer{status: 200, body: "{"}, "UNREADABLE_ANSWER", fault.Retry, fault.Unavailable, 1, "", ""},
		{"lock", answer{status: 400, body: refusal("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record or 1 records: 001")}, "UNABLE_TO_LOCK_ROW", fault.Retry, fault.Unavailable, 1, "", ""},
		{"daily", answer{status: 403, body: refusal("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")}, "REQUEST_LIMIT_EXCEEDED", fault.PauseLane, fault.TooMany, 1, "", ""},
		{"concurrent", answer{status: 403, body: refusal("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded.")}, "CONCURRENT_LIMIT", fault.Retry, fault.TooMany, 1, "", ""},
		{"api off", answer{status: 403, body: refusal("API_DISABLED_FOR_ORG", "off")}, "API_DISABLED", fault.ParkLane, fault.Unavailable, 1, "", ""},
		{"not unique", answer{status: 300, body: `["/services/data/v64.0/sobjects/Task/00Ta","/services/data/v64.0/sobjects/Task/00Tb"]`}, "NOT_UNIQUE", fault.ParkLane, fault.Unavailable, 1, "", ""},
		{"version", answer{status: 410, body: refusal("UNSUPPORTED_API_VERSION", "retired")}, "UNSUPPORTED_API_VERSION", fault.ParkLane, fault.Unavailable, 1, "", ""},
		{"scratch", answer{status: 420, body: ""}, "HTTP_420", fault.ParkLane, fault.Unavailable, 1, "", ""},
		{"parser", answer{status: 400, body: refusal("JSON_PARSER_ERROR", "Unexpected character")}, "JSON_PARSER_ERROR", fault.Park, fault.Internal, 1, "", ""},
		{"method", answer{status: 405, body: ""}, "HTTP_405", fault.Park, fault.Internal, 1, "", ""},
		{"required", answer{status: 400, body: refusal("REQUIRED_FIELD_MISSING", "Required fields are missing: [Region__c]", "Region__c")}, "REQUIRED_FIELD_MISSING", fault.Park, fault.Invalid, 1, "", ""},
		{"validation", answer{status: 400, body: refusal("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Calls need a code")}, "FIELD_CUSTOM_VALIDATION_EXCEPTION", fault.Park, fault.Invalid, 1, "", ""},
		{"picklist", answer{status: 400, body: refusal("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "Type: bad value for restricted picklist field: Call", "Type")}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", fault.Park, fault.Invalid, 1, "", ""},
		{"bad id", answer{status: 400, body: refusal("MALFORMED_ID", "WhoId: id value of incorrect type", "WhoId")}, "MALFORMED_ID", fault.Park, fault.Invalid, 1, "", ""},
		{"wrong who", answer{status: 400, body: refusal("FIELD_INTEGRITY_EXCEPTION", "Name ID: id value of incorrect type: 001", "WhoId")}, "FIELD_INTEGRITY_EXCEPTION", fault.Park, fault.Invalid, 1, "", ""},
		{"other duplicate", answer{status: 400, body: refusal("DUPLICATE_VALUE", "duplicate value found: Other__c duplicates value on record with id: 00T")}, "DUPLICATE_VALUE", fault.Park, fault.Invalid, 1, "", ""},
		{"unknown 400", answer{status: 400, body: refusal("SOMETHING_NEW", "of tomorrow")}, "SOMETHING_NEW", fault.Park, fault.Invalid, 1, "", ""},
		{"hidden field", answer{status: 400, body: refusal("INVALID_FIELD_FOR_INSERT_UPDATE", "Unable to create/update fields: Type. Please check the security settings of this field and verify that it is read/write for your profile or permission set.", "Type")}, ok, "", "", 2, "Type", "Task field Type is hidden"},
		{"hidden field, text only", answer{status: 400, body: refusal("INVALID_FIELD_FOR_INSERT_UPDATE", "Unable to create/update fields: Type, CallObject. Please check the security settings of this field.")}, ok, "", "", 2, "Type CallObject", "Task field Type is hidden"},
		{"no such column", answer{status: 400, body: refusal("INVALID_FIELD", "No such column 'CallDisposition' on sobject of type Task")}, ok, "", "", 2, "CallDisposition", "CallDisposition"},
		{"no such column of ours", answer{status: 400, body: refusal("INVALID_FIELD", "No such column 'Moon' on sobject of type Task")}, "INVALID_FIELD", fault.Park, fault.Invalid, 1, "", ""},
		{"no access", answer{status: 400, body: refusal("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", "insufficient access rights on cross-reference id: 001")}, ok, "", "", 2, "WhoId WhatId", "stand-alone"},
		{"read-only", answer{status: 403, body: refusal("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")}, ok, "", "", 2, "WhoId WhatId", "stand-alone"},
		{"deleted", answer{status: 404, body: refusal("ENTITY_IS_DELETED", "entity is deleted")}, ok, "", "", 2, "WhoId WhatId", "stand-alone"},
		{"subject", answer{status: 400, body: refusal("STRING_TOO_LONG", "Subject: data value too large: Inbound call (max length=20)", "Subject")}, ok, "", "", 2, "", "Subject was cut"},
		{"disposition", answer{status: 400, body: refusal("STRING_TOO_LONG", "Call Result: data value too large: Resolved (max length=4)", "CallDisposition")}, ok, "", "", 2, "", "CallDisposition was cut"},
		{"other too long", answer{status: 400, body: refusal("STRING_TOO_LONG", "Region: data value too large: x (max length=1)", "Region__c")}, "STRING_TOO_LONG", fault.Park, fault.Invalid, 1, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := signedIn(t)
			n := 0
			h.org.on("PATCH "+keyPath, func(call) answer {
				if n++; n == 1 {
					return c.first
				}
				return answer{status: 201, body: written}
			})
			got, err := h.Log(t.Context(), agent, entry())
			if len(h.org.seen("PATCH")) != c.tries || len(h.org.seen("POST /sobjects")) != 0 {
				t.Errorf("%d tries, want %d", len(h.org.seen("PATCH")), c.tries)
			}
			if c.code != ok {
				f := fault.Of(err)
				if err == nil || f.Code != c.code || f.Verdict != c.verdict || f.Kind != c.kind || f.Message == "" {
					t.Fatalf("%+v", f)
				}
				switch c.code {
				case "UNABLE_TO_LOCK_ROW", "CONCURRENT_LIMIT":
					if f.After < 500*time.Millisecond || f.After > 8*time.Second {
						t.Errorf("after %s", f.After)
					}
				case "REQUEST_LIMIT_EXCEEDED":
					if f.After != 5*time.Minute {
						t.Errorf("after %s", f.After)
					}
				case "REQUIRED_FIELD_MISSING":
					if f.Fields[0].Field != "Region__c" {
						t.Errorf("fields %+v", f.Fields)
					}
				}
				return
			}
			if err != nil || got.Ref.ID != taskID {
				t.Fatalf("%+v, %v", got, err)
			}
			last := sent(t, h.org.seen("PATCH")[c.tries-1])
			for _, f := range strings.Fields(c.gone) {
				if _, there := last[f]; there {
					t.Errorf("%s was sent again", f)
				}
			}
			if !strings.Contains(strings.Join(got.Adjusted, "\n"), c.said) {
				t.Errorf("said %q", got.Adjusted)
			}
			if c.said == "stand-alone" && !strings.HasPrefix(last["Description"].(string), "Written stand-alone") {
				t.Errorf("no note: %v", last["Description"])
			}
		})
	}
}

func TestEachReactionIsUsedOnce(t *testing.T) {
	for name, body := range map[string]string{
		"INVALID_FIELD_FOR_INSERT_UPDATE": refusal("INVALID_FIELD_FOR_INSERT_UPDATE", "Unable to create/update fields: Type.", "Type"),
		"INSUFFICIENT_ACCESS_OR_READONLY": refusal("INSUFFICIENT_ACCESS_OR_READONLY", "no"),
		"STRING_TOO_LONG":                 refusal("STRING_TOO_LONG", "Subject: data value too large: x (max length=5)", "Subject"),
	} {
		h := signedIn(t)
		h.org.says("PATCH "+keyPath, 400, body)
		if _, err := h.Log(t.Context(), agent, entry()); !fault.Is(err, name) || len(h.org.seen("PATCH")) != 2 {
			t.Errorf("%v after %d tries", err, len(h.org.seen("PATCH")))
		}
	}
}

func TestSeveralReactionsInOneWriting(t *testing.T) {
	h := signedIn(t)
	steps := []string{
		refusal("INVALID_FIELD_FOR_INSERT_UPDATE", "Unable to create/update fields: Type.", "Type"),
		refusal("INVALID_FIELD_FOR_INSERT_UPDATE", "Unable to create/update fields: CallObject.", "CallObject"),
		refusal("STRING_TOO_LONG", "Subject: data value too large: x (max length=10)", "Subject"),
		refusal("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", "no"),
	}
	h.org.on("PATCH "+keyPath, func(call) answer {
		if len(steps) == 0 {
			return answer{status: 201, body: written}
		}
		b := steps[0]
		steps = steps[1:]
		return answer{status: 400, body: b}
	})
	got, err := h.Log(t.Context(), agent, entry())
	if err != nil || len(got.Adjusted) != 4 || len(h.org.seen("PATCH")) != 5 {
		t.Fatalf("%+v, %v", got, err)
	}
	last := sent(t, h.org.seen("PATCH")[4])
	if s := last["Subject"].(string); s != "Inbound c…" {
		t.Errorf("subject %q", s)
	}
}

func TestDuplicateValueOnOurKeyIsSuccessAfterReading(t *testing.T) {
	h := signedIn(t)
	h.org.says("PATCH "+keyPath, 400, refusal("DUPLICATE_VALUE", "duplicate value found: CC_Interaction_Key__c duplicates value on record with id: 00T000000000001"))
	h.org.says("GET "+keyPath, 200, `{"attributes":{"type":"Task"},"Id":"`+taskID+`"}`)
	got, err := h.Log(t.Context(), agent, entry())
	if err != nil || got.Created || got.Ref.ID != taskID {
		t.Errorf("%+v, %v", got, err)
	}
}

// LOG-14: describe says what this user cannot write; it is left out before anything is refused.
func TestFieldsThatTheUserCannotWriteAreLeftOut(t *testing.T) {
	h := newHouse(t)
	h.org.objects["Task"] = object("Task", "Id:id", "Subject:combobox", "Status:picklist", "Priority:picklist", "OwnerId:reference", "Description:textarea", "ActivityDate:date", "CallObject:string-", "CC_Interaction_Key__c:string")
	_, _ = h.Save(t.Context(), agent, "password", "ada@acme.example", "p", "")
	h.org.says("PATCH "+keyPath, 201, written)
	got, err := h.Log(t.Context(), agent, entry())
	if err != nil || len(h.org.seen("PATCH")) != 1 {
		t.Fatal(err)
	}
	if b := sent(t, h.org.seen("PATCH")[0]); len(b) != 6 {
		t.Errorf("sent %v", b)
	}
	if len(got.Adjusted) != 8 || !strings.Contains(strings.Join(got.Adjusted, " "), "Task field Type is hidden") {
		t.Errorf("said %q", got.Adjusted)
	}
	h.org.objects["Task"] = ""
	_, _ = h.Test(t.Context(), agent)
	if _, err := h.Log(t.Context(), agent, entry()); !fault.Is(err, "NO_TASKS") || fault.Of(err).Verdict != fault.Park {
		t.Error(err)
	}
}

// LOG-12, by description and by refusal.
func TestWithoutTheKeyFieldTheTaskIsLookedUpFirst(t *testing.T) {
	for _, by := range []string{"description", "refusal"} {
		h := newHouse(t)
		if by == "description" {
			h.org.objects["Task"] = strings.Replace(h.org.objects["Task"], "CC_Interaction_Key__c", "Other__c", 1)
		}
		_, _ = h.Save(t.Context(), agent, "password", "ada@acme.example", "p", "")
		h.org.says("PATCH "+keyPath, 404, refusal("NOT_FOUND", "Provided external ID field does not exist or is not accessible: CC_Interaction_Key__c"))
		h.org.says("GET /query", 200, records())
		h.org.says("POST /sobjects/Task", 201, `{"id":"`+taskID+`","success":true,"errors":[]}`)
		got, err := h.Log(t.Context(), agent, entry())
		if err != nil || !got.Created || !strings.Contains(strings.Join(got.Adjusted, " "), "at least once, duplicates avoided where possible") {
			t.Fatalf("%s: %+v, %v", by, got, err)
		}
		if q := h.org.seen("GET /query")[0].Query; q != "SELECT Id FROM Task WHERE CallObject = 'int-1-phone-01-acme/1' LIMIT 1" {
			t.Errorf("asked %s", q)
		}
		h.org.says("GET /query", 200, records(`{"attributes":{"type":"Task"},"Id":"`+taskID+`"}`))
		h.org.clear()
		if got, err := h.Log(t.Context(), agent, entry()); err != nil || got.Created || len(h.org.seen("POST /sobjects")) != 0 {
			t.Errorf("%s: %+v, %v", by, got, err)
		}
	}
}

// LOG-13: the whole text goes into a File, once.
func TestOverflowBecomesAFileOfTheTask(t *testing.T) {
	h := signedIn(t)
	e := entry()
	e.Overflow, e.OverflowName = strings.Repeat("ä", 40000), "interaction-4711.txt"
	h.org.says("PATCH "+keyPath, 201, written)
	h.org.says("GET /query", 200, records())
	h.org.on("POST /sobjects/ContentVersion", func(call) answer { return answer{lose: true} })
	_, err := h.Log(t.Context(), agent, e)
	if f := fault.Of(err); f.Code != "UNREACHABLE" || f.Verdict != fault.Retry || !strings.HasPrefix(f.Message, "The log is in Salesforce, but its long text could not be attached yet") {
		t.Fatalf("%v", err)
	}
	b := sent(t, h.org.seen("POST /sobjects/ContentVersion")[0])
	text, err := base64.StdEncoding.DecodeString(b["VersionData"].(string))
	if err != nil || string(text) != e.Overflow || b["FirstPublishLocationId"] != taskID || b["PathOnClient"] != "interaction-4711.txt" {
		t.Errorf("file %v, %v", b["PathOnClient"], err)
	}
	// It was made although the answer was lost: the repeat finds it.
	h.org.says("GET /query", 200, records(`{"attributes":{"type":"ContentDocumentLink"},"ContentDocumentId":"069000000000001AAA","ContentDocument":{"Title":"interaction-4711"}}`))
	h.org.clear()
	if _, err := h.Log(t.Context(), agent, e); err != nil || len(h.org.seen("POST /sobjects")) != 0 {
		t.Errorf("%v", err)
	}
	// The org's own limit is lower than ours.
	o := signedIn(t)
	n := 0
	o.org.on("PATCH "+keyPath, func(call) answer {
		if n++; n == 1 {
			return answer{status: 400, body: refusal("STRING_TOO_LONG", "Comments: data value too large: … (max length=4000)", "Description")}
		}
		return answer{status: 201, body: written}
	})
	o.org.says("GET /query", 200, records())
	o.org.says("POST /sobjects/ContentVersion", 201, `{"id":"068000000000001AAA","success":true,"errors":[]}`)
	e = entry()
	e.Description, e.OverflowName = strings.Repeat("x", 5000), "interaction-4711.txt"
	if _, err := o.Log(t.Context(), agent, e); err != nil {
		t.Fatal(err)
	}
	d := sent(t, o.org.seen("PATCH")[1])["Description"].(string)
	if utf8.RuneCountInString(d) != 4000 || !strings.HasSuffix(d, "\n[continued in interaction-4711.txt]") {
		t.Errorf("%d characters, ends %q", utf8.RuneCountInString(d), d[len(d)-40:])
	}
	whole, _ := base64.StdEncoding.DecodeString(sent(t, o.org.seen("POST /sobjects/ContentVersion")[0])["VersionData"].(string))
	if string(whole) != e.Description {
		t.Error("the File is not the whole text")
	}
}

// The daily limit rests the whole org; one probe per five minutes, whoever's it is.
func TestTheDailyLimitRestsTheWholeOrg(t *testing.T) {
	h := signedIn(t)
	h.org.says("PATCH "+keyPath, 403, refusal("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."))
	for range 3 {
		if _, err := h.Log(t.Context(), agent, entry()); fault.Of(err).Verdict != fault.PauseLane {
			t.Fatal(err)
		}
	}
	if n := len(h.org.seen("PATCH")); n != 1 {
		t.Errorf("%d calls while resting", n)
	}
	h.pass(5*time.Minute + time.Second)
	h.org.says("PATCH "+keyPath, 201, written)
	for range 2 {
		if _, err := h.Log(t.Context(), agent, entry()); err != nil {
			t.Error(err)
		}
	}
}

// One write at a time per account, so that they do not collide on Salesforce's row lock.
func TestLogsOfOneAccountAreWrittenOneAfterTheOther(t *testing.T) {
	h := signedIn(t)
	var mu sync.Mutex
	in, most := 0, 0
	both := make(chan struct{}, 2)
	h.org.on("PATCH "+keyPath, func(call) answer {
		mu.Lock()
		in++
		most = max(most, in)
		mu.Unlock()
		both <- struct{}{}
		mu.Lock()
		in--
		mu.Unlock()
		return answer{status: 201, body: written}
	})
	var wg sync.WaitGroup
	for range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			if _, err := h.Log(t.Context(), agent, entry()); err != nil {
				t.Error(err)
			}
		}()
	}
	for range 8 {
		<-both
	}
	wg.Wait()
	if most != 1 {
		t.Errorf("%d at once", most)
	}
}

func TestKeysThatAreNoneAreRefused(t *testing.T) {
	h := signedIn(t)
	for _, k := range []string{"", "a/b", "../x", "a b", strings.Repeat("a", 121)} {
		e := entry()
		e.Key = k
		if _, err := h.Log(t.Context(), agent, e); !fault.Is(err, "BAD_KEY") {
			t.Errorf("%q: %v", k, err)
		}
	}
	if len(h.org.seen("")) != 0 {
		t.Error("something was sent")
	}
}
