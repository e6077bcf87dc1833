package problem

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"cordboard/internal/fault"
)

var update = flag.Bool("update", false, "write golden files anew")

// TestGolden shows how every kind of fault leaves the server.
func TestGolden(t *testing.T) {
	fields := fault.Fields{{Field: "notes", Code: "TOO_LONG", Message: "At most 20000 characters; this has 20001."}}
	var b strings.Builder
	for _, err := range []error{
		fields.Err(),
		fault.New(fault.Unauthenticated, "SIGNED_OUT", "You are not signed in."),
		fault.New(fault.Unauthenticated, "SIGN_IN_REFUSED", "User ID or password is not right."),
		fault.New(fault.Unauthenticated, "INVALID_LOGIN", "Salesforce refused user name, password or token."),
		fault.New(fault.Forbidden, "FORBIDDEN", "This is for administrators."),
		fault.New(fault.NotFound, "NOT_FOUND", "There is no such thing."),
		fault.New(fault.Conflict, "OFFER_TAKEN", "No longer available – taken by another agent."),
		fault.New(fault.Gone, "CALL_GONE", "The call has ended."),
		fault.New(fault.TooMany, "LOCKED", "Too many tries.").Judge(fault.Unjudged, 1500*time.Millisecond),
		fault.New(fault.Unavailable, "UNREACHABLE", "Salesforce cannot be reached.").With(errors.New("dial tcp 10.1.2.3:443: refused")),
		fmt.Errorf("while saving: %w", fault.New(fault.Conflict, "CHANGED", "Changed by Anna.")),
		errors.New("disk full at /var/lib/secret"),
		fault.New("new kind", "NEW", "A kind that the table does not know."),
	} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("POST", "/", nil)
		Write(w, r.WithContext(WithRequestID(r.Context(), "REQ1")), err)
		res := w.Result()
		body, _ := io.ReadAll(res.Body)
		fmt.Fprintf(&b, "%d %s", res.StatusCode, res.Header.Get("Content-Type"))
		if after := res.Header.Get("Retry-After"); after != "" {
			fmt.Fprintf(&b, " Retry-After: %s", after)
		}
		fmt.Fprintf(&b, "\n%s\n", body)
	}
	if strings.Contains(b.String(), "secret") || strings.Contains(b.String(), "10.1.2.3") {
		t.Error("a cause was shown")
	}
	const file = "testdata/problems.golden"
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || b.String() != string(want) {
		t.Errorf("%v:\n%s", err, b.String())
	}
}

// TestEveryKindHasAStatus: a kind that is added must find its place in the table.
func TestEveryKindHasAStatus(t *testing.T) {
	for _, k := range []fault.Kind{fault.Invalid, fault.Unauthenticated, fault.Forbidden, fault.NotFound, fault.Conflict, fault.Gone, fault.TooMany, fault.Unavailable, fault.Internal} {
		if status[k] < 400 {
			t.Errorf("%s has status %d", k, status[k])
		}
	}
}

func TestCauseStaysForTheLog(t *testing.T) {
	cause := errors.New("disk full")
	if p := Of(t.Context(), cause); !errors.Is(p, cause) || p.Status != 500 {
		t.Errorf("%+v", p)
	}
	p := &Problem{Status: 415, Code: "NOT_JSON"}
	if Of(t.Context(), p) != p {
		t.Error("a problem was made anew")
	}
}
