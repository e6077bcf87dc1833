package schema

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

func (s *Schema) parse(text string, opt Options) error {
	var obj *Object
	for n, line := range strings.Split(text, "\n") {
		words, err := split(line)
		if err != nil {
			return fmt.Errorf("line %d: %w", n+1, err)
		}
		if len(words) == 0 {
			continue
		}
		if words[0] == "object" {
			if obj, err = s.objectLine(words[1:]); err != nil {
				return fmt.Errorf("line %d: %w", n+1, err)
			}
			continue
		}
		f, err := fieldLine(words)
		if err != nil {
			return fmt.Errorf("line %d: %w", n+1, err)
		}
		if f.Person && !opt.PersonAccounts {
			continue
		}
		if err := s.Add(obj, f); err != nil {
			return fmt.Errorf("line %d: %w", n+1, err)
		}
	}
	return nil
}

// split cuts a line at blanks; double quotes keep blanks together, # starts a comment.
func split(line string) ([]string, error) {
	var out []string
	var cur strings.Builder
	in, quoted := false, false
	for _, r := range line {
		switch {
		case r == '"':
			quoted, in = !quoted, true
		case r == '#' && !quoted && !in:
			return out, nil
		case unicode.IsSpace(r) && !quoted:
			if in {
				out = append(out, cur.String())
				cur.Reset()
				in = false
			}
		default:
			in = true
			cur.WriteRune(r)
		}
	}
	if quoted {
		return nil, fmt.Errorf("a quote is not closed")
	}
	if in {
		out = append(out, cur.String())
	}
	return out, nil
}

// objectLine reads: Name prefix plural=… options.
func (s *Schema) objectLine(w []string) (*Object, error) {
	if len(w) < 2 {
		return nil, fmt.Errorf("an object needs a name and a key prefix")
	}
	o := &Object{Name: w[0], Label: spaced(w[0]), Prefix: w[1], Createable: true, Updateable: true, Delete: true, Layouted: true}
	if o.Prefix == "-" {
		o.Prefix = ""
	}
	own := false
	for _, word := range w[2:] {
		key, val, _ := strings.Cut(word, "=")
		switch key {
		case "plural":
			o.Plural = val
		case "label":
			o.Label = val
		case "search":
			o.Searchable = true
		case "activities":
			o.Activities = true
		case "readonly":
			o.Createable, o.Updateable, o.Delete = false, false, false
		case "nodelete":
			o.Delete = false
		case "virtual":
			o.Virtual = true
		case "owner":
			own = true
		default:
			return nil, fmt.Errorf("unknown word %q", word)
		}
	}
	return o, s.AddObject(o, own)
}

// fieldLine reads: Name type options.
func fieldLine(w []string) (*Field, error) {
	if len(w) < 2 {
		return nil, fmt.Errorf("a field needs a name and a type")
	}
	f := &Field{Name: w[0], Label: spaced(w[0]), Nillable: true, Createable: true, Updateable: true, Securable: true}
	typ, arg, _ := strings.Cut(strings.TrimSuffix(w[1], ")"), "(")
	f.Type = Type(typ)
	if typ == "ref" {
		f.Type = Reference
		f.RefTo = strings.Split(arg, ",")
	} else if arg != "" {
		a, b, two := strings.Cut(arg, ",")
		n, err := strconv.Atoi(a)
		if err != nil {
			return nil, fmt.Errorf("length %q is not a number", a)
		}
		f.Length = n
		if two {
			f.Precision = n
			if f.Scale, err = strconv.Atoi(b); err != nil {
				return nil, fmt.Errorf("scale %q is not a number", b)
			}
		}
	}
	for _, word := range w[2:] {
		if err := f.option(word); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func (f *Field) option(word string) error {
	key, val, _ := strings.Cut(word, "=")
	switch key {
	case "required":
		f.Required, f.Nillable, f.Securable = true, false, false
	case "readonly":
		f.Createable, f.Updateable = false, false
	case "noupdate":
		f.Updateable = false
	case "nofls":
		f.Securable = false
	case "calc":
		f.Calculated, f.Createable, f.Updateable = true, false, false
	case "unique":
		f.Unique, f.Indexed = true, true
	case "ext":
		f.ExternalID, f.IDLookup, f.Indexed = true, true, true
	case "idlookup":
		f.IDLookup, f.Indexed = true, true
	case "index":
		f.Indexed = true
	case "name":
		f.NameField = true
	case "restricted":
		f.Restricted = true
	case "person":
		f.Person = true
	case "label":
		f.Label = val
	case "rel":
		f.Relationship, f.ChildName, _ = strings.Cut(val, "/")
	case "auto":
		f.AutoNumber, f.Createable, f.Updateable, f.Nillable, f.Securable = val, false, false, false, false
	case "default":
		f.Default = val
		if f.Type == Boolean {
			f.Default = val == "true"
		}
	case "values":
		for _, v := range strings.Split(val, ";") {
			if d, ok := strings.CutPrefix(v, "*"); ok {
				v = d
				f.Default = d
			}
			f.Values = append(f.Values, v)
		}
	default:
		return fmt.Errorf("unknown word %q", word)
	}
	return nil
}

// spaced turns an API name into a label: LastActivityDate → Last Activity Date, AccountId → Account ID.
func spaced(name string) string {
	name = strings.TrimSuffix(name, "__c")
	var b strings.Builder
	rs := []rune(name)
	for i, r := range rs {
		if r == '_' {
			b.WriteByte(' ')
			continue
		}
		if i > 0 && unicode.IsUpper(r) && rs[i-1] != '_' && (!unicode.IsUpper(rs[i-1]) || i+1 < len(rs) && unicode.IsLower(rs[i+1])) {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	s := b.String()
	if t, ok := strings.CutSuffix(s, " Id"); ok {
		s = t + " ID"
	}
	return s
}
