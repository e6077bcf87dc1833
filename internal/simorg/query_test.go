package simorg

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"
)

// names are the values of a column, in order.
func names(c *client, soql string) string {
	c.t.Helper()
	var out []string
	for _, r := range c.query(soql).Records {
		for k, v := range r {
			if k != "attributes" && k != "Id" {
				out = append(out, fmt.Sprint(v))
			}
		}
	}
	return strings.Join(out, " | ")
}

func TestSOQL(t *testing.T) {
	o := start(t, Options{Clock: func() time.Time { return time.Date(2026, 11, 23, 17, 0, 0, 0, time.UTC) }})
	c := login(t, o, "ada")
	for _, r := range []m{
		{"LastName": "Q1", "Company": "Soql", "AnnualRevenue": 10, "Email": "B@x.example", "LeadSource": "Web"},
		{"LastName": "Q2", "Company": "Soql", "AnnualRevenue": 30, "Email": "a@x.example", "LeadSource": "Other"},
		{"LastName": "Q3", "Company": "Soql", "Description": "50% off_er"},
		{"LastName": "O'Neil", "Company": "Soql", "AnnualRevenue": 20, "LeadSource": "Web"},
	} {
		c.create("Lead", r)
	}
	const from = "SELECT LastName FROM Lead WHERE Company = 'soql' AND "
	for _, q := range []struct{ soql, want string }{
		{from + "Email = 'b@X.example'", "Q1"},
		{from + "Email != 'b@x.example' ORDER BY LastName", "O'Neil | Q2 | Q3"},
		{from + "AnnualRevenue > 10 ORDER BY AnnualRevenue DESC", "Q2 | O'Neil"},
		{from + "AnnualRevenue <= 20 ORDER BY AnnualRevenue", "Q1 | O'Neil"},
		{from + "AnnualRevenue = null", "Q3"},
		{from + "NOT AnnualRevenue = null ORDER BY AnnualRevenue LIMIT 1 OFFSET 1", "O'Neil"},
		{from + "LastName LIKE 'q_' ORDER BY AnnualRevenue", "Q3 | Q1 | Q2"},
		{from + "LastName LIKE 'q%' ORDER BY AnnualRevenue DESC NULLS LAST", "Q2 | Q1 | Q3"},
		{from + `LastName LIKE 'q\_'`, ""},
		{from + `LastName = 'O\'Neil'`, "O'Neil"},
		{from + "LeadSource IN ('web', 'Nope') ORDER BY LastName", "O'Neil | Q1"},
		{from + "LeadSource NOT IN ('Web') ORDER BY LastName", "Q2 | Q3"},
		{from + "(LastName = 'Q1' OR (LastName = 'Q2' AND AnnualRevenue = 30)) ORDER BY LastName", "Q1 | Q2"},
		{from + "CreatedDate = TODAY AND LastName = 'Q1'", "Q1"},
		{from + "CreatedDate < TODAY", ""},
		{from + "CreatedDate = LAST_N_DAYS:3 AND LastName = 'Q2'", "Q2"},
		{from + "CreatedDate >= 2026-11-23T17:00:00Z AND CreatedDate < 2026-11-23T18:00:01+01:00 AND LastName = 'Q3'", "Q3"},
		{from + "IsConverted = false AND Owner.Name = 'Ada Ng' AND LastName = 'Q1'", "Q1"},
		{"SELECT Name FROM Contact WHERE Account.Name = 'Acme Fabrication' AND Account.Owner.Name = 'Ada Ng' ORDER BY LastName LIMIT 2", "Ann Beck | " + names(c, "SELECT Name FROM Contact WHERE Account.Name = 'Acme Fabrication' ORDER BY LastName LIMIT 1 OFFSET 1")},
		{"SELECT Subject FROM Task WHERE WhoId IN (SELECT Id FROM Contact WHERE Name = 'Ann Okafor') AND ActivityDate < TODAY ORDER BY ActivityDate DESC LIMIT 1", "Call about missing housings"},
		{"SELECT Subject FROM Task WHERE What.Type = 'Opportunity'", ""}, // opportunities are private to their owner: see below
		{"SELECT Subject FROM Case WHERE CaseNumber = '00001026'", "Delivery of spindle housings incomplete"},
		{"SELECT COUNT(Id) FROM Lead WHERE Company = 'Soql'", "4"},
		{"SELECT SUM(AnnualRevenue) FROM Lead WHERE Company = 'Soql'", "60"},
		{"SELECT MAX(LastName) FROM Lead WHERE Company = 'Soql'", "Q3"},
		{"SELECT COUNT_DISTINCT(LeadSource) FROM Lead WHERE Company = 'Soql'", "2"},
		{"SELECT LeadSource FROM Lead WHERE Company = 'Soql' GROUP BY LeadSource HAVING COUNT(Id) > 1", "Web"},
		{"SELECT CALENDAR_YEAR(CreatedDate) y FROM Lead WHERE Company = 'Soql' GROUP BY CALENDAR_YEAR(CreatedDate)", "2026"},
	} {
		if strings.Contains(q.soql, "What.Type") {
			q.want = "Quote for Q4 tooling" // Ada owns the opportunity
		}
		if got := names(c, q.soql); got != q.want {
			t.Errorf("%s: %q, want %q", q.soql, got, q.want)
		}
	}
	for _, q := range []struct{ soql, code, text string }{
		{"SELECT Id FROM Lead WHERE LastName = 5", "INVALID_FIELD", "value of filter criterion for field 'LastName' must be of type string and should be enclosed in quotes"},
		{"SELECT Id FROM Lead WHERE AnnualRevenue = '5'", "INVALID_FIELD", "value of filter criterion for field 'AnnualRevenue' must be of type currency and should not be enclosed in quotes"},
		{"SELECT Id FROM Lead WHERE CreatedDate = '2026-01-01'", "INVALID_FIELD", "value of filter criterion for field 'CreatedDate' must be of type dateTime and should not be enclosed in quotes"},
		{"SELECT Id FROM Lead WHERE Description = 'x'", "INVALID_FIELD", "field 'Description' can not be filtered in a query call"},
		{"SELECT Id FROM Lead WHERE Id = 'x'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: x"},
		{"SELECT Id, Boss.Name FROM Lead", "INVALID_FIELD", "Didn't understand relationship 'Boss' in field path."},
		{"SELECT Id, (SELECT Id FROM Nope) FROM Lead", "INVALID_TYPE", "Didn't understand relationship 'Nope' in FROM part of query call."},
		{"SELECT Id, Id FROM Lead", "INVALID_FIELD", "duplicate field selected: Id"},
		{"SELECT LastName, COUNT(Id) FROM Lead", "MALFORMED_QUERY", "Field must be grouped or aggregated: LastName"},
		{"SELECT FIELDS(ALL) FROM Lead", "MALFORMED_QUERY", "The SOQL FIELDS function must have a LIMIT of at most 200"},
	} {
		r := c.refused("GET", "/query?q="+url.QueryEscape(q.soql), nil)
		if r.Code != q.code || !strings.Contains(r.Message, q.text) {
			t.Errorf("%s: %s %s", q.soql, r.Code, r.Message)
		}
	}
	if r := c.query("SELECT FIELDS(ALL) FROM Lead WHERE LastName = 'Q3' LIMIT 1").Records[0]; r["Description"] != "50% off_er" || r["Name"] != "Q3" {
		t.Error(r)
	}
	r := c.query("SELECT Name, (SELECT Subject FROM Tasks WHERE Status = 'Completed' ORDER BY ActivityDate DESC LIMIT 2), (SELECT Id FROM Events WHERE Subject = 'no') FROM Contact WHERE Name = 'Ann Okafor'").Records[0]
	if kids, ok := r["Tasks"].(map[string]any); !ok || kids["totalSize"] != 2.0 || r["Events"] != nil {
		t.Error(r)
	}
	if r := c.query("SELECT TYPEOF Who WHEN Contact THEN LastName, Phone WHEN Lead THEN Company END FROM Task WHERE Subject = 'Called dispatcher about sensors'").Records[0]["Who"].(map[string]any); r["Company"] != "Bayline Freight" {
		t.Error(r)
	}
}

// The numbers the walk-throughs call from find what they must.
func TestDemoNumbers(t *testing.T) {
	o := start(t, Options{})
	c := login(t, o, "ada")
	for _, n := range []struct{ q, want string }{
		{`4155550123 OR 14155550123 OR \+14155550123 OR "\(415\) 555\-0123"`, "Contact Ann Okafor"},
		{`4155551212 OR 14155551212 OR \+14155551212 OR "\(415\) 555\-1212"`, "Contact Ann Beck, Contact Bob Reyes, Lead Kim Acheson"},
		{`442079460018 OR \+442079460018 OR 02079460018 OR "020 7946 0018"`, "Contact Oliver Pryce"},
		{`4155550188 OR \+14155550188 OR "\(415\) 555\-0188"`, "Contact Dana Whitlock"},
		{`4155550199 OR \+14155550199 OR "\(415\) 555\-0199"`, ""},
	} {
		_, _, body := c.send("GET", "/search?q="+url.QueryEscape("FIND {"+n.q+"} IN PHONE FIELDS RETURNING Contact(Name), Account(Name), Lead(Name WHERE IsConverted = false)"), nil)
		if got := found(body); got != n.want {
			t.Errorf("%s: %q, want %q", n.q, got, n.want)
		}
	}
	// One parameterised search per spelling finds the same; text in it is data.
	_, _, body := c.send("POST", "/parameterizedSearch", m{"q": "(415) 555-1212", "in": "PHONE", "overallLimit": 60, "sobjects": []m{{"name": "Contact", "fields": []string{"Id", "Name"}, "limit": 20}, {"name": "Lead", "fields": []string{"Id", "Name"}, "where": "IsConverted=false"}}})
	if got := found(body); got != "Contact Ann Beck, Contact Bob Reyes, Lead Kim Acheson" {
		t.Errorf("parameterized: %q in %s", got, body)
	}
	if _, _, body = c.send("GET", "/parameterizedSearch?q=okafor&in=NAME&sobject=Contact&Contact.fields=id,name&Contact.limit=1", nil); found(body) != "Contact Ann Okafor" {
		t.Error(body)
	}
	if n := len(o.Records("Contact")) + len(o.Records("Account")) + len(o.Records("Lead")) + len(o.Records("Case")) + len(o.Records("Task")); n < 200 {
		t.Errorf("the demo seed has %d records", n)
	}
}

// found lists type and name of search results.
func found(body string) string {
	var out []string
	for _, part := range strings.Split(body, `{"attributes":{"type":"`)[1:] {
		typ, rest, _ := strings.Cut(part, `"`)
		_, rest, _ = strings.Cut(rest, `"Name":"`)
		name, _, _ := strings.Cut(rest, `"`)
		out = append(out, typ+" "+name)
	}
	return strings.Join(out, ", ")
}
