// Package problem is how every refusal leaves the server: application/problem+json with a status, a stable code, a
// sentence, the faults of single fields and the request's id (SPEC GEN-4).
//
// It promises that one table turns a kind of fault into a status, and that an internal fault shows nothing but its id. It
// never decides what is refused.
package problem

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"cordboard/internal/fault"
)

// status is the one table from kinds of fault to HTTP.
var status = map[fault.Kind]int{
	fault.Invalid:         http.StatusUnprocessableEntity,
	fault.Unauthenticated: http.StatusUnauthorized,
	fault.Forbidden:       http.StatusForbidden,
	fault.NotFound:        http.StatusNotFound,
	fault.Conflict:        http.StatusConflict,
	fault.Gone:            http.StatusGone,
	fault.TooMany:         http.StatusTooManyRequests,
	fault.Unavailable:     http.StatusServiceUnavailable,
	fault.Internal:        http.StatusInternalServerError,
}

// Problem is the answer. It is an error, so that handlers can return it.
type Problem struct {
	Status    int           `json:"status"`
	Code      string        `json:"code"`
	Message   string        `json:"message"`
	Errors    []fault.Field `json:"errors"`
	RequestID string        `json:"requestId"`
	// Current is the document as someone else saved it (code CHANGED).
	Current any `json:"current,omitempty"`
	// Duplicates are records that a CRM takes for the same (code DUPLICATES).
	Duplicates any `json:"duplicates,omitempty"`

	after time.Duration
	cause error
}

// Of turns an error into a Problem. "Unauthenticated" about anything but this server's own sign-in (a CRM refused its
// credentials) must not read as 401, which would send the person to the sign-in page: it becomes 409.
func Of(ctx context.Context, err error) *Problem {
	if p, ok := err.(*Problem); ok {
		return p
	}
	f := fault.Of(err)
	code := status[f.Kind]
	if code == 0 {
		code = http.StatusInternalServerError
	}
	if f.Kind == fault.Unauthenticated && f.Code != "SIGNED_OUT" && f.Code != "SIGN_IN_REFUSED" {
		code = http.StatusConflict
	}
	p := &Problem{Status: code, Code: f.Code, Message: f.Message, Errors: f.Fields, RequestID: RequestID(ctx), after: f.After, cause: err}
	if p.Errors == nil {
		p.Errors = []fault.Field{}
	}
	return p
}

func (p *Problem) Error() string { return p.Code + ": " + p.Message }

// Unwrap is what happened, for logs.
func (p *Problem) Unwrap() error { return p.cause }

// GetStatus and the two methods after it are what huma asks of an error.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType makes it application/problem+json (RFC 9457).
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders says when another try makes sense.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.after > 0 {
		h.Set("Retry-After", strconv.Itoa(int((p.after+time.Second-1)/time.Second)))
	}
	return h
}

// Write answers a request with an error.
func Write(w http.ResponseWriter, r *http.Request, err error) {
	p := Of(r.Context(), err)
	for k, v := range p.GetHeaders() {
		w.Header()[k] = v
	}
	w.Header().Set("Content-Type", p.ContentType(""))
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the client is gone when this fails
}

type idKey struct{}

// WithRequestID notes a request's id.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, idKey{}, id)
}

// RequestID is the request's id, "" outside a request.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(idKey{}).(string)
	return id
}
