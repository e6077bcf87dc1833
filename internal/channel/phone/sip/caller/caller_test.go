package caller

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	wire "github.com/emiago/sipgo/sip"
)

func TestDisplay(t *testing.T) {
	for in, want := range map[string]string{
		"Ann Alvarez":                  "Ann Alvarez",
		`"Ann Alvarez"`:                "Ann Alvarez",
		`Ann \"the\" Alvarez`:          `Ann "the" Alvarez`,
		"  Ann \t\r\n Alvarez  ":       "Ann Alvarez",
		"Zoë 王\u202Ex\u200D\uFEFF":     "Zoë 王x",
		"a\x00b\x1b[31mc\x7f\u0085d":   "ab[31mc d",
		"\xff\xfeAnn":                  "Ann",
		"Anonymous":                    "",
		strings.Repeat("é", 100):       strings.Repeat("é", 80),
		strings.Repeat("ab ", 40):      strings.TrimSpace(strings.Repeat("ab ", 27)[:80]),
		"<img src=x onerror=alert(1)>": "<img src=x onerror=alert(1)>",
	} {
		if got := Display(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func TestSplit(t *testing.T) {
	for in, want := range map[string]int{"": 1, "a,b": 2, `"a,b" <sip:x>, <sip:y,z>`: 2, `"a\",b"`: 1, `<a,b`: 1, `"a,b`: 1, "a,,b": 3} {
		if got := Split(in); len(got) != want {
			t.Errorf("%q split into %q", in, got)
		}
	}
}

func TestMask(t *testing.T) {
	for in, want := range map[string]string{"+14155550123": "+1***0123", "123456": "***", "": "***"} {
		if got := Mask(in); got != want {
			t.Errorf("%q masked as %q", in, got)
		}
	}
}

func FuzzDisplay(f *testing.F) {
	f.Add("Ann \u202E Alvarez")
	f.Add(strings.Repeat("x ", 100))
	f.Add("\xf0\x28\x8c\x28")
	f.Fuzz(func(t *testing.T, in string) {
		out := Display(in)
		if n := utf8.RuneCountInString(out); n > maxDisplay || !utf8.ValidString(out) {
			t.Fatalf("%q became %q of %d", in, out, n)
		}
		for _, r := range out {
			if unicode.Is(unicode.C, r) || r != ' ' && unicode.IsSpace(r) {
				t.Fatalf("%q became %q with %U in it", in, out, r)
			}
		}
	})
}

func FuzzOf(f *testing.F) {
	f.Add(`"Ann" <sip:+1415@x>;tag=1`, `"A, B" <tel:+1415>, <sip:b@c>`, "id")
	f.Add("<sip:@", `"`, ",;")
	f.Fuzz(func(t *testing.T, from, asserted, privacy string) {
		for _, s := range []string{from, asserted, privacy} {
			if strings.ContainsAny(s, "\r\n") {
				return
			}
		}
		msg, err := wire.ParseMessage([]byte("INVITE sip:1@x SIP/2.0\r\nFrom: " + from + "\r\nP-Asserted-Identity: " + asserted + "\r\nPrivacy: " + privacy + "\r\nContent-Length: 0\r\n\r\n"))
		if err != nil {
			return
		}
		number, display := Of(msg.(*wire.Request))
		if number == "" && display != "" {
			t.Fatalf("a name without a number: %q", display)
		}
		if strings.ContainsFunc(number+display, unicode.IsControl) || utf8.RuneCountInString(number) > MaxNumber {
			t.Fatalf("%q %q", number, display)
		}
	})
}
