package query

import (
	"strings"

	"cordboard/internal/simorg/engine/record"
	"cordboard/internal/simorg/engine/schema"
)

// Row is one rendered row: what was selected, in order.
type Row struct {
	Type   string // object name; "Name" behind a polymorphic reference; "AggregateResult"
	Object string // the real object, for the record's address; "" when there is none
	ID     string
	Cells  []Cell
}

// Cell is one value of a row: nil, string, float64, bool, *Row for a parent, *List for children, Address.
type Cell struct {
	Name  string
	Value any
	Type  schema.Type // of scalar values
}

// List is the answer of a child subquery.
type List struct {
	Rows []Row
}

// Address is the value of a compound address field.
type Address struct {
	Street, City, State, PostalCode, Country string
}

// Compute is a field's value on a record, made up where Salesforce computes it: compound addresses and what a Case
// shows of its contact.
func Compute(w *World, r *record.Record, f *schema.Field) any {
	if f.Type == schema.Address {
		base := strings.TrimSuffix(f.Name, "Address")
		part := func(p string) string { return r.Named(base + p) }
		a := Address{part("Street"), part("City"), part("State"), part("PostalCode"), part("Country")}
		if a == (Address{}) {
			return nil
		}
		return a
	}
	if f.Calculated && r.Object.Name == "Case" && strings.HasPrefix(f.Name, "Contact") {
		o := w.Schema.Object("Contact")
		c := w.Store.Get(o, r.Named("ContactId"))
		if c == nil || !w.Eyes.CanRead(c) {
			return nil
		}
		from := o.Field(map[string]string{"ContactPhone": "Phone", "ContactMobile": "MobilePhone", "ContactEmail": "Email"}[f.Name])
		if from == nil || !w.Eyes.Sees(from) {
			return nil
		}
		return c.Get(from)
	}
	return r.Get(f)
}

func (b *Bound) row(r *record.Record) Row {
	return Row{Type: r.Object.Name, Object: r.Object.Name, ID: r.ID, Cells: b.cells(r, b.sel)}
}

func (b *Bound) cells(r *record.Record, sels []sel) []Cell {
	cells := make([]Cell, 0, len(sels))
	for i := range sels {
		s := &sels[i]
		c := Cell{Name: s.name}
		switch {
		case s.col != nil:
			c.Value = b.value(r, s.col)
			c.Type = b.typeOfCol(s.col)
		case s.parent != nil:
			ref := s.parent.ref
			if ref.Object != r.Object {
				ref = r.Object.Relation(ref.Relationship)
			}
			if ref == nil {
				break
			}
			if p := b.follow(r, ref); p != nil {
				row := Row{Type: p.Object.Name, Object: p.Object.Name, ID: p.ID, Cells: b.cells(p, s.parent.sels)}
				if len(ref.RefTo) > 1 {
					row.Type = "Name"
				}
				c.Value = &row
			}
		case s.sub != nil:
			kids, _ := b.w.Store.Lookup(s.child.Field, r.ID)
			recs := s.sub.collect(kids, s.sub.q.Limit, s.sub.q.Offset)
			if len(recs) > 0 {
				list := &List{}
				for _, k := range recs {
					list.Rows = append(list.Rows, s.sub.row(k))
				}
				c.Value = list
			}
		case s.typeOf != nil:
			if p := b.follow(r, s.typeOf.ref); p != nil {
				list, ok := s.typeOf.whens[p.Object]
				if !ok {
					list = s.typeOf.other
				}
				c.Value = &Row{Type: p.Object.Name, Object: p.Object.Name, ID: p.ID, Cells: b.cells(p, list)}
			}
		}
		cells = append(cells, c)
	}
	return cells
}
