// Package query writes SOQL and SOSL texts.
//
// It promises that a caller's value can never become syntax (SPEC MAT-14): values are typed and escaped here and nowhere
// else, names must look like API names, ids must be ids. It never sends anything and knows no object of its own.
package query

import (
	"fmt"
	"strconv"
	"strings"
)

// Cond is one condition of a WHERE, already safe.
type Cond string

// Select is a SOQL query. The zero Limit means none.
type Select struct {
	Fields []string // API names, parents dotted: "Account.Name"
	From   string
	Where  []Cond // all must hold
	Order  string // "LastActivityDate DESC NULLS LAST": names and keywords only
	Limit  int
}

// String is the query's text. A name that is none is a mistake of ours and makes the text unusable on purpose.
func (s Select) String() string {
	var b strings.Builder
	b.WriteString("SELECT ")
	for i, f := range s.Fields {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(name(f))
	}
	b.WriteString(" FROM " + name(s.From))
	for i, c := range s.Where {
		b.WriteString([2]string{" WHERE ", " AND "}[min(i, 1)] + string(c))
	}
	if s.Order != "" {
		b.WriteString(" ORDER BY " + words(s.Order))
	}
	if s.Limit > 0 {
		b.WriteString(" LIMIT " + strconv.Itoa(s.Limit))
	}
	return b.String()
}

// Is compares a field with a text.
func Is(field, value string) Cond { return Cond(name(field) + " = " + Text(value)) }

// True compares a field with a truth value.
func True(field string, value bool) Cond {
	return Cond(name(field) + " = " + strconv.FormatBool(value))
}

// In compares a field with several texts; no texts match nothing.
func In(field string, values ...string) Cond {
	if len(values) == 0 {
		return Cond("Id = null")
	}
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = Text(v)
	}
	return Cond(name(field) + " IN (" + strings.Join(quoted, ", ") + ")")
}

// Text is a SOQL string literal. Backslash first, then the quote and the control characters that have an escape; other
// control characters are written by their number (\u0000).
func Text(s string) string {
	var b strings.Builder
	b.Grow(len(s) + 2)
	b.WriteByte('\'')
	for _, r := range s {
		switch r {
		case '\\', '\'', '"':
			b.WriteByte('\\')
			b.WriteRune(r)
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		case '\t':
			b.WriteString(`\t`)
		case '\b':
			b.WriteString(`\b`)
		case '\f':
			b.WriteString(`\f`)
		default:
			if r < 0x20 || r == 0x7f {
				fmt.Fprintf(&b, `\u%04X`, r)
				continue
			}
			b.WriteRune(r)
		}
	}
	b.WriteByte('\'')
	return b.String()
}

// IsID reports whether s has the shape of a record id: 15 or 18 letters and digits (MAT-14).
func IsID(s string) bool {
	if len(s) != 15 && len(s) != 18 {
		return false
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

// IsName reports whether s has the shape of an API name, dotted for parents.
func IsName(s string) bool {
	if s == "" || len(s) > 200 {
		return false
	}
	for part := range strings.SplitSeq(s, ".") {
		if part == "" || part[0] >= '0' && part[0] <= '9' || part[0] == '_' {
			return false
		}
		for i := 0; i < len(part); i++ {
			if c := part[i]; c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
				return false
			}
		}
	}
	return true
}

// name passes an API name and replaces anything else by one that no org has.
func name(s string) string {
	if IsName(s) {
		return s
	}
	return "Not_A_Name__x"
}

// words passes letters, digits, dots, commas and spaces.
func words(s string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == ',' || r == '.' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}, s)
}
