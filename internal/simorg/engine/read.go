package engine

import (
	"strconv"
	"strings"
	"sync"

	"cordboard/internal/simorg/engine/ident"
	"cordboard/internal/simorg/engine/query"
	"cordboard/internal/simorg/engine/record"
	"cordboard/internal/simorg/engine/refusal"
	"cordboard/internal/simorg/engine/schema"
	"cordboard/internal/simorg/engine/soql"
)

func equalFold(a, b string) bool { return strings.EqualFold(a, b) }

// Page is one page of a query's answer.
type Page struct {
	Total   int
	Rows    []query.Row
	Done    bool
	Next    string // locator of the next page
	Columns []Column
	Object  *schema.Object
	Count   bool
}

// Column describes one selected column, for columns=true.
type Column struct {
	Name  string
	Field *schema.Field
}

const (
	batchDefault = 2000
	batchLeast   = 200
	cursorsKept  = 200 // open queries in the org; the oldest are closed
)

type cursor struct {
	mu     sync.Mutex
	user   string
	result *query.Result
	batch  int
}

type cursors struct {
	mu    sync.Mutex
	n     int64
	open  map[string]*cursor
	order []string
}

// Query runs SOQL. batch is the page size asked for, 0 for the default.
func (e *Engine) Query(c Caller, text string, deleted bool, batch int) (Page, *refusal.Error) {
	q, err := soql.Parse(text)
	if err != nil {
		return Page{}, err
	}
	defer e.rlock(c)()
	b, err := query.Bind(e.world(c, deleted), q, nil)
	if err != nil {
		return Page{}, err
	}
	res, err := b.Run()
	if err != nil {
		return Page{}, err
	}
	switch {
	case batch == 0 || batch > batchDefault:
		batch = batchDefault
	case batch < batchLeast:
		batch = batchLeast
	}
	if res.Len() <= batch {
		return e.page(&cursor{result: res, batch: batch}, "", 0), nil
	}
	return e.page(&cursor{user: c.UserID, result: res, batch: batch}, e.cursors.add(&cursor{user: c.UserID, result: res, batch: batch}), 0), nil
}

func (c *cursors) add(cur *cursor) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	id := ident.New("01g", c.n)
	c.open[id] = cur
	c.order = append(c.order, id)
	if len(c.order) > cursorsKept {
		delete(c.open, c.order[0])
		c.order = c.order[1:]
	}
	return id
}

func (e *Engine) page(cur *cursor, id string, from int) Page {
	cur.mu.Lock()
	defer cur.mu.Unlock()
	res := cur.result
	p := Page{Total: res.Total, Done: true, Rows: []query.Row{}, Object: res.Bound.Object, Count: res.Count}
	end := res.Len()
	if end > from+cur.batch {
		end = from + cur.batch
		p.Done, p.Next = false, id+"-"+strconv.Itoa(end)
	}
	for i := from; i < end; i++ {
		p.Rows = append(p.Rows, res.Row(i))
	}
	for _, col := range res.Bound.Columns() {
		p.Columns = append(p.Columns, Column{col.Name, col.Field})
	}
	return p
}

// More returns the page a locator names, for the user who opened the query.
func (e *Engine) More(c Caller, locator string) (Page, *refusal.Error) {
	id, at, _ := strings.Cut(locator, "-")
	id18, _ := ident.Canon(id)
	from, err := strconv.Atoi(at)
	e.cursors.mu.Lock()
	cur := e.cursors.open[id18]
	e.cursors.mu.Unlock()
	if cur == nil || err != nil || from < 0 || cur.user != c.UserID {
		return Page{}, refusal.New(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
	}
	defer e.rlock(c)()
	return e.page(cur, id18, from), nil
}

// Get reads one record; no fields means all that the user sees.
func (e *Engine) Get(c Caller, object, id string, fields []string) (query.Row, *refusal.Error) {
	return e.get(c, object, "", id, fields)
}

// GetByKey reads one record by an external id. With several, the refusal has status 300 and their ids as Fields.
func (e *Engine) GetByKey(c Caller, object, key, value string, fields []string) (query.Row, *refusal.Error) {
	return e.get(c, object, key, value, fields)
}

func (e *Engine) get(c Caller, object, key, value string, fields []string) (query.Row, *refusal.Error) {
	defer e.rlock(c)()
	w := e.world(c, false)
	o := e.cfg.Schema.Object(object)
	if !w.Eyes.Visible(o) || o.Virtual {
		return query.Row{}, refusal.NotFound()
	}
	r, err := e.one(w, o, key, value)
	if err != nil {
		return query.Row{}, err
	}
	rows, err := e.render(w, o, []*record.Record{r}, fields)
	if err != nil {
		return query.Row{}, err
	}
	return rows[0], nil
}

func (e *Engine) one(w *query.World, o *schema.Object, key, value string) (*record.Record, *refusal.Error) {
	if key == "" {
		id, ok := ident.Canon(value)
		if !ok || e.cfg.Schema.ByID(id) != o {
			return nil, refusal.New(404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible: %s", value)
		}
		r := e.store.Get(o, id)
		switch {
		case r == nil || !w.Eyes.CanRead(r):
			return nil, refusal.NotFound()
		case r.IsDeleted():
			return nil, &refusal.Error{Status: 404, Code: "ENTITY_IS_DELETED", Message: "entity is deleted", Fields: []string{}}
		}
		return r, nil
	}
	f := o.Field(key)
	if f == nil || !f.IDLookup || !w.Eyes.Sees(f) {
		return nil, refusal.New(404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible: %s", key)
	}
	found, _ := e.store.Lookup(f, value)
	var seen []*record.Record
	for _, r := range found {
		if !r.IsDeleted() && w.Eyes.CanRead(r) {
			seen = append(seen, r)
		}
	}
	switch len(seen) {
	case 0:
		return nil, refusal.NotFound()
	case 1:
		return seen[0], nil
	}
	many := &refusal.Error{Status: 300, Code: "MULTIPLE_CHOICES", Fields: []string{}}
	for _, r := range seen {
		many.Fields = append(many.Fields, r.ID)
	}
	return nil, many
}

// render makes rows of records with the named fields, all visible ones when there are none.
func (e *Engine) render(w *query.World, o *schema.Object, recs []*record.Record, fields []string) ([]query.Row, *refusal.Error) {
	if len(fields) == 0 {
		for _, f := range o.Fields {
			if w.Eyes.Sees(f) {
				fields = append(fields, f.Name)
			}
		}
	}
	q := &soql.Query{From: o.Name, Limit: -1}
	for _, f := range fields {
		path := strings.Split(strings.TrimSpace(f), ".")
		q.Select = append(q.Select, soql.Item{Expr: &soql.Expr{Path: path}})
	}
	b, err := query.Bind(w, q, nil)
	if err != nil {
		if i := strings.LastIndexByte(err.Message, '\n'); i >= 0 {
			err.Message = err.Message[i+1:] // there is no query text to point into
		}
		return nil, err
	}
	return b.Render(recs), nil
}

// GetMany reads records by id; a row that cannot be seen is nil.
func (e *Engine) GetMany(c Caller, object string, ids, fields []string) ([]*query.Row, *refusal.Error) {
	defer e.rlock(c)()
	w := e.world(c, false)
	o := e.cfg.Schema.Object(object)
	if !w.Eyes.Visible(o) || o.Virtual {
		return nil, refusal.NotFound()
	}
	if len(fields) == 0 {
		return nil, refusal.Bad("INVALID_FIELD", nil, "A fields parameter is required")
	}
	out := make([]*query.Row, len(ids))
	for i, s := range ids {
		id, ok := ident.Canon(s)
		if !ok {
			return nil, refusal.Bad("MALFORMED_ID", nil, "malformed id %s", s)
		}
		var recs []*record.Record
		if r := e.store.Get(o, id); r != nil && !r.IsDeleted() && w.Eyes.CanRead(r) {
			recs = append(recs, r)
		}
		rows, err := e.render(w, o, recs, fields)
		if err != nil {
			return nil, err
		}
		if len(rows) == 1 {
			out[i] = &rows[0]
		}
	}
	return out, nil
}

// Blob is the content of a base64 field.
func (e *Engine) Blob(c Caller, object, id, field string) (string, *refusal.Error) {
	defer e.rlock(c)()
	w := e.world(c, false)
	o := e.cfg.Schema.Object(object)
	if !w.Eyes.Visible(o) || o.Virtual {
		return "", refusal.NotFound()
	}
	f := o.Field(field)
	if f == nil || f.Type != schema.Base64 || !w.Eyes.Sees(f) {
		return "", refusal.NotFound()
	}
	r, err := e.one(w, o, "", id)
	if err != nil {
		return "", err
	}
	return r.Text(f), nil
}
