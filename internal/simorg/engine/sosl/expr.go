package sosl

import (
	"strings"
	"unicode"

	"cordboard/internal/simorg/engine/refusal"
)

// Limits of a search expression, in characters: beyond the first operators lose their meaning, beyond the second nothing
// is found.
const (
	plainFrom   = 4_000
	nothingFrom = 10_000
	maxDepth    = 40
)

type piece struct {
	op     string // "(", ")", AND, OR, NOT; "" for a phrase
	phrase Phrase
}

// ParseExpr reads a search expression. A nil node means that nothing can be found.
func ParseExpr(s string) (Node, *refusal.Error) {
	n := len([]rune(s))
	if n > nothingFrom {
		return nil, nil
	}
	pieces, err := cut(s, n > plainFrom)
	if err != nil {
		return nil, err
	}
	if letters(s) < 2 {
		return nil, malformed("The search term must be longer than one character: '%s'", s)
	}
	p := &exprParser{p: pieces}
	node, err := p.or(0)
	if err != nil {
		return nil, err
	}
	if len(p.p) > 0 {
		return nil, malformed("unexpected token: '%s'", p.p[0].op)
	}
	return node, nil
}

func letters(s string) (n int) {
	for _, r := range s {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			n++
		}
	}
	return n
}

// cut makes pieces of an expression. plain makes operators ordinary words.
func cut(s string, plain bool) ([]piece, *refusal.Error) {
	var out []piece
	rs := []rune(s)
	for i := 0; i < len(rs); {
		switch r := rs[i]; {
		case unicode.IsSpace(r):
			i++
		case r == '(' && !plain:
			out = append(out, piece{op: "("})
			i++
		case r == ')' && !plain:
			out = append(out, piece{op: ")"})
			i++
		case r == '"':
			n := i + 1
			for n < len(rs) && rs[n] != '"' {
				if rs[n] == '\\' {
					n++
				}
				n++
			}
			if n >= len(rs) {
				return nil, malformed("a quotation mark is not closed")
			}
			out = append(out, piece{phrase: Words(unescape(rs[i+1:n]), true)})
			i = n + 1
		default:
			n := i
			for n < len(rs) && !unicode.IsSpace(rs[n]) && rs[n] != '"' && (plain || rs[n] != '(' && rs[n] != ')') {
				if rs[n] == '\\' {
					n++
				}
				n++
			}
			n = min(n, len(rs))
			w := string(rs[i:n])
			if up := strings.ToUpper(w); !plain && (up == "AND" || up == "OR" || up == "NOT") {
				out = append(out, piece{op: up})
			} else {
				out = append(out, piece{phrase: Words(unescape(rs[i:n]), true)})
			}
			i = n
		}
	}
	return out, nil
}

// escaped marks a wildcard that a backslash made an ordinary character; as one it is punctuation.
func unescape(rs []rune) string {
	var b strings.Builder
	for i := 0; i < len(rs); i++ {
		if rs[i] == '\\' && i+1 < len(rs) {
			i++
			if rs[i] == '*' || rs[i] == '?' {
				b.WriteByte(' ')
				continue
			}
		}
		b.WriteRune(rs[i])
	}
	return b.String()
}

// Words cuts a text into its words: letters and digits, lower case, split at blanks and punctuation. With wildcards, *
// and ? stay within and at the end of words; a leading one is dropped.
func Words(s string, wildcards bool) []string {
	var out []string
	var b strings.Builder
	flush := func() {
		if b.Len() > 0 {
			out = append(out, b.String())
			b.Reset()
		}
	}
	for _, r := range s {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r):
			b.WriteRune(unicode.ToLower(r))
		case wildcards && (r == '*' || r == '?') && b.Len() > 0:
			b.WriteRune(r)
		case r == '\'' && b.Len() > 0: // O'Neil is one word
		default:
			flush()
		}
	}
	flush()
	return out
}

type exprParser struct{ p []piece }

func (e *exprParser) accept(op string) bool {
	if len(e.p) > 0 && e.p[0].op == op {
		e.p = e.p[1:]
		return true
	}
	return false
}

func (e *exprParser) or(depth int) (Node, *refusal.Error) {
	if depth > maxDepth {
		return nil, malformed("the search expression is nested too deeply")
	}
	first, err := e.and(depth)
	if err != nil {
		return nil, err
	}
	list := Or{first}
	for e.accept("OR") {
		n, err := e.and(depth)
		if err != nil {
			return nil, err
		}
		list = append(list, n)
	}
	if len(list) == 1 {
		return first, nil
	}
	return list, nil
}

func (e *exprParser) and(depth int) (Node, *refusal.Error) {
	first, err := e.unit(depth)
	if err != nil {
		return nil, err
	}
	list := And{first}
	for len(e.p) > 0 && e.p[0].op != "OR" && e.p[0].op != ")" {
		e.accept("AND")
		not := e.accept("NOT")
		n, err := e.unit(depth)
		if err != nil {
			return nil, err
		}
		if not {
			n = Not{n}
		}
		list = append(list, n)
	}
	if len(list) == 1 {
		return first, nil
	}
	return list, nil
}

func (e *exprParser) unit(depth int) (Node, *refusal.Error) {
	if len(e.p) == 0 {
		return nil, malformed("unexpected token: '<EOF>'")
	}
	p := e.p[0]
	switch p.op {
	case "":
		e.p = e.p[1:]
		return p.phrase, nil
	case "(":
		e.p = e.p[1:]
		n, err := e.or(depth + 1)
		if err != nil {
			return nil, err
		}
		if !e.accept(")") {
			return nil, malformed("expecting ')', found '<EOF>'")
		}
		return n, nil
	}
	return nil, malformed("unexpected token: '%s'", p.op)
}
