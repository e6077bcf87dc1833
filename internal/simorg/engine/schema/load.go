package schema

import (
	"embed"
	"fmt"
	"sort"
	"strings"
)

//go:embed standard/*.txt
var standard embed.FS

// Options are the org settings that change which standard fields exist.
type Options struct {
	PersonAccounts bool
}

// New returns the standard objects. Seeds add to it before Seal is called.
func New(opt Options) (*Schema, error) {
	s := &Schema{byName: map[string]*Object{}, byPrefix: map[string]*Object{}}
	entries, err := standard.ReadDir("standard")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		text, err := standard.ReadFile("standard/" + e.Name())
		if err != nil {
			return nil, err
		}
		if err := s.parse(string(text), opt); err != nil {
			return nil, fmt.Errorf("%s: %w", e.Name(), err)
		}
	}
	return s, nil
}

// AddObject adds an object with its system fields. owned objects get an OwnerId.
func (s *Schema) AddObject(o *Object, owned bool) error {
	if s.Object(o.Name) != nil {
		return fmt.Errorf("object %s exists already", o.Name)
	}
	o.byName, o.byRel = map[string]*Field{}, map[string]*Field{}
	if o.Custom && o.Prefix == "" {
		o.Prefix = fmt.Sprintf("a%02d", s.nextKey)
		s.nextKey++
	}
	if o.Plural == "" {
		o.Plural = o.Label + "s"
	}
	if o.Prefix != "" {
		if s.byPrefix[o.Prefix] != nil {
			return fmt.Errorf("key prefix %s is taken by %s", o.Prefix, s.byPrefix[o.Prefix].Name)
		}
		s.byPrefix[o.Prefix] = o
	}
	s.byName[o.Name], s.byName[strings.ToLower(o.Name)] = o, o
	s.list = append(s.list, o)
	sort.Slice(s.list, func(i, j int) bool { return s.list[i].Name < s.list[j].Name })
	if o.Virtual {
		return nil
	}
	system := func(line string) *Field {
		w, err := split(line)
		if err == nil {
			var f *Field
			if f, err = fieldLine(w); err == nil {
				f.Securable, f.Nillable = false, false
				if err = s.Add(o, f); err == nil {
					return f
				}
			}
		}
		panic("simorg/schema: " + o.Name + ": " + err.Error()) // a mistake in the lines just below
	}
	o.IDField = system(fmt.Sprintf(`Id id label="%s ID" readonly idlookup`, o.Label))
	o.Deleted = system(`IsDeleted boolean readonly label=Deleted`)
	if owned {
		o.Owner = system(`OwnerId ref(User) rel=Owner index label="Owner ID"`)
	}
	o.Created = system(`CreatedDate datetime readonly`)
	o.CreatedBy = system(`CreatedById ref(User) rel=CreatedBy readonly`)
	o.Modified = system(`LastModifiedDate datetime readonly`)
	o.ModifiedBy = system(`LastModifiedById ref(User) rel=LastModifiedBy readonly`)
	o.Modstamp = system(`SystemModstamp datetime readonly`)
	return nil
}

// Add adds a field to an object.
func (s *Schema) Add(o *Object, f *Field) error {
	if o == nil {
		return fmt.Errorf("field %s stands before its object", f.Name)
	}
	if o.Field(f.Name) != nil {
		return fmt.Errorf("field %s.%s exists already", o.Name, f.Name)
	}
	f.Object, f.Index = o, len(o.Fields)
	switch f.Type {
	case ID, Reference:
		f.Length = 18
	case Boolean:
		f.Nillable = false
		if f.Default == nil && f.Createable {
			f.Default = false
		}
	case Phone:
		if f.Length == 0 {
			f.Length = 40
		}
	case Email:
		if f.Length == 0 {
			f.Length = 80
		}
	case Picklist, Combobox:
		if f.Length == 0 {
			f.Length = 255
		}
	case Int:
		if f.Precision == 0 {
			f.Precision, f.Length = max(f.Length, 8), 0
		}
	case Double, Currency, Percent:
		if f.Precision == 0 {
			f.Precision, f.Scale = 18, 2
		}
		f.Length = 0
	case String, TextArea, URL, MultiPicklist, Date, DateTime, Base64, Address:
	default:
		return fmt.Errorf("field %s.%s has the unknown type %q", o.Name, f.Name, f.Type)
	}
	if f.Type == Reference {
		f.Indexed = f.Indexed || f.Name != "CreatedById" && f.Name != "LastModifiedById"
		if f.Relationship == "" {
			f.Relationship = strings.TrimSuffix(f.Name, "Id")
		}
		if f.Custom {
			f.Relationship = strings.TrimSuffix(f.Name, "__c") + "__r"
		}
		o.byRel[strings.ToLower(f.Relationship)] = f
	}
	if f.Unique {
		f.Indexed = true
	}
	o.Fields = append(o.Fields, f)
	o.byName[f.Name], o.byName[strings.ToLower(f.Name)] = f, f
	if f.NameField {
		o.NameField = f
	}
	return nil
}

// Seal checks references and links children to their parents; the schema is read-only afterwards.
func (s *Schema) Seal() error {
	for _, o := range s.list {
		for _, f := range o.Fields {
			for _, to := range f.RefTo {
				p := s.Object(to)
				if p == nil {
					return fmt.Errorf("field %s.%s refers to the unknown object %s", o.Name, f.Name, to)
				}
				p.Children = append(p.Children, Child{Name: f.ChildName, Object: o, Field: f})
			}
		}
	}
	return nil
}
