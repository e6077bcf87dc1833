package query

import (
	"slices"
	"strings"

	"cordboard/internal/simorg/engine/ident"
	"cordboard/internal/simorg/engine/record"
	"cordboard/internal/simorg/engine/refusal"
	"cordboard/internal/simorg/engine/schema"
	"cordboard/internal/simorg/engine/soql"
)

// Result is what a query found. Its rows are rendered one by one, by Row.
type Result struct {
	Bound   *Bound
	Total   int // rows; for COUNT() the number counted, with no rows
	Count   bool
	records []*record.Record
	rows    []Row
}

// Len is the number of rows.
func (r *Result) Len() int {
	if r.rows != nil {
		return len(r.rows)
	}
	return len(r.records)
}

// Row renders row i. The engine must hold its lock as for Run.
func (r *Result) Row(i int) Row {
	if r.rows != nil {
		return r.rows[i]
	}
	return r.Bound.row(r.records[i])
}

// Records are the records behind the rows, nil for aggregates.
func (r *Result) Records() []*record.Record { return r.records }

// Run finds the rows.
func (b *Bound) Run() (*Result, *refusal.Error) {
	if b.virtual {
		return b.access()
	}
	recs := b.collect(b.candidates(), b.q.Limit, b.q.Offset)
	if b.count {
		return &Result{Bound: b, Total: len(recs), Count: true, rows: []Row{}}, nil
	}
	if b.grouped() {
		return b.group(recs)
	}
	return &Result{Bound: b, Total: len(recs), records: recs}, nil
}

// Filter keeps those of the records that the query's conditions and the user's eyes let through, in the query's order.
// Search uses it for RETURNING.
func (b *Bound) Filter(recs []*record.Record) *Result {
	out := b.collect(recs, b.q.Limit, b.q.Offset)
	return &Result{Bound: b, Total: len(out), records: out}
}

func (b *Bound) collect(from []*record.Record, limit, offset int) []*record.Record {
	sorted := len(b.order) > 0 && !b.grouped()
	grouped := b.grouped() && !b.count
	var out []*record.Record
	for _, r := range from {
		if !sorted && !grouped && limit >= 0 && len(out) >= limit+offset {
			break
		}
		if r.IsDeleted() && !b.w.Deleted && !b.q.AllRows || !b.where(r) || !b.w.Eyes.CanRead(r) {
			continue
		}
		out = append(out, r)
	}
	if sorted {
		b.sort(out)
	}
	if grouped {
		return out
	}
	out = out[min(offset, len(out)):]
	if limit >= 0 && len(out) > limit {
		out = out[:limit]
	}
	return out
}

func (b *Bound) sort(recs []*record.Record) {
	type keyed struct {
		r *record.Record
		k []any
	}
	ks := make([]keyed, len(recs))
	for i, r := range recs {
		ks[i] = keyed{r, make([]any, len(b.order))}
		for j := range b.order {
			ks[i].k[j] = b.value(r, &b.order[j].col)
		}
	}
	slices.SortStableFunc(ks, func(x, y keyed) int { return b.less(x.k, y.k) })
	for i := range ks {
		recs[i] = ks[i].r
	}
}

func (b *Bound) less(x, y []any) int {
	for j, o := range b.order {
		a, z := x[j], y[j]
		if a == nil || z == nil {
			if a == z {
				continue
			}
			if (a == nil) != o.nullsLast {
				return -1
			}
			return 1
		}
		c := compareValues(a, z)
		if o.desc {
			c = -c
		}
		if c != 0 {
			return c
		}
	}
	return 0
}

// candidates are the records that may match: those an index gives, else all.
func (b *Bound) candidates() []*record.Record {
	if l, ok := b.indexed(b.q.Where); ok {
		return l
	}
	return b.w.Store.Rows(b.Object)
}

// indexed finds a superset of the records that fulfil a condition, in the order of creation, if an index can.
func (b *Bound) indexed(c soql.Cond) ([]*record.Record, bool) {
	switch c := c.(type) {
	case soql.And:
		var best []*record.Record
		found := false
		for _, part := range c {
			if l, ok := b.indexed(part); ok && (!found || len(l) < len(best)) {
				best, found = l, true
			}
		}
		return best, found
	case soql.Or:
		var all []*record.Record
		for _, part := range c {
			l, ok := b.indexed(part)
			if !ok {
				return nil, false
			}
			all = append(all, l...)
		}
		return unique(all), true
	case soql.Compare:
		if c.Op != "=" && c.Op != "IN" || c.Left.Func != "" {
			return nil, false
		}
		col, err := b.resolve(c.Left)
		if err != nil || len(col.steps) > 0 || col.field == nil || col.field.Type != schema.ID && !col.field.Indexed {
			return nil, false
		}
		var all []*record.Record
		add := func(v any) bool {
			l, ok := b.w.Store.Lookup(col.field, v)
			all = append(all, l...)
			return ok
		}
		if c.Sub != nil {
			set, err := b.semi(c, col)
			if err != nil {
				return nil, false
			}
			for id := range set {
				if !add(id) {
					return nil, false
				}
			}
			return unique(all), true
		}
		for _, v := range c.Values {
			var x any
			switch v.Kind {
			case soql.Text:
				s := soql.Plain(v.S)
				if col.field.Type == schema.ID || col.field.Type == schema.Reference {
					s, _ = ident.Canon(s)
				} else if col.field.CaseSens {
					return nil, false // the index minds case, SOQL's = does not
				}
				x = s
			case soql.Bool:
				if !v.B {
					return nil, false
				}
				x = true
			default:
				return nil, false
			}
			if !add(x) {
				return nil, false
			}
		}
		if len(c.Values) > 1 {
			all = unique(all)
		}
		return all, true
	}
	return nil, false
}

func unique(l []*record.Record) []*record.Record {
	slices.SortFunc(l, func(a, b *record.Record) int { return strings.Compare(a.ID, b.ID) })
	return slices.Compact(l)
}

// semi runs the inner query of a semi-join and returns the ids it gives.
func (b *Bound) semi(c soql.Compare, left col) (map[string]bool, *refusal.Error) {
	if t := b.typeOfCol(&left); t != schema.ID && t != schema.Reference {
		return nil, soql.At(b.q.Text, c.Left.Pos, "INVALID_FIELD", "The left operand of a semi join must be an ID or a reference field: "+left.name)
	}
	inner, err := Bind(b.w, c.Sub, nil)
	if err != nil {
		return nil, err
	}
	if len(inner.sel) != 1 || inner.sel[0].col == nil {
		return nil, soql.At(b.q.Text, c.Sub.FromPos, "MALFORMED_QUERY", "The inner select of a semi join must select exactly one ID or reference field")
	}
	if t := inner.typeOfCol(inner.sel[0].col); t != schema.ID && t != schema.Reference {
		return nil, soql.At(b.q.Text, c.Sub.FromPos, "INVALID_FIELD", "The inner select field '"+inner.sel[0].name+"' cannot be used in a semi join: it is neither an ID nor a reference")
	}
	res, err := inner.Run()
	if err != nil {
		return nil, err
	}
	set := map[string]bool{}
	for _, r := range res.records {
		if s, ok := inner.value(r, inner.sel[0].col).(string); ok {
			set[s] = true
		}
	}
	return set, nil
}
