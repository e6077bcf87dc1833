package query

import (
	"strconv"
	"strings"
)

// Group is where a search looks.
type Group string

// The groups of fields that we search.
const (
	AllFields   Group = "ALL"
	PhoneFields Group = "PHONE"
)

// Search is a SOSL query: any of Terms.
type Search struct {
	Terms     []string // each a phrase as a person would write it; escaped and, with spaces, quoted here
	Prefix    bool     // terms are beginnings of words, all of which must occur, for hand search
	In        Group
	Returning []Returning
	Limit     int // in all
}

// Returning is what a search gives back of one object.
type Returning struct {
	Object string
	Fields []string
	Where  []Cond
	Order  string
	Limit  int
}

// maxTerms is how long the terms may become together: over 4,000 characters a query loses its operators.
const maxTerms = 3000

// String is the search's text.
func (s Search) String() string {
	var b strings.Builder
	b.WriteString("FIND {")
	join, used := " OR ", 0
	if s.Prefix {
		join = " AND "
	}
	for _, t := range s.Terms {
		e := s.term(t)
		if e == "" || used+len(e) > maxTerms {
			continue
		}
		if used > 0 {
			b.WriteString(join)
		}
		b.WriteString(e)
		used += len(e)
	}
	b.WriteString("} IN " + words(string(s.In)) + " FIELDS RETURNING ")
	for i, r := range s.Returning {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(r.String())
	}
	if s.Limit > 0 {
		b.WriteString(" LIMIT " + strconv.Itoa(s.Limit))
	}
	return b.String()
}

func (r Returning) String() string {
	var b strings.Builder
	b.WriteString(name(r.Object) + "(")
	for i, f := range r.Fields {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(name(f))
	}
	for i, c := range r.Where {
		b.WriteString([2]string{" WHERE ", " AND "}[min(i, 1)] + string(c))
	}
	if r.Order != "" {
		b.WriteString(" ORDER BY " + words(r.Order))
	}
	if r.Limit > 0 {
		b.WriteString(" LIMIT " + strconv.Itoa(r.Limit))
	}
	b.WriteByte(')')
	return b.String()
}

// term is one phrase, safe within FIND's braces.
func (s Search) term(t string) string {
	t = strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f {
			return ' '
		}
		return r
	}, t))
	if t == "" {
		return ""
	}
	e := Escape(t)
	if s.Prefix && len([]rune(t)) > 1 && !strings.Contains(t, " ") {
		return e + "*"
	}
	if strings.Contains(t, " ") || operator(t) {
		return `"` + e + `"`
	}
	return e
}

// operator reports whether a word would be taken for one of SOSL's.
func operator(t string) bool {
	return strings.EqualFold(t, "and") || strings.EqualFold(t, "or") || strings.EqualFold(t, "not")
}

// reserved are the characters that SOSL gives a meaning within FIND.
const reserved = `?&|!{}[]()^~*:\"'+-`

// Escape puts a backslash before every reserved character.
func Escape(s string) string {
	var b strings.Builder
	b.Grow(len(s) + 8)
	for _, r := range s {
		if r < 0x80 && strings.ContainsRune(reserved, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
