package simorg

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRefusals(t *testing.T) {
	o := start(t, Options{})
	ada := login(t, o, "ada")
	acme := ada.id("SELECT Id FROM Account WHERE Name = 'Acme Fabrication'")
	ann := ada.id("SELECT Id FROM Contact WHERE Name = 'Ann Okafor'")
	kim := ada.id("SELECT Id FROM Lead WHERE Name = 'Kim Acheson'")
	long := strings.Repeat("x", 256)
	for _, c := range []struct {
		name, method, path string
		body               any
		want               refused
	}{
		{"required", "POST", "/sobjects/Account", m{}, refused{400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]", []string{"Name"}}},
		{"too long", "POST", "/sobjects/Account", m{"Name": long}, refused{400, "STRING_TOO_LONG", "Account Name: data value too large: " + long + " (max length=255)", []string{"Name"}}},
		{"description", "POST", "/sobjects/Task", m{"Description": strings.Repeat("x", 32001)}, refused{400, "STRING_TOO_LONG", "Description: data value too large: " + strings.Repeat("x", 500) + " (max length=32000)", []string{"Description"}}},
		{"unknown field", "POST", "/sobjects/Account", m{"Nam": "x"}, refused{400, "INVALID_FIELD", "No such column 'Nam' on sobject of type Account", nil}},
		{"closed field", "POST", "/sobjects/Account", m{"Name": "x", "CreatedDate": "2026-01-01T00:00:00Z"}, refused{400, "INVALID_FIELD_FOR_INSERT_UPDATE", "Unable to create/update fields: CreatedDate. Please check the security settings of this field and verify that it is read/write for your profile or permission set.", []string{"CreatedDate"}}},
		{"picklist", "POST", "/sobjects/Task", m{"Status": "Nope"}, refused{400, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "Status: bad value for restricted picklist field: Nope", []string{"Status"}}},
		{"email", "POST", "/sobjects/Contact", m{"LastName": "x", "Email": "not an address"}, refused{400, "INVALID_EMAIL_ADDRESS", "Email: invalid email address: not an address", []string{"Email"}}},
		{"number", "POST", "/sobjects/Task", m{"CallDurationInSeconds": 123456789}, refused{400, "NUMBER_OUTSIDE_VALID_RANGE", "Call Duration: value outside of valid range on numeric field: 123456789", []string{"CallDurationInSeconds"}}},
		{"date", "POST", "/sobjects/Task", m{"ActivityDate": "soon"}, refused{400, "JSON_PARSER_ERROR", "Cannot deserialize instance of date from VALUE_STRING value soon or request may be missing a required field at [line:1, column:2]", nil}},
		{"kind", "POST", "/sobjects/Contact", m{"LastName": 5}, refused{400, "JSON_PARSER_ERROR", "Cannot deserialize instance of string from VALUE_NUMBER_INT value 5 or request may be missing a required field at [line:1, column:2]", nil}},
		{"who is an account", "POST", "/sobjects/Task", m{"WhoId": acme}, refused{400, "FIELD_INTEGRITY_EXCEPTION", "Name ID: id value of incorrect type: " + acme, []string{"WhoId"}}},
		{"lead and what", "POST", "/sobjects/Task", m{"WhoId": kim, "WhatId": acme}, refused{400, "FIELD_INTEGRITY_EXCEPTION", "Related To ID: cannot be set when the Name ID is a lead", []string{"WhatId"}}},
		{"malformed id", "POST", "/sobjects/Contact", m{"LastName": "x", "AccountId": "nonsense"}, refused{400, "MALFORMED_ID", "Account ID: id value of incorrect type: nonsense", []string{"AccountId"}}},
		{"no such parent", "POST", "/sobjects/Contact", m{"LastName": "x", "AccountId": "001Sm0zzzzzzzzz"}, refused{400, "INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", []string{"AccountId"}}},
		{"no such object", "POST", "/sobjects/Nothing", m{}, refused{404, "NOT_FOUND", "The requested resource does not exist", nil}},
		{"no such record", "GET", "/sobjects/Contact/003Sm0zzzzzzzzz", nil, refused{404, "NOT_FOUND", "The requested resource does not exist", nil}},
		{"no such key", "GET", "/sobjects/Contact/Phone/1", nil, refused{404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible: Phone", nil}},
		{"no body", "POST", "/sobjects/Contact", "", refused{400, "JSON_PARSER_ERROR", "The HTTP entity body is required, but this request has no entity body.", nil}},
		{"key in body", "PATCH", "/sobjects/Task/CC_Interaction_Key__c/k", m{"CC_Interaction_Key__c": "k"}, refused{400, "INVALID_FIELD", "The CC_Interaction_Key__c field should not be specified in the sobject data.", []string{"CC_Interaction_Key__c"}}},
		{"id in body", "PATCH", "/sobjects/Task/CC_Interaction_Key__c/k", m{"Id": ann}, refused{400, "INVALID_FIELD", "The Id field should not be specified in the sobject data.", []string{"Id"}}},
		{"update only", "PATCH", "/sobjects/Task/CC_Interaction_Key__c/k?updateOnly=true", m{"Subject": "x"}, refused{404, "NOT_FOUND", "The requested resource does not exist", nil}},
		{"not unique key", "PATCH", "/sobjects/Contact/Email/x@x.example", m{"LastName": "x"}, refused{403, "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", []string{}}},
		{"delete of another's", "DELETE", "/sobjects/Contact/" + ann, nil, refused{403, "INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", []string{}}},
		{"search", "GET", "/search?q=" + url.QueryEscape("FIND 415"), nil, refused{400, "MALFORMED_SEARCH", "No search term found. The search term must be enclosed in braces.", nil}},
		{"type", "GET", "/query?q=SELECT+Id+FROM+Nope", nil, refused{400, "INVALID_TYPE", "\nSELECT Id FROM Nope\n               ^\nERROR at Row:1:Column:16\nsObject type 'Nope' is not supported. If you are attempting to use a custom object, be sure to append the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names.", nil}},
		{"locator", "GET", "/query/01gSm0000000001-2000", nil, refused{400, "INVALID_QUERY_LOCATOR", "invalid query locator", nil}},
		{"method", "PUT", "/sobjects/Contact/" + ann, m{}, refused{405, "METHOD_NOT_ALLOWED", "HTTP Method 'PUT' not allowed. Allowed are HEAD,GET,POST,PATCH,DELETE", nil}},
		{"old version", "GET", "/services/data/v30.0/limits", nil, refused{410, "UNSUPPORTED_API_VERSION", "Requested API version v30.0 is no longer available", nil}},
		{"future version", "GET", "/services/data/v69.0/limits", nil, refused{404, "NOT_FOUND", "The requested resource does not exist", nil}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ada.t = t
			if diff := cmp.Diff(c.want, ada.refused(c.method, c.path, c.body)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestUpsertByVersion(t *testing.T) {
	o := start(t, Options{})
	c := login(t, o, "ada")
	path := "/sobjects/task/cc_interaction_key__c/Key1"
	code, h, body := c.send("PATCH", path, m{"Subject": "one", "Status": "Completed"})
	if code != 201 || !strings.Contains(body, `"success":true,"errors":[],"created":true`) || !strings.HasPrefix(h.Get("Sforce-Limit-Info"), "api-usage=") {
		t.Fatal(code, h, body)
	}
	if code, _, body = c.send("PATCH", path, m{"Subject": "two"}); code != 200 || !strings.Contains(body, `"created":false`) {
		t.Fatal(code, body)
	}
	c.v = "v45.0"
	if code, _, body = c.send("PATCH", path, m{"Subject": "three"}); code != 204 || body != "" {
		t.Fatal(code, body)
	}
	c.v = "v64.0"
	if code, _, _ = c.send("PATCH", "/sobjects/Task/CC_Interaction_Key__c/key1", m{"Subject": "case counts"}); code != 201 {
		t.Fatalf("a key of another case: %d, want a second record", code)
	}
	code, _, body = c.send("GET", "/sobjects/Task/CC_Interaction_Key__c/Key1?fields=Subject,OwnerId,Id", nil)
	var got map[string]any
	if err := json.Unmarshal([]byte(body), &got); err != nil || code != 200 || got["Subject"] != "three" {
		t.Fatal(code, body)
	}
	// An insert with a taken key is refused, with the record that has it.
	r := c.refused("POST", "/sobjects/Task", m{"Subject": "x", "CC_Interaction_Key__c": "Key1"})
	if want := "duplicate value found: CC_Interaction_Key__c duplicates value on record with id: " + got["Id"].(string)[:15]; r.Code != "DUPLICATE_VALUE" || r.Message != want {
		t.Fatal(r)
	}
	mia := login(t, o, "mia") // may use a key that is not unique: View All Data
	ids := []string{mia.create("Contact", m{"LastName": "A", "Email": "twin@x.example"}), mia.create("Contact", m{"LastName": "B", "Email": "twin@x.example"})}
	code, _, body = mia.send("PATCH", "/sobjects/Contact/Email/twin@x.example", m{"Title": "x"})
	want := `["/services/data/v64.0/sobjects/Contact/` + ids[0] + `","/services/data/v64.0/sobjects/Contact/` + ids[1] + `"]`
	if code != 300 || body != want {
		t.Fatal(code, body)
	}
}

func TestTolerance(t *testing.T) {
	o := start(t, Options{})
	c := login(t, o, "ada")
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	w.Write([]byte(`{"LastName":"Zipped"}`))
	w.Close()
	if code, _, body := c.send("POST", "/sobjects/CONTACT/", z.Bytes(), "Content-Encoding", "gzip"); code != 201 {
		t.Fatal(code, body)
	}
	if code, _, body := c.send("GET", "//services//data//v64.0//query/?q=SELECT+id+FROM+contact+WHERE+lastname='zipped'", nil); code != 200 || !strings.Contains(body, `"totalSize":1`) {
		t.Fatal(code, body)
	}
	code, _, body := c.send("GET", "//services/data", nil)
	var vs []struct{ Label, URL, Version string }
	if err := json.Unmarshal([]byte(body), &vs); err != nil || code != 200 || len(vs) != 38 || vs[0] != (struct{ Label, URL, Version string }{"Summer '14", "/services/data/v31.0", "31.0"}) || vs[33].Label != "Summer '25" {
		t.Fatal(code, body)
	}
	if code, h, _ := c.send("GET", "/limits/", nil); code != 200 || h.Get("Location") != "" {
		t.Fatal(code, h)
	}
	c.v = "v36.0"
	q := "/search/?q=" + url.QueryEscape("FIND {okafor} IN NAME FIELDS RETURNING Contact(Id)")
	if _, _, body := c.send("GET", q, nil); !strings.HasPrefix(body, `[{"attributes":{"type":"Contact","url":"/services/data/v36.0/sobjects/Contact/`) {
		t.Fatal(body)
	}
	c.v = "v37.0"
	if _, _, body := c.send("GET", q, nil); !strings.HasPrefix(body, `{"searchRecords":[{`) {
		t.Fatal(body)
	}
}

func TestPaging(t *testing.T) {
	o := start(t, Options{})
	c := login(t, o, "ada")
	var recs []m
	for range 200 {
		recs = append(recs, m{"attributes": m{"type": "Lead"}, "LastName": "Page", "Company": "Pages"})
	}
	for range 2 {
		if code, _, body := c.send("POST", "/composite/sobjects", m{"records": recs}); code != 200 || strings.Contains(body, `"success":false`) {
			t.Fatal(code, body)
		}
	}
	seen := map[any]bool{}
	path := "/query?q=" + url.QueryEscape("SELECT Id FROM Lead WHERE LastName = 'Page' ORDER BY Id")
	for n := 0; path != ""; n++ {
		code, _, body := c.send("GET", path, nil, "Sforce-Query-Options", "batchSize=1")
		var r result
		if err := json.Unmarshal([]byte(body), &r); err != nil || code != 200 || r.Total != 400 || r.Done != (n == 1) || len(r.Records) != 200 {
			t.Fatal(code, r.Total, r.Done, len(r.Records), err)
		}
		for _, rec := range r.Records {
			seen[rec["Id"]] = true
		}
		path = r.Next
		if n == 0 && !strings.HasPrefix(path, "/services/data/v64.0/query/01g") {
			t.Fatal(path)
		}
		if n == 0 {
			if r := login(t, o, "ben").refused("GET", path, nil); r.Code != "INVALID_QUERY_LOCATOR" {
				t.Fatalf("another user's locator: %+v", r)
			}
		}
	}
	if len(seen) != 400 {
		t.Fatalf("%d different rows", len(seen))
	}
}

func TestComposite(t *testing.T) {
	o := start(t, Options{})
	c := login(t, o, "ada")
	chain := func(all bool, status string) (int, string) {
		code, _, body := c.send("POST", "/composite", m{"allOrNone": all, "compositeRequest": []m{
			{"method": "POST", "url": "/services/data/v64.0/sobjects/Account", "referenceId": "acc", "body": m{"Name": `The "Chain"`}},
			{"method": "GET", "url": "/services/data/v64.0/sobjects/Account/@{acc.id}?fields=Name", "referenceId": "got"},
			{"method": "POST", "url": "/services/data/v64.0/sobjects/Task", "referenceId": "task", "body": m{"Subject": "About @{got.Name}", "WhatId": "@{acc.id}", "Status": status}},
		}})
		return code, body
	}
	count := func(soql string) int { return c.query(soql).Total }
	code, body := chain(false, "Completed")
	if code != 200 || strings.Count(body, `"httpStatusCode":20`) != 3 {
		t.Fatal(code, body)
	}
	if n := count(`SELECT COUNT() FROM Task WHERE Subject = 'About The "Chain"' AND What.Name = 'The "Chain"'`); n != 1 {
		t.Fatal(n)
	}
	before := len(o.Ledger(""))
	if code, body = chain(true, "Nope"); code != 200 || strings.Count(body, "PROCESSING_HALTED") != 2 || !strings.Contains(body, "INVALID_OR_NULL") {
		t.Fatal(code, body)
	}
	if n := count(`SELECT COUNT() FROM Account WHERE Name LIKE 'The _Chain_'`); n != 1 || len(o.Ledger("")) != before {
		t.Fatalf("%d accounts, ledger %d → %d: the second chain was not rolled back", n, before, len(o.Ledger("")))
	}
	code, _, body = c.send("POST", "/composite/batch", m{"batchRequests": []m{
		{"method": "GET", "url": "v64.0/search/?q=" + url.QueryEscape("FIND {4155550123} IN PHONE FIELDS RETURNING Contact(Name)")},
		{"method": "GET", "url": "v64.0/sobjects/Contact/003"},
		{"method": "PATCH", "url": "v64.0/sobjects/Task/CC_Interaction_Key__c/b1", "richInput": m{"Subject": "b"}},
	}})
	if code != 200 || !strings.Contains(body, `"hasErrors":true`) || !strings.Contains(body, "Ann Okafor") || !strings.Contains(body, `"statusCode":404`) || !strings.Contains(body, `"statusCode":201`) {
		t.Fatal(code, body)
	}
	code, _, body = c.send("PATCH", "/composite/sobjects/Task/CC_Interaction_Key__c", m{"allOrNone": true, "records": []m{
		{"attributes": m{"type": "Task"}, "CC_Interaction_Key__c": "c1", "Subject": "x"}, {"attributes": m{"type": "Task"}, "CC_Interaction_Key__c": "c2", "Status": "Nope"},
	}})
	if code != 200 || !strings.Contains(body, `"statusCode":"ALL_OR_NONE_OPERATION_ROLLED_BACK"`) || count("SELECT COUNT() FROM Task WHERE CC_Interaction_Key__c = 'c1'") != 0 {
		t.Fatal(code, body)
	}
	ann := c.id("SELECT Id FROM Contact WHERE Name = 'Ann Okafor'")
	if _, _, body = c.send("POST", "/composite/sobjects/Contact", m{"ids": []string{ann, "003Sm0zzzzzzzzz"}, "fields": []string{"Name"}}); !strings.HasSuffix(body, `"Name":"Ann Okafor"},null]`) {
		t.Fatal(body)
	}
}

func TestFilesAndLastActivity(t *testing.T) {
	o := start(t, Options{})
	c := login(t, o, "ada")
	dana := c.id("SELECT Id FROM Contact WHERE Name = 'Dana Whitlock'")
	acme := c.id("SELECT Id FROM Account WHERE Name = 'Acme Fabrication'")
	ann := c.id("SELECT Id FROM Contact WHERE Name = 'Ann Okafor'")
	task := c.create("Task", m{"Subject": "Call", "Status": "Completed", "WhoId": ann, "ActivityDate": "2031-02-03"})
	r := c.query("SELECT LastActivityDate, Account.LastActivityDate FROM Contact WHERE Id = '" + ann + "'").Records[0]
	if r["LastActivityDate"] != "2031-02-03" || r["Account"].(map[string]any)["LastActivityDate"] != "2031-02-03" {
		t.Fatal(r)
	}
	if got := c.query("SELECT AccountId, IsClosed, Who.Name, Who.Type FROM Task WHERE Id = '" + task + "'").Records[0]; got["AccountId"] != acme || got["IsClosed"] != true || got["Who"].(map[string]any)["Type"] != "Contact" {
		t.Fatal(got)
	}
	c.create("Task", m{"Subject": "Later", "Status": "Not Started", "WhoId": dana, "ActivityDate": "2032-01-01"})
	if got := c.query("SELECT LastActivityDate FROM Contact WHERE Id = '" + dana + "'").Records[0]["LastActivityDate"]; got == "2032-01-01" {
		t.Fatal("an open task moved the last activity")
	}
	v := c.create("ContentVersion", m{"PathOnClient": "interaction-7.txt", "VersionData": "aGVsbG8=", "FirstPublishLocationId": task})
	if code, h, body := c.send("GET", "/sobjects/ContentVersion/"+v+"/VersionData", nil); code != 200 || body != "hello" || h.Get("Content-Type") != "application/octet-stream" {
		t.Fatal(code, h, body)
	}
	if n := c.query("SELECT Id, ContentDocument.Title FROM ContentDocumentLink WHERE LinkedEntityId = '" + task + "'"); n.Total != 1 || n.Records[0]["ContentDocument"].(map[string]any)["Title"] != "interaction-7" {
		t.Fatal(n)
	}
}
