package signon

import (
	"net/netip"
	"time"

	"cordboard/internal/simorg/engine/refusal"
)

// Texts of login faults, as recorded from real orgs where a source is known (docs/guide/simorg.md lists the others).
var texts = map[string]string{
	"INVALID_LOGIN":                           "Invalid username, password, security token; or user locked out.",
	"LOGIN_MUST_USE_SECURITY_TOKEN":           "Invalid username, password, security token; or user locked out. Are you at a new location? When accessing Salesforce--either via a desktop client or the API--from outside of your company's trusted networks, you must add a security token to your password to log in.",
	"PASSWORD_LOCKOUT":                        "The user is locked out after too many failed login attempts.",
	"LOGIN_DURING_RESTRICTED_TIME":            "The user cannot log in at this time of day.",
	"LOGIN_DURING_RESTRICTED_DOMAIN":          "The user cannot log in from this IP address.",
	"LOGIN_CHALLENGE_ISSUED":                  "Failed: Computer activation required",
	"LOGIN_CHALLENGE_PENDING":                 "Failed: Computer activation pending",
	"INVALID_OPERATION_WITH_EXPIRED_PASSWORD": "The users password has expired, you must call SetPassword before attempting any other API operations",
	"INVALID_OPERATION":                       "SOAP API login() is disabled by default in this org. Contact the org administrator to enable SOAP API login().",
	"INSUFFICIENT_ACCESS":                     "The user needs the \"Use Any API Auth\" permission to use SOAP API login().",
	"API_DISABLED_FOR_ORG":                    "API is not enabled for this Organization or Partner",
	"API_CURRENTLY_DISABLED":                  "API is currently disabled for this organization",
	"ORG_LOCKED":                              "The organization has been locked. You must contact Salesforce Support to unlock the organization.",
	"SERVER_UNAVAILABLE":                      "Server unavailable",
	"REQUEST_LIMIT_EXCEEDED":                  "Login Rate Exceeded",
}

// Fault is the refusal of a login with one of Salesforce's codes.
func Fault(code string) *refusal.Error {
	text := texts[code]
	if text == "" {
		text = code
	}
	return refusal.New(500, code, "%s", text)
}

// Password checks what a client sent as password, token appended, for API use from an address. It returns the refusal
// or nil; expired says that the password is right but must be changed first.
func (g *Registry) Password(p Person, known bool, sent, ip string) (expired bool, err *refusal.Error) {
	return g.password(p, known, sent, ip, g.Rules.RequireToken)
}

// Browser checks the password of a person at the sign-in page, where no security token is asked for.
func (g *Registry) Browser(p Person, known bool, sent, ip string) (expired bool, err *refusal.Error) {
	return g.password(p, known, sent, ip, false)
}

func (g *Registry) password(p Person, known bool, sent, ip string, needToken bool) (expired bool, err *refusal.Error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !known || !p.Active {
		return false, Fault("INVALID_LOGIN")
	}
	c := g.credentials[p.ID]
	if c == nil {
		return false, Fault("INVALID_LOGIN")
	}
	if c.Fault != "" {
		return false, Fault(c.Fault)
	}
	now := g.Now()
	if now.Before(c.Until) {
		return false, Fault("INVALID_LOGIN") // Salesforce does not tell a locked user from a wrong password here
	}
	bare := same(Digest(sent), c.Digest)
	full := false
	if n := len(sent) - len(c.Token); c.Token != "" && n >= 0 {
		full = same(sent[n:], c.Token) && same(Digest(sent[:n]), c.Digest)
	}
	if !full && bare && needToken && !g.trusted(ip) {
		return false, Fault("LOGIN_MUST_USE_SECURITY_TOKEN")
	}
	if !full && !bare {
		c.Failures++
		if g.Rules.LockoutAfter > 0 && c.Failures >= g.Rules.LockoutAfter {
			c.Until, c.Failures = now.Add(g.Rules.LockoutFor), 0
		}
		g.Save("credential", p.ID, c)
		return false, Fault("INVALID_LOGIN")
	}
	if c.Failures > 0 {
		c.Failures = 0
		g.Save("credential", p.ID, c)
	}
	if err := g.restricted(p, ip, now); err != nil {
		return false, err
	}
	return c.Expired, nil
}

// Restricted is the refusal of a login at this hour or from this address, whatever the kind of login; nil if allowed.
func (g *Registry) Restricted(p Person, ip string) *refusal.Error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if c := g.credentials[p.ID]; c != nil && c.Fault != "" {
		return Fault(c.Fault)
	}
	return g.restricted(p, ip, g.Now())
}

func (g *Registry) restricted(p Person, ip string, now time.Time) *refusal.Error {
	if p.Hours != [2]int{} {
		m := now.UTC().Hour()*60 + now.UTC().Minute()
		if m < p.Hours[0] || m >= p.Hours[1] {
			return Fault("LOGIN_DURING_RESTRICTED_TIME")
		}
	}
	if len(p.Ranges) > 0 && !within(ip, p.Ranges) {
		return Fault("LOGIN_DURING_RESTRICTED_DOMAIN")
	}
	return nil
}

func (g *Registry) trusted(ip string) bool {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return false
	}
	for _, p := range g.Rules.Trusted {
		if p.Contains(a.Unmap()) {
			return true
		}
	}
	return false
}

func within(ip string, ranges []string) bool {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return false
	}
	for _, r := range ranges {
		if p, err := netip.ParsePrefix(r); err == nil && p.Contains(a.Unmap()) {
			return true
		}
	}
	return false
}
