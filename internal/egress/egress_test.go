package egress

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"cordboard/internal/fault"
)

func factory(t *testing.T, allow ...string) *Egress {
	t.Helper()
	e, err := New(Options{Allow: allow})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

// Hostile addresses as people and redirects give them; all but the last block must be refused before or at dialling.
func TestHostileAddressesAreRefusedAtDialling(t *testing.T) {
	e := factory(t)
	for _, a := range []string{
		"127.0.0.1", "127.255.255.254", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "0.0.0.0",
		"100.64.0.1", "192.0.0.192", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
		"::1", "::", "::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:a9fe:a9fe::1", "2001::1",
		"fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "3fff::1", "5f00::1", "100::1", "100:0:0:1::1", "::127.0.0.1", "2001:db8::1",
	} {
		// A name that resolves to the address: the dialler sees only the address.
		_, err := e.guarded.DialContext(t.Context(), "tcp", netip.AddrPortFrom(netip.MustParseAddr(a), 443).String())
		if err == nil || !strings.Contains(err.Error(), "prohibited") {
			t.Errorf("dialling %s: %v, want it prohibited", a, err)
		}
		// The same address typed in.
		if err := e.CheckURL("https://" + net.JoinHostPort(a, "443") + "/"); !fault.Is(err, "ADDRESS_REFUSED") {
			t.Errorf("typing %s: %v", a, err)
		}
	}
}

func TestCheckURL(t *testing.T) {
	e := factory(t, "localhost", "sim.lan:8099", "127.0.0.1:8099", "[::1]:8099", "10.9.0.0/16")
	for raw, ok := range map[string]bool{
		"https://login.salesforce.com":           true,
		"https://acme.my.salesforce.com:443/x?y": true,
		"https://acme.example:8443":              true,
		"http://login.salesforce.com":            false,
		"https://acme.example:22":                false,
		"https://user:pw@acme.example":           false,
		"https://user@localhost":                 false,
		"ftp://localhost/":                       false,
		"javascript:alert(1)":                    false,
		"file:///etc/passwd":                     false,
		"https:acme.example":                     false,
		"https://":                               false,
		"//acme.example":                         false,
		"https://8.8.8.8/":                       false,
		"https://[2606:4700::1111]/":             false,
		"https://[fe80::1%25eth0]/":              false,
		"https://acme.example\r\nX: y":           false,
		"http://localhost":                       true,
		"http://LOCALHOST.:1234/a":               true,
		"http://sim.lan:8099/services":           true,
		"http://sim.lan:8098/services":           false,
		"http://sim.lan/":                        false,
		"http://127.0.0.1:8099":                  true,
		"http://127.0.0.1:8098":                  false,
		"http://[::1]:8099":                      true,
		"http://[0:0:0:0:0:0:0:1]:8099":          true,
		"http://10.9.3.4:8080":                   true,
		"http://10.8.3.4:8080":                   false,
		"http://localhost.evil.example":          false,
	} {
		err := e.CheckURL(raw)
		if ok != (err == nil) {
			t.Errorf("CheckURL(%q) = %v", raw, err)
		}
		if err != nil && !fault.Is(err, "ADDRESS_REFUSED") {
			t.Errorf("CheckURL(%q) is no fault of ours: %v", raw, err)
		}
	}
	if e.Listed("https://login.salesforce.com") || !e.Listed("http://sim.lan:8099/x") {
		t.Error("Listed must say what the operator listed, and only that")
	}
}

func TestNewNamesEveryBadEntry(t *testing.T) {
	_, err := New(Options{Allow: []string{"ok.example", "http://x", "", "a b", "x:99999", "10.0.0.0/99"}})
	var f *fault.Error
	if !errors.As(err, &f) || len(f.Fields) != 5 {
		t.Fatalf("got %v, want five fields", err)
	}
}

func TestUnlistedLoopbackIsRefusedListedIsServed(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }))
	defer srv.Close()
	_, err := factory(t).Client(Default).Get(srv.URL)
	if !fault.Is(err, "ADDRESS_REFUSED") {
		t.Errorf("unlisted: %v", err)
	}
	res, err := factory(t, strings.TrimPrefix(srv.URL, "http://")).Client(Default).Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if b, err := io.ReadAll(res.Body); err != nil || string(b) != "hello" {
		t.Errorf("listed: %q, %v", b, err)
	}
}

func TestRedirects(t *testing.T) {
	mux := http.NewServeMux()
	srv := httptest.NewServer(mux)
	defer srv.Close()
	mux.HandleFunc("/hop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/end", http.StatusFound) })
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/loop", http.StatusFound) })
	mux.HandleFunc("/out", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://169.254.169.254/latest", http.StatusFound)
	})
	mux.HandleFunc("/end", func(http.ResponseWriter, *http.Request) {})
	e := factory(t, "127.0.0.1")
	for _, c := range []struct {
		p      Purpose
		path   string
		status int
	}{
		{Salesforce, "/hop", 302},
		{Script, "/hop", 200},
		{Script, "/loop", 302},
	} {
		res, err := e.Client(c.p).Get(srv.URL + c.path)
		if err != nil {
			t.Fatalf("%s %s: %v", c.p, c.path, err)
		}
		_ = res.Body.Close()
		if res.StatusCode != c.status {
			t.Errorf("%s %s = %d, want %d", c.p, c.path, res.StatusCode, c.status)
		}
	}
	if _, err := e.Client(Script).Get(srv.URL + "/out"); !fault.Is(err, "ADDRESS_REFUSED") {
		t.Errorf("a redirect into a private network: %v", err)
	}
}

func TestAnswersAreCountedDecompressed(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write(make([]byte, 1<<20+1))
	_ = z.Close()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/fits" {
			_, _ = w.Write(make([]byte, 1<<20))
			return
		}
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(packed.Bytes())
	}))
	defer srv.Close()
	c := factory(t, "127.0.0.1").Client(Default)
	for path, want := range map[string]error{"/fits": nil, "/bomb": ErrTooLarge} {
		res, err := c.Get(srv.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
		if !errors.Is(err, want) || n != 1<<20 {
			t.Errorf("%s: %d bytes, %v", path, n, err)
		}
	}
}
