// Package ident makes and reads Salesforce record ids: 15 case-sensitive characters, or 18 with a suffix that makes them
// safe where case is lost.
//
// Inside the engine every id is 18 characters; Canon turns what comes in from outside into that form, repairing the case
// of an 18-character id from its suffix as Salesforce does. It never says whether a record exists.
package ident

const (
	digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	suffix = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
)

// New returns the 18-character id number n of an object with the given three-character key prefix.
func New(prefix string, n int64) string {
	b := []byte(prefix + "Sm0000000000")
	for i := len(b) - 1; n > 0 && i >= 6; i-- {
		b[i] = digits[n%62]
		n /= 62
	}
	return string(append(b, check(b)...))
}

// Number is the running number of an id that New made, and whether New could have made it.
func Number(id string) (int64, bool) {
	if len(id) < 15 || id[3:6] != "Sm0" {
		return 0, false
	}
	var n int64
	for i := 6; i < 15; i++ {
		d := value(id[i])
		if d < 0 {
			return 0, false
		}
		n = n*62 + int64(d)
	}
	return n, true
}

func value(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'Z':
		return int(c-'A') + 10
	case c >= 'a' && c <= 'z':
		return int(c-'a') + 36
	}
	return -1
}

// check is the three-character suffix of a 15-character id: one letter per group of five, a bit per capital.
func check(id []byte) []byte {
	out := make([]byte, 0, 3)
	for g := 0; g < 15; g += 5 {
		bits := 0
		for i := 0; i < 5; i++ {
			if c := id[g+i]; c >= 'A' && c <= 'Z' {
				bits |= 1 << i
			}
		}
		out = append(out, suffix[bits])
	}
	return out
}

// Canon returns the 18-character form of a 15- or 18-character id, and false for anything else: a wrong length, a
// character that is no letter or digit, or a suffix that does not belong to the id.
func Canon(s string) (string, bool) {
	if len(s) != 15 && len(s) != 18 {
		return "", false
	}
	for i := 0; i < len(s); i++ {
		if value(s[i]) < 0 {
			return "", false
		}
	}
	b := []byte(s)
	if len(s) == 15 {
		return string(append(b, check(b)...)), true
	}
	for g := 0; g < 3; g++ {
		c := b[15+g]
		if c >= 'a' && c <= 'z' {
			c -= 32
		}
		bits := indexByte(suffix, c)
		if bits < 0 {
			return "", false
		}
		b[15+g] = c
		for i := 0; i < 5; i++ {
			p := &b[g*5+i]
			up := bits&(1<<i) != 0
			switch {
			case up && *p >= 'a' && *p <= 'z':
				*p -= 32
			case !up && *p >= 'A' && *p <= 'Z':
				*p += 32
			case up && *p >= '0' && *p <= '9':
				return "", false
			}
		}
	}
	return string(b), true
}

func indexByte(s string, c byte) int {
	for i := 0; i < len(s); i++ {
		if s[i] == c {
			return i
		}
	}
	return -1
}
