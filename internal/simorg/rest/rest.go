// Package rest is the org's REST face: /services/data, versions 31.0 to 68.0.
//
// It turns requests into the engine's doors and the engine's rows and refusals into Salesforce's JSON: attributes first,
// fields in the order asked for, errors as arrays, every address with the version the client asked for, and
// Sforce-Limit-Info on every answer. Composite requests run their parts through the same function as requests of their
// own. It decides nothing about data or access: that is the engine's.
package rest

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"cordboard/internal/simorg/engine"
	"cordboard/internal/simorg/engine/refusal"
)

// The versions that are served.
const (
	firstVersion = 31
	lastVersion  = 68
	maxBody      = 50 << 20
)

// Face answers everything below /services/data.
type Face struct {
	Engine *engine.Engine
	Base   func(*http.Request) string // scheme and host for absolute addresses
}

// request is one request, from outside or from a composite.
type request struct {
	ctx     context.Context
	caller  engine.Caller
	base    string
	version int
	method  string
	path    []string // behind the version
	query   url.Values
	header  http.Header
	body    []byte
	inner   bool // part of a composite
}

// v is the version as it stands in addresses.
func (r *request) v() string { return fmt.Sprintf("/services/data/v%d.0", r.version) }

// answer is what a request gets.
type answer struct {
	status int
	body   []byte // JSON; nil: no content
	kind   string // content type, JSON when empty
	header http.Header
}

// Bearer is the session id of a request: Authorization with Bearer or OAuth.
func Bearer(h http.Header) string {
	kind, token, _ := strings.Cut(h.Get("Authorization"), " ")
	if strings.EqualFold(kind, "Bearer") || strings.EqualFold(kind, "OAuth") {
		return strings.TrimSpace(token)
	}
	return ""
}

func remote(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// ServeHTTP answers a request.
func (f *Face) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rq := &request{ctx: r.Context(), method: r.Method, query: r.URL.Query(), header: r.Header, base: f.Base(r)}
	a := f.outside(rq, r)
	h := w.Header()
	for k, v := range a.header {
		h[k] = v
	}
	used, limit := f.Engine.Usage()
	h.Set("Sforce-Limit-Info", fmt.Sprintf("api-usage=%d/%d", used, limit))
	h.Set("Cache-Control", "no-cache,must-revalidate,max-age=0,no-store,private")
	if a.body == nil {
		w.WriteHeader(a.status)
		return
	}
	if a.kind == "" {
		a.kind = "application/json;charset=UTF-8"
	}
	h.Set("Content-Type", a.kind)
	h.Set("Content-Length", strconv.Itoa(len(a.body)))
	w.WriteHeader(a.status)
	if r.Method != http.MethodHead {
		w.Write(a.body)
	}
}

// outside reads the body, the version and the caller, then lets do answer.
func (f *Face) outside(rq *request, r *http.Request) answer {
	var err error
	if rq.body, err = io.ReadAll(io.LimitReader(r.Body, maxBody)); err != nil {
		return refuse(refusal.New(400, "JSON_PARSER_ERROR", "The request body could not be read"))
	}
	segs := strings.Split(strings.Trim(strings.TrimPrefix(r.URL.EscapedPath(), "/services/data"), "/"), "/")
	for i, s := range segs {
		if segs[i], err = url.PathUnescape(s); err != nil {
			return refuse(refusal.NotFound())
		}
	}
	if segs[0] == "" {
		return f.versions()
	}
	version, ok := parseVersion(segs[0])
	if !ok {
		return refuse(refusal.NotFound())
	}
	if version < firstVersion {
		return refuse(refusal.New(410, "UNSUPPORTED_API_VERSION", "Requested API version %s is no longer available", segs[0]))
	}
	rq.version, rq.path = version, segs[1:]
	var refused *refusal.Error
	if rq.caller, refused = f.Engine.Authenticate(Bearer(r.Header), remote(r)); refused != nil {
		return refuse(refused)
	}
	if _, _, refused = f.Engine.CountCall(); refused != nil {
		return refuse(refused)
	}
	return f.do(rq)
}

func parseVersion(s string) (int, bool) {
	n, ok := strings.CutPrefix(s, "v")
	whole, zero, dotted := strings.Cut(n, ".")
	v, err := strconv.Atoi(whole)
	return v, ok && dotted && zero == "0" && err == nil && v > 0 && v <= lastVersion
}

// do answers a request whose caller is known.
func (f *Face) do(r *request) answer {
	if len(r.path) == 0 {
		return f.resources(r)
	}
	switch strings.ToLower(r.path[0]) {
	case "sobjects":
		return f.sobjects(r)
	case "query", "queryall":
		return f.query(r)
	case "search":
		return f.search(r)
	case "parameterizedsearch":
		return f.parameterized(r)
	case "composite":
		return f.composite(r)
	case "limits":
		return f.limits(r)
	case "tooling":
		if len(r.path) > 1 && strings.EqualFold(r.path[1], "query") {
			return f.query(&request{ctx: r.ctx, caller: r.caller, version: r.version, method: r.method, path: []string{"query"}, query: r.query, header: r.header})
		}
	}
	return refuse(refusal.NotFound())
}

func (f *Face) versions() answer {
	type version struct {
		Label   string `json:"label"`
		URL     string `json:"url"`
		Version string `json:"version"`
	}
	seasons := []string{"Spring", "Summer", "Winter"}
	var out []version
	for v := firstVersion; v <= lastVersion; v++ { // 31.0 was Summer '14
		n := v - 30 // 30.0 was Spring '14
		year := 14 + (n+0)/3
		if n%3 == 2 {
			year++
		}
		out = append(out, version{fmt.Sprintf("%s '%02d", seasons[n%3], year), fmt.Sprintf("/services/data/v%d.0", v), fmt.Sprintf("%d.0", v)})
	}
	return good(out)
}

func (f *Face) resources(r *request) answer {
	out := map[string]string{}
	for _, n := range []string{"sobjects", "query", "queryAll", "search", "parameterizedSearch", "composite", "limits"} {
		out[n] = r.v() + "/" + n
	}
	out["identity"] = r.base + "/id/" + f.Engine.OrgID() + "/" + r.caller.UserID
	return good(out)
}

func (f *Face) limits(*request) answer {
	used, limit := f.Engine.Usage()
	type l struct{ Max, Remaining int64 }
	return good(map[string]l{
		"DailyApiRequests": {limit, limit - used}, "DataStorageMB": {10240, 10100}, "FileStorageMB": {10240, 10200},
		"DailyBulkV2QueryJobs": {10000, 10000}, "DailyBulkApiBatches": {15000, 15000}, "SingleEmail": {5000, 5000},
	})
}
