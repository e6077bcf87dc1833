package oauth

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// claims are what a JWT bearer assertion says. Clients bend the rules: exp comes as a number or a text, in seconds or in
// milliseconds; aud is one text or a list.
type claims struct {
	Issuer    string          `json:"iss"`
	Subject   string          `json:"sub"`
	Principal string          `json:"prn"` // the older name of sub
	Audience  json.RawMessage `json:"aud"`
	Expires   json.RawMessage `json:"exp"`
}

// jwt checks an assertion: the app by iss, its signature, audience, expiry, and that the app may act for the user.
func (f *Face) jwt(r *http.Request) (grant, *failure) {
	parts := strings.Split(r.Form.Get("assertion"), ".")
	if len(parts) != 3 {
		return grant{}, fail("invalid_grant", "invalid assertion")
	}
	var head struct {
		Alg string `json:"alg"`
	}
	var c claims
	if !unpack(parts[0], &head) || !unpack(parts[1], &c) || head.Alg != "RS256" {
		return grant{}, fail("invalid_grant", "invalid assertion")
	}
	a, ok := f.Engine.SignOn.App(c.Issuer)
	if !ok {
		return grant{}, fail("invalid_client_id", "client identifier invalid")
	}
	sig, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[2], "="))
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if a.Public == nil || err != nil || rsa.VerifyPKCS1v15(a.Public, crypto.SHA256, sum[:], sig) != nil {
		return grant{}, fail("invalid_grant", "invalid assertion")
	}
	if !f.audience(r, c.Audience) {
		return grant{}, fail("invalid_grant", "audience is invalid")
	}
	exp, ok := instant(c.Expires)
	if !ok || !exp.After(f.Engine.Now()) {
		return grant{}, fail("invalid_grant", "expired assertion")
	}
	if c.Subject == "" {
		c.Subject = c.Principal
	}
	p, known := f.Engine.Person(c.Subject)
	if !known || !slices.ContainsFunc(a.Users, func(u string) bool { return u == "*" || strings.EqualFold(u, p.Username) }) {
		return grant{}, fail("invalid_grant", "user hasn't approved this consumer")
	}
	if bad := f.allowed(p, r); bad != nil {
		return grant{}, bad
	}
	return grant{userID: p.ID, app: a, scope: a.Scope}, nil
}

func unpack(part string, into any) bool {
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(part, "="))
	return err == nil && json.Unmarshal(b, into) == nil
}

// audience accepts Salesforce's login hosts and every address of this org, with or without a slash or the token path.
func (f *Face) audience(r *http.Request, raw json.RawMessage) bool {
	var list []string
	var one string
	if json.Unmarshal(raw, &one) == nil {
		list = []string{one}
	} else if json.Unmarshal(raw, &list) != nil {
		return false
	}
	own, err := url.Parse(f.Base(r))
	if err != nil {
		return false
	}
	return slices.ContainsFunc(list, func(a string) bool {
		u, err := url.Parse(a)
		if err != nil || u.Path != "" && u.Path != "/" && u.Path != "/services/oauth2/token" {
			return false
		}
		switch {
		case u.Host == own.Host, u.Host == r.Host:
			return true
		case u.Scheme != "https":
			return false
		}
		return u.Host == "login.salesforce.com" || u.Host == "test.salesforce.com" || strings.HasSuffix(u.Host, ".my.salesforce.com") || strings.HasSuffix(u.Host, ".my.site.com")
	})
}

// instant reads exp: seconds, or milliseconds when the number is too large for seconds.
func instant(raw json.RawMessage) (time.Time, bool) {
	n, err := strconv.ParseFloat(strings.Trim(string(raw), `"`), 64)
	if err != nil || n <= 0 || n > 1e15 {
		return time.Time{}, false
	}
	if n > 1e11 {
		return time.UnixMilli(int64(n)), true
	}
	return time.Unix(int64(n), 0), true
}
