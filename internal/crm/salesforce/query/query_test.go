package query

import (
	"strings"
	"testing"
)

func TestSelect(t *testing.T) {
	for want, q := range map[string]Select{
		"SELECT Id, Account.Name FROM Contact": {Fields: []string{"Id", "Account.Name"}, From: "Contact"},
		`SELECT Id FROM Contact WHERE Email = 'o\'hara\\\'' AND IsConverted = false ORDER BY LastActivityDate DESC NULLS LAST LIMIT 5`: {
			Fields: []string{"Id"}, From: "Contact", Where: []Cond{Is("Email", `o'hara\'`), True("IsConverted", false)}, Order: "LastActivityDate DESC NULLS LAST", Limit: 5},
		`SELECT Id FROM Case WHERE CaseNumber IN ('1', '00000001')`:         {Fields: []string{"Id"}, From: "Case", Where: []Cond{In("CaseNumber", "1", "00000001")}},
		`SELECT Id FROM Case WHERE Id = null`:                               {Fields: []string{"Id"}, From: "Case", Where: []Cond{In("CaseNumber")}},
		`SELECT Not_A_Name__x FROM Not_A_Name__x WHERE Not_A_Name__x = '1'`: {Fields: []string{"Id, (SELECT"}, From: "User WHERE", Where: []Cond{Is("Id = '' OR Id", "1")}},
		`SELECT Id FROM Case ORDER BY Id DESC DELETE`:                       {Fields: []string{"Id"}, From: "Case", Order: "Id DESC; DELETE'--"},
	} {
		if got := q.String(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestSearch(t *testing.T) {
	s := Search{
		Terms: []string{"+1 415", "4155551212", "or", " ", "a\x00b}"}, In: PhoneFields, Limit: 9,
		Returning: []Returning{{Object: "Lead", Fields: []string{"Id", "Phone"}, Where: []Cond{True("IsConverted", false)}, Limit: 3}, {Object: "Contact", Fields: []string{"Id"}}},
	}
	want := `FIND {"\+1 415" OR 4155551212 OR "or" OR "a b\}"} IN PHONE FIELDS RETURNING Lead(Id, Phone WHERE IsConverted = false LIMIT 3), Contact(Id) LIMIT 9`
	if got := s.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	s = Search{Terms: []string{"car", "o'h", "x"}, Prefix: true, In: AllFields}
	if got := s.String(); got != `FIND {car* AND o\'h* AND x} IN ALL FIELDS RETURNING ` {
		t.Errorf("got %s", got)
	}
	s = Search{Terms: []string{strings.Repeat("1", 2999), "22", "3"}, In: PhoneFields}
	if got := len(s.String()); got > 3100 {
		t.Errorf("%d characters: beyond 4,000 a query loses its operators", got)
	}
}

func TestShapes(t *testing.T) {
	for id, want := range map[string]bool{"003000000000001": true, "003000000000001AAA": true, "": false, "00300000000000": false, "003000000000001AA'": false, "0030000000000014\x00": false} {
		if IsID(id) != want {
			t.Errorf("IsID(%q) = %v", id, !want)
		}
	}
	for n, want := range map[string]bool{"Id": true, "Account.Name": true, "X__c": true, "a b": false, "": false, ".a": false, "1a": false, "_a": false, "a.": false, "é": false} {
		if IsName(n) != want {
			t.Errorf("IsName(%q) = %v", n, !want)
		}
	}
}

// literals reads a SOQL text as Salesforce's lexer does and returns its string literals; ok is false where a literal does
// not end or holds an escape that does not exist.
func literals(soql string) (out []string, ok bool) {
	rs := []rune(soql)
	for i := 0; i < len(rs); i++ {
		if rs[i] != '\'' {
			continue
		}
		var b strings.Builder
		closed := false
		for i++; i < len(rs); i++ {
			if rs[i] == '\'' {
				closed = true
				break
			}
			if rs[i] != '\\' {
				b.WriteRune(rs[i])
				continue
			}
			if i++; i >= len(rs) {
				return nil, false
			}
			switch rs[i] {
			case 'n':
				b.WriteByte('\n')
			case 'r':
				b.WriteByte('\r')
			case 't':
				b.WriteByte('\t')
			case 'b':
				b.WriteByte('\b')
			case 'f':
				b.WriteByte('\f')
			case '"', '\'', '\\':
				b.WriteRune(rs[i])
			case 'u':
				if i+4 >= len(rs) {
					return nil, false
				}
				var v rune
				for _, h := range rs[i+1 : i+5] {
					d := strings.IndexRune("0123456789ABCDEF", h)
					if d < 0 {
						return nil, false
					}
					v = v*16 + rune(d)
				}
				b.WriteRune(v)
				i += 4
			default:
				return nil, false
			}
		}
		if !closed {
			return nil, false
		}
		out = append(out, b.String())
	}
	return out, true
}

// Whatever a caller sends, it stays one literal and reads back as itself (MAT-14).
func FuzzTextIsOneLiteral(f *testing.F) {
	for _, s := range []string{"", "x", "o'hara", `\`, `\'`, `' OR Name != '`, "a\nb\r\t\b\f\x00\x7f", `\u0027`, "%_", "\u2028", `"`, "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		q := Select{Fields: []string{"Id"}, From: "Contact", Where: []Cond{Is("Email", s), In("Name", s, "fixed")}}.String()
		got, ok := literals(q)
		want := strings.ToValidUTF8(s, "\ufffd")
		if !ok || len(got) != 3 || strings.ToValidUTF8(got[0], "\ufffd") != got[0] || got[0] != got[1] || got[2] != "fixed" {
			t.Fatalf("%q became %s", s, q)
		}
		if strings.ToValidUTF8(s, "") == s && got[0] != want {
			t.Fatalf("%q reads back as %q", s, got[0])
		}
	})
}

// Within FIND's braces no term can end the braces, add an operator or a wildcard.
func FuzzTermsStayTerms(f *testing.F) {
	for _, s := range []string{"", "+1 (415) 555-1212", "x} RETURNING User(Id)", `\`, `"`, `a\" OR *`, "or", "NOT", "a AND NOT b", "*?", "é ü"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		q := Search{Terms: []string{s, "fixed"}, In: PhoneFields, Returning: []Returning{{Object: "Lead", Fields: []string{"Id"}}}}.String()
		rs := []rune(q)
		depth, quoted, bare := 0, false, []string{}
		word := ""
		end := func() {
			if word != "" {
				bare = append(bare, word)
			}
			word = ""
		}
		for i := 0; i < len(rs); i++ {
			r := rs[i]
			if r == '\\' {
				i++
				if !quoted {
					word += "x"
				}
				continue
			}
			switch {
			case r == '"':
				quoted = !quoted
			case quoted && (r == '*' || r == '?' || r == '{' || r == '}'):
				t.Fatalf("%q: a sign with meaning inside a phrase: %s", s, q)
			case quoted:
			case r == '{':
				depth++
			case r == '}':
				depth--
				end()
				if string(rs[i:]) != "} IN PHONE FIELDS RETURNING Lead(Id)" {
					t.Fatalf("%q ends the braces: %s", s, q)
				}
				i = len(rs)
			case r == ' ':
				end()
			case strings.ContainsRune(reserved, r):
				t.Fatalf("%q: %q is not escaped: %s", s, r, q)
			default:
				word += string(r)
			}
		}
		if depth != 0 || quoted {
			t.Fatalf("%q leaves something open: %s", s, q)
		}
		ors := 0
		for _, w := range bare {
			if strings.EqualFold(w, "or") || strings.EqualFold(w, "and") || strings.EqualFold(w, "not") {
				ors++
			}
		}
		if ors > 1 {
			t.Fatalf("%q adds operators: %s", s, q)
		}
	})
}
