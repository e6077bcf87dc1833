// Package query runs SOQL over the store through one user's eyes.
//
// Bind turns a syntax tree into something that can run: names are resolved against what the user may see, so a field
// hidden from him is a column that does not exist, with Salesforce's texts and positions. Run finds the records, by an
// index where a condition permits; Row renders one when its page is asked for. It changes nothing and takes no lock: the
// engine holds it while Bind, Run and Row work.
package query

import (
	"fmt"
	"strings"
	"time"

	"cordboard/internal/simorg/engine/record"
	"cordboard/internal/simorg/engine/refusal"
	"cordboard/internal/simorg/engine/schema"
	"cordboard/internal/simorg/engine/security"
	"cordboard/internal/simorg/engine/soql"
)

// World is what a query runs over.
type World struct {
	Schema  *schema.Schema
	Store   *record.Store
	Eyes    *security.Viewer
	Now     time.Time
	Zone    *time.Location // of relative dates
	Deleted bool           // queryAll: the recycle bin too
}

// col is a resolved path: references to follow, then a field. When a reference may lead to several objects, field is
// nil and name is looked up on the record that is met.
type col struct {
	steps []*schema.Field
	name  string
	field *schema.Field
	fn    string // a date function or toLabel, applied to the value
}

// Bound is a query that can run.
type Bound struct {
	w       *World
	q       *soql.Query
	Object  *schema.Object
	sel     []sel
	where   func(*record.Record) bool
	order   []orderKey
	count   bool
	groups  []col
	aggs    []aggregate
	having  func([]any) bool
	virtual bool
}

type orderKey struct {
	col       col
	agg       int // index into aggs when the query is grouped, else -1
	desc      bool
	nullsLast bool
}

// sel is one selected thing, in order.
type sel struct {
	name   string
	col    *col
	parent *parent
	sub    *Bound
	child  schema.Child
	typeOf *typeOf
}

type parent struct {
	ref  *schema.Field
	sels []sel
}

const (
	noField = "No such column '%s' on entity '%s'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate names."
	noRel   = "Didn't understand relationship '%s' in field path. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the appropriate names."
	noType  = "sObject type '%s' is not supported. If you are attempting to use a custom object, be sure to append the '__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names."
	noChild = "Didn't understand relationship '%s' in FROM part of query call. If you are attempting to use a custom relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call for the appropriate names."
)

// Bind resolves a query. object is nil except for child queries and searches, where it is known.
func Bind(w *World, q *soql.Query, object *schema.Object) (*Bound, *refusal.Error) {
	b := &Bound{w: w, q: q, Object: object}
	if object == nil {
		b.Object = w.Schema.Object(q.From)
	}
	if b.Object == nil || !w.Eyes.Visible(b.Object) {
		return nil, soql.At(q.Text, q.FromPos, "INVALID_TYPE", fmt.Sprintf(noType, q.From))
	}
	b.virtual = b.Object.Virtual
	for _, it := range q.Select {
		if err := b.item(it); err != nil {
			return nil, err
		}
	}
	if err := b.grouping(); err != nil {
		return nil, err
	}
	var err *refusal.Error
	if b.where, err = b.condition(q.Where); err != nil {
		return nil, err
	}
	if q.Offset > 2000 {
		return nil, refusal.New(400, "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000")
	}
	for _, o := range q.OrderBy {
		k := orderKey{desc: o.Desc, nullsLast: o.NullsLast, agg: -1}
		if b.grouped() && isAggregate(o.Expr.Func) {
			if k.agg, err = b.aggIndex(o.Expr); err != nil {
				return nil, err
			}
		} else if k.col, err = b.resolve(o.Expr); err != nil {
			return nil, err
		} else if k.col.field != nil && (k.col.field.Type == schema.TextArea && k.col.field.Length > 255 || k.col.field.Type == schema.MultiPicklist || k.col.field.Type == schema.Base64) {
			return nil, soql.At(q.Text, o.Expr.Pos, "INVALID_FIELD", fmt.Sprintf("field '%s' can not be sorted in a query call", k.col.name))
		}
		b.order = append(b.order, k)
	}
	return b, nil
}

func (b *Bound) grouped() bool { return len(b.groups) > 0 || len(b.aggs) > 0 }

// path is an expression's field path without the query's own alias.
func (b *Bound) path(e soql.Expr) []string {
	p := e.Path
	if len(p) > 1 && (strings.EqualFold(p[0], b.q.Alias) && b.q.Alias != "" || strings.EqualFold(p[0], b.q.From) && b.Object.Relation(p[0]) == nil) {
		p = p[1:]
	}
	return p
}

var dateFuncs = map[string]bool{"CALENDAR_MONTH": true, "CALENDAR_YEAR": true, "CALENDAR_QUARTER": true, "DAY_IN_MONTH": true, "DAY_IN_WEEK": true, "DAY_IN_YEAR": true, "DAY_ONLY": true, "HOUR_IN_DAY": true, "WEEK_IN_YEAR": true}

// resolve finds the column of an expression.
func (b *Bound) resolve(e soql.Expr) (col, *refusal.Error) {
	if e.Func != "" {
		known := dateFuncs[e.Func] || e.Func == "TOLABEL" || e.Func == "FORMAT" || e.Func == "CONVERTTIMEZONE" || e.Func == "CONVERTCURRENCY"
		if !known || len(e.Args) != 1 {
			return col{}, soql.At(b.q.Text, e.Pos, "MALFORMED_QUERY", "unexpected token: '"+e.Func+"'")
		}
		c, err := b.resolve(e.Args[0])
		if err == nil && dateFuncs[e.Func] {
			if c.field == nil || c.field.Type != schema.Date && c.field.Type != schema.DateTime {
				return col{}, soql.At(b.q.Text, e.Pos, "INVALID_FIELD", e.Func+" can only be used on a date or dateTime field")
			}
			c.fn = e.Func
		}
		return c, err
	}
	return b.walk(b.Object, b.path(e), e.Pos)
}

func (b *Bound) walk(o *schema.Object, path []string, pos int) (col, *refusal.Error) {
	var c col
	for i, p := range path[:len(path)-1] {
		var ref *schema.Field
		if o != nil {
			ref = o.Relation(p)
		}
		if o == nil && i > 0 {
			// below Who or What: the object is known only when a record is met
			for _, name := range c.steps[len(c.steps)-1].RefTo {
				if ref == nil {
					ref = b.w.Schema.Object(name).Relation(p)
				}
			}
		}
		if ref == nil || !b.w.Eyes.Sees(ref) || i >= 5 {
			return c, soql.At(b.q.Text, pos, "INVALID_FIELD", fmt.Sprintf(noRel, p))
		}
		c.steps = append(c.steps, ref)
		o = nil
		if len(ref.RefTo) == 1 {
			o = b.w.Schema.Object(ref.RefTo[0])
			if !b.w.Eyes.Visible(o) {
				return c, soql.At(b.q.Text, pos, "INVALID_FIELD", fmt.Sprintf(noRel, p))
			}
		}
	}
	c.name = path[len(path)-1]
	if o == nil {
		if !b.nameField(c.steps[len(c.steps)-1], c.name) {
			return c, soql.At(b.q.Text, pos, "INVALID_FIELD", fmt.Sprintf(noField, c.name, "Name"))
		}
		return c, nil
	}
	c.field = o.Field(c.name)
	if c.field == nil || !b.w.Eyes.Sees(c.field) {
		return c, soql.At(b.q.Text, pos, "INVALID_FIELD", fmt.Sprintf(noField, c.name, o.Name))
	}
	c.name = c.field.Name
	return c, nil
}
