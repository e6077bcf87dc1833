package access

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"

	"cordboard/internal/crm/salesforce/query"
	"cordboard/internal/crm/salesforce/wire"
)

// Part is one answer within a composite.
type Part struct {
	Body   json.RawMessage `json:"body"`
	Status int             `json:"httpStatusCode"`
	ID     string          `json:"referenceId"`
}

// Into decodes a Part, or makes its error.
func (p Part) Into(v any) error {
	if p.Status < 200 || p.Status > 299 {
		return wire.ParseError(p.Status, p.Body)
	}
	return wire.Answer{Status: p.Status, Body: p.Body}.Into(v)
}

// Composite asks up to five queries in one round trip and one API call; each Part succeeds or fails by itself.
func (s *Access) Composite(ctx context.Context, as string, qs []query.Select) ([]Part, *Session, error) {
	type sub struct {
		Method string `json:"method"`
		URL    string `json:"url"`
		ID     string `json:"referenceId"`
	}
	base := "/services/data/v" + s.conn().APIVersion + "/query?q="
	var body struct {
		AllOrNone bool  `json:"allOrNone"`
		Requests  []sub `json:"compositeRequest"`
	}
	for i, q := range qs {
		body.Requests = append(body.Requests, sub{http.MethodGet, base + url.QueryEscape(q.String()), "q" + strconv.Itoa(i)})
	}
	a, sess, err := s.Call(ctx, as, wire.Request{Method: http.MethodPost, Path: "/composite", Body: body})
	if err != nil {
		return nil, nil, err
	}
	var out struct {
		Parts []Part `json:"compositeResponse"`
	}
	if err := a.Into(&out); err != nil {
		return nil, nil, err
	}
	if len(out.Parts) != len(qs) {
		return nil, nil, &wire.Error{Status: a.Status, Items: []wire.Item{{Code: "UNREADABLE_ANSWER", Message: "Some answers are missing."}}}
	}
	return out.Parts, sess, nil
}

// Queries asks several queries at once; one that fails fails all. A single one goes the plain way.
func (s *Access) Queries(ctx context.Context, as string, qs []query.Select) ([]wire.Page, *Session, error) {
	pages := make([]wire.Page, len(qs))
	if len(qs) == 1 {
		a, sess, err := s.Call(ctx, as, wire.Request{Method: http.MethodGet, Path: "/query", Query: url.Values{"q": {qs[0].String()}}})
		if err == nil {
			err = a.Into(&pages[0])
		}
		return pages, sess, err
	}
	parts, sess, err := s.Composite(ctx, as, qs)
	if err != nil {
		return nil, nil, err
	}
	for i, p := range parts {
		if err := p.Into(&pages[i]); err != nil {
			return nil, nil, err
		}
	}
	return pages, sess, nil
}
