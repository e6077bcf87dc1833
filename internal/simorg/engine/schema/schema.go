// Package schema is what the org's objects are made of: standard objects with their real fields, custom ones from seeds,
// and the questions one asks of a field (type, length, required, unique, whom it refers to).
//
// Standard objects are data, one line per field, in standard/*.txt; a seed adds to them through Add and AddObject. After
// loading a schema never changes, so that it is read without a lock. Names are looked up without regard to case, as
// Salesforce does. It knows nothing of records or of users: what a user may see of it is package security's business.
package schema

import "strings"

// Type is a field's type, in the words of describe.
type Type string

// The field types.
const (
	ID            Type = "id"
	String        Type = "string"
	TextArea      Type = "textarea"
	Phone         Type = "phone"
	Email         Type = "email"
	URL           Type = "url"
	Picklist      Type = "picklist"
	MultiPicklist Type = "multipicklist"
	Combobox      Type = "combobox"
	Boolean       Type = "boolean"
	Int           Type = "int"
	Double        Type = "double"
	Currency      Type = "currency"
	Percent       Type = "percent"
	Date          Type = "date"
	DateTime      Type = "datetime"
	Reference     Type = "reference"
	Base64        Type = "base64"
	Address       Type = "address"
)

// Field is one field of one object.
type Field struct {
	Object *Object
	Index  int // place in Object.Fields

	Name, Label string
	Type        Type
	Length      int // characters, for texts
	Precision   int // digits in all, for numbers
	Scale       int // digits after the point

	Required     bool // on create, unless Default
	Nillable     bool
	Createable   bool
	Updateable   bool
	Unique       bool
	CaseSens     bool // unique and external ids: case counts
	ExternalID   bool
	IDLookup     bool
	Indexed      bool
	AutoNumber   string // format, for example {00000000}
	Calculated   bool
	Custom       bool
	NameField    bool
	Securable    bool // under field-level security
	HTML         bool
	Restricted   bool
	Values       []string // picklist values
	Default      any
	RefTo        []string
	Relationship string // name of the parent relationship
	ChildName    string // name of the child relationship on the parent, "" if none
	Person       bool   // exists only in orgs with Person Accounts
	Help         string
}

// Text says whether values are strings of limited length.
func (f *Field) Text() bool {
	switch f.Type {
	case String, TextArea, Phone, Email, URL, Picklist, MultiPicklist, Combobox:
		return true
	}
	return false
}

// Number says whether values are numbers.
func (f *Field) Number() bool {
	switch f.Type {
	case Int, Double, Currency, Percent:
		return true
	}
	return false
}

// Child is a relationship from a parent object down to its children.
type Child struct {
	Name   string // "" when it cannot be used in a query
	Object *Object
	Field  *Field
}

// Object is one object type.
type Object struct {
	Name, Label, Plural, Prefix string
	Fields                      []*Field
	Children                    []Child

	Custom, Virtual                  bool
	Createable, Updateable, Delete   bool
	Searchable, Activities, Layouted bool

	// The fields every room needs, or nil where the object has none.
	IDField, NameField, Owner, Deleted, Created, CreatedBy, Modified, ModifiedBy, Modstamp *Field

	byName map[string]*Field
	byRel  map[string]*Field
}

// Field finds a field by name, without regard to case; nil if there is none.
func (o *Object) Field(name string) *Field {
	if f, ok := o.byName[name]; ok {
		return f
	}
	return o.byName[strings.ToLower(name)]
}

// Relation finds the reference field behind a parent relationship's name; nil if there is none.
func (o *Object) Relation(name string) *Field { return o.byRel[strings.ToLower(name)] }

// Child finds a child relationship by name.
func (o *Object) Child(name string) (Child, bool) {
	for _, c := range o.Children {
		if strings.EqualFold(c.Name, name) && name != "" {
			return c, true
		}
	}
	return Child{}, false
}

// Schema is all objects of one org.
type Schema struct {
	list     []*Object
	byName   map[string]*Object
	byPrefix map[string]*Object
	nextKey  int
}

// Object finds an object by name, without regard to case; nil if there is none.
func (s *Schema) Object(name string) *Object {
	if o, ok := s.byName[name]; ok {
		return o
	}
	return s.byName[strings.ToLower(name)]
}

// ByID finds the object an id belongs to by its key prefix; nil if there is none.
func (s *Schema) ByID(id string) *Object {
	if len(id) < 3 {
		return nil
	}
	return s.byPrefix[id[:3]]
}

// Objects are all objects in the order of their names.
func (s *Schema) Objects() []*Object { return s.list }
