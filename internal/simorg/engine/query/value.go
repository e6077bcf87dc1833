package query

import (
	"strings"
	"time"

	"cordboard/internal/simorg/engine/record"
	"cordboard/internal/simorg/engine/schema"
)

func compareValues(a, z any) int {
	switch a := a.(type) {
	case float64:
		z, _ := z.(float64)
		switch {
		case a < z:
			return -1
		case a > z:
			return 1
		}
	case bool:
		if z, _ := z.(bool); a != z {
			if z {
				return -1
			}
			return 1
		}
	case string:
		z, _ := z.(string)
		if c := strings.Compare(strings.ToLower(a), strings.ToLower(z)); c != 0 {
			return c
		}
		return strings.Compare(a, z)
	}
	return 0
}

// value follows a column from a record.
func (b *Bound) value(r *record.Record, c *col) any {
	for _, ref := range c.steps {
		if ref.Object != r.Object {
			ref = r.Object.Relation(ref.Relationship)
		}
		if r = b.follow(r, ref); r == nil {
			return nil
		}
	}
	f := c.field
	if f == nil {
		if strings.EqualFold(c.name, "Type") {
			return r.Object.Name
		}
		f = r.Object.Field(c.name)
		if f == nil && strings.EqualFold(c.name, "Name") {
			f = r.Object.NameField
		}
		if f == nil || !b.w.Eyes.Sees(f) {
			return nil
		}
	}
	v := Compute(b.w, r, f)
	if c.fn != "" {
		return b.dateFunc(c.fn, f, v)
	}
	return v
}

// follow is the parent a reference leads to, nil when it is empty or the user may not read it.
func (b *Bound) follow(r *record.Record, ref *schema.Field) *record.Record {
	id := r.Text(ref)
	o := b.w.Schema.ByID(id)
	if ref == nil || o == nil {
		return nil
	}
	p := b.w.Store.Get(o, id)
	if p == nil || !b.w.Eyes.CanRead(p) {
		return nil
	}
	return p
}

func (b *Bound) dateFunc(fn string, f *schema.Field, v any) any {
	s, ok := v.(string)
	if !ok {
		return nil
	}
	t, err := time.Parse("2006-01-02", s)
	if f.Type == schema.DateTime {
		t, err = time.Parse(record.TimeLayout, s)
		t = t.In(time.UTC)
	}
	if err != nil {
		return nil
	}
	switch fn {
	case "CALENDAR_YEAR":
		return float64(t.Year())
	case "CALENDAR_MONTH":
		return float64(t.Month())
	case "CALENDAR_QUARTER":
		return float64((int(t.Month())-1)/3 + 1)
	case "DAY_IN_MONTH":
		return float64(t.Day())
	case "DAY_IN_WEEK":
		return float64(t.Weekday() + 1)
	case "DAY_IN_YEAR":
		return float64(t.YearDay())
	case "WEEK_IN_YEAR":
		return float64((t.YearDay()-1)/7 + 1)
	case "HOUR_IN_DAY":
		return float64(t.Hour())
	}
	return t.Format("2006-01-02")
}

// Matches says whether a record, stored or not, fulfils the query's conditions; validation rules ask it.
func (b *Bound) Matches(r *record.Record) bool { return b.where(r) }

// Render makes rows of records that were found in another way.
func (b *Bound) Render(recs []*record.Record) []Row {
	rows := make([]Row, len(recs))
	for i, r := range recs {
		rows[i] = b.row(r)
	}
	return rows
}

// Column is one selected column.
type Column struct {
	Name  string
	Field *schema.Field
}

// Columns are the plain columns selected, parents flattened.
func (b *Bound) Columns() []Column {
	var out []Column
	for _, c := range b.flat(b.sel) {
		out = append(out, Column{c.name, c.field})
	}
	for _, a := range b.aggs {
		out = append(out, Column{a.name, nil})
	}
	return out
}
