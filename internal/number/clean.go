package number

import (
	"strings"
	"unicode"
)

// piece is one number within a value, reduced to digits.
type piece struct {
	digits string
	plus   bool
}

// least is the number of digits below which nothing is a public number (MAT-6).
const least = 7

// sensible refuses what no plan has, whatever its length: nothing but zeros, or far too long.
func (p piece) sensible() bool {
	return len(p.digits) >= least && len(p.digits) <= 19 && strings.Trim(p.digits, "0") != ""
}

// modern rewrites spellings that a country has given up: Mexico's 1 after the calling code (until 2019).
func (p piece) modern() piece {
	d := p.digits
	if !p.plus && strings.HasPrefix(d, "00") {
		d = d[2:]
	} else if !p.plus {
		return p
	}
	if len(d) == 13 && strings.HasPrefix(d, "521") {
		return piece{digits: "52" + d[3:], plus: true}
	}
	return p
}

// plain reads the spellings that need no cleaning: an optional plus, digits, and " -.()" between them. ok is false for
// everything else, "(0)" included.
func plain(raw string) (p piece, ok bool) {
	if len(raw) > 40 {
		return piece{}, false
	}
	var buf [40]byte
	n := 0
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c >= '0' && c <= '9':
			if c == '0' && i > 0 && raw[i-1] == '(' && i+1 < len(raw) && raw[i+1] == ')' {
				return piece{}, false
			}
			buf[n] = c
			n++
		case c == '+':
			if n > 0 || p.plus {
				return piece{}, false
			}
			p.plus = true
		case c == ' ' || c == '-' || c == '.' || c == '(' || c == ')':
		default:
			return piece{}, false
		}
	}
	if n < least || n > 19 {
		return piece{}, false
	}
	if n == len(raw) {
		p.digits = raw
	} else if p.plus && n+1 == len(raw) {
		p.digits = raw[1:]
	} else {
		p.digits = string(buf[:n])
	}
	return p, true
}

// Words that end a number because its extension follows, in the languages of the regions we know.
var extensionWords = map[string]bool{
	"x": true, "ext": true, "extn": true, "exten": true, "extension": true, "extensión": true, "anexo": true, "poste": true,
	"int": true, "interno": true, "durchwahl": true, "dw": true, "ramal": true, "toestel": true, "доб": true,
}

// Words between two numbers.
var joinWords = map[string]bool{
	"or": true, "and": true, "oder": true, "und": true, "bzw": true, "ou": true, "et": true, "o": true, "y": true, "e": true, "of": true,
}

// cleaner walks over a value and collects its numbers.
type cleaner struct {
	out     []piece
	digits  []byte
	plus    bool
	variant bool // a slash came after a whole number: a short piece now replaces its end ("555-1212/13")
	skip    bool // within an extension or a host: until the next hard separator
}

// clean splits a value into the numbers it holds: labels, extensions, sip: and tel: dress, second numbers and vanity
// letters are understood; what has fewer than seven digits is dropped.
func clean(raw string) []piece {
	if len(raw) > maxInput {
		raw = raw[:maxInput]
	}
	raw = strings.ReplaceAll(strings.ReplaceAll(raw, "%2B", "+"), "%2b", "+")
	var c cleaner
	rs := []rune(localContext(raw))
	for i := 0; i < len(rs); i++ {
		r := rs[i]
		if d, ok := digit(r); ok {
			if d == '0' && len(c.digits) > 0 && i > 0 && rs[i-1] == '(' && i+1 < len(rs) && rs[i+1] == ')' {
				continue // +44 (0)20: the trunk zero that is not dialled after a country code
			}
			if !c.skip {
				c.digits = append(c.digits, d)
			}
			continue
		}
		if unicode.IsLetter(r) {
			j := i
			for j < len(rs) && unicode.IsLetter(rs[j]) {
				j++
			}
			c.word(string(rs[i:j]), j < len(rs) && rs[j] == ':')
			i = j - 1
			continue
		}
		c.mark(r)
	}
	c.cut(false)
	return c.out
}

// word meets a run of letters.
func (c *cleaner) word(w string, label bool) {
	low := strings.ToLower(w)
	whole := len(c.digits) >= least
	switch {
	case c.skip || label && !whole:
	case extensionWords[low]:
		c.skip = whole
	case whole:
		c.cut(false) // "650 253 0000 home …", and joinWords
	case joinWords[low]:
	case len(c.digits) >= 3 && vanity(w):
		for i := 0; i < len(w); i++ {
			c.digits = append(c.digits, "22233344455566677778889999"[w[i]-'A'])
		}
	case len(c.digits) < 3 && !c.plus:
		c.digits = c.digits[:0] // "2nd 415 555 1212"
	}
}

// mark meets a sign that is neither letter nor digit.
func (c *cleaner) mark(r rune) {
	whole := len(c.digits) >= least
	switch r {
	case ';', ',', '|', '&', '\n', '\r':
		c.cut(false)
	case '/', '\\':
		if whole {
			c.cut(true) // else the slash stands between area code and number: 030/123456
		}
	case '+', '＋':
		if c.skip {
			return
		}
		if whole {
			c.cut(false)
		}
		c.digits, c.plus = c.digits[:0], true
	case '<', ':':
		if !whole && !c.skip {
			c.digits, c.plus = c.digits[:0], false
		}
	case '@':
		c.skip = true
	case '>':
		c.cut(false)
	case '#':
		c.skip = c.skip || whole
	}
}

// cut ends the number at hand.
func (c *cleaner) cut(slash bool) {
	switch n := len(c.digits); {
	case n >= least:
		c.out = append(c.out, piece{digits: string(c.digits), plus: c.plus})
	case c.variant && n > 0 && n <= 4 && !c.plus && len(c.out) > 0:
		last := c.out[len(c.out)-1]
		c.out = append(c.out, piece{digits: last.digits[:len(last.digits)-n] + string(c.digits), plus: last.plus})
	}
	c.digits, c.plus, c.skip, c.variant = c.digits[:0], false, false, slash
}

// vanity reports whether a word stands for digits: capitals only, as in 1-800-FLOWERS.
func vanity(w string) bool {
	for i := 0; i < len(w); i++ {
		if w[i] < 'A' || w[i] > 'Z' {
			return false
		}
	}
	return true
}

// localContext puts the context of a tel: URI before its number (RFC 3966, section 5.1.5).
func localContext(raw string) string {
	const mark = ";phone-context=+"
	i := -1
	for j := 0; j+len(mark) <= len(raw) && i < 0; j++ {
		if raw[j] == ';' && strings.EqualFold(raw[j:j+len(mark)], mark) {
			i = j
		}
	}
	if i < 0 {
		return raw
	}
	context, _, _ := strings.Cut(raw[i+len(mark):], ";")
	local := raw[:i]
	if j := strings.LastIndexByte(local, ':'); j >= 0 {
		local = local[j+1:]
	}
	return "+" + context + " " + local
}

// digit is the ASCII digit that a decimal digit of any script stands for.
func digit(r rune) (byte, bool) {
	if r >= '0' && r <= '9' {
		return byte(r), true
	}
	if r < 0x80 || !unicode.Is(unicode.Nd, r) {
		return 0, false
	}
	for _, t := range unicode.Nd.R16 {
		if r >= rune(t.Lo) && r <= rune(t.Hi) {
			return byte('0' + (r-rune(t.Lo))%10), true
		}
	}
	for _, t := range unicode.Nd.R32 {
		if r >= rune(t.Lo) && r <= rune(t.Hi) {
			return byte('0' + (r-rune(t.Lo))%10), true
		}
	}
	return 0, false
}
