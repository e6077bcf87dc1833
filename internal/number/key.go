package number

import (
	"slices"

	"github.com/nyaruka/phonenumbers"
)

// Keys are all plausible E.164 keys of a stored value, the certain ones first, each once: every number in the field, and
// for a number without country code also the reading as a bare international one where a plan has it. A stored value is
// indexed under all of them, and looked up by the one certain key of the caller.
func Keys(raw, region string) []string {
	if p, ok := plain(raw); ok && p.plus {
		if e, ok := fast(p, region); ok {
			return []string{e}
		}
	}
	pieces := clean(raw)
	keys := make([]string, 0, len(pieces)+1)
	for _, p := range pieces {
		if e, ok := key(p, region); ok {
			keys = append(keys, e)
		}
	}
	for _, p := range pieces {
		if p.plus || !p.sensible() {
			continue
		}
		for _, n := range []*phonenumbers.PhoneNumber{national(p.digits, region), international(p.digits)} {
			if n != nil && phonenumbers.IsValidNumber(n) {
				keys = append(keys, phonenumbers.Format(n, phonenumbers.E164))
			}
		}
	}
	return once(keys)
}

// once drops repeats and keeps the order.
func once(in []string) []string {
	out := in[:0]
	for _, s := range in {
		if s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// Possible reports whether two numbers are a possible match (MAT-5): not the same, but the same last eight digits, or
// seven when one of them has no more than seven.
func Possible(a, b string) bool {
	x, y := digitsOf(a), digitsOf(b)
	if x == y || len(x) < least || len(y) < least {
		return false
	}
	n := 8
	if len(x) == least || len(y) == least {
		n = least
	}
	return len(x) >= n && len(y) >= n && x[len(x)-n:] == y[len(y)-n:]
}

// digitsOf is the first number of a value as bare digits.
func digitsOf(raw string) string {
	if p, ok := plain(raw); ok {
		return p.digits
	}
	if ps := clean(raw); len(ps) > 0 {
		return ps[0].digits
	}
	return ""
}
