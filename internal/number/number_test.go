package number

import (
	"flag"
	"os"
	"strings"
	"testing"

	"cordboard/internal/fault"
)

var update = flag.Bool("update", false, "write the golden files anew")

// The corpus holds messy stored values; the golden file says, per line, the certain key and all keys.
func TestCorpus(t *testing.T) {
	in, err := os.ReadFile("testdata/corpus.txt")
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for line := range strings.Lines(string(in)) {
		region, raw, ok := strings.Cut(strings.TrimRight(line, "\n"), "|")
		if !ok {
			t.Fatalf("corpus line without a bar: %q", line)
		}
		certain, found := E164(raw, region)
		if !found {
			certain = "-"
		}
		got.WriteString(region + "|" + raw + "|" + certain + "|" + strings.Join(Keys(raw, region), " ") + "\n")
		if found != (len(Keys(raw, region)) > 0) {
			t.Errorf("%s %q: E164 says %v, Keys %v", region, raw, found, Keys(raw, region))
		}
	}
	if *update {
		if err := os.WriteFile("testdata/corpus.golden", []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/corpus.golden")
	if err != nil {
		t.Fatal(err)
	}
	w, g := strings.Split(string(want), "\n"), strings.Split(got.String(), "\n")
	for i := range max(len(w), len(g)) {
		a, b := "", ""
		if i < len(w) {
			a = w[i]
		}
		if i < len(g) {
			b = g[i]
		}
		if a != b {
			t.Errorf("line %d\nwant %s\ngot  %s", i+1, a, b)
		}
	}
}

func TestParse(t *testing.T) {
	for _, c := range []struct {
		raw, region string
		want        Number
	}{
		{"(415) 555-1212", "US", Number{"+14155551212", "US", 1, "4155551212"}},
		{"+1 604 555 0199", "US", Number{"+16045550199", "CA", 1, "6045550199"}},
		{"02 1234 5678", "IT", Number{"+390212345678", "IT", 39, "0212345678"}},
		{"+800 1234 5678", "", Number{"+80012345678", "001", 800, "12345678"}},
	} {
		got, err := Parse(c.raw, c.region)
		if err != nil || got != c.want {
			t.Errorf("Parse(%q, %q) = %+v, %v; want %+v", c.raw, c.region, got, err, c.want)
		}
	}
	if _, err := Parse("none", "US"); !fault.Is(err, "NOT_A_NUMBER") {
		t.Errorf("Parse of a word: %v", err)
	}
}

func TestSpellings(t *testing.T) {
	for _, c := range []struct{ e164, region, want string }{
		{"+14155551212", "US", "+14155551212|14155551212|4155551212|(415) 555-1212|+1 415-555-1212|415-555-1212|01114155551212|0014155551212"},
		{"+442079460018", "GB", "+442079460018|442079460018|2079460018|02079460018|020 7946 0018|+44 20 7946 0018|20 7946 0018|00442079460018"},
		{"+442079460018", "US", "+442079460018|442079460018|2079460018|02079460018|020 7946 0018|+44 20 7946 0018|20 7946 0018|011442079460018|00442079460018"},
		{"+", "US", "+"},
	} {
		if got := strings.Join(Spellings(c.e164, c.region), "|"); got != c.want {
			t.Errorf("Spellings(%s, %s)\ngot  %s\nwant %s", c.e164, c.region, got, c.want)
		}
	}
}

func TestDisplay(t *testing.T) {
	for _, c := range []struct{ e164, region, want string }{
		{"+14155551212", "US", "(415) 555-1212"},
		{"+14155551212", "CA", "(415) 555-1212"},
		{"+14155551212", "GB", "+1 415-555-1212"},
		{"+442079460018", "GB", "020 7946 0018"},
		{"anonymous", "GB", "anonymous"},
		{"", "GB", ""},
	} {
		if got := Display(c.e164, c.region); got != c.want {
			t.Errorf("Display(%q, %s) = %q, want %q", c.e164, c.region, got, c.want)
		}
	}
}

func TestWithheldAndShort(t *testing.T) {
	list := DefaultWithheld()
	for _, c := range []struct {
		raw             string
		withheld, short bool
	}{
		{"", true, false},
		{"  ", true, false},
		{"Anonymous", true, false},
		{"sip:anonymous@anonymous.invalid", true, false},
		{`"Anonymous" <sip:anonymous@anonymous.invalid>`, true, false},
		{"Unavailable", true, false},
		{"RESTRICTED", true, false},
		{"0", true, true},
		{"+0000000000", true, false},
		{"+266696687", true, false},
		{"266696687", true, false},
		{"sip:+266696687@carrier.example", true, false},
		{"+14155551212", false, false},
		{"1000000", false, false},
		{"204", false, true},
		{"sip:204@pbx", false, true},
		{"sip:204@10.20.30.40", false, true},
		{"anonymous caller", false, false},
	} {
		if got := Withheld(c.raw, list); got != c.withheld {
			t.Errorf("Withheld(%q) = %v", c.raw, got)
		}
		if got := Short(c.raw); got != c.short {
			t.Errorf("Short(%q) = %v", c.raw, got)
		}
	}
	if Withheld("anonymous", []string{"private"}) {
		t.Error("the list is the tenant's: a word that he took off still counts")
	}
	if !Withheld("Coinphone", []string{"coinphone"}) {
		t.Error("a word that the tenant added does not count")
	}
}

func TestPossible(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"+14155551212", "+14155551212", false},
		{"+14155551212", "+15155551212", true},
		{"+14155551212", "+14165551212", false},
		{"+14155551212", "+14255551212", true},
		{"+14155551212", "+14156551212", false},
		{"+14155551212", "5551212", true},
		{"+14155551212", "", false},
		{"204", "204", false},
	} {
		if got := Possible(c.a, c.b); got != c.want {
			t.Errorf("Possible(%q, %q) = %v", c.a, c.b, got)
		}
	}
}

func TestMask(t *testing.T) {
	for raw, want := range map[string]string{
		"+14155551212": "+1***1212", "+44 20 7946 0018": "+44***0018", "(415) 555-1212": "***1212", "sip:+14155551212@10.0.0.1": "+1***1212",
		"204": "***", "anonymous": "***", "": "***", "+999123456789": "***6789",
	} {
		if got := Mask(raw); got != want {
			t.Errorf("Mask(%q) = %q, want %q", raw, got, want)
		}
	}
}

// The regions of the differential tests: every shape of trunk and international prefix that the fast path judges.
var regions = []string{"", "US", "CA", "JM", "GB", "DE", "IT", "CH", "AT", "FR", "ES", "MX", "AR", "BR", "AU", "JP", "IN", "SG", "RU", "KR", "CN", "ZA", "SE", "HU", "LT", "ZZ"}

// agree checks one piece: where fast answers, the library answers alike.
func agree(t *testing.T, p piece, region string) bool {
	t.Helper()
	f, ok := fast(p, region)
	if !ok {
		return false
	}
	if s, ok := slow(p, region); !ok || s != f {
		t.Errorf("%+v in %q: fast %s, library %s %v", p, region, f, s, ok)
	}
	return true
}

// same checks one value: fast equals the library, or stays silent.
func same(t *testing.T, raw, region string) {
	t.Helper()
	p, ok := plain(raw)
	if ok {
		// What plain reads, clean must read alike.
		if ps := clean(raw); len(ps) != 1 || ps[0] != p {
			t.Errorf("%q: plain reads %+v, clean %+v", raw, p, ps)
		}
		agree(t, p, region)
	}
	if e, ok := E164(raw, region); ok {
		if again, ok := E164(e, ""); !ok || again != e {
			t.Errorf("%q in %q gives %s, which reads as %s %v", raw, region, e, again, ok)
		}
		if ks := Keys(raw, region); len(ks) == 0 || ks[0] != e {
			t.Errorf("%q in %q: certain key %s, keys %v", raw, region, e, ks)
		}
	}
}

// Every calling code and every length around the possible ones, national and international.
func TestFastEqualsLibrary(t *testing.T) {
	const more = "23456789012345678"
	answered := 0
	check := func(digits string, plus bool, region string) {
		if agree(t, piece{digits: digits, plus: plus}, region) {
			answered++
		}
	}
	for _, region := range regions {
		for _, start := range []string{"", "0", "00", "1", "8", "01", "06", "011", "0011", "010", "44", "044", "7", "49", "61"} {
			for n := 5; n <= 12; n++ {
				for _, first := range []string{"", "1", "4", "9"} {
					check(start+first+more[:n], false, region)
				}
			}
		}
	}
	for code := range known().byCode {
		for n := 4; n <= 12; n++ {
			for _, first := range []string{"", "0", "1", "8"} {
				check(code+first+more[:n], true, "")
			}
		}
	}
	if answered < 1500 {
		t.Errorf("the fast path answered %d times only", answered)
	}
}

func FuzzFastEqualsLibrary(f *testing.F) {
	in, err := os.ReadFile("testdata/corpus.txt")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(in)) {
		region, raw, _ := strings.Cut(strings.TrimRight(line, "\n"), "|")
		f.Add(raw, region)
	}
	f.Fuzz(same)
}

func BenchmarkE164(b *testing.B) {
	for _, c := range []struct{ name, raw string }{{"strict", "+14155551212"}, {"messy", "(415) 555-1212"}, {"extension", "415.555.1212 x3"}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := E164(c.raw, "US"); !ok {
					b.Fatal("not read")
				}
			}
		})
	}
}
