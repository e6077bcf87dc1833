package sosl

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestExpressions(t *testing.T) {
	for _, c := range []struct {
		in   string
		want Node
	}{
		{`4155551212`, Phrase{"4155551212"}},
		{`\+14155551212`, Phrase{"14155551212"}},
		{`"\(415\) 555\-1212"`, Phrase{"415", "555", "1212"}},
		{`\(415\)\ 555\-1212`, Phrase{"415", "555", "1212"}},
		{`4155551212 OR 14155551212`, Or{Phrase{"4155551212"}, Phrase{"14155551212"}}},
		{`ann okafor`, And{Phrase{"ann"}, Phrase{"okafor"}}},
		{`acme and not (east or "new york")`, And{Phrase{"acme"}, Not{Or{Phrase{"east"}, Phrase{"new", "york"}}}}},
		{`smi* jo?n *son`, And{Phrase{"smi*"}, Phrase{"jo?n"}, Phrase{"son"}}},
		{`ann@acme.example`, Phrase{"ann", "acme", "example"}},
		{`"and" O\'Neil`, And{Phrase{"and"}, Phrase{"oneil"}}},
	} {
		got, err := ParseExpr(c.in)
		if err != nil {
			t.Errorf("%s: %v", c.in, err)
			continue
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", c.in, diff)
		}
	}
}

func TestSearches(t *testing.T) {
	s, err := Parse(`find {4155551212} in phone fields returning Contact(Id, Name, Account.Name WHERE Name != 'a)b' ORDER BY Name LIMIT 20), Account, Lead(Id WHERE IsConverted=false) LIMIT 50`)
	if err != nil {
		t.Fatal(err)
	}
	if s.Group != Phones || s.Limit != 50 || len(s.Returning) != 3 {
		t.Fatalf("%+v", s)
	}
	c := s.Returning[0]
	if c.From != "Contact" || len(c.Select) != 3 || c.Where == nil || c.Limit != 20 || s.Returning[1].From != "Account" || s.Returning[2].Where == nil {
		t.Fatalf("%+v", c)
	}
}

func TestRefused(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"FIND 4155551212", "No search term found. The search term must be enclosed in braces."},
		{"FIND {4155551212", "No search term found. The search term must be enclosed in braces."},
		{"FIND {a}", "The search term must be longer than one character: 'a'"},
		{"FIND {}", "The search term must be longer than one character: ''"},
		{"SELECT Id", "unexpected token: 'SELECT'"},
		{"FIND {ab} IN FAX FIELDS", "unexpected token: 'FAX'"},
		{"FIND {ab} IN PHONE", "expecting 'FIELDS', found '<EOF>'"},
		{"FIND {(ab} RETURNING Contact", "expecting ')', found '<EOF>'"},
		{"FIND {ab cd)}", "unexpected token: ')'"},
		{`FIND {"ab}`, "a quotation mark is not closed"},
		{"FIND {ab OR}", "unexpected token: '<EOF>'"},
		{"FIND {ab} RETURNING Contact(Id", "expecting ')', found '<EOF>'"},
		{"FIND {ab} LIMIT x", "LIMIT needs a whole number"},
		{"FIND {ab} nonsense", "unexpected token: 'nonsense'"},
	} {
		_, err := Parse(c.in)
		if err == nil || err.Message != c.want || err.Code != "MALFORMED_SEARCH" {
			t.Errorf("%s: %v", c.in, err)
		}
	}
}

func TestLongExpressions(t *testing.T) {
	if n, err := ParseExpr(strings.Repeat("ab ", 4000)); n != nil || err != nil {
		t.Errorf("over 10,000 characters: %v %v", n, err)
	}
	n, err := ParseExpr(strings.Repeat("ab OR ", 700))
	if and, ok := n.(And); err != nil || !ok || len(and) != 1400 {
		t.Errorf("over 4,000 characters operators are words: %T %v", n, err)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{`FIND {4155551212 OR "\(415\) 555"} IN PHONE FIELDS RETURNING Contact(Id LIMIT 2), Lead LIMIT 5`, "FIND {a\\", "FIND {ab} RETURNING X('", "FIND {ab} WITH x=y LIMIT 2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got, err := Parse(s); (got == nil) == (err == nil) {
			t.Fatalf("%q: %v %v", s, got, err)
		}
	})
}
