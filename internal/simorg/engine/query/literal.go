package query

import (
	"fmt"
	"strings"
	"time"

	"cordboard/internal/simorg/engine/ident"
	"cordboard/internal/simorg/engine/literal"
	"cordboard/internal/simorg/engine/record"
	"cordboard/internal/simorg/engine/refusal"
	"cordboard/internal/simorg/engine/schema"
	"cordboard/internal/simorg/engine/soql"
)

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
				return literal.Ordered(op, -1)
			case y > v.N:
				return literal.Ordered(op, 1)
			}
			return literal.Ordered(op, 0)
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
				return literal.Ordered(op, -1)
			case y >= to:
				return literal.Ordered(op, 1)
			}
			return literal.Ordered(op, 0)
		}, nil
	}
	if v.Kind != soql.Text {
		return nil, wrong("string", "")
	}
	if op == "LIKE" {
		return literal.Like(v.S), nil
	}
	want := soql.Plain(v.S)
	if typ == schema.ID || typ == schema.Reference {
		id, ok := ident.Canon(want)
		if !ok && want != "" {
			return nil, soql.At(b.q.Text, l.pos(b, v), "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: "+want)
		}
		return func(x any) bool { y, _ := x.(string); return literal.Ordered(op, strings.Compare(y, id)) }, nil
	}
	want = strings.ToLower(want)
	return func(x any) bool {
		y, ok := x.(string)
		if !ok && op != "=" && op != "!=" {
			return false
		}
		return literal.Ordered(op, strings.Compare(strings.ToLower(y), want))
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
		t, ok := literal.Instant(v.S)
		s := t.Format(record.TimeLayout)
		return s, s + "\x00", ok
	case soql.Relative:
		a, z := literal.Relative(b.w.Now.In(b.w.Zone), v.S, int(v.N))
		if typ == schema.Date {
			return a.Format("2006-01-02"), z.Format("2006-01-02"), true
		}
		return a.UTC().Format(record.TimeLayout), z.UTC().Format(record.TimeLayout), true
	}
	return "", "", false
}
