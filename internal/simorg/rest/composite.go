package rest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"cordboard/internal/simorg/engine"
	"cordboard/internal/simorg/engine/refusal"
)

const (
	maxParts   = 25
	maxRecords = 200
)

func (f *Face) composite(r *request) answer {
	if r.inner && (len(r.path) < 2 || !strings.EqualFold(r.path[1], "sobjects")) {
		return refuse(refusal.New(400, "INVALID_INPUT", "a composite request cannot contain another"))
	}
	switch {
	case len(r.path) == 1 && r.method == "POST":
		return f.chain(r)
	case len(r.path) == 2 && strings.EqualFold(r.path[1], "batch") && r.method == "POST":
		return f.batch(r)
	case len(r.path) >= 2 && strings.EqualFold(r.path[1], "sobjects"):
		return f.collection(r)
	case len(r.path) == 1:
		return good(map[string]string{"sobjects": r.v() + "/composite/sobjects", "batch": r.v() + "/composite/batch"})
	}
	return refuse(refusal.NotFound())
}

// part makes the request of a subrequest's address.
func (f *Face) part(r *request, method, address string, body json.RawMessage, header http.Header) (*request, *refusal.Error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, refusal.New(400, "INVALID_INPUT", "The address of a subrequest is malformed")
	}
	p := strings.Trim(strings.TrimPrefix(u.EscapedPath(), "/services/data"), "/")
	segs := strings.Split(p, "/")
	for i := range segs {
		if segs[i], err = url.PathUnescape(segs[i]); err != nil {
			return nil, refusal.New(400, "INVALID_INPUT", "The address of a subrequest is malformed")
		}
	}
	version, ok := parseVersion(segs[0])
	if !ok || version < firstVersion {
		return nil, refusal.NotFound()
	}
	return &request{ctx: r.ctx, caller: r.caller, base: r.base, version: version, method: strings.ToUpper(method), path: segs[1:], query: u.Query(), header: header, body: body, inner: true}, nil
}

func (f *Face) batch(r *request) answer {
	var in struct {
		Halt     bool `json:"haltOnError"`
		Requests []struct {
			Method string          `json:"method"`
			URL    string          `json:"url"`
			Input  json.RawMessage `json:"richInput"`
		} `json:"batchRequests"`
	}
	if err := decode(r.body, &in); err != nil {
		return refuse(err)
	}
	if len(in.Requests) > maxParts {
		return refuse(refusal.New(400, "INVALID_INPUT", "The batch has %d requests, and at most %d are allowed", len(in.Requests), maxParts))
	}
	type result struct {
		Status int             `json:"statusCode"`
		Result json.RawMessage `json:"result"`
	}
	out := struct {
		HasErrors bool     `json:"hasErrors"`
		Results   []result `json:"results"`
	}{Results: []result{}}
	for i, q := range in.Requests {
		var a answer
		switch {
		case out.HasErrors && in.Halt:
			a = refuse(refusal.New(412, "BATCH_PROCESSING_HALTED", "Batch processing halted per request"))
		default:
			if i > 0 {
				if _, _, err := f.Engine.CountCall(); err != nil {
					a = refuse(err)
					break
				}
			}
			p, err := f.part(r, q.Method, q.URL, q.Input, r.header)
			if err != nil {
				a = refuse(err)
			} else {
				a = f.do(p)
			}
		}
		out.HasErrors = out.HasErrors || a.status >= 400
		out.Results = append(out.Results, result{a.status, a.raw()})
	}
	return good(out)
}

// raw is an answer's body as part of another: null when there is none.
func (a answer) raw() json.RawMessage {
	if len(a.body) == 0 || a.kind != "" {
		return json.RawMessage("null")
	}
	return a.body
}

type chained struct {
	Method  string            `json:"method"`
	URL     string            `json:"url"`
	Ref     string            `json:"referenceId"`
	Body    json.RawMessage   `json:"body"`
	Headers map[string]string `json:"httpHeaders"`
}

type chainResult struct {
	Body    json.RawMessage   `json:"body"`
	Headers map[string]string `json:"httpHeaders"`
	Status  int               `json:"httpStatusCode"`
	Ref     string            `json:"referenceId"`
}

// chain answers /composite: requests in order, later ones refer to the answers of earlier ones.
func (f *Face) chain(r *request) answer {
	var in struct {
		AllOrNone bool      `json:"allOrNone"`
		Requests  []chained `json:"compositeRequest"`
	}
	if err := decode(r.body, &in); err != nil {
		return refuse(err)
	}
	if len(in.Requests) == 0 || len(in.Requests) > maxParts {
		return refuse(refusal.New(400, "INVALID_INPUT", "A composite request has 1 to %d subrequests", maxParts))
	}
	seen := map[string]bool{}
	for _, q := range in.Requests {
		if q.Ref == "" || seen[q.Ref] {
			return refuse(refusal.New(400, "INVALID_INPUT", "Each subrequest needs a referenceId of its own"))
		}
		seen[q.Ref] = true
	}
	var results []chainResult
	run := func(caller engine.Caller) bool {
		r.caller = caller
		answers := map[string]any{}
		results = results[:0]
		failed := false
		for _, q := range in.Requests {
			a := f.link(r, q, answers, failed && in.AllOrNone)
			failed = failed || a.status >= 400
			if a.status < 300 {
				var v any
				if json.Unmarshal(a.raw(), &v) == nil {
					answers[q.Ref] = v
				}
			}
			h := map[string]string{}
			for k := range a.header {
				h[k] = a.header.Get(k)
			}
			results = append(results, chainResult{a.raw(), h, a.status, q.Ref})
		}
		return !failed
	}
	if in.AllOrNone {
		ok, err := f.Engine.Atomic(r.ctx, r.caller, run)
		if err != nil {
			return refuse(err)
		}
		if !ok {
			halted(results)
		}
	} else {
		run(r.caller)
	}
	return good(map[string]any{"compositeResponse": results})
}

// halted turns the good answers of a rolled-back composite into what Salesforce says of them.
func halted(results []chainResult) {
	b, _ := marshal(errorsOf(refusal.New(400, "PROCESSING_HALTED", "The transaction was rolled back since another operation in the same transaction failed.")))
	for i := range results {
		if results[i].Status < 400 {
			results[i] = chainResult{b, map[string]string{}, 400, results[i].Ref}
		}
	}
}

func (f *Face) link(r *request, q chained, answers map[string]any, halted bool) answer {
	if halted {
		return refuse(refusal.New(400, "PROCESSING_HALTED", "The transaction was rolled back since another operation in the same transaction failed."))
	}
	address, err := substitute(q.URL, answers)
	if err != nil {
		return refuse(err)
	}
	body := []byte(q.Body)
	if len(body) > 0 {
		s, err := substitute(string(body), answers)
		if err != nil {
			return refuse(err)
		}
		body = []byte(s)
	}
	h := http.Header{}
	for k, v := range q.Headers {
		h.Set(k, v)
	}
	p, err := f.part(r, q.Method, address, body, h)
	if err != nil {
		return refuse(err)
	}
	if len(p.path) > 0 && (strings.EqualFold(p.path[0], "search") || strings.EqualFold(p.path[0], "parameterizedSearch")) {
		return refuse(refusal.New(400, "INVALID_INPUT", "The composite resource does not support this subrequest"))
	}
	return f.do(p)
}

// substitute puts answers in for @{ref.field[0].field}.
func substitute(s string, answers map[string]any) (string, *refusal.Error) {
	var b strings.Builder
	for {
		i := strings.Index(s, "@{")
		if i < 0 {
			b.WriteString(s)
			return b.String(), nil
		}
		n := strings.IndexByte(s[i:], '}')
		if n < 0 {
			b.WriteString(s)
			return b.String(), nil
		}
		ref := s[i+2 : i+n]
		v, ok := lookup(ref, answers)
		if !ok {
			return "", refusal.New(400, "PROCESSING_HALTED", "Invalid reference specified. No value for %s found", ref)
		}
		b.WriteString(s[:i])
		b.WriteString(v)
		s = s[i+n+1:]
	}
}

func lookup(ref string, answers map[string]any) (string, bool) {
	steps := strings.FieldsFunc(ref, func(r rune) bool { return r == '.' || r == '[' || r == ']' })
	if len(steps) < 2 {
		return "", false
	}
	v, ok := answers[steps[0]]
	for _, s := range steps[1:] {
		switch x := v.(type) {
		case map[string]any:
			v, ok = x[s]
		case []any:
			n, err := strconv.Atoi(s)
			if err != nil || n < 0 || n >= len(x) {
				return "", false
			}
			v = x[n]
		default:
			return "", false
		}
	}
	if !ok || v == nil {
		return "", false
	}
	quoted, err := marshal(fmt.Sprint(v))
	if err != nil {
		return "", false
	}
	return string(quoted[1 : len(quoted)-1]), true
}
