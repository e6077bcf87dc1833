// Package sosl reads SOSL: FIND {…} IN … FIELDS RETURNING …, and the search expressions inside the braces.
//
// The outer grammar and the expression's (words, phrases, AND, OR, AND NOT, parentheses, * and ?, backslash escapes)
// follow Salesforce's SOSL reference. What RETURNING says of an object is read by package soql, being the same language.
// Finding is package search's business.
package sosl

import (
	"strconv"
	"strings"

	"cordboard/internal/simorg/engine/refusal"
	"cordboard/internal/simorg/engine/soql"
)

// Group is the kind of fields that are searched.
type Group string

// The groups of IN … FIELDS.
const (
	All     Group = "ALL"
	Names   Group = "NAME"
	Emails  Group = "EMAIL"
	Phones  Group = "PHONE"
	Sidebar Group = "SIDEBAR"
)

// Search is one FIND.
type Search struct {
	Expr      Node // nil: nothing can match
	Group     Group
	Returning []*soql.Query // Select may be empty: the id alone
	Limit     int           // -1: none
}

// Node is a search expression: And, Or, Not or Phrase.
type Node interface{ node() }

// And holds when all parts do, Or when one does, Not when its part does not.
type (
	And []Node
	Or  []Node
	Not struct{ Node Node }
)

// Phrase is words that stand side by side in one field. A single word is a phrase of one.
type Phrase []string // lower case; * and ? are wildcards

func (And) node()    {}
func (Or) node()     {}
func (Not) node()    {}
func (Phrase) node() {}

func malformed(format string, args ...any) *refusal.Error {
	return refusal.New(400, "MALFORMED_SEARCH", format, args...)
}

// Parse reads a whole SOSL text.
func Parse(s string) (*Search, *refusal.Error) {
	rest := strings.TrimSpace(s)
	if len(rest) < 4 || !strings.EqualFold(rest[:4], "FIND") {
		return nil, malformed("unexpected token: '%s'", first(rest))
	}
	rest = strings.TrimSpace(rest[4:])
	if !strings.HasPrefix(rest, "{") {
		return nil, malformed("No search term found. The search term must be enclosed in braces.")
	}
	expr, rest, ok := braces(rest)
	if !ok {
		return nil, malformed("No search term found. The search term must be enclosed in braces.")
	}
	out := &Search{Group: All, Limit: -1}
	var err *refusal.Error
	if out.Expr, err = ParseExpr(expr); err != nil {
		return nil, err
	}
	words := &scanner{s: rest}
	if words.accept("IN") {
		g := Group(strings.ToUpper(words.word()))
		switch g {
		case All, Names, Emails, Phones, Sidebar:
			out.Group = g
		default:
			return nil, malformed("unexpected token: '%s'", string(g))
		}
		if !words.accept("FIELDS") {
			return nil, malformed("expecting 'FIELDS', found '%s'", first(words.s))
		}
	}
	if words.accept("RETURNING") {
		for {
			q, err := words.object()
			if err != nil {
				return nil, err
			}
			out.Returning = append(out.Returning, q)
			if !words.comma() {
				break
			}
		}
	}
	for words.accept("WITH") { // data categories, spelling, snippets: nothing here has them
		words.word()
		for !words.done() && !words.is("WITH") && !words.is("LIMIT") && !words.is("UPDATE") {
			words.skip()
		}
	}
	if words.accept("LIMIT") {
		n, e := strconv.Atoi(words.word())
		if e != nil || n < 0 {
			return nil, malformed("LIMIT needs a whole number")
		}
		out.Limit = n
	}
	if words.accept("UPDATE") {
		words.word()
		for words.comma() {
			words.word()
		}
	}
	if !words.done() {
		return nil, malformed("unexpected token: '%s'", first(words.s))
	}
	return out, nil
}

func first(s string) string {
	f := strings.Fields(s)
	if len(f) == 0 {
		return "<EOF>"
	}
	return f[0]
}

// braces splits {…} from what follows; a backslash keeps a brace from closing.
func braces(s string) (inside, rest string, ok bool) {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '}':
			return s[1:i], s[i+1:], true
		}
	}
	return "", "", false
}

type scanner struct{ s string }

func (c *scanner) trim()      { c.s = strings.TrimSpace(c.s) }
func (c *scanner) done() bool { c.trim(); return c.s == "" }
func (c *scanner) skip() {
	c.trim()
	if i := strings.IndexAny(c.s, " \t\r\n"); i >= 0 {
		c.s = c.s[i:]
	} else {
		c.s = ""
	}
}

func (c *scanner) peek() string {
	c.trim()
	n := 0
	for n < len(c.s) && (isWord(c.s[n])) {
		n++
	}
	return c.s[:n]
}

func isWord(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= '0' && b <= '9' || b == '_'
}

func (c *scanner) word() string     { w := c.peek(); c.s = c.s[len(w):]; return w }
func (c *scanner) is(w string) bool { return strings.EqualFold(c.peek(), w) }
func (c *scanner) comma() bool      { c.trim(); return c.cut(",") }
func (c *scanner) cut(prefix string) bool {
	rest, ok := strings.CutPrefix(c.s, prefix)
	c.s = rest
	return ok
}

func (c *scanner) accept(w string) bool {
	if c.is(w) {
		c.word()
		return true
	}
	return false
}

// object reads Name or Name(fields WHERE … ORDER BY … LIMIT …).
func (c *scanner) object() (*soql.Query, *refusal.Error) {
	name := c.word()
	if name == "" {
		return nil, malformed("unexpected token: '%s'", first(c.s))
	}
	c.trim()
	if !c.cut("(") {
		return &soql.Query{From: name, Limit: -1}, nil
	}
	depth, quote, i := 1, false, 0
	for ; i < len(c.s) && depth > 0; i++ {
		switch b := c.s[i]; {
		case quote && b == '\\':
			i++
		case b == '\'':
			quote = !quote
		case quote:
		case b == '(':
			depth++
		case b == ')':
			depth--
		}
	}
	if depth > 0 || i > len(c.s) {
		return nil, malformed("expecting ')', found '<EOF>'")
	}
	inside := strings.TrimSpace(c.s[:i-1])
	c.s = c.s[i:]
	return Returning(name, inside)
}

// Returning reads what stands in the parentheses behind an object's name.
func Returning(name, inside string) (*soql.Query, *refusal.Error) {
	fields, tail := cutClause(inside)
	if fields == "" {
		fields = "Id"
	}
	q, err := soql.Parse("SELECT " + fields + " FROM " + name + " " + tail)
	if err != nil && err.Code == "MALFORMED_QUERY" {
		err.Code = "MALFORMED_SEARCH"
	}
	return q, err
}

// cutClause splits "Id, Name WHERE …" before its first clause word outside of texts and parentheses.
func cutClause(s string) (fields, tail string) {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '(':
			depth++
		case ')':
			depth--
		}
		if depth != 0 || i > 0 && isWord(s[i-1]) {
			continue
		}
		w := (&scanner{s: s[i:]}).peekHere()
		switch strings.ToUpper(w) {
		case "USING", "WHERE", "ORDER", "LIMIT", "OFFSET":
			if strings.EqualFold(w, "USING") { // USING ListView=…: there are none, so it narrows nothing
				_, tail := cutClause(strings.TrimLeft(s[i+len(w):], " "))
				return strings.TrimSpace(s[:i]), tail
			}
			return strings.TrimSpace(s[:i]), s[i:]
		}
	}
	return strings.TrimSpace(s), ""
}

func (c *scanner) peekHere() string {
	n := 0
	for n < len(c.s) && isWord(c.s[n]) {
		n++
	}
	return c.s[:n]
}
