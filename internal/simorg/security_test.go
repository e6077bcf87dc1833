package simorg

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"
)

// Two agents of an org where everything is private: neither meets what is the other's, by any way.
func TestPrivateSharing(t *testing.T) {
	o := start(t, Options{SeedName: "private"})
	ada, ben, mia := login(t, o, "ada"), login(t, o, "ben"), login(t, o, "mia")
	const all = "SELECT Name FROM Contact ORDER BY Name"
	if got := names(ada, all); got != "Ann Adams | Sue Shared" {
		t.Errorf("Ada: %s", got)
	}
	if got := names(ben, all); got != "Bob Benson | Sue Shared" {
		t.Errorf("Ben: %s", got)
	}
	if got := names(mia, all); got != "Ann Adams | Bob Benson | Max Miller | Sue Shared" {
		t.Errorf("Mia: %s", got)
	}
	bob := mia.id("SELECT Id FROM Contact WHERE Name = 'Bob Benson'")
	sue := mia.id("SELECT Id FROM Contact WHERE Name = 'Sue Shared'")
	if code, _, _ := ada.send("GET", "/sobjects/Contact/"+bob, nil); code != 404 {
		t.Errorf("by id: %d", code)
	}
	if code, _, _ := ada.send("PATCH", "/sobjects/Contact/"+bob, m{"Department": "x"}); code != 404 {
		t.Errorf("patch: %d", code)
	}
	if r := ada.refused("PATCH", "/sobjects/Contact/"+sue, m{"Department": "x"}); r.Code != "INSUFFICIENT_ACCESS_OR_READONLY" || r.Status != 403 {
		t.Errorf("patch of a record shared for reading: %+v", r)
	}
	if r := ada.refused("POST", "/sobjects/Task", m{"Subject": "x", "WhoId": bob}); r.Code != "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY" {
		t.Errorf("task about it: %+v", r)
	}
	_, _, body := ada.send("GET", "/search?q="+url.QueryEscape("FIND {4155551212} IN PHONE FIELDS RETURNING Contact(Name), Lead(Name)"), nil)
	if got := found(body); got != "Contact Ann Adams, Contact Sue Shared" {
		t.Errorf("search: %s", got)
	}
	if _, _, body = ada.send("POST", "/composite/sobjects/Contact", m{"ids": []string{bob, sue}, "fields": []string{"Name"}}); !strings.HasPrefix(body, "[null,{") {
		t.Errorf("retrieve: %s", body)
	}
	user := ada.id("SELECT Id FROM User WHERE Username = 'ada@demo.example'")
	access := ada.query("SELECT RecordId, HasReadAccess, MaxAccessLevel FROM UserRecordAccess WHERE UserId = '" + user + "' AND RecordId IN ('" + bob + "','" + sue + "')")
	var levels []string
	for _, r := range access.Records {
		levels = append(levels, r["MaxAccessLevel"].(string))
	}
	if strings.Join(levels, ",") != "None,Read" {
		t.Errorf("UserRecordAccess: %v", access.Records)
	}
	if got := names(ada, "SELECT Subject FROM Task"); got != "Call Ann" {
		t.Errorf("tasks: %s", got)
	}
	if got := names(ada, "SELECT COUNT(Id) FROM Contact"); got != "2" {
		t.Errorf("count: %s", got)
	}
	// Whoever owns a child sees its account, and a parent's name is not told to those who do not see the parent.
	if got := names(ben, "SELECT Name FROM Account ORDER BY Name"); got != "Ben's Account" {
		t.Errorf("accounts: %s", got)
	}
	if r := ada.query("SELECT Name, Account.Name FROM Contact WHERE Id = '" + sue + "'").Records[0]; r["Account"] != nil {
		// manual sharing of a contact carries its account along
		if r["Account"].(map[string]any)["Name"] != "Ben's Account" {
			t.Errorf("parent: %v", r)
		}
	}
}

// A role above another sees what is owned there, without any permission to view all.
func TestRoleHierarchy(t *testing.T) {
	seed := tiny(`, "sharing": {"Lead": "Private"}`, "", `, "role": "Boss"},
		{"username": "w@demo.example", "password": "secret", "lastName": "Worker", "profile": "P", "role": "Team"},
		{"username": "x@demo.example", "password": "secret", "lastName": "Aside", "profile": "P", "role": "Other"`)
	seed["roles.json"] = &fstest.MapFile{Data: []byte(`[{"name": "Boss"}, {"name": "Middle", "parent": "Boss"}, {"name": "Team", "parent": "Middle"}, {"name": "Other", "parent": "Boss"}]`)}
	seed["records/Lead.json"] = &fstest.MapFile{Data: []byte(`[{"LastName": "Low", "Company": "C", "OwnerId": "@w@demo.example"}, {"LastName": "High", "Company": "C", "OwnerId": "@u@demo.example"}]`)}
	o := start(t, Options{Seed: seed})
	for user, want := range map[string]string{"u": "High | Low", "w": "Low", "x": ""} {
		_, body := soapLogin(t, o, "u/64.0", user+"@demo.example", "secret")
		c := &client{t: t, org: o, token: element(body, "sessionId"), v: "v64.0", http: browser()}
		if got := names(c, "SELECT LastName FROM Lead ORDER BY LastName"); got != want {
			t.Errorf("%s: %q, want %q", user, got, want)
		}
	}
}

func TestFieldLevelSecurity(t *testing.T) {
	o := start(t, Options{SeedName: "private"})
	ada, mia := login(t, o, "ada"), login(t, o, "mia")
	fields := func(c *client, object string) map[string]m {
		_, _, body := c.send("GET", "/sobjects/"+object+"/describe", nil)
		var d struct{ Fields []m }
		if err := json.Unmarshal([]byte(body), &d); err != nil {
			t.Fatal(err)
		}
		out := map[string]m{}
		for _, f := range d.Fields {
			out[f["name"].(string)] = f
		}
		return out
	}
	task, contact := fields(ada, "Task"), fields(ada, "Contact")
	if task["Type"] != nil || contact["HomePhone"] != nil {
		t.Error("a hidden field is described")
	}
	if contact["Title"] == nil || contact["Title"]["updateable"] != false || contact["Title"]["createable"] != false {
		t.Errorf("a read-only field: %v", contact["Title"])
	}
	if k := task["CC_Interaction_Key__c"]; k == nil || k["createable"] != true || k["unique"] != true || k["externalId"] != true || k["length"] != 120.0 {
		t.Errorf("the permission set does not open the key: %v", k)
	}
	if fields(mia, "Task")["Type"] == nil {
		t.Error("the administrator does not see Task.Type")
	}
	if r := ada.refused("POST", "/sobjects/Task", m{"Subject": "x", "Type": "Call"}); r.Code != "INVALID_FIELD" || r.Message != "No such column 'Type' on sobject of type Task" {
		t.Errorf("%+v", r)
	}
	if r := ada.refused("POST", "/sobjects/Contact", m{"LastName": "x", "Title": "x"}); r.Code != "INVALID_FIELD_FOR_INSERT_UPDATE" || r.Fields[0] != "Title" {
		t.Errorf("%+v", r)
	}
	if r := ada.refused("GET", "/query?q=SELECT+Type+FROM+Task", nil); r.Code != "INVALID_FIELD" || !strings.Contains(r.Message, "No such column 'Type' on entity 'Task'.") {
		t.Errorf("%+v", r)
	}
	if r := ada.refused("GET", "/query?q=SELECT+Id+FROM+Contact+WHERE+HomePhone='x'", nil); r.Code != "INVALID_FIELD" {
		t.Errorf("%+v", r)
	}
	// A hidden field makes no match and is not in a whole record.
	if _, _, body := ada.send("GET", "/search?q="+url.QueryEscape("FIND {4155559001} IN PHONE FIELDS RETURNING Contact(Name)"), nil); found(body) != "" {
		t.Errorf("found by a hidden number: %s", body)
	}
	if _, _, body := mia.send("GET", "/search?q="+url.QueryEscape("FIND {4155559001} IN PHONE FIELDS RETURNING Contact(Name)"), nil); found(body) != "Contact Ann Adams" {
		t.Errorf("%s", body)
	}
	ann := ada.id("SELECT Id FROM Contact WHERE Name = 'Ann Adams'")
	if _, _, body := ada.send("GET", "/sobjects/Contact/"+ann, nil); strings.Contains(body, "HomePhone") || !strings.Contains(body, `"Title":"Buyer"`) {
		t.Errorf("%s", body)
	}
}

func TestRules(t *testing.T) {
	o := start(t, Options{SeedName: "private"})
	ada := login(t, o, "ada")
	ann := ada.id("SELECT Id FROM Contact WHERE Name = 'Ann Adams'")
	code, _, body := ada.send("POST", "/sobjects/Contact", m{"LastName": "Adams", "Email": "ANN@adas.example"})
	var list []struct {
		Code      string `json:"errorCode"`
		Duplicate struct {
			AllowSave bool `json:"allowSave"`
			Results   []struct {
				Records []struct {
					Record struct{ ID string }
				} `json:"matchRecords"`
			} `json:"matchResults"`
		} `json:"duplicateResult"`
	}
	if err := json.Unmarshal([]byte(body), &list); err != nil || code != 400 || list[0].Code != "DUPLICATES_DETECTED" || !list[0].Duplicate.AllowSave || list[0].Duplicate.Results[0].Records[0].Record.ID != ann {
		t.Fatal(code, body)
	}
	if code, _, body = ada.send("POST", "/sobjects/Contact", m{"LastName": "Adams", "Email": "ann@adas.example"}, "Sforce-Duplicate-Rule-Header", "allowSave=true; includeRecordDetails=true"); code != 201 {
		t.Fatal(code, body)
	}
	mia := login(t, o, "mia")
	if r := mia.refused("POST", "/sobjects/Lead", m{"LastName": "x", "Company": "x", "Email": "lea@lindt.example"}, "Sforce-Duplicate-Rule-Header", "allowSave=true"); r.Code != "DUPLICATES_DETECTED" {
		t.Fatalf("a blocking rule was passed: %+v", r)
	}
	if r := ada.refused("POST", "/sobjects/Case", m{"Subject": "x", "Priority": "High"}); r.Code != "FIELD_CUSTOM_VALIDATION_EXCEPTION" || r.Message != "A case of high priority needs a reason." || r.Fields[0] != "Reason" {
		t.Fatalf("%+v", r)
	}
	ada.create("Case", m{"Subject": "x", "Priority": "High", "Reason": "Breakdown"})
}
