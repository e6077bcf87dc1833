// Package oauth is the org's OAuth face: /services/oauth2/… and the identity address /id/{org}/{user}.
//
// Token grants: JWT bearer (RS256), password, refresh token, client credentials. Besides: revoke, introspect, userinfo,
// singleaccess and the discovery document. Success has no expires_in, failures are HTTP 400 with error and
// error_description, as Salesforce does it. Who may sign on is decided by package signon; the sign-in page for people and
// the authorization code are not served yet and are refused as an unsupported grant.
package oauth

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"cordboard/internal/simorg/engine"
	"cordboard/internal/simorg/engine/refusal"
	"cordboard/internal/simorg/engine/signon"
)

// Face answers the OAuth addresses.
type Face struct {
	Engine *engine.Engine
	Base   func(*http.Request) string
}

// failure is an OAuth error.
type failure struct {
	Code        string `json:"error"`
	Description string `json:"error_description"`
	status      int
}

func fail(code, description string) *failure { return &failure{code, description, 400} }

// ServeHTTP answers a request.
func (f *Face) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimSuffix(strings.ToLower(r.URL.Path), "/")
	switch {
	case path == "/services/oauth2/token":
		f.token(w, r)
	case path == "/services/oauth2/revoke":
		f.revoke(w, r)
	case path == "/services/oauth2/introspect":
		f.introspect(w, r)
	case path == "/services/oauth2/userinfo":
		f.userinfo(w, r)
	case path == "/services/oauth2/singleaccess":
		f.single(w, r)
	case path == "/.well-known/openid-configuration":
		f.discovery(w, r)
	case strings.HasPrefix(path, "/id/"):
		f.identity(w, r)
	default:
		http.NotFound(w, r)
	}
}

func write(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	w.Header().Set("Cache-Control", "no-cache, no-store")
	w.WriteHeader(status)
	w.Write(b)
}

func ip(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// grant is what a token request came to.
type grant struct {
	userID  string
	app     signon.App
	scope   string
	refresh bool
	hidden  bool
	token   string // of a refresh grant
}

func (f *Face) token(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		write(w, 400, fail("invalid_request", "must use HTTP POST"))
		return
	}
	if err := r.ParseForm(); err != nil {
		write(w, 400, fail("invalid_request", "the form cannot be read"))
		return
	}
	var g grant
	var bad *failure
	switch kind := r.Form.Get("grant_type"); kind {
	case "":
		bad = fail("unsupported_grant_type", "grant type not supported")
	case "urn:ietf:params:oauth:grant-type:jwt-bearer":
		g, bad = f.jwt(r)
	case "password":
		g, bad = f.password(r)
	case "refresh_token":
		g, bad = f.refresh(r)
	case "client_credentials":
		g, bad = f.client(r)
	default:
		bad = fail("unsupported_grant_type", "grant type not supported")
	}
	if bad != nil {
		write(w, bad.status, bad)
		return
	}
	s := f.Engine.SignOn.Open(signon.Session{UserID: g.userID, App: g.app.Key, Kind: "OAuth", Scope: g.scope, IP: ip(r), Hidden: g.hidden})
	issued := strconv.FormatInt(f.Engine.Now().UnixMilli(), 10)
	id := f.canonical(g.userID)
	mac := hmac.New(sha256.New, []byte(g.app.Secret))
	mac.Write([]byte(id + issued))
	out := map[string]string{
		"access_token": s.ID, "instance_url": f.Base(r), "id": id, "token_type": "Bearer", "issued_at": issued,
		"signature": base64.StdEncoding.EncodeToString(mac.Sum(nil)),
	}
	if g.scope != "" {
		out["scope"] = g.scope
	}
	if g.refresh {
		out["refresh_token"] = g.token
	}
	write(w, 200, out)
}

// canonical is the identity address as Salesforce writes it, whatever host this org is reached at.
func (f *Face) canonical(userID string) string {
	host := "login"
	if f.Engine.Settings().Sandbox {
		host = "test"
	}
	return "https://" + host + ".salesforce.com/id/" + f.Engine.OrgID() + "/" + userID
}

// app finds and checks the client of a request: in the form, or in an Authorization header.
func (f *Face) app(r *http.Request, needSecret bool) (signon.App, *failure) {
	key, secret := r.Form.Get("client_id"), r.Form.Get("client_secret")
	if u, p, ok := r.BasicAuth(); ok {
		key, secret = unescaped(u), unescaped(p)
	}
	a, ok := f.Engine.SignOn.App(key)
	if !ok {
		return a, fail("invalid_client_id", "client identifier invalid")
	}
	if a.Secret != "" && (needSecret || secret != "") && !hmac.Equal([]byte(secret), []byte(a.Secret)) || needSecret && a.Secret == "" {
		return a, fail("invalid_client", "invalid client credentials")
	}
	return a, nil
}

func unescaped(s string) string {
	if u, err := url.QueryUnescape(s); err == nil {
		return u
	}
	return s
}

// allowed refuses a user who may not sign on from here, now, or at all through the API.
func (f *Face) allowed(p signon.Person, r *http.Request) *failure {
	if !p.Active {
		return fail("inactive_user", "user is inactive")
	}
	if err := f.Engine.SignOn.Restricted(p, ip(r)); err != nil {
		return failed(err)
	}
	return nil
}

// failed turns a login's refusal into OAuth's words.
func failed(err *refusal.Error) *failure {
	switch err.Code {
	case "LOGIN_DURING_RESTRICTED_TIME", "LOGIN_DURING_RESTRICTED_DOMAIN":
		return fail("invalid_grant", "ip restricted or invalid login hours")
	case "INVALID_LOGIN", "PASSWORD_LOCKOUT", "LOGIN_MUST_USE_SECURITY_TOKEN":
		return fail("invalid_grant", "authentication failure")
	case "SERVER_UNAVAILABLE":
		return &failure{"server_error", "server unavailable", 503}
	case "REQUEST_LIMIT_EXCEEDED":
		return fail("rate_limit_exceeded", "login rate exceeded")
	}
	return fail("invalid_grant", err.Message)
}

func (f *Face) password(r *http.Request) (grant, *failure) {
	a, bad := f.app(r, true)
	if bad != nil {
		return grant{}, bad
	}
	if !f.Engine.SignOn.Rules.PasswordGrant {
		return grant{}, fail("invalid_grant", "authentication failure")
	}
	p, known := f.Engine.Person(r.Form.Get("username"))
	expired, err := f.Engine.SignOn.Password(p, known, r.Form.Get("password"), ip(r))
	switch {
	case err != nil:
		return grant{}, failed(err)
	case expired:
		return grant{}, fail("invalid_grant", "expired password")
	}
	return grant{userID: p.ID, app: a, hidden: true}, nil
}

func (f *Face) refresh(r *http.Request) (grant, *failure) {
	a, bad := f.app(r, false)
	if bad != nil {
		return grant{}, bad
	}
	t, ok := f.Engine.SignOn.Refresh(r.Form.Get("refresh_token"))
	if !ok || t.App != a.Key {
		return grant{}, fail("invalid_grant", "expired access/refresh token")
	}
	p, _ := f.Engine.PersonByID(t.UserID)
	if bad := f.allowed(p, r); bad != nil {
		return grant{}, bad
	}
	g := grant{userID: t.UserID, app: a, scope: t.Scope}
	if a.Rotate {
		if !f.Engine.SignOn.DropRefresh(t.Token) { // someone was faster with the same token
			return grant{}, fail("invalid_grant", "expired access/refresh token")
		}
		g.refresh, g.token = true, f.Engine.SignOn.NewRefresh(signon.Refresh{UserID: t.UserID, App: a.Key, Scope: t.Scope})
	}
	return g, nil
}

func (f *Face) client(r *http.Request) (grant, *failure) {
	a, bad := f.app(r, true)
	if bad != nil {
		return grant{}, bad
	}
	if a.RunAs == "" {
		return grant{}, fail("invalid_grant", "no client credentials user enabled")
	}
	p, _ := f.Engine.PersonByID(a.RunAs)
	if bad := f.allowed(p, r); bad != nil {
		return grant{}, bad
	}
	return grant{userID: a.RunAs, app: a, scope: a.Scope}, nil
}

func (f *Face) revoke(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, "error=invalid_request", http.StatusBadRequest)
		return
	}
	t := r.Form.Get("token")
	if f.Engine.SignOn.DropRefresh(t) || f.Engine.SignOn.Close(t) {
		w.WriteHeader(http.StatusOK)
		return
	}
	w.Header().Set("Content-Type", "application/x-www-form-urlencoded;charset=UTF-8")
	w.WriteHeader(http.StatusBadRequest)
	fmt.Fprint(w, "error=unsupported_token_type&error_description="+url.QueryEscape("this token type is not supported"))
}

func (f *Face) introspect(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		write(w, 400, fail("invalid_request", "the form cannot be read"))
		return
	}
	a, bad := f.app(r, true)
	if bad != nil {
		write(w, 401, fail("invalid_client", bad.Description))
		return
	}
	t := r.Form.Get("token")
	if rt, ok := f.Engine.SignOn.Refresh(t); ok && rt.App == a.Key {
		p, _ := f.Engine.PersonByID(rt.UserID)
		write(w, 200, map[string]any{"active": true, "token_type": "refresh_token", "scope": rt.Scope, "client_id": rt.App, "username": p.Username, "sub": f.canonical(rt.UserID)})
		return
	}
	s, until, ok := f.Engine.SignOn.Peek(t)
	if !ok || s.Hidden {
		write(w, 200, map[string]any{"active": false})
		return
	}
	p, _ := f.Engine.PersonByID(s.UserID)
	write(w, 200, map[string]any{
		"active": true, "token_type": "access_token", "scope": s.Scope, "client_id": s.App, "username": p.Username, "sub": f.canonical(s.UserID),
		"exp": until.Unix(), "iat": s.Used.Unix(), "nbf": s.Used.Unix(),
	})
}
