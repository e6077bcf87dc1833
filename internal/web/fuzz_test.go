package web

import (
	"net/http/httptest"
	"net/netip"
	"testing"
)

// FuzzClientAddress: whatever a client writes into X-Forwarded-For, the answer is one address, and never one that only the
// client vouches for.
func FuzzClientAddress(f *testing.F) {
	for _, s := range []string{"", "192.0.2.1", "1.2.3.4, 10.0.0.1", "::1", "[::1]:80", "unknown, for=x", ",,,", "10.0.0.1,10.0.0.2", "1.2.3.4\x00"} {
		f.Add(s)
	}
	s := &Server{o: Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}}
	f.Fuzz(func(t *testing.T, header string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header["X-Forwarded-For"] = []string{header}
		r.RemoteAddr = "192.0.2.9:1"
		if got := s.address(r); got != "192.0.2.9" {
			t.Fatalf("a stranger chose his address: %s", got)
		}
		r.RemoteAddr = "10.0.0.1:1"
		if _, err := netip.ParseAddr(s.address(r)); err != nil {
			t.Fatalf("%q: %v", header, err)
		}
		r.Header["X-Forwarded-For"] = []string{header + ", 198.51.100.7"} // what the proxy itself adds
		if got := s.address(r); got != "198.51.100.7" {
			t.Fatalf("%q changed the proxy's word to %s", header, got)
		}
	})
}
