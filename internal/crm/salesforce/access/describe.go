package access

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"cordboard/internal/crm"
	"cordboard/internal/crm/salesforce/query"
	"cordboard/internal/crm/salesforce/wire"
)

// Object is what one agent may see of a kind of record: fields that are hidden from him are absent (MAT-11, LOG-14).
type Object struct {
	Name       string  `json:"name"`
	Label      string  `json:"label"`
	Createable bool    `json:"createable"`
	Fields     []Field `json:"fields"`

	byName   map[string]*Field
	fetched  time.Time
	modified string // Last-Modified, to ask again cheaply
}

// Field is one field of an object.
type Field struct {
	Name       string   `json:"name"`
	Label      string   `json:"label"`
	Type       string   `json:"type"`
	Length     int      `json:"length"`
	Nillable   bool     `json:"nillable"`
	Createable bool     `json:"createable"`
	Defaulted  bool     `json:"defaultedOnCreate"`
	References []string `json:"referenceTo"`
	Picklist   []struct {
		Value   string `json:"value"`
		Active  bool   `json:"active"`
		Default bool   `json:"defaultValue"`
	} `json:"picklistValues"`
}

// Has returns a visible field, by name without regard to case; nil when the object itself is invisible.
func (o *Object) Has(name string) *Field {
	if o == nil {
		return nil
	}
	return o.byName[strings.ToLower(name)]
}

// Visible keeps the names that the agent can see; a dotted name needs its reference ("Account.Name" needs AccountId).
func (o *Object) Visible(names ...string) []string {
	out := make([]string, 0, len(names))
	for _, n := range names {
		need := n
		if parent, _, dotted := strings.Cut(n, "."); dotted {
			need = parent + "Id"
		}
		if o.Has(need) != nil && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

// LabelOf is a field's label, or its name.
func (o *Object) LabelOf(name string) string {
	if f := o.Has(name); f != nil && f.Label != "" {
		return f.Label
	}
	return name
}

// keptFor is how long a description counts before it is asked again; sign-in and INVALID_FIELD end it sooner.
const keptFor = time.Hour

// used are the objects that an agent's work needs.
var used = []string{"Account", "Contact", "Lead", "Case", "Task", "Event"}

// warm describes what the agent will need, so that the first search does not have to.
func (s *Access) warm(ctx context.Context, agent string) error {
	_, err := s.Objects(ctx, agent, used...)
	return err
}

// Objects describes kinds of records as the agent sees them, from memory where possible. An invisible kind is nil.
func (s *Access) Objects(ctx context.Context, agent string, names ...string) (map[string]*Object, error) {
	out := make(map[string]*Object, len(names))
	var ask []string
	st, now := s.seat(agent), s.o.Clock()
	if _, err := s.Session(ctx, agent); err != nil {
		return nil, err // before looking: another user's session empties what was described
	}
	st.mu.Lock()
	for _, n := range names {
		if o, ok := st.objects[n]; ok && now.Sub(o.fetched) < keptFor {
			out[n] = o.seen()
		} else {
			ask = append(ask, n)
		}
	}
	st.mu.Unlock()
	if len(ask) == 0 {
		return out, nil
	}
	g, gctx := errgroup.WithContext(ctx)
	got := make([]*Object, len(ask))
	for i, n := range ask {
		g.Go(func() (err error) {
			got[i], err = s.describe(gctx, agent, n)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	for i, n := range ask {
		out[n] = got[i].seen()
	}
	return out, nil
}

// seen is nil for an object that the agent cannot see; its absence is remembered as an object without fields.
func (o *Object) seen() *Object {
	if o == nil || len(o.Fields) == 0 {
		return nil
	}
	return o
}

func (s *Access) describe(ctx context.Context, agent, name string) (*Object, error) {
	st := s.seat(agent)
	st.mu.Lock()
	old := st.objects[name]
	st.mu.Unlock()
	r := wire.Request{Method: http.MethodGet, Path: "/sobjects/" + name + "/describe"}
	if old != nil && old.modified != "" {
		r.Header = map[string]string{"If-Modified-Since": old.modified}
	}
	a, _, err := s.Call(ctx, agent, r)
	o := &Object{Name: name}
	switch e, refused := wire.IsError(err); {
	case refused && (e.Status == http.StatusNotFound || e.Code() == "INVALID_TYPE" || e.Code() == "INSUFFICIENT_ACCESS"):
		// invisible to this user
	case err != nil:
		return nil, err
	case a.Status == http.StatusNotModified && old != nil:
		fresh := *old
		o = &fresh
	default:
		if err := a.Into(o); err != nil {
			return nil, err
		}
		o.byName = make(map[string]*Field, len(o.Fields))
		for i := range o.Fields {
			o.byName[strings.ToLower(o.Fields[i].Name)] = &o.Fields[i]
		}
		o.modified = a.Header.Get("Last-Modified")
	}
	o.fetched = s.o.Clock()
	st.mu.Lock()
	st.objects[name] = o
	st.mu.Unlock()
	return o, nil
}

// ObjectOf is the Salesforce object of a kind.
func ObjectOf(k crm.Kind) string {
	if k == crm.PersonAccount {
		return "Account"
	}
	return string(k)
}

// RecordURL is the address of a record's native page (SF-13): Lightning's own host where the instance is a My Domain.
func RecordURL(instance string, ref crm.Ref) string {
	if !query.IsID(ref.ID) || instance == "" {
		return ""
	}
	if base, ok := strings.CutSuffix(instance, ".my.salesforce.com"); ok {
		instance = base + ".lightning.force.com"
	}
	return instance + "/lightning/r/" + ObjectOf(ref.Kind) + "/" + ref.ID + "/view"
}
