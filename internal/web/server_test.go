package web

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"cordboard/internal/agent"
	"cordboard/internal/bus"
	"cordboard/internal/crm/salesforce"
	"cordboard/internal/delivery"
	"cordboard/internal/desk"
	"cordboard/internal/interaction"
	"cordboard/internal/setting"
	"cordboard/internal/setting/settingtest"
	"cordboard/internal/signin"
	"cordboard/internal/signin/signintest"
	"cordboard/internal/tenant"
	"cordboard/internal/web/api"
)

const goodPassword = "seven wet otters sing"

// below is the rooms under one tenant, as far as these tests walk into them.
type below struct {
	Desk
	api.SignOns
	api.Deliveries
	api.PhoneDesk
	agentID string
}

func (b *below) SignIn(context.Context, string) (agent.Agent, error) { return agent.Agent{}, nil }
func (b *below) SignOut(context.Context, string, string) (agent.Agent, error) {
	return agent.Agent{}, nil
}
func (b *below) Present(string, bool)  {}
func (b *below) Waiting() desk.Waiting { return desk.Waiting{} }
func (b *below) Snapshot(context.Context, string, int) (agent.Agent, []interaction.Interaction, error) {
	return agent.Agent{ID: b.agentID, Status: agent.OnBreak, Version: 4}, nil, nil
}
func (b *below) SetStatus(context.Context, string, agent.Status, string) (agent.Agent, error) {
	panic("the desk fell over, and " + goodPassword)
}
func (b *below) Status(context.Context, string) (salesforce.SignOn, error) {
	return salesforce.SignOn{}, nil
}
func (b *below) List(context.Context, delivery.Filter) ([]delivery.Delivery, error) { return nil, nil }
func (b *below) Muted(string, string) bool                                          { return false }
func (b *below) Abilities() []string                                                { return []string{"mute"} }
func (b *below) Reachable(string) bool                                              { return true }
func (b *below) Owner(string) (string, time.Time)                                   { return "tab1", time.Time{} }

type face struct {
	*Server
	guard *signin.Guard
	doors *bus.Bus
	log   *bytes.Buffer
	agent string
}

func newFace(t *testing.T, change func(*Options)) *face {
	t.Helper()
	f := &face{doors: bus.New(), log: &bytes.Buffer{}}
	trail := &settingtest.Trail{}
	f.guard = signin.New(signin.Options{Store: signintest.New(), Bus: f.doors, Trail: func(string) signin.Trail { return trail }, Weak: true})
	tb := bus.New()
	book, err := setting.Open(t.Context(), setting.Options{Tenant: "acme", Store: &settingtest.Store{}, Trail: trail, Bus: tb, Accounts: f.guard})
	if err != nil {
		t.Fatal(err)
	}
	u, err := book.SaveUser(t.Context(), "system", tenant.User{UserID: "anna", FirstName: "Anna", LastName: "Bell", Email: "a@example.com", Roles: []tenant.Role{tenant.RoleAgent}})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.guard.SetPassword(t.Context(), "anna", goodPassword, "system", ""); err != nil {
		t.Fatal(err)
	}
	f.agent = u.ID
	b := &below{agentID: u.ID}
	o := Options{
		PublicURL: "http://127.0.0.1:8080", Guard: f.guard, Doors: f.doors, Version: "1.2.3",
		Tenants: []Tenant{{Name: "acme", Bus: tb, Settings: book, Trail: trail, Desk: b, Phone: b, SignOns: b, Deliveries: b}},
		Log:     slog.New(slog.NewTextHandler(f.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Static: fstest.MapFS{
			"console/index.html": {Data: []byte("<!doctype html><title>console</title>")}, "assets/main-1a2b.js": {Data: []byte("export{}")},
			"assets/main.css": {Data: []byte("a{}")}, ".keep": {},
		},
	}
	if change != nil {
		change(&o)
	}
	if f.Server, err = New(o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	return f
}

// get sends a request with a host and headers ("Name: value").
func (f *face) send(method, target, body string, headers ...string) *http.Response {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Host = "127.0.0.1:8080"
	r.RemoteAddr = "127.0.0.1:4711"
	for _, h := range headers {
		k, v, _ := strings.Cut(h, ": ")
		switch k {
		case "Host":
			r.Host = v
		case "Remote":
			r.RemoteAddr = v
		default:
			r.Header.Set(k, v)
		}
	}
	w := httptest.NewRecorder()
	f.Handler().ServeHTTP(w, r)
	return w.Result()
}

// proxied is an installation behind a proxy on this machine.
func proxied(public string) func(*Options) {
	return func(o *Options) {
		o.PublicURL, o.TrustedProxies = public, []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	}
}

func body(t *testing.T, res *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestEveryAnswerCarriesTheHeaders(t *testing.T) {
	for _, public := range []string{"http://127.0.0.1:8080", "https://127.0.0.1:8080"} {
		f := newFace(t, proxied(public))
		for _, path := range []string{"/", "/console/", "/manager/", "/nothing", "/api/v1/session", "/api/nothing", "/healthz", "/assets/main-1a2b.js"} {
			res := f.send("GET", path, "")
			for name, want := range map[string]string{
				"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer",
				"Cross-Origin-Opener-Policy": "same-origin-allow-popups", "Cross-Origin-Resource-Policy": "same-origin",
			} {
				if got := res.Header.Get(name); got != want {
					t.Errorf("%s %s: %q", path, name, got)
				}
			}
			if hsts := res.Header.Get("Strict-Transport-Security"); (hsts != "") != strings.HasPrefix(public, "https") {
				t.Errorf("%s on %s: HSTS %q", path, public, hsts)
			}
			if len(res.Header.Get("X-Request-Id")) < 20 {
				t.Errorf("%s has no request id", path)
			}
		}
	}
	for _, part := range []string{"default-src 'none'", "script-src 'self'", "require-trusted-types-for 'script'", "frame-ancestors 'none'", "base-uri 'none'"} {
		if !strings.Contains(policy, part) {
			t.Errorf("the policy lacks %s", part)
		}
	}
	if strings.Contains(policy, "unsafe") {
		t.Error("the policy has something unsafe")
	}
}

func TestOtherOriginsAreRefused(t *testing.T) {
	f := newFace(t, nil)
	signIn := `{"userId":"anna","password":"` + goodPassword + `"}`
	for _, c := range []struct {
		name    string
		headers []string
		want    int
	}{
		{"same origin", []string{"Sec-Fetch-Site: same-origin"}, 200},
		{"no browser", nil, 200},
		{"public origin behind a proxy", []string{"Origin: http://127.0.0.1:8080"}, 200},
		{"cross-site", []string{"Sec-Fetch-Site: cross-site"}, 403},
		{"same site, other origin", []string{"Sec-Fetch-Site: same-site", "Origin: http://evil.example"}, 403},
		{"old browser", []string{"Origin: http://evil.example"}, 403},
		{"null origin", []string{"Origin: null"}, 403},
	} {
		res := f.send("POST", "/api/v1/session", signIn, append(c.headers, "Content-Type: application/json")...)
		if res.StatusCode != c.want {
			t.Errorf("%s: %d", c.name, res.StatusCode)
		}
		if c.want == 403 && (res.Header.Get("Content-Type") != "application/problem+json" || len(res.Cookies()) > 0) {
			t.Errorf("%s: %v", c.name, res.Header)
		}
	}
	// a link from elsewhere may show a page, and changes nothing
	if res := f.send("GET", "/console/", "", "Sec-Fetch-Site: cross-site"); res.StatusCode != 200 {
		t.Errorf("a link: %d", res.StatusCode)
	}
}

func TestOnlyThePublicHostIsServed(t *testing.T) {
	local, public := newFace(t, nil), newFace(t, proxied("https://cc.example.com"))
	for host, want := range map[string][2]int{
		"127.0.0.1:8080":     {200, 421},
		"localhost:5173":     {200, 421},
		"[::1]:8080":         {200, 421},
		"cc.example.com":     {421, 200},
		"CC.EXAMPLE.COM":     {421, 200},
		"cc.example.com:443": {421, 200},
		"evil.example":       {421, 421},
		"127.0.0.1.nip.io":   {421, 421},
		"":                   {421, 421},
	} {
		for n, f := range []*face{local, public} {
			if res := f.send("GET", "/console/", "", "Host: "+host); res.StatusCode != want[n] {
				t.Errorf("%q at face %d: %d", host, n, res.StatusCode)
			}
			if res := f.send("GET", "/healthz", "", "Host: "+host); res.StatusCode != 200 {
				t.Errorf("healthz by %q: %d", host, res.StatusCode)
			}
		}
	}
}

func TestHTTPStaysOnTheMachine(t *testing.T) {
	local := newFace(t, nil)
	bare := newFace(t, func(o *Options) { o.PublicURL = "https://cc.example.com" })
	behind := newFace(t, proxied("https://cc.example.com"))
	for _, c := range []struct {
		name   string
		f      *face
		remote string
		tls    bool
		path   string
		want   int
	}{
		{"demo, this machine", local, "127.0.0.1:1", false, "/console/", 200},
		{"demo, this machine by IPv6", local, "[::1]:1", false, "/console/", 200},
		{"demo, from elsewhere", local, "192.0.2.9:1", false, "/console/", 403},
		{"own certificate", bare, "192.0.2.9:1", true, "/console/", 200},
		{"own certificate, plain", bare, "192.0.2.9:1", false, "/console/", 403},
		{"own certificate, plain on loopback", bare, "127.0.0.1:1", false, "/console/", 403},
		{"health on loopback", bare, "127.0.0.1:1", false, "/healthz", 200},
		{"behind the proxy", behind, "127.0.0.1:1", false, "/console/", 200},
		{"around the proxy", behind, "192.0.2.9:1", false, "/console/", 403},
	} {
		r := httptest.NewRequest("GET", c.path, nil)
		r.Host, r.RemoteAddr = "cc.example.com", c.remote
		if c.f == local {
			r.Host = "127.0.0.1:8080"
		}
		if c.tls {
			r.TLS = &tls.ConnectionState{}
		}
		w := httptest.NewRecorder()
		c.f.Handler().ServeHTTP(w, r)
		if w.Code != c.want {
			t.Errorf("%s: %d", c.name, w.Code)
		}
	}
}

func TestPublicURL(t *testing.T) {
	for in, ok := range map[string]bool{
		"https://cc.example.com": true, "https://cc.example.com/": true, "https://cc.example.com:8443": true, "http://localhost:8080": true, "http://[::1]:1": true,
		"http://cc.example.com": false, "cc.example.com": false, "": false, "ftp://127.0.0.1": false, "https://u@cc.example.com": false,
		"https://cc.example.com/path": false, "https://cc.example.com?x": false,
	} {
		if _, err := publicURL(in); (err == nil) != ok {
			t.Errorf("%q: %v", in, err)
		}
	}
}

func TestCookieByScheme(t *testing.T) {
	for public, want := range map[string]string{"http://127.0.0.1:8080": "sid", "https://127.0.0.1:8080": "__Host-sid"} {
		f := newFace(t, proxied(public))
		res := f.send("POST", "/api/v1/session", `{"userId":"anna","password":"`+goodPassword+`"}`, "Content-Type: application/json")
		c := res.Cookies()[0]
		if c.Name != want || c.Secure != (want == "__Host-sid") || !c.HttpOnly || c.Domain != "" {
			t.Errorf("%s: %+v", public, c)
		}
	}
}

func TestPagesAndAssets(t *testing.T) {
	f := newFace(t, nil)
	for path, want := range map[string]string{
		"/": "/console/", "/console": "/console/", "/manager": "/manager/", "/AGUI/": "/console/", "/CM/": "/manager/", "/CM": "/manager/",
	} {
		if res := f.send("GET", path, ""); res.StatusCode != 302 || res.Header.Get("Location") != want {
			t.Errorf("%s leads to %q (%d)", path, res.Header.Get("Location"), res.StatusCode)
		}
	}
	for path, want := range map[string]struct {
		status      int
		kind, cache string
	}{
		"/console/":             {200, "text/html; charset=utf-8", "no-cache"},
		"/console/some/view":    {200, "text/html; charset=utf-8", "no-cache"},
		"/manager/":             {503, "text/html; charset=utf-8", "no-store"}, // not built
		"/assets/main-1a2b.js":  {200, "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"},
		"/assets/main.css":      {200, "text/css; charset=utf-8", "public, max-age=31536000, immutable"},
		"/assets/none.js":       {404, "application/problem+json", "no-store"},
		"/assets/../.keep":      {307, "", ""},
		"/assets/%2e%2e/.keep":  {404, "application/problem+json", "no-store"},
		"/nothing":              {404, "application/problem+json", "no-store"},
		"/api/v2/session":       {404, "application/problem+json", "no-store"},
		"/api/v1/openapi.json":  {200, "application/openapi+json", "no-store"},
		"/api/v1/session?x=y&z": {401, "application/problem+json", "no-store"},
	} {
		res := f.send("GET", path, "")
		if res.StatusCode != want.status || want.kind != "" && (res.Header.Get("Content-Type") != want.kind || res.Header.Get("Cache-Control") != want.cache) {
			t.Errorf("%s: %d %q %q", path, res.StatusCode, res.Header.Get("Content-Type"), res.Header.Get("Cache-Control"))
		}
	}
	if page := body(t, f.send("GET", "/nothing", "", "Accept: text/html")); !strings.Contains(page, "<h1>Not found</h1>") {
		t.Error(page)
	}
	if page := body(t, f.send("GET", "/manager/", "")); !strings.Contains(page, "make ui") {
		t.Error(page)
	}
	plain, err := New(Options{PublicURL: "http://127.0.0.1:1"})
	if err == nil || plain != nil {
		t.Error("a server without a tenant")
	}
}

func TestPanicsBecomeFaults(t *testing.T) {
	f := newFace(t, nil)
	res := f.send("POST", "/api/v1/session", `{"userId":"anna","password":"`+goodPassword+`"}`, "Content-Type: application/json")
	cookie := "Cookie: sid=" + res.Cookies()[0].Value
	res = f.send("POST", "/api/v1/console/status?secret=abc", `{"status":4}`, "Content-Type: application/json", cookie)
	var p struct{ Code, Message, RequestID string }
	text := body(t, res)
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != 500 || p.Code != "INTERNAL" || p.RequestID != res.Header.Get("X-Request-Id") || strings.Contains(text, "otters") {
		t.Errorf("%d %s", res.StatusCode, text)
	}
	if !strings.Contains(f.log.String(), p.RequestID) || !strings.Contains(f.log.String(), "the desk fell over") {
		t.Errorf("the log does not say it:\n%s", f.log)
	}
}

func TestLogHoldsNoSecrets(t *testing.T) {
	f := newFace(t, nil)
	res := f.send("POST", "/api/v1/session?token=canary1", `{"userId":"anna","password":"canary2 canary2"}`, "Content-Type: application/json", "Cookie: sid=canary3", "Authorization: Bearer canary4")
	if res.StatusCode != 401 {
		t.Fatal(res.StatusCode)
	}
	f.send("GET", "/console/?number=canary5", "", "Referer: https://x/?canary6")
	log := f.log.String()
	if strings.Contains(log, "canary") {
		t.Errorf("the log holds a secret:\n%s", log)
	}
	if !strings.Contains(log, "path=/api/v1/session ") || !strings.Contains(log, "status=401") {
		t.Errorf("the log lacks the request:\n%s", log)
	}
}

func TestMetricsAreForThisMachine(t *testing.T) {
	f := newFace(t, func(*Options) {})
	f.send("GET", "/console/", "")
	res := f.send("GET", "/metrics", "", "Remote: 127.0.0.1:5")
	if text := body(t, res); res.StatusCode != 200 || !strings.Contains(text, `cordboard_http_requests_total{class="2xx"} 1`) || !strings.Contains(text, `cordboard_streams{tenant="acme"} 0`) || !strings.Contains(text, "go_goroutines") {
		t.Errorf("%d %s", res.StatusCode, text)
	}
	proxy := func(o *Options) {
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("192.0.2.1/32")}
	}
	if res := newFace(t, proxy).send("GET", "/metrics", "", "Remote: 192.0.2.1:5"); res.StatusCode != 404 {
		t.Errorf("a proxy asks: %d", res.StatusCode)
	}
	for _, h := range [][]string{{"Remote: 127.0.0.1:5", "X-Forwarded-For: 192.0.2.1"}} {
		if res := f.send("GET", "/metrics", "", h...); res.StatusCode != 404 {
			t.Errorf("%v: %d", h, res.StatusCode)
		}
	}
}

func TestClientAddress(t *testing.T) {
	f := newFace(t, func(o *Options) { // two proxies in a row
		o.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	})
	for _, c := range []struct{ peer, forwarded, want string }{
		{"192.0.2.9:1", "", "192.0.2.9"},
		{"192.0.2.9:1", "198.51.100.1", "192.0.2.9"},             // not a proxy of ours
		{"10.0.0.1:1", "198.51.100.1", "198.51.100.1"},           // ours
		{"10.0.0.1:1", "1.2.3.4, 198.51.100.1", "198.51.100.1"},  // the client invented the left one
		{"10.0.0.1:1", "198.51.100.1, 10.0.0.7", "198.51.100.1"}, // two of ours
		{"10.0.0.1:1", "", "10.0.0.1"},
		{"10.0.0.1:1", "nonsense", "10.0.0.1"},
		{"[::ffff:10.0.0.1]:1", "2001:db8::7", "2001:db8::7"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.peer
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if got := f.address(r); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

func TestNotReady(t *testing.T) {
	f := newFace(t, func(o *Options) { o.Ready = func() error { return io.ErrUnexpectedEOF } })
	res := f.send("GET", "/healthz", "")
	if text := body(t, res); res.StatusCode != 503 || strings.Contains(text, "EOF") {
		t.Errorf("%d %s", res.StatusCode, text)
	}
}

// TestStreamOverARealConnection: a browser on a real socket gets its snapshot through every wall, and bye within two
// seconds of an administrator's order.
func TestStreamOverARealConnection(t *testing.T) {
	f := newFace(t, nil)
	srv := httptest.NewServer(f.Handler())
	defer srv.Close()
	id, _, err := f.guard.SignIn(t.Context(), "anna", goodPassword, signin.Source{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "GET", srv.URL+"/api/v1/console/stream?tab=tab1", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.AddCookie(&http.Cookie{Name: "sid", Value: id})
	res, err := srv.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream; charset=utf-8" {
		t.Fatal(res.StatusCode, res.Header)
	}
	first := make([]byte, 1<<16)
	n, err := res.Body.Read(first)
	if err != nil || !strings.HasPrefix(string(first[:n]), "event: snapshot\ndata: {\"n\":4,") || !strings.Contains(string(first[:n]), `"mine":true`) {
		t.Fatalf("%v %s", err, first[:n])
	}
	began := time.Now()
	if err := f.guard.End(t.Context(), "acme", f.agent, "", signin.EndRevoked); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(res.Body)
	if err != nil || !strings.Contains(string(rest), `event: bye`) || !strings.Contains(string(rest), `"reason":"revoked"`) || time.Since(began) > 2*time.Second {
		t.Errorf("%v after %v: %s", err, time.Since(began), rest)
	}
	if res := f.send("GET", "/api/v1/console/stream", "", "Cookie: sid="+id); res.StatusCode != 401 {
		t.Errorf("again: %d", res.StatusCode)
	}
}
