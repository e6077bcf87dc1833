package engine

import (
	"fmt"

	"cordboard/internal/simorg/engine/ident"
	"cordboard/internal/simorg/engine/query"
	"cordboard/internal/simorg/engine/record"
	"cordboard/internal/simorg/engine/refusal"
	"cordboard/internal/simorg/engine/schema"
	"cordboard/internal/simorg/engine/security"
	"cordboard/internal/simorg/engine/soql"
	"cordboard/internal/simorg/engine/sosl"
)

// Search runs a FIND. The rows of all objects come in the order of RETURNING.
func (e *Engine) Search(c Caller, s *sosl.Search) ([]query.Row, *refusal.Error) {
	e.settle()
	e.mu.RLock()
	defer e.mu.RUnlock()
	w := e.world(c, false)
	returning := s.Returning
	if len(returning) == 0 {
		for _, o := range e.cfg.Schema.Objects() {
			if e.index.Searchable(o) && w.Eyes.Visible(o) {
				returning = append(returning, &soql.Query{From: o.Name, Limit: -1})
			}
		}
	}
	limit := s.Limit
	if limit < 0 || limit > batchDefault {
		limit = batchDefault
	}
	open := 0
	for _, q := range returning {
		if q.Limit < 0 {
			open++
		}
	}
	rows := []query.Row{}
	for _, q := range returning {
		own := *q
		if len(own.Select) == 0 {
			own.Select = []soql.Item{{Expr: &soql.Expr{Path: []string{"Id"}}}}
		}
		if own.Limit < 0 {
			own.Limit = max(1, limit/open) // as documented: the overall limit is spread evenly
		}
		b, err := query.Bind(w, &own, nil)
		if err != nil {
			return nil, err
		}
		if !e.index.Searchable(b.Object) {
			return nil, refusal.New(400, "MALFORMED_SEARCH", "Entity '%s' is not supported in a search", b.Object.Name)
		}
		var now []*record.Record
		for _, r := range e.index.Find(b.Object, s.Expr, s.Group, w.Eyes.Sees) {
			now = append(now, e.store.Get(r.Object, r.ID))
		}
		res := b.Filter(now)
		for i := 0; i < res.Len() && len(rows) < limit; i++ {
			rows = append(rows, res.Row(i))
		}
	}
	return rows, nil
}

func (e *Engine) settle() {
	now := e.Now()
	e.mu.RLock()
	due := e.index.Due(now)
	e.mu.RUnlock()
	if due {
		e.mu.Lock()
		e.index.Settle(now)
		e.mu.Unlock()
	}
}

// Description is an object as one user sees it.
type Description struct {
	Object   *schema.Object
	Access   security.Access
	Fields   []FieldView
	Children []schema.Child
}

// FieldView is a field as one user sees it.
type FieldView struct {
	Field *schema.Field
	Level security.Level
}

// Describe describes an object; a refusal when the user may not see it.
func (e *Engine) Describe(c Caller, object string) (Description, *refusal.Error) {
	defer e.rlock(c)()
	v := e.eyes(c)
	o := e.cfg.Schema.Object(object)
	if !v.Visible(o) {
		return Description{}, refusal.NotFound()
	}
	d := Description{Object: o, Access: v.Object(o)}
	for _, f := range o.Fields {
		if l := v.Field(f); l > security.Hidden {
			d.Fields = append(d.Fields, FieldView{f, l})
		}
	}
	for _, ch := range o.Children {
		if v.Visible(ch.Object) && v.Sees(ch.Field) {
			d.Children = append(d.Children, ch)
		}
	}
	return d, nil
}

// Objects describes all objects the user may see, without their fields.
func (e *Engine) Objects(c Caller) []Description {
	defer e.rlock(c)()
	v := e.eyes(c)
	var out []Description
	for _, o := range e.cfg.Schema.Objects() {
		if v.Visible(o) {
			out = append(out, Description{Object: o, Access: v.Object(o)})
		}
	}
	return out
}

// User is some fields of a user's record, for faces that say who one is.
func (e *Engine) User(id string) (map[string]any, bool) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	u := e.store.Get(e.cfg.Schema.Object("User"), id)
	if u == nil {
		return nil, false
	}
	return u.Values(), true
}

// ID resolves the object of an id, for addresses like /{id}.
func (e *Engine) ID(id string) (*schema.Object, string, error) {
	id18, ok := ident.Canon(id)
	if !ok {
		return nil, "", fmt.Errorf("%q is no record id", id)
	}
	o := e.cfg.Schema.ByID(id18)
	if o == nil {
		return nil, "", fmt.Errorf("no object has ids like %q", id)
	}
	return o, id18, nil
}
