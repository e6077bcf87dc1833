package query

import (
	"fmt"
	"strings"

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
