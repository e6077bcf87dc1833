package gate

import (
	"context"
	"mime"
	"net/http"

	"cordboard/internal/fault"
	"cordboard/internal/signin"
	"cordboard/internal/tenant"
	"cordboard/internal/web/problem"
)

// Sessions finds the sign-in that an id stands for; signin.Guard is one.
type Sessions interface {
	Session(ctx context.Context, id string) (signin.Session, error)
}

// Options are what a Gate works with; all are needed.
type Options struct {
	Sessions Sessions
	// Config is a tenant's present settings, with its users; false when the tenant is not served.
	Config func(tenantName string) (*tenant.Config, bool)
	Cookie string // name of the session's cookie
	// Address is the client's, after trusted proxies.
	Address func(*http.Request) string
	MaxBody int64 // limit of a request's body in bytes
}

// Gate is a mux behind the table of rights.
type Gate struct {
	Options
	mux    *http.ServeMux
	served map[string]bool
}

// New makes a gate.
func New(o Options) *Gate {
	return &Gate{Options: o, mux: http.NewServeMux(), served: map[string]bool{}}
}

// Caller is who sent a request. Of a route for anyone only From is set.
type Caller struct {
	Config  *tenant.Config // one picture for the whole request; Config.Name is the tenant
	User    tenant.User
	Session signin.Session
	From    signin.Source
}

type callerKey struct{}

// CallerOf is who sent the request that ctx belongs to.
func CallerOf(ctx context.Context) *Caller {
	c, _ := ctx.Value(callerKey{}).(*Caller)
	return c
}

// ServeHTTP serves what is registered; anything else is no route.
func (g *Gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if _, pattern := g.mux.Handler(r); pattern == "" {
		problem.Write(w, r, fault.New(fault.NotFound, "NO_SUCH_ROUTE", "There is nothing at this address, or not with this method."))
		return
	}
	g.mux.ServeHTTP(w, r)
}

// Served tells how many routes are registered.
func (g *Gate) Served() int { return len(g.served) }

// HandleFunc registers a route by its pattern, "METHOD /path". One without rights is a mistake of ours and panics at start.
func (g *Gate) HandleFunc(pattern string, h func(http.ResponseWriter, *http.Request)) {
	need, ok := rights[pattern]
	if !ok {
		panic("route without rights: " + pattern)
	}
	g.served[pattern] = true
	g.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		c, err := g.admit(r, need)
		if err != nil {
			problem.Write(w, r, err)
			return
		}
		if changes(r.Method) {
			r.Body = http.MaxBytesReader(w, r.Body, g.MaxBody)
		}
		h(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, c)))
	})
}

// admit finds out who sent the request and whether he may.
func (g *Gate) admit(r *http.Request, need right) (*Caller, error) {
	if err := asJSON(r); err != nil {
		return nil, err
	}
	c := &Caller{From: signin.Source{Address: g.Address(r), Browser: r.UserAgent()}}
	if need == anyone {
		return c, nil
	}
	id := ""
	if k, err := r.Cookie(g.Cookie); err == nil {
		id = k.Value
	}
	var err error
	if c.Session, err = g.Sessions.Session(r.Context(), id); err != nil {
		return nil, err
	}
	config, ok := g.Config(c.Session.Tenant)
	if !ok {
		return nil, signin.ErrSignedOut()
	}
	c.Config = config
	if c.User, ok = config.Users[c.Session.Agent]; !ok || c.User.Inactive {
		return nil, signin.ErrSignedOut()
	}
	if !need.allows(c.User) {
		return nil, errForbidden(need)
	}
	return c, nil
}

// asJSON refuses a change that does not say it is JSON: a form of another site cannot say so (SEC-6).
func asJSON(r *http.Request) error {
	if !changes(r.Method) || r.Method == http.MethodDelete && r.Header.Get("Content-Type") == "" {
		return nil
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return &problem.Problem{
			Status: http.StatusUnsupportedMediaType, Code: "NOT_JSON", Errors: []fault.Field{}, RequestID: problem.RequestID(r.Context()),
			Message: "Send JSON, with Content-Type: application/json. Nothing was changed.",
		}
	}
	return nil
}
