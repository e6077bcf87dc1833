// Package caller reads from a SIP message who calls: the number as it was sent or "" when it is withheld, and the name,
// made fit to be shown. Everything in it came from outside and is treated as hostile: nothing panics, nothing comes out
// with control characters in it. It never judges whether a number is real.
package caller

import (
	"strings"
	"unicode"
	"unicode/utf8"

	wire "github.com/emiago/sipgo/sip"
)

// MaxNumber is how much of a number is kept; E.164 has 15 digits, SIP users may be longer.
const MaxNumber = 64

const maxDisplay = 80

// Of reads who calls from an INVITE that came by a trunk, which is trusted to assert identities (RFC 3325): the
// P-Asserted-Identity if there is one, else From. A withheld number (RFC 3323 Privacy, or an anonymous address) is "",
// and then the name is withheld too.
func Of(req *wire.Request) (number, display string) {
	if withheld(req) {
		return "", ""
	}
	for _, h := range req.GetHeaders("p-asserted-identity") {
		for _, part := range Split(h.Value()) {
			var uri wire.Uri
			name, err := wire.ParseAddressValue(part, &uri, nil)
			if n := User(&uri); err == nil && n != "" {
				if name == "" && req.From() != nil {
					name = req.From().DisplayName
				}
				return n, Display(name)
			}
		}
	}
	from := req.From()
	if from == nil {
		return "", ""
	}
	n := User(&from.Address)
	if n == "" {
		return "", ""
	}
	return n, Display(from.DisplayName)
}

func withheld(req *wire.Request) bool {
	for _, h := range req.GetHeaders("privacy") {
		for _, p := range strings.FieldsFunc(strings.ToLower(h.Value()), func(r rune) bool { return r == ';' || r == ',' || r == ' ' }) {
			if p == "id" || p == "user" || p == "header" {
				return true
			}
		}
	}
	return false
}

// User is the user part of a SIP address or the number of a tel: address, cleaned; "" for anonymous ones.
func User(u *wire.Uri) string {
	user := u.User
	if strings.EqualFold(u.Scheme, "tel") {
		user = u.Raw()
	}
	user, _, _ = strings.Cut(user, ";") // number parameters such as ;phone-context, ;cpc
	user = Text(user, MaxNumber)
	switch strings.ToLower(user) {
	case "anonymous", "unknown", "unavailable", "restricted", "private":
		return ""
	}
	if strings.EqualFold(u.Host, "anonymous.invalid") {
		return ""
	}
	return user
}

// Display makes a caller's name fit to be shown: no control or formatting characters (which could reorder or hide
// text around it), one line, at most 80 characters. Markup stays as the text it is; whoever shows it escapes it.
func Display(s string) string {
	s = strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(s)
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		s = s[1 : len(s)-1]
	}
	s = Text(s, maxDisplay)
	if strings.EqualFold(s, "anonymous") {
		return ""
	}
	return s
}

// Text is s on one line without control or formatting characters, at most limit characters.
func Text(s string, limit int) string {
	var b strings.Builder
	n, space := 0, false
	for _, r := range s {
		switch {
		case r == utf8.RuneError, unicode.Is(unicode.C, r) && !unicode.IsSpace(r):
			// Category C holds controls, format characters (bidi overrides, zero width), surrogates, private use.
			continue
		case unicode.IsSpace(r):
			space = n > 0
			continue
		}
		if space && n+1 < limit {
			b.WriteByte(' ')
			n++
		}
		space = false
		if n++; n > limit {
			break
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Split splits a header at commas that are neither quoted nor in angle brackets.
func Split(s string) []string {
	var out []string
	quoted, angle, from := false, false, 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case c == '<' && !quoted:
			angle = true
		case c == '>' && !quoted:
			angle = false
		case c == ',' && !quoted && !angle:
			out = append(out, strings.TrimSpace(s[from:i]))
			from = i + 1
		}
	}
	return append(out, strings.TrimSpace(s[from:]))
}

// Mask shows a number's ends only, for logs (GEN-10).
func Mask(number string) string {
	if len(number) <= 6 {
		return "***"
	}
	return number[:2] + "***" + number[len(number)-4:]
}
