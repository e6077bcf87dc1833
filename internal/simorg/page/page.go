// Package page is the org's face for people: home, lists, record pages, new-record forms and the sign-in page, with
// Lightning's and Classic's addresses, so that a plain record link has something real to land on.
//
// The pages are in a plain dress of their own, not Salesforce's. They show what the signed-in user may see, by the same
// engine as the API; where the org is open for demonstration, a browser that is not signed in sees them as an
// administrator, under a banner that says so. They refuse to be framed unless the org allows it, run no script, and take
// forms only from themselves.
package page

import (
	"embed"
	"html/template"
	"net"
	"net/http"
	"net/url"
	"strings"

	"cordboard/internal/simorg/engine"
	"cordboard/internal/simorg/engine/refusal"
	"cordboard/internal/simorg/engine/signon"
)

//go:embed asset
var assets embed.FS

var pages = template.Must(template.ParseFS(assets, "asset/*.html"))

// Face serves the pages.
type Face struct {
	engine *engine.Engine
	base   func(*http.Request) string
	open   bool
	mux    http.Handler
}

// New returns the pages of an org. open shows them to browsers that are not signed in.
func New(e *engine.Engine, base func(*http.Request) string, open bool) *Face {
	f := &Face{engine: e, base: base, open: open}
	m := http.NewServeMux()
	m.HandleFunc("GET /{$}", f.home)
	m.HandleFunc("GET /home/home.jsp", f.home)
	m.HandleFunc("GET /lightning/page/home", f.home)
	m.HandleFunc("GET /lightning/o/{object}/list", f.list)
	m.HandleFunc("GET /lightning/o/{object}/home", f.list)
	m.HandleFunc("GET /lightning/o/{object}/new", f.form)
	m.HandleFunc("POST /lightning/o/{object}/new", f.save)
	m.HandleFunc("GET /lightning/r/{object}/{id}/view", f.view)
	m.HandleFunc("GET /lightning/r/{id}/view", f.view)
	m.HandleFunc("GET /{id}", f.view)
	m.HandleFunc("GET /sfc/servlet.shepherd/version/download/{id}", f.download)
	m.HandleFunc("GET /login", f.signIn)
	m.HandleFunc("POST /login", f.signedIn)
	m.HandleFunc("GET /secur/logout.jsp", f.signOut)
	m.HandleFunc("GET /secur/frontdoor.jsp", f.frontdoor)
	m.HandleFunc("GET /asset/page.css", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFileFS(w, r, assets, "asset/page.css")
	})
	f.mux = http.NewCrossOriginProtection().Handler(m)
	return f
}

// ServeHTTP answers a request; a slash at the end of an address does no harm.
func (f *Face) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'"+f.ancestors())
	if !f.engine.Settings().AllowFraming {
		h.Set("X-Frame-Options", "DENY")
	}
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	if p := r.URL.Path; len(p) > 1 && strings.HasSuffix(p, "/") {
		r.URL.Path = strings.TrimRight(p, "/")
		if r.URL.Path == "" {
			r.URL.Path = "/"
		}
	}
	f.mux.ServeHTTP(w, r)
}

func (f *Face) ancestors() string {
	if f.engine.Settings().AllowFraming {
		return ""
	}
	return "; frame-ancestors 'none'"
}

const cookie = "sid"

func ip(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// visitor is who looks at a page.
type visitor struct {
	engine.Caller
	guest bool
}

// who finds the visitor; it sends those who must sign in to do so and returns false.
func (f *Face) who(w http.ResponseWriter, r *http.Request) (visitor, bool) {
	if c, err := r.Cookie(cookie); err == nil {
		if caller, err := f.engine.Browser(c.Value, ip(r)); err == nil {
			return visitor{Caller: caller}, true
		}
	}
	if f.open {
		return visitor{Caller: engine.System(), guest: true}, true
	}
	http.Redirect(w, r, "/login?startURL="+url.QueryEscape(r.URL.RequestURI()), http.StatusFound)
	return visitor{}, false
}

// frame is what every page shows around its content.
type frame struct {
	Title, Org, User string
	Guest            bool
	Tabs             []tab
	Body             any
}

type tab struct {
	Label, URL string
	Here       bool
}

// shown are the objects that have a tab.
var shown = []string{"Account", "Contact", "Lead", "Case", "Task"}

func (f *Face) render(w http.ResponseWriter, status int, name, title, here string, v visitor, body any) {
	fr := frame{Title: title, Org: f.engine.Settings().OrgName, User: v.Username, Guest: v.guest, Body: body}
	for _, n := range shown {
		if o := f.engine.Schema().Object(n); o != nil {
			fr.Tabs = append(fr.Tabs, tab{o.Plural, "/lightning/o/" + n + "/list", n == here})
		}
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if err := pages.ExecuteTemplate(w, name, fr); err != nil {
		return // the client is gone; templates are parsed at start and their data is complete
	}
}

// refuse shows a refusal as a page.
func (f *Face) refuse(w http.ResponseWriter, v visitor, err *refusal.Error) {
	text := err.Message
	switch err.Code {
	case "NOT_FOUND":
		text = "This record does not exist, or your user may not see it."
	case "ENTITY_IS_DELETED":
		text = "This record was deleted."
	}
	f.render(w, err.Status, "notice.html", "Not shown", "", v, text)
}

// local keeps a start address within this org.
func local(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(s, "/") || strings.HasPrefix(s, "//") || strings.Contains(s, `\`) {
		return "/"
	}
	return s
}

type signInForm struct {
	Start, Username, Error string
}

func (f *Face) signIn(w http.ResponseWriter, r *http.Request) {
	f.render(w, 200, "login.html", "Sign in", "", visitor{}, signInForm{Start: local(r.FormValue("startURL")), Username: r.FormValue("un")})
}

func (f *Face) signedIn(w http.ResponseWriter, r *http.Request) {
	form := signInForm{Start: local(r.FormValue("startURL")), Username: strings.TrimSpace(r.FormValue("username"))}
	p, known := f.engine.Person(form.Username)
	expired, err := f.engine.SignOn.Browser(p, known, r.FormValue("password"), ip(r))
	switch {
	case err != nil && err.Code == "INVALID_LOGIN":
		form.Error = "Please check your username and password. If you still can't sign in, ask your administrator."
	case err != nil:
		form.Error = err.Message
	case expired:
		form.Error = "Your password has expired. Ask your administrator for a new one."
	}
	if form.Error != "" {
		f.render(w, 401, "login.html", "Sign in", "", visitor{}, form)
		return
	}
	s := f.engine.SignOn.Open(signon.Session{UserID: p.ID, Kind: "UI", IP: ip(r)})
	f.enter(w, r, s.ID, form.Start)
}

// enter gives the browser a session and sends it on.
func (f *Face) enter(w http.ResponseWriter, r *http.Request, session, to string) {
	http.SetCookie(w, &http.Cookie{Name: cookie, Value: session, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: r.TLS != nil})
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func (f *Face) signOut(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(cookie); err == nil {
		f.engine.SignOn.Close(c.Value)
	}
	http.SetCookie(w, &http.Cookie{Name: cookie, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteLaxMode})
	http.Redirect(w, r, "/login", http.StatusSeeOther)
}

// frontdoor signs a browser in with a single-use code, or with a session id as older clients do.
func (f *Face) frontdoor(w http.ResponseWriter, r *http.Request) {
	id := r.FormValue("sid")
	if otp := r.FormValue("otp"); otp != "" {
		id, _ = f.engine.SignOn.Redeem(otp)
	}
	to := r.FormValue("startURL")
	if to == "" {
		to = r.FormValue("retURL")
	}
	c, err := f.engine.Browser(id, ip(r))
	if err != nil {
		http.Redirect(w, r, "/login?startURL="+url.QueryEscape(local(to)), http.StatusFound)
		return
	}
	s := f.engine.SignOn.Open(signon.Session{UserID: c.UserID, Kind: "UI", IP: ip(r)})
	f.enter(w, r, s.ID, local(to))
}
