package query

import (
	"fmt"
	"slices"
	"strings"

	"cordboard/internal/simorg/engine/record"
	"cordboard/internal/simorg/engine/refusal"
	"cordboard/internal/simorg/engine/schema"
	"cordboard/internal/simorg/engine/soql"
)

type aggregate struct {
	fn   string
	col  *col // nil: COUNT()
	name string
}

func isAggregate(fn string) bool {
	switch fn {
	case "COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX":
		return true
	}
	return false
}

func (b *Bound) aggregate(it soql.Item) *refusal.Error {
	if it.Expr.Func == "COUNT" && len(it.Expr.Args) == 0 {
		if len(b.q.Select) > 1 || len(b.q.GroupBy) > 0 {
			return soql.At(b.q.Text, it.Pos, "MALFORMED_QUERY", "COUNT() must be the only thing selected")
		}
		b.count = true
		return nil
	}
	name := it.Alias
	if name == "" {
		n := 0
		for _, a := range b.aggs {
			if strings.HasPrefix(a.name, "expr") {
				n++
			}
		}
		name = fmt.Sprintf("expr%d", n)
	}
	a, err := b.agg(*it.Expr)
	if err != nil {
		return err
	}
	a.name = name
	b.aggs = append(b.aggs, a)
	return nil
}

func (b *Bound) agg(e soql.Expr) (aggregate, *refusal.Error) {
	if len(e.Args) != 1 {
		return aggregate{}, soql.At(b.q.Text, e.Pos, "MALFORMED_QUERY", e.Func+" needs one field")
	}
	c, err := b.resolve(e.Args[0])
	if err != nil {
		return aggregate{}, err
	}
	if (e.Func == "SUM" || e.Func == "AVG") && (c.field == nil || !c.field.Number()) {
		return aggregate{}, soql.At(b.q.Text, e.Pos, "MALFORMED_QUERY", fmt.Sprintf("field %s does not support aggregate operator %s", c.name, e.Func))
	}
	return aggregate{fn: e.Func, col: &c}, nil
}

// aggIndex finds or adds the aggregate of HAVING and ORDER BY.
func (b *Bound) aggIndex(e soql.Expr) (int, *refusal.Error) {
	a, err := b.agg(e)
	if err != nil {
		return 0, err
	}
	for i, have := range b.aggs {
		if have.fn == a.fn && have.col.field == a.col.field && slices.Equal(have.col.steps, a.col.steps) {
			return i, nil
		}
	}
	b.aggs = append(b.aggs, a) // without a name: computed, not shown
	return len(b.aggs) - 1, nil
}

func (b *Bound) grouping() *refusal.Error {
	for _, e := range b.q.GroupBy {
		c, err := b.resolve(e)
		if err != nil {
			return err
		}
		b.groups = append(b.groups, c)
	}
	if !b.grouped() {
		return nil
	}
	for _, s := range b.flat(b.sel) {
		if !slices.ContainsFunc(b.groups, func(g col) bool { return g.field == s.field && g.fn == s.fn }) {
			return refusal.New(400, "MALFORMED_QUERY", "Field must be grouped or aggregated: %s", s.name)
		}
	}
	if b.q.Having != nil {
		h, err := b.havingCond(b.q.Having)
		if err != nil {
			return err
		}
		b.having = h
	}
	return nil
}

func (b *Bound) flat(sels []sel) (out []*col) {
	for _, s := range sels {
		switch {
		case s.col != nil:
			out = append(out, s.col)
		case s.parent != nil:
			out = append(out, b.flat(s.parent.sels)...)
		}
	}
	return out
}

func (b *Bound) havingCond(c soql.Cond) (func([]any) bool, *refusal.Error) {
	switch c := c.(type) {
	case soql.And:
		return b.havingAll(c, true)
	case soql.Or:
		return b.havingAll(c, false)
	case soql.Not:
		t, err := b.havingCond(c.Cond)
		return func(v []any) bool { return !t(v) }, err
	case soql.Compare:
		if !isAggregate(c.Left.Func) || len(c.Values) != 1 || c.Op == "LIKE" || c.Op == "IN" || c.Op == "NOTIN" {
			return nil, soql.At(b.q.Text, c.Left.Pos, "MALFORMED_QUERY", "HAVING compares an aggregate with a value")
		}
		i, err := b.aggIndex(c.Left)
		if err != nil {
			return nil, err
		}
		typ := schema.Double
		if b.aggs[i].fn == "MIN" || b.aggs[i].fn == "MAX" {
			typ = b.typeOfCol(b.aggs[i].col)
		}
		t, err := b.literal(b.aggs[i].col, typ, c.Op, c.Values[0])
		return func(v []any) bool { return t(v[i]) }, err
	}
	return nil, refusal.New(400, "MALFORMED_QUERY", "unknown condition")
}

func (b *Bound) havingAll(list []soql.Cond, and bool) (func([]any) bool, *refusal.Error) {
	var parts []func([]any) bool
	for _, c := range list {
		t, err := b.havingCond(c)
		if err != nil {
			return nil, err
		}
		parts = append(parts, t)
	}
	return func(v []any) bool {
		for _, t := range parts {
			if t(v) != and {
				return !and
			}
		}
		return and
	}, nil
}

type bucket struct {
	keys []any
	recs []*record.Record
	vals []any
}

func (b *Bound) group(recs []*record.Record) (*Result, *refusal.Error) {
	var list []*bucket
	byKey := map[string]*bucket{}
	for _, r := range recs {
		keys := make([]any, len(b.groups))
		var id strings.Builder
		for i := range b.groups {
			keys[i] = b.value(r, &b.groups[i])
			fmt.Fprintf(&id, "%T%v\x00", keys[i], keys[i])
		}
		k := byKey[strings.ToLower(id.String())]
		if k == nil {
			k = &bucket{keys: keys}
			byKey[strings.ToLower(id.String())] = k
			list = append(list, k)
		}
		k.recs = append(k.recs, r)
	}
	if len(b.groups) == 0 && len(list) == 0 {
		list = append(list, &bucket{})
	}
	var kept []*bucket
	for _, k := range list {
		for _, a := range b.aggs {
			k.vals = append(k.vals, b.total(a, k.recs))
		}
		if b.having == nil || b.having(k.vals) {
			kept = append(kept, k)
		}
	}
	if len(b.order) > 0 {
		keyOf := func(k *bucket) []any {
			out := make([]any, len(b.order))
			for i, o := range b.order {
				if o.agg >= 0 {
					out[i] = k.vals[o.agg]
				} else if len(k.recs) > 0 {
					out[i] = b.value(k.recs[0], &o.col)
				}
			}
			return out
		}
		slices.SortStableFunc(kept, func(x, y *bucket) int { return b.less(keyOf(x), keyOf(y)) })
	}
	kept = kept[min(b.q.Offset, len(kept)):]
	if b.q.Limit >= 0 && len(kept) > b.q.Limit {
		kept = kept[:b.q.Limit]
	}
	rows := []Row{}
	for _, k := range kept {
		row := Row{Type: "AggregateResult"}
		if len(k.recs) > 0 {
			for _, c := range b.flat(b.sel) {
				name := c.name
				row.Cells = append(row.Cells, Cell{Name: name, Value: b.groupValue(k, c), Type: b.typeOfCol(c)})
			}
		}
		for i, a := range b.aggs {
			if a.name == "" {
				continue
			}
			typ := schema.Int
			if a.fn != "COUNT" && a.fn != "COUNT_DISTINCT" {
				typ = b.typeOfCol(a.col)
			}
			row.Cells = append(row.Cells, Cell{Name: a.name, Value: k.vals[i], Type: typ})
		}
		rows = append(rows, row)
	}
	return &Result{Bound: b, Total: len(rows), rows: rows}, nil
}

func (b *Bound) groupValue(k *bucket, c *col) any {
	for i := range b.groups {
		if b.groups[i].field == c.field && b.groups[i].fn == c.fn {
			return k.keys[i]
		}
	}
	return nil
}

func (b *Bound) total(a aggregate, recs []*record.Record) any {
	n, sum := 0, 0.0
	var best any
	seen := map[any]bool{}
	for _, r := range recs {
		v := b.value(r, a.col)
		if v == nil {
			continue
		}
		n++
		if s, ok := v.(string); ok && a.fn == "COUNT_DISTINCT" {
			seen[strings.ToLower(s)] = true
		} else {
			seen[v] = true
		}
		if f, ok := v.(float64); ok {
			sum += f
		}
		if best == nil || a.fn == "MIN" && compareValues(v, best) < 0 || a.fn == "MAX" && compareValues(v, best) > 0 {
			best = v
		}
	}
	switch a.fn {
	case "COUNT":
		return float64(n)
	case "COUNT_DISTINCT":
		return float64(len(seen))
	case "SUM":
		if n == 0 {
			return nil
		}
		return sum
	case "AVG":
		if n == 0 {
			return nil
		}
		return sum / float64(n)
	}
	return best
}
