package ident

import (
	"strings"
	"testing"
)

func TestCanon(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"001D000000IqhSL", "001D000000IqhSLIAZ"},    // the sample of Salesforce's own documentation
		{"001D000000IqhSLIAZ", "001D000000IqhSLIAZ"}, //
		{"001d000000iqhsliaz", "001D000000IqhSLIAZ"}, // case repaired from the suffix
		{"00D000000000001", "00D000000000001EAA"},
		{"005000000000001", "005000000000001AAA"},
		{"001D000000IqhS", ""}, {"", ""}, {"001D000000Iqh'L", ""}, {"001D000000IqhSL999", ""},
	} {
		got, ok := Canon(c.in)
		if got != c.want || ok != (c.want != "") {
			t.Errorf("Canon(%q) = %q, %v; want %q", c.in, got, ok, c.want)
		}
	}
}

func TestNewIsCanonical(t *testing.T) {
	for _, n := range []int64{1, 61, 62, 3843, 1 << 40} {
		id := New("00Q", n)
		if c, ok := Canon(id[:15]); !ok || c != id {
			t.Errorf("Canon(%q) = %q", id[:15], c)
		}
		if c, ok := Canon(strings.ToLower(id)); !ok || c != id {
			t.Errorf("case of %q repaired to %q", id, c)
		}
		if got, ok := Number(id); !ok || got != n {
			t.Errorf("Number(%q) = %d", id, got)
		}
	}
}

func FuzzCanon(f *testing.F) {
	f.Add("001D000000IqhSLIAZ")
	f.Add("short")
	f.Fuzz(func(t *testing.T, s string) {
		if id, ok := Canon(s); ok {
			if again, ok := Canon(id); !ok || again != id || len(id) != 18 {
				t.Fatalf("%q → %q → %q", s, id, again)
			}
		}
	})
}
