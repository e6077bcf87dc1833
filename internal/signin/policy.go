package signin

import (
	_ "embed"
	"strings"
	"sync"
	"unicode/utf8"

	"cordboard/internal/fault"
)

// Limits of passwords, in characters (SEC-1).
const (
	MinPassword = 12
	MaxPassword = 128
)

//go:embed common.txt
var commonText string

// common are passwords that everybody tries first, lower case.
var common = sync.OnceValue(func() map[string]bool {
	m := map[string]bool{}
	for line := range strings.Lines(commonText) {
		if w := strings.ToLower(strings.TrimSpace(line)); w != "" && !strings.HasPrefix(w, "#") {
			m[w] = true
		}
	}
	return m
})

// CheckPassword refuses a password that is too short, too long, common, or the user's own name (SEC-1). There are no rules
// about kinds of characters: length is what helps. field names the input in the fault.
func CheckPassword(field, userID, password string) error {
	var f fault.Fields
	n := utf8.RuneCountInString(password)
	low := strings.ToLower(password)
	switch {
	case n < MinPassword:
		f.Addf(field, "TOO_SHORT", "At least %d characters; this has %d.", MinPassword, n)
	case n > MaxPassword:
		f.Addf(field, "TOO_LONG", "At most %d characters; this has %d.", MaxPassword, n)
	case low == strings.ToLower(userID), userID != "" && strings.Trim(strings.ReplaceAll(low, strings.ToLower(userID), ""), "0123456789!.-_ ") == "":
		f.Add(field, "LIKE_USER_ID", "The password must differ from the user ID.")
	case common()[low] || common()[strings.TrimRight(low, "0123456789!.")] || repeated(low):
		f.Add(field, "COMMON", "This password is among those that are tried first. Choose another; a few unrelated words are easy to remember.")
	}
	return f.Err()
}

// repeated reports whether the text is one short piece over and over, as in abcabcabcabc.
func repeated(s string) bool {
	for n := 1; n <= 4 && n < len(s); n++ {
		if strings.HasPrefix(strings.Repeat(s[:n], len(s)/n+1), s) {
			return true
		}
	}
	return false
}
