package wire

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"cordboard/internal/fault"
)

func TestParseError(t *testing.T) {
	for _, c := range []struct {
		status     int
		body       string
		code, text string
	}{
		{401, `[{"message":"Session expired or invalid","errorCode":"INVALID_SESSION_ID"}]`, "INVALID_SESSION_ID", "Session expired or invalid"},
		{400, `{"message":"one","errorCode":"LONE"}`, "LONE", "one"},
		{400, `{"error":"invalid_grant","error_description":"no"}`, "invalid_grant", "no"},
		{400, `[{"message":"\nSELECT Id, Foo\n   ^","errorCode":"INVALID_FIELD"}]`, "INVALID_FIELD", "SELECT Id, Foo ^"},
		{300, `["/a","/b"]`, "NOT_UNIQUE", "Multiple Choices"},
		{429, ``, "REQUEST_LIMIT_EXCEEDED", "Too Many Requests"},
		{503, `<html>`, "HTTP_503", "Service Unavailable"},
		{401, ``, "INVALID_SESSION_ID", "Unauthorized"},
		{400, `[]`, "HTTP_400", "Bad Request"},
		{400, `null`, "HTTP_400", "Bad Request"},
	} {
		e := ParseError(c.status, []byte(c.body))
		if e.Status != c.status || e.Code() != c.code || e.Message() != c.text {
			t.Errorf("%d %s: %d %s %q", c.status, c.body, e.Status, e.Code(), e.Message())
		}
	}
}

func FuzzParseError(f *testing.F) {
	f.Add(400, []byte(`[{"message":"x","errorCode":"STRING_TOO_LONG","fields":["A"]}]`))
	f.Add(400, []byte(`[{"message":"Unable to create/update fields: A, B. Please","errorCode":"INVALID_FIELD_FOR_INSERT_UPDATE"}]`))
	f.Add(300, []byte(`["a"]`))
	f.Fuzz(func(t *testing.T, status int, b []byte) {
		e := ParseError(status, b)
		if len(e.Items) == 0 || e.Code() == "" {
			t.Fatalf("%+v", e)
		}
		c := fault.Of(Classify(e))
		if c.Code == "" || c.Message == "" || c.Verdict == fault.Unjudged {
			t.Fatalf("%+v", c)
		}
		for _, it := range e.Items {
			_ = it.Names()
		}
	})
}

func TestNames(t *testing.T) {
	for _, c := range []struct {
		it   Item
		want string
	}{
		{Item{Code: "X", Fields: []string{"A", "B"}}, "A B"},
		{Item{Code: "REQUIRED_FIELD_MISSING", Message: "Required fields are missing: [Name, LastName]"}, "Name LastName"},
		{Item{Code: "INVALID_FIELD_FOR_INSERT_UPDATE", Message: "Unable to create/update fields: Type, X__c. Please check the security settings of this field and verify that it is read/write."}, "Type X__c"},
		{Item{Code: "INVALID_FIELD", Message: "\nSELECT Foo\nERROR at Row:1\nNo such column 'Foo' on entity 'Account'. If you"}, "Foo"},
		{Item{Code: "INVALID_FIELD", Message: "something else"}, ""},
		{Item{Code: "STRING_TOO_LONG", Message: "Subject: data value too large: a: b (max length=255)"}, "Subject"},
		{Item{Code: "OTHER", Message: "A: b"}, ""},
	} {
		if got := strings.Join(c.it.Names(), " "); got != c.want {
			t.Errorf("%+v: %q, want %q", c.it, got, c.want)
		}
	}
}

func TestReason(t *testing.T) {
	for want, err := range map[string]error{
		"it did not answer in time":    context.DeadlineExceeded,
		"the request was given up":     context.Canceled,
		"its host name has no address": &net.DNSError{Name: "x.invalid"},
		"no connection":                &net.OpError{Op: "dial", Err: errors.New("refused")},
		"the connection was lost":      errors.New("EOF"),
		"This address cannot be used":  fmt.Errorf("get: %w", fault.New(fault.Invalid, "ADDRESS_REFUSED", "This address cannot be used.")),
	} {
		if got := (&Lost{Cause: err}).Reason(); got != want {
			t.Errorf("%v: %q, want %q", err, got, want)
		}
	}
	refused := fault.New(fault.Invalid, "ADDRESS_REFUSED", "This address cannot be used.").Judge(fault.Park, 0)
	if f := fault.Of(Classify(&Lost{Cause: fmt.Errorf("get: %w", refused)})); f.Code != "ADDRESS_REFUSED" || f.Verdict != fault.Park {
		t.Errorf("the guard's word is lost: %v", f)
	}
}

func TestUsageAndSecrets(t *testing.T) {
	info := ""
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Sforce-Limit-Info", info)
		_, _ = w.Write([]byte("{}"))
	}))
	defer srv.Close()
	c := New(srv.Client())
	s := Session{Token: "SECRET", Instance: srv.URL, Version: "64.0"}
	for _, want := range []struct {
		info        string
		used, limit int64
	}{{"api-usage=18/5000", 18, 5000}, {"", 18, 5000}, {"api-usage=x", 18, 5000}, {"api-usage=19/5000; per-app-api-usage=1/250(appName=x)", 19, 5000}} {
		info = want.info
		if _, err := c.Do(t.Context(), s, Request{Method: "GET", Path: "/limits"}); err != nil {
			t.Fatal(err)
		}
		if u, l := c.Usage(); u != want.used || l != want.limit {
			t.Errorf("%q: %d/%d", want.info, u, l)
		}
	}
	var b strings.Builder
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "session", s)
	if fmt.Fprintf(&b, "%v %s", s, s); strings.Contains(b.String(), "SECRET") {
		t.Errorf("the token would be logged: %s", b.String())
	}
}

// What was sent comes back in Salesforce's texts; it reaches neither the log nor a fault.
func TestErrorsDoNotRepeatWhatWasSent(t *testing.T) {
	e := ParseError(400, []byte(`[{"errorCode":"STRING_TOO_LONG","message":"Subject: data value too large: call +14155551212 (max length=255) secret (max length=255)","fields":["Subject"]}]`))
	f := fault.Of(Classify(e))
	for _, text := range []string{e.Error(), f.Error(), f.Message, f.Fields[0].Message} {
		if strings.Contains(text, "4155551212") || strings.Contains(text, "secret") {
			t.Errorf("repeats the value: %s", text)
		}
	}
	if f.Fields[0].Message != "Subject: data value too large (max length=255)" {
		t.Errorf("says %q", f.Fields[0].Message)
	}
	if f := fault.Of(Classify(ParseError(400, []byte(`[{"errorCode":"X","message":"`+strings.Repeat("x", 5000)+`"}]`)))); len(f.Message) > 700 {
		t.Errorf("%d characters", len(f.Message))
	}
}
