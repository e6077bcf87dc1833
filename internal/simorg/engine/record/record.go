// Package record keeps the org's rows: immutable records in tables, indexed, changed in transactions.
//
// A record is never changed in place: Put swaps a new version in, so whoever holds an old one may read on without a lock.
// The store itself takes no lock; its one caller, package engine, does. Rows are never forgotten: deletion is the field
// IsDeleted, as in Salesforce's recycle bin. It checks nothing: what may be written is decided in package change.
package record

import (
	"slices"
	"strings"

	"cordboard/internal/simorg/engine/schema"
)

// A value is nil, a string (texts, ids, dates as 2006-01-02, instants as TimeLayout), a float64 or a bool.

// TimeLayout is how instants are kept and shown: UTC, milliseconds. Its texts compare as the instants do.
const TimeLayout = "2006-01-02T15:04:05.000+0000"

type cell struct {
	index int
	value any
}

// Record is one version of one row. Empty values take no room.
type Record struct {
	ID     string
	Object *schema.Object
	cells  []cell // by index
}

// New returns an empty record to fill with Set before it is Put.
func New(o *schema.Object, id string) *Record {
	r := &Record{ID: id, Object: o}
	if o.IDField != nil {
		r.Set(o.IDField, id)
	}
	return r
}

// Clone returns a copy to change with Set before it is Put.
func (r *Record) Clone() *Record {
	return &Record{ID: r.ID, Object: r.Object, cells: slices.Clone(r.cells)}
}

func (r *Record) find(i int) (int, bool) {
	lo, hi := 0, len(r.cells)
	for lo < hi {
		m := (lo + hi) / 2
		if r.cells[m].index < i {
			lo = m + 1
		} else {
			hi = m
		}
	}
	return lo, lo < len(r.cells) && r.cells[lo].index == i
}

// Get returns a value; nil when f is nil, empty or another object's. An empty boolean is false.
func (r *Record) Get(f *schema.Field) any {
	if f == nil || f.Object != r.Object {
		return nil
	}
	if n, ok := r.find(f.Index); ok {
		return r.cells[n].value
	}
	if f.Type == schema.Boolean {
		return false
	}
	return nil
}

// Text returns a value as a string, "" when it is empty or not a text.
func (r *Record) Text(f *schema.Field) string {
	s, _ := r.Get(f).(string)
	return s
}

// Flag returns a boolean value.
func (r *Record) Flag(f *schema.Field) bool {
	b, _ := r.Get(f).(bool)
	return b
}

// Named is Text by field name; "" when there is no such field.
func (r *Record) Named(field string) string { return r.Text(r.Object.Field(field)) }

// IsDeleted says whether the record is in the recycle bin.
func (r *Record) IsDeleted() bool { return r.Flag(r.Object.Deleted) }

// Set writes a value into a record that is not Put yet; nil, "" and false empty the cell.
func (r *Record) Set(f *schema.Field, v any) {
	if f == nil {
		return
	}
	n, ok := r.find(f.Index)
	if v == nil || v == "" || v == false {
		if ok {
			r.cells = slices.Delete(r.cells, n, n+1)
		}
		return
	}
	if ok {
		r.cells[n].value = v
		return
	}
	r.cells = slices.Insert(r.cells, n, cell{f.Index, v})
}

// SetNamed is Set by field name; a name that the object lacks is ignored.
func (r *Record) SetNamed(field string, v any) { r.Set(r.Object.Field(field), v) }

// Values are the filled fields by name.
func (r *Record) Values() map[string]any {
	m := make(map[string]any, len(r.cells))
	for _, c := range r.cells {
		m[r.Object.Fields[c.index].Name] = c.value
	}
	return m
}

// Key is the form in which a value stands in an index: case folded unless the field minds case.
func Key(f *schema.Field, v any) (string, bool) {
	switch v := v.(type) {
	case string:
		if v == "" {
			return "", false
		}
		if f.CaseSens || f.Type == schema.Reference || f.Type == schema.ID {
			return v, true
		}
		return strings.ToLower(v), true
	case bool:
		if v {
			return "true", true
		}
		return "false", true
	}
	return "", false
}
