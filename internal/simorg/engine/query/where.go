package query

import (
	"fmt"
	"strings"
	"time"

	"cordboard/internal/simorg/engine/ident"
	"cordboard/internal/simorg/engine/record"
	"cordboard/internal/simorg/engine/refusal"
	"cordboard/internal/simorg/engine/schema"
	"cordboard/internal/simorg/engine/soql"
)

type test func(*record.Record) bool

func (b *Bound) condition(c soql.Cond) (func(*record.Record) bool, *refusal.Error) {
	switch c := c.(type) {
	case nil:
		return func(*record.Record) bool { return true }, nil
	case soql.And:
		all, err := b.conditions(c)
		return func(r *record.Record) bool {
			for _, t := range all {
				if !t(r) {
					return false
				}
			}
			return true
		}, err
	case soql.Or:
		some, err := b.conditions(c)
		return func(r *record.Record) bool {
			for _, t := range some {
				if t(r) {
					return true
				}
			}
			return false
		}, err
	case soql.Not:
		t, err := b.condition(c.Cond)
		return func(r *record.Record) bool { return !t(r) }, err
	case soql.Compare:
		return b.compare(c)
	}
	return nil, refusal.New(400, "MALFORMED_QUERY", "unknown condition")
}

func (b *Bound) conditions(list []soql.Cond) ([]test, *refusal.Error) {
	var out []test
	for _, c := range list {
		t, err := b.condition(c)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

func (b *Bound) compare(c soql.Compare) (test, *refusal.Error) {
	if isAggregate(c.Left.Func) {
		return nil, soql.At(b.q.Text, c.Left.Pos, "MALFORMED_QUERY", "aggregate functions can only be used in SELECT, HAVING and ORDER BY")
	}
	l, err := b.resolve(c.Left)
	if err != nil {
		return nil, err
	}
	get := func(r *record.Record) any { return b.value(r, &l) }
	if l.field != nil && (l.field.Type == schema.TextArea && l.field.Length > 255 || l.field.Type == schema.Base64 || l.field.Type == schema.Address) {
		return nil, soql.At(b.q.Text, c.Left.Pos, "INVALID_FIELD", fmt.Sprintf("field '%s' can not be filtered in a query call", l.name))
	}
	if c.Sub != nil {
		set, err := b.semi(c, l)
		if err != nil {
			return nil, err
		}
		want := c.Op == "IN"
		return func(r *record.Record) bool {
			id, ok := get(r).(string)
			return (ok && set[id]) == want
		}, nil
	}
	typ := b.typeOfCol(&l)
	var match []func(any) bool
	op := c.Op
	if op == "IN" || op == "NOTIN" {
		op = "="
	}
	for _, v := range c.Values {
		m, err := b.literal(&l, typ, op, v)
		if err != nil {
			return nil, err
		}
		match = append(match, m)
	}
	one := match[0]
	switch c.Op {
	case "IN", "NOTIN":
		want := c.Op == "IN"
		if set := textSet(typ, c.Values); set != nil {
			return func(r *record.Record) bool {
				s, _ := get(r).(string)
				return set[fold(typ, s)] == want
			}, nil
		}
		return func(r *record.Record) bool {
			v := get(r)
			for _, m := range match {
				if m(v) {
					return want
				}
			}
			return !want
		}, nil
	case "INCLUDES", "EXCLUDES":
		want := c.Op == "INCLUDES"
		return func(r *record.Record) bool { return includes(get(r), c.Values) == want }, nil
	}
	return func(r *record.Record) bool { return one(get(r)) }, nil
}

// textSet makes a set of a long list of texts, so that IN is one look-up a record.
func textSet(typ schema.Type, vs []soql.Value) map[string]bool {
	if !isText(typ) {
		return nil
	}
	set := make(map[string]bool, len(vs))
	for _, v := range vs {
		if v.Kind == soql.Null {
			set[""] = true
			continue
		}
		s := soql.Plain(v.S)
		if typ == schema.ID || typ == schema.Reference {
			s, _ = ident.Canon(s)
		}
		set[fold(typ, s)] = true
	}
	return set
}

func fold(typ schema.Type, s string) string {
	if typ == schema.ID || typ == schema.Reference {
		return s
	}
	return strings.ToLower(s)
}

func isText(t schema.Type) bool {
	switch t {
	case schema.Boolean, schema.Int, schema.Double, schema.Currency, schema.Percent, schema.Date, schema.DateTime:
		return false
	}
	return true
}

func (b *Bound) typeOfCol(c *col) schema.Type {
	switch c.fn {
	case "":
	case "DAY_ONLY":
		return schema.Date
	default:
		return schema.Int
	}
	if c.field == nil {
		switch {
		case strings.EqualFold(c.name, "Id"):
			return schema.ID
		case strings.EqualFold(c.name, "IsActive"):
			return schema.Boolean
		}
		return schema.String
	}
	return c.field.Type
}

func includes(v any, want []soql.Value) bool {
	s, _ := v.(string)
	have := map[string]bool{}
	for _, p := range strings.Split(s, ";") {
		have[strings.ToLower(strings.TrimSpace(p))] = true
	}
	for _, w := range want {
		all := true
		for _, p := range strings.Split(soql.Plain(w.S), ";") {
			all = all && have[strings.ToLower(strings.TrimSpace(p))]
		}
		if all {
			return true
		}
	}
	return false
}

// literal makes the comparison of a column's value with one literal, or refuses a literal of the wrong type.
func (b *Bound) literal(l *col, typ schema.Type, op string, v soql.Value) (func(any) bool, *refusal.Error) {
	wrong := func(kind string, quotes string) *refusal.Error {
		return soql.At(b.q.Text, l.pos(b, v), "INVALID_FIELD", fmt.Sprintf("value of filter criterion for field '%s' must be of type %s and should %sbe enclosed in quotes", l.name, kind, quotes))
	}
	if v.Kind == soql.Null {
		switch op {
		case "=":
			return func(x any) bool { return x == nil }, nil
		case "!=":
			return func(x any) bool { return x != nil }, nil
		}
		return func(any) bool { return false }, nil
	}
	switch {
	case typ == schema.Boolean:
		if v.Kind != soql.Bool {
			return nil, wrong("boolean", "not ")
		}
		return func(x any) bool { y, _ := x.(bool); return (y == v.B) == (op == "=") }, nil
	case typ == schema.Int || typ == schema.Double || typ == schema.Currency || typ == schema.Percent:
		if v.Kind != soql.Number {
			return nil, wrong(string(typ), "not ")
		}
		return func(x any) bool {
			y, ok := x.(float64)
			if !ok {
				return op == "!="
			}
			switch {
			case y < v.N:
				return ordered(op, -1)
			case y > v.N:
				return ordered(op, 1)
			}
			return ordered(op, 0)
		}, nil
	case typ == schema.Date || typ == schema.DateTime:
		kind := "date"
		if typ == schema.DateTime {
			kind = "dateTime"
		}
		from, to, ok := b.span(typ, v)
		if !ok {
			return nil, wrong(kind, "not ")
		}
		return func(x any) bool {
			y, ok := x.(string)
			if !ok {
				return op == "!="
			}
			switch {
			case y < from:
				return ordered(op, -1)
			case y >= to:
				return ordered(op, 1)
			}
			return ordered(op, 0)
		}, nil
	}
	if v.Kind != soql.Text {
		return nil, wrong("string", "")
	}
	if op == "LIKE" {
		return like(v.S), nil
	}
	want := soql.Plain(v.S)
	if typ == schema.ID || typ == schema.Reference {
		id, ok := ident.Canon(want)
		if !ok && want != "" {
			return nil, soql.At(b.q.Text, l.pos(b, v), "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: "+want)
		}
		return func(x any) bool { y, _ := x.(string); return ordered(op, strings.Compare(y, id)) }, nil
	}
	want = strings.ToLower(want)
	return func(x any) bool {
		y, ok := x.(string)
		if !ok && op != "=" && op != "!=" {
			return false
		}
		return ordered(op, strings.Compare(strings.ToLower(y), want))
	}, nil
}

// pos is where a complaint about a comparison points: the field.
func (c *col) pos(b *Bound, v soql.Value) int {
	before := b.q.Text[:min(v.Pos, len(b.q.Text))]
	if n := strings.LastIndex(strings.ToLower(before), strings.ToLower(c.name)); n >= 0 {
		return n
	}
	return v.Pos
}

func ordered(op string, cmp int) bool {
	switch op {
	case "=":
		return cmp == 0
	case "!=":
		return cmp != 0
	case "<":
		return cmp < 0
	case ">":
		return cmp > 0
	case "<=":
		return cmp <= 0
	case ">=":
		return cmp >= 0
	}
	return false
}

// like makes the test of a LIKE pattern: % any run, _ one character, a backslash keeps either ordinary.
func like(pattern string) func(any) bool {
	type part struct {
		r    rune
		any  bool
		many bool
	}
	var ps []part
	rs := []rune(strings.ToLower(pattern))
	for i := 0; i < len(rs); i++ {
		switch {
		case rs[i] == '\\' && i+1 < len(rs):
			i++
			ps = append(ps, part{r: rs[i]})
		case rs[i] == '%':
			ps = append(ps, part{many: true})
		case rs[i] == '_':
			ps = append(ps, part{any: true})
		default:
			ps = append(ps, part{r: rs[i]})
		}
	}
	return func(x any) bool {
		s, ok := x.(string)
		if !ok {
			return false
		}
		w := []rune(strings.ToLower(s))
		i, j, star, mark := 0, 0, -1, 0
		for j < len(w) {
			switch {
			case i < len(ps) && !ps[i].many && (ps[i].any || ps[i].r == w[j]):
				i++
				j++
			case i < len(ps) && ps[i].many:
				star, mark = i, j
				i++
			case star >= 0:
				mark++
				i, j = star+1, mark
			default:
				return false
			}
		}
		for i < len(ps) && ps[i].many {
			i++
		}
		return i == len(ps)
	}
}

// span is the stretch of time a date literal stands for, as kept texts: from included, to not.
func (b *Bound) span(typ schema.Type, v soql.Value) (from, to string, ok bool) {
	switch v.Kind {
	case soql.Date:
		if typ != schema.Date {
			return "", "", false
		}
		if _, err := time.Parse("2006-01-02", v.S); err != nil {
			return "", "", false
		}
		return v.S, v.S + "\x00", true
	case soql.DateTime:
		if typ != schema.DateTime {
			return "", "", false
		}
		t, ok := Instant(v.S)
		s := t.Format(record.TimeLayout)
		return s, s + "\x00", ok
	case soql.Relative:
		a, z := relative(b.w.Now.In(b.w.Zone), v.S, int(v.N))
		if typ == schema.Date {
			return a.Format("2006-01-02"), z.Format("2006-01-02"), true
		}
		return a.UTC().Format(record.TimeLayout), z.UTC().Format(record.TimeLayout), true
	}
	return "", "", false
}

// Instant reads a SOQL or JSON instant in any of the forms that Salesforce accepts.
func Instant(s string) (time.Time, bool) {
	for _, layout := range []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05-0700", "2006-01-02T15:04:05Z0700"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}
