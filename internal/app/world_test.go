package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cordboard/internal/app"
	"cordboard/internal/channel/phone/sip/sipphone"
	"cordboard/internal/demo"
	"cordboard/internal/simorg"
	"cordboard/internal/store/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// site is an installation with real parts: a simulated org, the product on free ports of loopback, the demo's sample tenant.
type site struct {
	t   *testing.T
	ctx context.Context
	org *simorg.Org
	// orgURL is where the org is reached, and logins counts what was sent to its SOAP login.
	orgURL string
	logins atomic.Int64
	app    *app.App
	opts   app.Options
}

func newSite(t *testing.T, o app.Options) *site {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	s := &site{t: t, ctx: ctx, opts: o}
	var err error
	if s.org, err = simorg.New(simorg.Options{SeedName: "demo"}); err != nil {
		t.Fatal(err)
	}
	gate := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/services/Soap/") {
			s.logins.Add(1)
		}
		s.org.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(func() { gate.Close(); _ = s.org.Stop(context.Background()) })
	s.orgURL = gate.URL
	s.opts.Data, s.opts.Listen, s.opts.SIPListen = t.TempDir(), "127.0.0.1:0", "127.0.0.1:0"
	s.opts.Allow = []string{strings.TrimPrefix(s.orgURL, "http://")}
	s.open(func(a *app.App) {
		if _, err := demo.Settle(ctx, a, s.orgURL); err != nil {
			t.Fatal(err)
		}
	})
	t.Cleanup(s.close)
	return s
}

// open makes the installation and starts it; before is done in between.
func (s *site) open(before func(*app.App)) {
	s.t.Helper()
	var err error
	if s.app, err = app.New(s.ctx, s.opts); err != nil {
		s.t.Fatal(err)
	}
	if before != nil {
		before(s.app)
	}
	if err := s.app.Start(s.ctx); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) close() {
	s.t.Helper()
	if s.app == nil {
		return
	}
	if err := s.app.Stop(context.Background()); err != nil {
		s.t.Error(err)
	}
	s.app = nil
}

func (s *site) restart() {
	s.t.Helper()
	s.close()
	s.open(nil)
}

// phone makes a telephone that goes with the test.
func (s *site) phone(o sipphone.Options) *sipphone.Phone {
	s.t.Helper()
	p, err := sipphone.New(o)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = p.Close() })
	return p
}

// call has a customer call a number, and returns when he is answered.
func (s *site) call(r sipphone.Request) *sipphone.Call {
	s.t.Helper()
	r.Server = s.app.SIPAddr().String()
	c, err := s.phone(sipphone.Options{Tone: 440}).Call(s.ctx, r)
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

// person is somebody with a browser.
type person struct {
	s    *site
	http http.Client
}

// object is any JSON object.
type object = map[string]any

// at reads a value by a path of names and list positions.
func at(v any, path ...any) any {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			o, _ := v.(object)
			v = o[p]
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}

// text is the value at a path as text, "" when there is none.
func text(v any, path ...any) string {
	if v = at(v, path...); v == nil {
		return ""
	}
	return fmt.Sprint(v)
}

// signIn signs somebody in with the demo's password.
func (s *site) signIn(userID string) *person {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	p := &person{s: s, http: http.Client{Jar: jar}}
	p.must("POST", "/api/v1/session", object{"userId": userID, "password": demo.Password})
	return p
}

// do asks and returns status and answer.
func (p *person) do(method, path string, body any) (int, object) {
	p.s.t.Helper()
	var in io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			p.s.t.Fatal(err)
		}
		in = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(p.s.ctx, method, p.s.app.URL()+path, in)
	if err != nil {
		p.s.t.Fatal(err)
	}
	if method != "GET" {
		r.Header.Set("Content-Type", "application/json")
	}
	res, err := p.http.Do(r)
	if err != nil {
		p.s.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		p.s.t.Fatal(err)
	}
	var out object
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &out); err != nil {
			p.s.t.Fatalf("%s %s answered %d: %s", method, path, res.StatusCode, raw)
		}
	}
	return res.StatusCode, out
}

// must asks for what must succeed.
func (p *person) must(method, path string, body any) object {
	p.s.t.Helper()
	code, out := p.do(method, path, body)
	if code/100 != 2 {
		p.s.t.Fatalf("%s %s answered %d: %v", method, path, code, out)
	}
	return out
}

// refused asks for what must be refused, and returns the sentence.
func (p *person) refused(status int, code, method, path string, body any) string {
	p.s.t.Helper()
	got, out := p.do(method, path, body)
	if got != status || code != "" && text(out, "code") != code {
		p.s.t.Errorf("%s %s answered %d: %v, want %d %s", method, path, got, out, status, code)
	}
	sentence := text(out, "message")
	if l, _ := at(out, "errors").([]any); len(l) > 0 {
		sentence = text(l, 0, "message")
	}
	return sentence
}

// withDesk gives an agent a telephone on his desk, registered.
func (s *site) withDesk(admin *person, userID string, o sipphone.Options) *sipphone.Phone {
	s.t.Helper()
	users, _ := admin.must("GET", "/api/v1/manager/users", nil)["users"].([]any)
	for _, x := range users {
		u, _ := x.(object)
		if text(u, "userId") != userID {
			continue
		}
		u["endpoint"] = "sip"
		path := "/api/v1/manager/users/" + text(u, "id")
		admin.must("PUT", path, u)
		issued := admin.must("POST", path+"/sip-secret", object{})
		o.User, o.Secret = text(issued, "user", "sipUser"), text(issued, "secret")
		p := s.phone(o)
		if err := p.Register(s.ctx, s.app.SIPAddr().String()); err != nil {
			s.t.Fatal(err)
		}
		return p
	}
	s.t.Fatalf("there is no user %s", userID)
	return nil
}
