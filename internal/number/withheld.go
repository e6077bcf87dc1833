package number

import (
	"strings"
)

// DefaultWithheld is what networks and switches send instead of a number (MAT-6); a tenant may edit its own list.
func DefaultWithheld() []string {
	return []string{"anonymous", "unknown", "unavailable", "restricted", "private", "withheld", "+266696687"}
}

// Withheld reports whether the caller's number is hidden: empty, nothing but zeros, or on the list. A SIP or tel address
// counts by its user part, words without case, numbers by their digits.
func Withheld(raw string, list []string) bool {
	s := strings.ToLower(user(raw))
	if s == "" {
		return true
	}
	digits := bare(s)
	if digits != "" && strings.Trim(digits, "0") == "" && strings.Trim(s, "+0 -.()") == "" {
		return true
	}
	for _, entry := range list {
		e := strings.ToLower(user(entry))
		if e == "" {
			continue
		}
		if s == e {
			return true
		}
		// The number on the list spells ANONYMOUS; switches pass it with and without plus.
		if d := bare(e); d != "" && strings.Trim(e, "+0123456789 -.()") == "" && d == digits && strings.Trim(s, "+0123456789 -.()") == "" {
			return true
		}
	}
	return false
}

// Short reports whether a number is internal or short: it has digits, but fewer than seven of them (MAT-6).
func Short(raw string) bool {
	n := len(bare(user(raw)))
	return n > 0 && n < least
}

// user is the user part of a SIP or tel address, or the trimmed value.
func user(raw string) string {
	s := strings.TrimSpace(raw)
	if i := strings.IndexByte(s, '<'); i >= 0 {
		if j := strings.IndexByte(s[i:], '>'); j > 0 {
			s = s[i+1 : i+j]
		}
	}
	for _, scheme := range []string{"sip:", "sips:", "tel:"} {
		if len(s) >= len(scheme) && strings.EqualFold(s[:len(scheme)], scheme) {
			s = s[len(scheme):]
			s, _, _ = strings.Cut(s, "@")
			s, _, _ = strings.Cut(s, ";")
			break
		}
	}
	return strings.TrimSpace(s)
}
