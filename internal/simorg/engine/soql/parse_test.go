package soql

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMalformed(t *testing.T) {
	for _, c := range []struct{ q, want string }{
		{"SELECT FROM Account", "\nSELECT FROM Account\n       ^\nERROR at Row:1:Column:8\nunexpected token: 'FROM'"},
		{"SELECT Id FROM", "\nSELECT Id FROM\n              ^\nERROR at Row:1:Column:15\nunexpected token: '<EOF>'"},
		{"SELECT Id\nFROM Account\nWHERE Name", "\nWHERE Name\n          ^\nERROR at Row:3:Column:11\nunexpected token: '<EOF>'"},
		{"SELECT Id FROM Account WHERE a = 1 AND b = 2 OR c = 3", "\nSELECT Id FROM Account WHERE a = 1 AND b = 2 OR c = 3\n                                             ^\nERROR at Row:1:Column:46\nunexpected token: 'OR'"},
		{"SELECT Id FROM Account LIMIT x", "\nSELECT Id FROM Account LIMIT x\n                             ^\nERROR at Row:1:Column:30\nunexpected token: 'x'"},
		{`SELECT Id FROM Account WHERE Name = 'a\q'`, "\nSELECT Id FROM Account WHERE Name = 'a\\q'\n                                      ^\nERROR at Row:1:Column:39\nInvalid string literal. Illegal character sequence '\\q' in string literal."},
		{"SELECT Id FROM Account WHERE Name = 'open", "\nSELECT Id FROM Account WHERE Name = 'open\n                                    ^\nERROR at Row:1:Column:37\nunexpected token: '<EOF>' (a string literal is not closed)"},
		{"DELETE Account", "\nDELETE Account\n^\nERROR at Row:1:Column:1\nunexpected token: 'DELETE'"},
		{"SELECT Id FROM Account WHERE Name = 'O'Neil'", "\nSELECT Id FROM Account WHERE Name = 'O'Neil'\n                                           ^\nERROR at Row:1:Column:44\nunexpected token: '<EOF>' (a string literal is not closed)"},
		{"SELECT Id, (SELECT Id, (SELECT Id FROM B) FROM A) FROM C", "\nSELECT Id, (SELECT Id, (SELECT Id FROM B) FROM A) FROM C\n                       ^\nERROR at Row:1:Column:24\nunexpected token: '('"},
	} {
		_, err := Parse(c.q)
		if err == nil {
			t.Errorf("%s: accepted", c.q)
			continue
		}
		if diff := cmp.Diff(c.want, err.Message); diff != "" || err.Code != "MALFORMED_QUERY" || err.Status != 400 {
			t.Errorf("%s: %s %s", c.q, err.Code, diff)
		}
	}
}

func TestTree(t *testing.T) {
	q, err := Parse(`select Id, Account.Owner.Name n, (SELECT Id FROM Tasks LIMIT 5), COUNT_DISTINCT(Email) c,
		TYPEOF Who WHEN Contact THEN Phone, Email WHEN Lead THEN Company ELSE Name END
		FROM Contact c WHERE (Phone LIKE '%415\_%' OR NOT Email IN ('a', 'O\'Neil')) AND CreatedDate >= LAST_N_DAYS:7
		AND AccountId NOT IN (SELECT Id FROM Account WHERE AnnualRevenue > -1.5e3) GROUP BY Id HAVING COUNT(Id) > 1
		ORDER BY LastName DESC NULLS LAST, Id LIMIT 10 OFFSET 20 FOR VIEW`)
	if err != nil {
		t.Fatal(err)
	}
	and := q.Where.(And)
	if q.From != "Contact" || q.Alias != "c" || q.Limit != 10 || q.Offset != 20 || !q.View || len(q.Select) != 5 || len(and) != 3 || len(q.OrderBy) != 2 {
		t.Fatalf("%+v", q)
	}
	if diff := cmp.Diff([]string{"Account", "Owner", "Name"}, q.Select[1].Expr.Path); diff != "" {
		t.Error(diff)
	}
	or := and[0].(Or)
	if v := or[0].(Compare).Values[0]; v.S != `%415\_%` {
		t.Errorf("LIKE pattern %q", v.S)
	}
	if v := or[1].(Not).Cond.(Compare).Values[1]; v.S != "O'Neil" {
		t.Errorf("text %q", v.S)
	}
	if v := and[1].(Compare).Values[0]; v.Kind != Relative || v.S != "LAST_N_DAYS" || v.N != 7 {
		t.Errorf("relative date %+v", v)
	}
	if sub := and[2].(Compare).Sub; sub == nil || sub.Where.(Compare).Values[0].N != -1500 {
		t.Errorf("semi-join %+v", sub)
	}
	if !q.OrderBy[0].Desc || !q.OrderBy[0].NullsLast || len(q.Select[4].TypeOf.Whens) != 2 {
		t.Errorf("%+v", q)
	}
}

func TestDeepNestingIsRefused(t *testing.T) {
	if _, err := Parse("SELECT Id FROM A WHERE " + strings.Repeat("(", 5000) + "a=1" + strings.Repeat(")", 5000)); err == nil {
		t.Fatal("accepted")
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"SELECT Id FROM Account", "SELECT COUNT() FROM A WHERE b = '\\u00e9' AND NOT (c IN (1,2))", "SELECT a.b, (SELECT Id FROM c) FROM d ORDER BY e NULLS LAST LIMIT 1", "SELECT TYPEOF a WHEN b THEN c END FROM d", "'", "SELECT FIELDS(ALL) FROM x WHERE d = 2026-01-01T00:00:00Z"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		q, err := Parse(s)
		if (q == nil) == (err == nil) {
			t.Fatalf("%q: tree %v, error %v", s, q, err)
		}
		if err != nil && err.Status != 400 {
			t.Fatalf("%q: %v", s, err)
		}
	})
}
