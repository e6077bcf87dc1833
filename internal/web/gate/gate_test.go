package gate

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"cordboard/internal/signin"
	"cordboard/internal/tenant"
)

type sessions map[string]signin.Session

func (s sessions) Session(_ context.Context, id string) (signin.Session, error) {
	x, ok := s[id]
	if !ok {
		return x, signin.ErrSignedOut()
	}
	return x, nil
}

func newGate() *Gate {
	c := tenant.New("acme")
	c.Users["anna"] = tenant.User{ID: "anna", Roles: []tenant.Role{tenant.RoleAgent}}
	c.Users["gone"] = tenant.User{ID: "gone", Roles: []tenant.Role{tenant.RoleAgent, tenant.RoleAdmin}, Inactive: true}
	return New(Options{
		Sessions: sessions{
			"s-anna": {Tenant: "acme", Agent: "anna"}, "s-gone": {Tenant: "acme", Agent: "gone"}, "s-nobody": {Tenant: "acme", Agent: "nobody"},
			"s-elsewhere": {Tenant: "closed", Agent: "anna"},
		},
		Config:  func(name string) (*tenant.Config, bool) { return c, name == "acme" },
		Cookie:  "sid",
		Address: func(*http.Request) string { return "192.0.2.1" },
		MaxBody: 10,
	})
}

func (g *Gate) try(method, path, cookie, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if method != "GET" {
		r.Header.Set("Content-Type", "application/json; charset=utf-8")
	}
	if cookie != "" {
		r.AddCookie(&http.Cookie{Name: "sid", Value: cookie})
	}
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	return w
}

func TestARouteWithoutRightsCannotBeServed(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("it was registered")
		}
	}()
	newGate().HandleFunc("GET /api/v1/secret", func(http.ResponseWriter, *http.Request) {})
}

func TestWhoGetsThrough(t *testing.T) {
	g := newGate()
	ran := 0
	g.HandleFunc("POST /api/v1/console/status", func(w http.ResponseWriter, r *http.Request) {
		ran++
		if c := CallerOf(r.Context()); c.User.ID != "anna" || c.Config.Name != "acme" || c.From.Address != "192.0.2.1" {
			t.Errorf("%+v", c)
		}
		if _, err := io.ReadAll(r.Body); err != nil {
			w.WriteHeader(413)
		}
	})
	g.HandleFunc("GET /api/v1/manager/users", func(http.ResponseWriter, *http.Request) { ran++ })
	for _, c := range []struct {
		name, method, path, cookie, body string
		want                             int
	}{
		{"agent", "POST", "/api/v1/console/status", "s-anna", "{}", 200},
		{"too much", "POST", "/api/v1/console/status", "s-anna", "{         }", 413},
		{"nobody", "POST", "/api/v1/console/status", "", "{}", 401},
		{"made-up id", "POST", "/api/v1/console/status", "s-bert", "{}", 401},
		{"deactivated", "POST", "/api/v1/console/status", "s-gone", "{}", 401},
		{"a user that is no more", "POST", "/api/v1/console/status", "s-nobody", "{}", 401},
		{"a tenant that is not served", "POST", "/api/v1/console/status", "s-elsewhere", "{}", 401},
		{"agent at the manager", "GET", "/api/v1/manager/users", "s-anna", "", 403},
		{"deactivated administrator", "GET", "/api/v1/manager/users", "s-gone", "", 401},
		{"wrong method", "GET", "/api/v1/console/status", "s-anna", "", 404},
		{"no route", "GET", "/api/v1/secret", "s-anna", "", 404},
	} {
		if got := g.try(c.method, c.path, c.cookie, c.body).Code; got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
	if ran != 2 {
		t.Errorf("handlers ran %d times", ran)
	}
}
