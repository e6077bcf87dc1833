// Package soql reads SOQL: text in, syntax tree or MALFORMED_QUERY with its position out.
//
// The grammar is Salesforce's SOQL reference, read without regard to case: fields and dotted parents, child subqueries,
// aggregates, TYPEOF, FIELDS(), conditions with semi-joins and date literals, GROUP BY, HAVING, ORDER BY, LIMIT, OFFSET,
// FOR VIEW/REFERENCE/UPDATE. It knows no object and no field: whether a name exists is found out by package query, which
// uses At for errors with a position of its own.
package soql

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"cordboard/internal/simorg/engine/refusal"
)

type kind int

const (
	end kind = iota
	word
	text    // '…', unescaped
	number  // also dates and instants
	symbol  // ( ) , = != < > <= >= <> : ;
	invalid // a character that starts nothing
)

type token struct {
	kind kind
	s    string // as written, or the content of a text
	pos  int    // byte offset
}

// At is a refusal that points into a query: the line, a caret, row and column, the message.
func At(query string, pos int, code, message string) *refusal.Error {
	pos = min(max(pos, 0), len(query))
	row := 1 + strings.Count(query[:pos], "\n")
	start := strings.LastIndexByte(query[:pos], '\n') + 1
	line := query[start:]
	if n := strings.IndexByte(line, '\n'); n >= 0 {
		line = line[:n]
	}
	col := utf8.RuneCountInString(query[start:pos])
	return refusal.New(400, code, "\n%s\n%s^\nERROR at Row:%d:Column:%d\n%s", line, strings.Repeat(" ", col), row, col+1, message)
}

// escapes are the letters that may follow a backslash in a text; % and _ stay escaped, for LIKE.
var escapes = map[byte]string{'n': "\n", 'r': "\r", 't': "\t", 'b': "\b", 'f': "\f", '"': `"`, '\'': "'", '\\': `\`, 'N': "\n", 'R': "\r", 'T': "\t", 'B': "\b", 'F': "\f"}

// lex cuts a query into tokens.
func lex(q string) ([]token, *refusal.Error) {
	var out []token
	for i := 0; i < len(q); {
		c := q[i]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f':
			i++
		case c == '\'':
			s, n, err := quoted(q, i)
			if err != nil {
				return nil, err
			}
			out = append(out, token{text, s, i})
			i = n
		case c >= '0' && c <= '9' || (c == '-' || c == '+' || c == '.') && i+1 < len(q) && digit(q[i+1]):
			n := i + 1
			for n < len(q) && (digit(q[n]) || letter(q[n]) || q[n] == ':' || q[n] == '.' || q[n] == '-' || q[n] == '+') {
				n++
			}
			out = append(out, token{number, q[i:n], i})
			i = n
		case letter(c):
			n := i + 1
			for n < len(q) && (letter(q[n]) || digit(q[n]) || q[n] == '.') {
				n++
			}
			out = append(out, token{word, q[i:n], i})
			i = n
		case i+1 < len(q) && (q[i:i+2] == "!=" || q[i:i+2] == "<=" || q[i:i+2] == ">=" || q[i:i+2] == "<>"):
			s := q[i : i+2]
			if s == "<>" {
				s = "!="
			}
			out = append(out, token{symbol, s, i})
			i += 2
		case strings.IndexByte("(),=<>:;", c) >= 0:
			out = append(out, token{symbol, q[i : i+1], i})
			i++
		default:
			r, size := utf8.DecodeRuneInString(q[i:])
			if unicode.IsSpace(r) {
				i += size
				continue
			}
			return nil, At(q, i, "MALFORMED_QUERY", "line 1:"+itoa(i)+" no viable alternative at character '"+string(r)+"'")
		}
	}
	return append(out, token{end, "<EOF>", len(q)}), nil
}

func digit(c byte) bool  { return c >= '0' && c <= '9' }
func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }

// quoted reads a text that starts at i and returns it and the offset behind it.
func quoted(q string, i int) (string, int, *refusal.Error) {
	var b strings.Builder
	for n := i + 1; n < len(q); n++ {
		switch c := q[n]; c {
		case '\'':
			return b.String(), n + 1, nil
		case '\\':
			if n+1 >= len(q) {
				return "", 0, At(q, n, "MALFORMED_QUERY", "unexpected end of text after '\\'")
			}
			n++
			switch e := q[n]; {
			case escapes[e] != "":
				if e == '\\' {
					b.WriteString(`\\`) // kept doubled until the value's use is known: LIKE has escapes of its own
					continue
				}
				b.WriteString(escapes[e])
			case e == '%' || e == '_':
				b.WriteByte('\\')
				b.WriteByte(e)
			case (e == 'u' || e == 'U') && n+4 < len(q):
				var r rune
				for _, h := range q[n+1 : n+5] {
					d := strings.IndexRune("0123456789abcdef", unicode.ToLower(h))
					if d < 0 {
						return "", 0, At(q, n-1, "MALFORMED_QUERY", "Invalid string literal '\\u"+q[n+1:n+5]+"'. Illegal character sequence '\\u' in string literal.")
					}
					r = r<<4 | rune(d)
				}
				b.WriteRune(r)
				n += 4
			default:
				return "", 0, At(q, n-1, "MALFORMED_QUERY", "Invalid string literal. Illegal character sequence '\\"+string(e)+"' in string literal.")
			}
		default:
			b.WriteByte(c)
		}
	}
	return "", 0, At(q, i, "MALFORMED_QUERY", "unexpected token: '<EOF>' (a string literal is not closed)")
}

// Plain is a text value without the escapes that only LIKE uses.
func Plain(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func itoa(n int) string {
	if n >= 10 {
		return itoa(n/10) + string(rune('0'+n%10))
	}
	return string(rune('0' + n))
}
