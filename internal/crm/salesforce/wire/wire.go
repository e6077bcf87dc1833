// Package wire speaks HTTP with a Salesforce org: one request, one answer, errors told apart.
//
// It promises that a refusal by Salesforce (Error) and a broken connection (Lost) are never confused, that every answer's
// Sforce-Limit-Info is read, and that tokens print as [redacted]. It never retries, never signs in and never decides what
// an error means for the work at hand.
package wire

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
)

// Session is a signed-in connection to an org.
type Session struct {
	Token    string
	Instance string // scheme and host, no trailing slash
	Version  string // "64.0"
}

// LogValue keeps the token out of logs.
func (s Session) LogValue() slog.Value { return slog.StringValue(s.Instance + " [redacted]") }

// String keeps the token out of texts.
func (s Session) String() string { return s.Instance + " [redacted]" }

// Request is one call. Path is below /services/data/vNN.0 ("/query"), or begins with "/services" and is taken as it is.
type Request struct {
	Method string
	Path   string
	Query  url.Values
	Header map[string]string
	Body   any // marshalled as JSON when not nil
}

// Answer is what came back, with status 200…299 or 304.
type Answer struct {
	Status int
	Body   []byte
	Header http.Header
}

// Into decodes the body.
func (a Answer) Into(v any) error {
	if err := json.Unmarshal(a.Body, v); err != nil {
		return &Error{Status: a.Status, Items: []Item{{Code: "UNREADABLE_ANSWER", Message: "The answer could not be read."}}, cause: err}
	}
	return nil
}

// Client sends requests. It is safe for concurrent use.
type Client struct {
	http  *http.Client
	used  atomic.Int64
	limit atomic.Int64
}

// New makes a client on an HTTP client that has its own limits of time and size.
func New(h *http.Client) *Client { return &Client{http: h} }

// HTTP is the client below, for sign-in.
func (c *Client) HTTP() *http.Client { return c.http }

// Usage is the latest Sforce-Limit-Info: calls made within the rolling day, and how many are permitted; 0, 0 before the
// first answer.
func (c *Client) Usage() (used, limit int64) { return c.used.Load(), c.limit.Load() }

// Do sends one request as the session. The error is an *Error when Salesforce refused, a *Lost when no answer came.
func (c *Client) Do(ctx context.Context, s Session, r Request) (Answer, error) {
	path := r.Path
	if !strings.HasPrefix(path, "/services") {
		path = "/services/data/v" + s.Version + path
	}
	if len(r.Query) > 0 {
		path += "?" + r.Query.Encode()
	}
	var body io.Reader
	if r.Body != nil {
		b, err := json.Marshal(r.Body)
		if err != nil {
			return Answer{}, fmt.Errorf("encoding a request: %w", err)
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, s.Instance+path, body)
	if err != nil {
		return Answer{}, &Lost{Cause: err}
	}
	req.Header.Set("Authorization", "Bearer "+s.Token)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Sforce-Call-Options", "client=Cordboard")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for k, v := range r.Header {
		req.Header.Set(k, v)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return Answer{}, &Lost{Cause: err}
	}
	defer res.Body.Close()
	c.note(res.Header.Get("Sforce-Limit-Info"))
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return Answer{}, &Lost{Cause: err}
	}
	if res.StatusCode >= 300 && res.StatusCode != http.StatusNotModified {
		return Answer{}, ParseError(res.StatusCode, b)
	}
	return Answer{Status: res.StatusCode, Body: b, Header: res.Header}, nil
}

// note reads "api-usage=18/5000", alone or among others.
func (c *Client) note(info string) {
	for part := range strings.FieldsFuncSeq(info, func(r rune) bool { return r == ';' || r == ',' || r == ' ' }) {
		value, ok := strings.CutPrefix(part, "api-usage=")
		if !ok {
			continue
		}
		used, limit, _ := strings.Cut(value, "/")
		u, err1 := strconv.ParseInt(used, 10, 64)
		l, err2 := strconv.ParseInt(limit, 10, 64)
		if err1 == nil && err2 == nil {
			c.used.Store(u)
			c.limit.Store(l)
		}
	}
}

// Lost is a request that got no whole answer: whether it was carried out is unknown.
type Lost struct{ Cause error }

func (l *Lost) Error() string { return "no answer from Salesforce: " + l.Reason() }
func (l *Lost) Unwrap() error { return l.Cause }

// IsLost returns the Lost in err's chain.
func IsLost(err error) (*Lost, bool) {
	var l *Lost
	ok := errors.As(err, &l)
	return l, ok
}
