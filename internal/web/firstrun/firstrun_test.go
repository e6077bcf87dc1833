package firstrun

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"cordboard/internal/fault"
)

type run struct {
	t     *testing.T
	p     *Page
	codes []string
	made  []Founding
	err   error
	now   time.Time
}

func newRun(t *testing.T) *run {
	r := &run{t: t, now: time.Date(2026, 11, 22, 14, 0, 0, 0, time.UTC)}
	r.p = New(Options{
		Say:   func(code string, _ time.Time) { r.codes = append(r.codes, code) },
		Found: func(_ context.Context, f Founding) error { r.made = append(r.made, f); return r.err },
		Now:   func() time.Time { return r.now },
	})
	return r
}

func (r *run) post(code string, headers ...string) (int, string) {
	form := url.Values{"code": {code}, "tenant": {"acme"}, "label": {"<b>Acme</b>"}, "region": {"us"}, "timeZone": {"UTC"}, "userId": {"mia"},
		"firstName": {"Mia"}, "lastName": {"Olsen"}, "email": {"mia@acme.example"}, "password": {" kept as typed "}}
	req := httptest.NewRequest("POST", "http://127.0.0.1:8080/setup", strings.NewReader(form.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for n := 0; n < len(headers); n += 2 {
		req.Header.Set(headers[n], headers[n+1])
	}
	w := httptest.NewRecorder()
	r.p.Handler().ServeHTTP(w, req)
	b, _ := io.ReadAll(w.Body)
	return w.Code, string(b)
}

func (r *run) latest() string { return r.codes[len(r.codes)-1] }

func TestTheCodeMakesTheTenantOnce(t *testing.T) {
	r := newRun(t)
	if code, _ := r.post("AAAA-BBBB-CCCC-DDDD"); code != http.StatusForbidden || len(r.made) != 0 {
		t.Fatalf("a wrong code: %d, made %v", code, r.made)
	}
	if code, body := r.post(strings.ToLower(strings.ReplaceAll(r.latest(), "-", ""))); code != http.StatusOK || !strings.Contains(body, "/manager/") {
		t.Fatalf("the right code: %d %s", code, body)
	}
	if f := r.made[0]; f.Tenant != "acme" || f.Region != "US" || f.Password != " kept as typed " {
		t.Fatalf("made %+v", f)
	}
	<-r.p.Done()
	if code, _ := r.post(r.latest()); code != http.StatusConflict || len(r.made) != 1 {
		t.Fatalf("again: %d, made %d times", code, len(r.made))
	}
}

func TestACodeEndsByTimeAndByGuessing(t *testing.T) {
	r := newRun(t)
	first := r.latest()
	r.now = r.now.Add(Life + time.Second)
	if code, _ := r.post(first); code != http.StatusForbidden || len(r.codes) != 2 {
		t.Fatalf("an old code: %d, %d codes said", code, len(r.codes))
	}
	second := r.latest()
	for range tries {
		r.post("AAAA")
	}
	if code, _ := r.post(second); code != http.StatusForbidden || len(r.codes) != 3 || len(r.made) != 0 {
		t.Fatalf("after ten guesses the code still worked: %d", code)
	}
	if code, _ := r.post(r.latest()); code != http.StatusOK {
		t.Fatalf("the newest code: %d", code)
	}
}

func TestFaultsStandAtTheirFieldsAndNothingIsLost(t *testing.T) {
	r := newRun(t)
	var f fault.Fields
	f.Add("password", "SHORT", "Too short: 5 of 12.")
	f.Add("region", "UNKNOWN", "There is no such country.")
	r.err = f.Err()
	code, body := r.post(r.latest())
	if code != http.StatusUnprocessableEntity || !strings.Contains(body, "Too short: 5 of 12.") || !strings.Contains(body, "There is no such country.") {
		t.Fatalf("%d %s", code, body)
	}
	if !strings.Contains(body, `value="mia@acme.example"`) || !strings.Contains(body, "&lt;b&gt;Acme") || strings.Contains(body, "kept as typed") {
		t.Fatalf("what was typed: %s", body)
	}
	r.err = nil
	if code, _ := r.post(r.latest()); code != http.StatusOK {
		t.Fatalf("after mending: %d; the code must survive bad input", code)
	}
}

func TestOtherSitesCannotPost(t *testing.T) {
	r := newRun(t)
	if code, _ := r.post(r.latest(), "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site"); code != http.StatusForbidden || len(r.made) != 0 {
		t.Fatalf("%d, made %v", code, r.made)
	}
}
