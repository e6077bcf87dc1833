package tenant

import (
	"net/url"
	"strings"
	"testing"
)

// FuzzLoginURL: an address that is taken leads to Salesforce by https, or to what the operator listed.
func FuzzLoginURL(f *testing.F) {
	for _, s := range []string{
		"https://acme.my.salesforce.com", "http://127.0.0.1:8090", "https://a.salesforce.com@evil.example", "https://evil.example#.salesforce.com",
		"https://evil.example\\.salesforce.com", "HTTPS://A.SALESFORCE.COM", "https://a.salesforce.com:443", "//a.salesforce.com", "https://[::1]",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if loginURLFault(s, []string{"127.0.0.1:8090"}) != "" {
			return
		}
		u, err := url.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		ours := u.Scheme == "https" && strings.HasSuffix(strings.ToLower(u.Host), ".salesforce.com") && !strings.HasPrefix(u.Host, ".")
		if listed := u.Host == "127.0.0.1:8090"; !ours && !listed || u.User != nil || u.Path != "" {
			t.Fatalf("%q was taken", s)
		}
	})
}
