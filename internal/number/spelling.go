package number

import (
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// Spellings are what a search by text must try to reach a number however it was stored (SF-19): E.164 with and without
// "+", the national digits with and without trunk prefix, the written forms at home and abroad, the national groups, and
// the digits after the region's international prefix and after 00. Each once, the likeliest first; the E.164 number alone when the
// plan is unknown.
func Spellings(e164, region string) []string {
	n, err := phonenumbers.Parse(e164, phonenumbers.UNKNOWN_REGION)
	if err != nil || len(e164) < 2 {
		return once([]string{e164})
	}
	digits := e164[1:]
	nsn := phonenumbers.GetNationalSignificantNumber(n)
	written := phonenumbers.Format(n, phonenumbers.NATIONAL)
	world := phonenumbers.Format(n, phonenumbers.INTERNATIONAL)
	out := []string{e164, digits, nsn, bare(written), written, world}
	if _, groups, ok := strings.Cut(world, " "); ok {
		out = append(out, groups) // "20 7946 0018" also reaches "+44 (0)20 7946 0018"
	}
	if pl := known().byRegion[region]; pl != nil && pl.exit != "" {
		out = append(out, pl.exit+digits)
	}
	return once(append(out, "00"+digits))
}

// bare keeps the ASCII digits of a written form.
func bare(s string) string {
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] >= '0' && s[i] <= '9' {
			b = append(b, s[i])
		}
	}
	return string(b)
}
