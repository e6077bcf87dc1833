package api

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"cordboard/internal/tenant"
	"cordboard/internal/web/gate"
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
	gate    *gate.Gate
	huma    huma.API
	writing stripes
}

// New makes the API.
func New(o Options) *API {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	a := &API{Options: o}
	a.gate = gate.New(gate.Options{
		Sessions: o.Guard, Cookie: a.cookie(), Address: o.Address, MaxBody: maxBody,
		Config: func(name string) (*tenant.Config, bool) {
			t, ok := o.Tenant(name)
			if !ok {
				return nil, false
			}
			return t.Settings.Config(), true
		},
	})
	shape()
	config := huma.DefaultConfig("Cordboard", o.Version)
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", ""
	config.CreateHooks = nil
	config.FieldsOptionalByDefault = true
	config.AllowAdditionalPropertiesByDefault = true
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	a.huma = humago.New(a.gate, config)
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
	return a
}

// ServeHTTP serves what begins with /api/.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	a.gate.ServeHTTP(w, r)
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

// caller is who sent a request, with his tenant's rooms.
type caller struct {
	*gate.Caller
	tenant *Tenant
}

// callerOf finds the caller of a request; on routes for anyone he has no tenant.
func (a *API) callerOf(ctx context.Context) *caller {
	c := &caller{Caller: gate.CallerOf(ctx)}
	if c.Config != nil {
		c.tenant, _ = a.Tenant(c.Config.Name)
	}
	return c
}

// plain registers a handler that writes its answer itself.
func (a *API) plain(pattern string, h func(http.ResponseWriter, *http.Request, *caller)) {
	a.gate.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { h(w, r, a.callerOf(r.Context())) })
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
		out, err := h(ctx, a.callerOf(ctx), in)
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
