package api

import (
	"context"
	"encoding/json"
	"log/slog"
	"mime"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"cordboard/internal/fault"
	"cordboard/internal/signin"
	"cordboard/internal/tenant"
	"cordboard/internal/web/problem"
)

// maxBody is the limit of a request's body in bytes; the longest legal one is a note of 20,000 characters with its JSON.
const maxBody = 256 << 10

// Options are what an API serves with; all are needed but Log.
type Options struct {
	Guard  Guard
	Tenant func(name string) (*Tenant, bool)
	// Secure: the server is reached by https, so the cookie is __Host-sid; else (loopback only) sid.
	Secure  bool
	Version string // of the product
	// Address is the client's, after trusted proxies.
	Address func(*http.Request) string
	Now     func() time.Time
	Log     *slog.Logger
}

// API serves /api/v1.
type API struct {
	Options
	mux     *http.ServeMux
	huma    huma.API
	routes  map[string]bool // registered
	writing stripes
}

// New makes the API.
func New(o Options) *API {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	a := &API{Options: o, mux: http.NewServeMux(), routes: map[string]bool{}}
	shape()
	config := huma.DefaultConfig("Cordboard", o.Version)
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", ""
	config.CreateHooks = nil
	config.FieldsOptionalByDefault = true
	config.AllowAdditionalPropertiesByDefault = true
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	a.huma = humago.New(gate{a}, config)
	a.sessionRoutes()
	a.consoleRoutes()
	a.popRoutes()
	a.phoneRoutes()
	a.profileRoutes()
	a.userRoutes()
	a.documentRoutes()
	a.screenPopRoutes()
	a.deliveryRoutes()
	a.plain("GET /api/v1/openapi.json", a.openAPI)
	a.mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		problem.Write(w, r, fault.New(fault.NotFound, "NO_SUCH_ROUTE", "There is nothing at this address, or not with this method."))
	})
	return a
}

// ServeHTTP serves what begins with /api/.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	a.mux.ServeHTTP(w, r)
}

// OpenAPI is the document that describes the API, as JSON: what TypeScript types are made from.
func OpenAPI(version string) ([]byte, error) {
	a := New(Options{Version: version})
	return json.MarshalIndent(a.huma.OpenAPI(), "", "  ")
}

func (a *API) openAPI(w http.ResponseWriter, r *http.Request, _ *caller) {
	w.Header().Set("Content-Type", "application/openapi+json")
	if err := json.NewEncoder(w).Encode(a.huma.OpenAPI()); err != nil {
		a.Log.Debug("the OpenAPI document was not taken", "err", err)
	}
}

// caller is who sent a request.
type caller struct {
	tenant  *Tenant
	config  *tenant.Config // one picture for the whole request
	user    tenant.User
	session signin.Session
	from    signin.Source
}

type callerKey struct{}

// gate lets a request through to its route if the table of rights allows it, with who sent it in the context. huma and
// plain handlers are registered by it, so none is served without.
type gate struct{ a *API }

func (g gate) ServeHTTP(w http.ResponseWriter, r *http.Request) { g.a.mux.ServeHTTP(w, r) }

func (g gate) HandleFunc(pattern string, h func(http.ResponseWriter, *http.Request)) {
	need, ok := rights[pattern]
	if !ok {
		panic("route without rights: " + pattern)
	}
	g.a.routes[pattern] = true
	g.a.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		c, err := g.a.admit(r, need)
		if err != nil {
			problem.Write(w, r, err)
			return
		}
		if r.Method == http.MethodPost || r.Method == http.MethodPut {
			r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		}
		h(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, c)))
	})
}

// admit finds out who sent the request and whether he may.
func (a *API) admit(r *http.Request, need right) (*caller, error) {
	if err := asJSON(r); err != nil {
		return nil, err
	}
	c := &caller{from: signin.Source{Address: a.Address(r), Browser: r.UserAgent()}}
	if need == anyone {
		return c, nil
	}
	id := ""
	if k, err := r.Cookie(a.cookie()); err == nil {
		id = k.Value
	}
	s, err := a.Guard.Session(r.Context(), id)
	if err != nil {
		return nil, err
	}
	t, ok := a.Tenant(s.Tenant)
	if !ok {
		return nil, signin.ErrSignedOut()
	}
	c.tenant, c.session, c.config = t, s, t.Settings.Config()
	if c.user, ok = c.config.Users[s.Agent]; !ok || c.user.Inactive {
		return nil, signin.ErrSignedOut()
	}
	if !need.allows(c.user) {
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

// plain registers a handler that writes its answer itself.
func (a *API) plain(pattern string, h func(http.ResponseWriter, *http.Request, *caller)) {
	gate{a}.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		h(w, r, r.Context().Value(callerKey{}).(*caller))
	})
}

// reply is an answer with a body.
type reply[T any] struct{ Body T }

// none is an input or output without anything; as an output it is 204.
type none struct{}

// route registers a handler of JSON.
func route[I, O any](a *API, pattern, summary string, h func(context.Context, *caller, *I) (*O, error)) {
	method, path, _ := strings.Cut(pattern, " ")
	op := huma.Operation{
		OperationID: operationID(method, path), Method: method, Path: path, Summary: summary,
		Tags:             []string{strings.Split(path, "/")[3]},
		SkipValidateBody: true, // documents are checked by their own rooms, which name every fault in words for people
		MaxBodyBytes:     maxBody,
	}
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		c, _ := ctx.Value(callerKey{}).(*caller)
		out, err := h(ctx, c, in)
		if err == nil {
			return out, nil
		}
		p := problem.Of(ctx, err)
		if p.Status >= http.StatusInternalServerError {
			a.Log.Error("a request failed", "route", pattern, "request", p.RequestID, "code", p.Code, "err", err)
		}
		return nil, p
	})
}

func operationID(method, path string) string {
	path = strings.NewReplacer("/api/v1/", "", "{", "", "}", "", "/", "-").Replace(path)
	return strings.ToLower(method) + "-" + path
}

// stripes serialise the partial writes of one agent to one interaction: a write sends all his edits, made from those that
// are stored, so two at once could lose one.
type stripes [64]sync.Mutex

func (s *stripes) lock(key string) (unlock func()) {
	n := 0
	for _, b := range []byte(key) {
		n = n*31 + int(b)
	}
	m := &s[uint(n)%uint(len(s))]
	m.Lock()
	return m.Unlock
}
