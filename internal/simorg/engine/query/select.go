package query

import (
	"fmt"
	"slices"
	"strings"

	"cordboard/internal/simorg/engine/refusal"
	"cordboard/internal/simorg/engine/schema"
	"cordboard/internal/simorg/engine/soql"
)

type typeOf struct {
	ref   *schema.Field
	whens map[*schema.Object][]sel
	other []sel
}

// nameFields are the columns of the Name object that a polymorphic reference shows.
var nameFields = []string{"Alias", "Email", "FirstName", "Id", "IsActive", "LastName", "Name", "Phone", "ProfileId", "Title", "Type", "Username", "UserRoleId"}

func (b *Bound) nameField(ref *schema.Field, name string) bool {
	return slices.ContainsFunc(nameFields, func(n string) bool { return strings.EqualFold(n, name) })
}

func (b *Bound) item(it soql.Item) *refusal.Error {
	switch {
	case it.Sub != nil:
		child, ok := b.Object.Child(it.Sub.From)
		if !ok || !b.w.Eyes.Visible(child.Object) {
			return soql.At(b.q.Text, it.Sub.FromPos, "INVALID_TYPE", fmt.Sprintf(noChild, it.Sub.From))
		}
		sub, err := Bind(b.w, it.Sub, child.Object)
		if err != nil {
			return err
		}
		b.sel = append(b.sel, sel{name: child.Name, sub: sub, child: child})
		return nil
	case it.Fields != "":
		if b.q.Limit < 0 || b.q.Limit > 200 {
			if it.Fields != "STANDARD" {
				return refusal.New(400, "MALFORMED_QUERY", "The SOQL FIELDS function must have a LIMIT of at most 200")
			}
		}
		for _, f := range b.Object.Fields {
			if !b.w.Eyes.Sees(f) || it.Fields == "CUSTOM" && !f.Custom || it.Fields == "STANDARD" && f.Custom {
				continue
			}
			if err := b.add(&b.sel, []string{f.Name}, col{name: f.Name, field: f}, it.Pos); err != nil {
				return err
			}
		}
		return nil
	case it.TypeOf != nil:
		return b.typeOf(it)
	case isAggregate(it.Expr.Func):
		return b.aggregate(it)
	case it.Expr.Func == "GROUPING":
		return soql.At(b.q.Text, it.Pos, "MALFORMED_QUERY", "GROUPING needs GROUP BY ROLLUP or CUBE, which this org does not have")
	}
	c, err := b.resolve(*it.Expr)
	if err != nil {
		return err
	}
	path := b.path(*it.Expr)
	if it.Expr.Func != "" {
		path = []string{it.Alias}
		if it.Alias == "" {
			path = []string{fmt.Sprintf("expr%d", len(b.sel))}
			if !dateFuncs[it.Expr.Func] {
				path = b.path(it.Expr.Args[0])
			}
		}
	} else if it.Alias != "" {
		path = []string{it.Alias}
	}
	return b.add(&b.sel, path, c, it.Pos)
}

// add puts a column into the tree of selected things, merging paths that share a parent.
func (b *Bound) add(list *[]sel, path []string, c col, pos int) *refusal.Error {
	at := list
	depth := 0
	if len(path) > 1 {
		for _, ref := range c.steps {
			depth++
			n := slices.IndexFunc(*at, func(s sel) bool { return s.parent != nil && s.parent.ref == ref })
			if n < 0 {
				*at = append(*at, sel{name: ref.Relationship, parent: &parent{ref: ref}})
				n = len(*at) - 1
			}
			at = &(*at)[n].parent.sels
		}
	}
	name := path[len(path)-1]
	if c.field != nil && strings.EqualFold(name, c.field.Name) {
		name = c.field.Name
	} else if c.field == nil {
		if n := slices.IndexFunc(nameFields, func(n string) bool { return strings.EqualFold(n, name) }); n >= 0 {
			name = nameFields[n]
		}
	}
	if slices.ContainsFunc(*at, func(s sel) bool { return s.name == name && s.parent == nil }) {
		return soql.At(b.q.Text, pos, "INVALID_FIELD", "duplicate field selected: "+strings.Join(path, "."))
	}
	c.steps = c.steps[depth:] // already walked by the parents above
	c.name = name
	*at = append(*at, sel{name: name, col: &c})
	return nil
}

func (b *Bound) typeOf(it soql.Item) *refusal.Error {
	t := it.TypeOf
	ref := b.Object.Relation(t.Path[len(t.Path)-1])
	if ref == nil || len(ref.RefTo) < 2 || !b.w.Eyes.Sees(ref) {
		return soql.At(b.q.Text, it.Pos, "INVALID_FIELD", fmt.Sprintf(noRel, t.Path[len(t.Path)-1]))
	}
	out := &typeOf{ref: ref, whens: map[*schema.Object][]sel{}}
	for _, w := range t.Whens {
		o := b.w.Schema.Object(w.Object)
		if o == nil || !slices.Contains(ref.RefTo, o.Name) {
			return soql.At(b.q.Text, w.Pos, "INVALID_TYPE", fmt.Sprintf(noType, w.Object))
		}
		var list []sel
		for _, e := range w.Fields {
			c, err := b.walk(o, e.Path, e.Pos)
			if err == nil {
				err = b.add(&list, e.Path, c, e.Pos)
			}
			if err != nil {
				return err
			}
		}
		out.whens[o] = list
	}
	for _, e := range t.Else {
		if len(e.Path) != 1 || !b.nameField(ref, e.Path[0]) {
			return soql.At(b.q.Text, e.Pos, "INVALID_FIELD", fmt.Sprintf(noField, strings.Join(e.Path, "."), "Name"))
		}
		out.other = append(out.other, sel{name: e.Path[0], col: &col{name: e.Path[0]}})
	}
	b.sel = append(b.sel, sel{name: ref.Relationship, typeOf: out})
	return nil
}
