// Package firstrun is the one page that an installation without a tenant serves: whoever has the code that the server
// printed makes the tenant and its first administrator (SPEC SEC-7).
//
// It promises that there is no default password, that the code is good for thirty minutes and for one success, that
// guessing ends it, and that wrong input comes back whole with every fault at its field. It knows nothing of tenants: what
// is made is Found's.
package firstrun

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"embed"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"cordboard/internal/fault"
)

//go:embed page.html page.css
var files embed.FS

var page = template.Must(template.ParseFS(files, "page.html"))

// Life is how long a code is good (SEC-7), and tries how many wrong ones end it.
const (
	Life  = 30 * time.Minute
	tries = 10
)

// Founding is what the page asks for. The fields' names are the form's.
type Founding struct {
	Tenant, Label, Region, TimeZone      string
	UserID, First, Last, Email, Password string
}

// Options are what a Page works with; all are needed but Log.
type Options struct {
	// Say tells the operator a code, on his own terminal.
	Say func(code string, until time.Time)
	// Found makes the tenant and its administrator; its faults are shown at their fields.
	Found func(ctx context.Context, f Founding) error
	Now   func() time.Time
	Log   *slog.Logger
}

// Page is the first run. Make it with New.
type Page struct {
	o    Options
	done chan struct{}

	mu    sync.Mutex
	code  string
	until time.Time
	wrong int
	over  bool
}

// New makes the page and says the first code.
func New(o Options) *Page {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	p := &Page{o: o, done: make(chan struct{})}
	p.renew()
	return p
}

// Done is closed when the tenant is made.
func (p *Page) Done() <-chan struct{} { return p.done }

// renew says another code. p.mu is held, or nobody else has p yet.
func (p *Page) renew() {
	text := rand.Text()
	p.code, p.until, p.wrong = text[:4]+"-"+text[4:8]+"-"+text[8:12]+"-"+text[12:16], p.o.Now().Add(Life), 0
	p.o.Say(p.code, p.until)
}

// Handler serves the page at every address, and takes the form at POST /setup from the page itself only.
func (p *Page) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /setup.css", func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, files, "page.css") })
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "There is no tenant yet: open / to make one.", http.StatusServiceUnavailable)
	})
	mux.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) {
		p.show(w, http.StatusOK, Founding{TimeZone: "UTC", Region: "US"}, "", nil)
	})
	mux.HandleFunc("POST /setup", p.take)
	origin := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		origin.Handler(mux).ServeHTTP(w, r)
	})
}

func (p *Page) take(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	if err := r.ParseForm(); err != nil {
		p.show(w, http.StatusBadRequest, Founding{}, "The form could not be read. Nothing was made; try again.", nil)
		return
	}
	get := func(name string) string { return strings.TrimSpace(r.PostForm.Get(name)) }
	f := Founding{
		Tenant: get("tenant"), Label: get("label"), Region: strings.ToUpper(get("region")), TimeZone: get("timeZone"),
		UserID: get("userId"), First: get("firstName"), Last: get("lastName"), Email: get("email"), Password: r.PostForm.Get("password"),
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		p.show(w, http.StatusConflict, f, "The tenant has been made already. Sign in to the Configuration Manager.", nil)
		return
	}
	if why := p.check(get("code")); why != "" {
		p.show(w, http.StatusForbidden, f, "", map[string]string{"code": why})
		return
	}
	if err := p.o.Found(r.Context(), f); err != nil {
		x := fault.Of(err)
		if x.Kind == fault.Internal {
			p.o.Log.Error("the tenant could not be made", "err", err)
		}
		at := map[string]string{}
		for _, field := range x.Fields {
			at[field.Field] = field.Message
		}
		p.show(w, http.StatusUnprocessableEntity, f, x.Message, at)
		return
	}
	p.over = true
	close(p.done)
	if err := page.Execute(w, view{Made: true}); err != nil {
		p.o.Log.Debug("the answer was not taken", "err", err)
	}
}

// check compares the code; the sentence says why not. p.mu is held.
func (p *Page) check(code string) string {
	if p.o.Now().After(p.until) {
		p.renew()
		return "This code was good for 30 minutes. The server has printed a new one."
	}
	plain := func(s string) []byte { return []byte(strings.ReplaceAll(strings.ToUpper(s), "-", "")) }
	if subtle.ConstantTimeCompare(plain(code), plain(p.code)) == 1 {
		return ""
	}
	if p.wrong++; p.wrong >= tries {
		p.renew()
		return "That was wrong too often. The server has printed a new code."
	}
	return "This is not the code that the server printed."
}

// view is what the page shows.
type view struct {
	Made   bool
	F      Founding
	Fault  string
	Faults map[string]string
}

func (p *Page) show(w http.ResponseWriter, status int, f Founding, msg string, at map[string]string) {
	f.Password = ""
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if err := page.Execute(w, view{F: f, Fault: msg, Faults: at}); err != nil && !errors.Is(err, http.ErrHandlerTimeout) {
		p.o.Log.Debug("the page was not taken", "err", err)
	}
}
