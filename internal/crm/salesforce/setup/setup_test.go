package setup

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"cordboard/internal/crm/salesforce/access"
	"cordboard/internal/fault"
)

type memory map[string][]byte

func (m memory) Put(_ context.Context, owner, name string, b []byte) error {
	m[owner+"/"+name] = b
	return nil
}
func (m memory) Get(_ context.Context, owner, name string) ([]byte, error) {
	return m[owner+"/"+name], nil
}
func (m memory) Drop(_ context.Context, owner, name string) error {
	delete(m, owner+"/"+name)
	return nil
}

func TestTheCertificateBelongsToTheKey(t *testing.T) {
	m := memory{}
	s := &Setup{Tenant: "acme", Vault: m, Clock: time.Now}
	if c, err := s.Certificate(t.Context()); c != "" || err != nil {
		t.Fatalf("before there is a key: %q, %v", c, err)
	}
	first, err := s.NewKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode([]byte(first))
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	private, _ := pem.Decode(m[access.TenantOwner+"/"+access.SecretJWTKey])
	key, err := x509.ParsePKCS8PrivateKey(private.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if !key.(*rsa.PrivateKey).PublicKey.Equal(cert.PublicKey) {
		t.Fatal("the certificate is of another key")
	}
	if again, _ := s.Certificate(t.Context()); again != first {
		t.Fatal("the certificate was not kept")
	}
	if second, _ := s.NewKey(t.Context()); second == first {
		t.Fatal("a new key has the old certificate")
	}
}

func TestProbe(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		want   string
		code   string
	}{
		"an org":       {200, `[{"version":"31.0"},{"version":"64.0"}]`, "64.0", ""},
		"a web page":   {200, `<html>`, "", "NO_ORG"},
		"no versions":  {200, `[]`, "", "NO_ORG"},
		"out of order": {503, ``, "", "NO_ORG"},
	} {
		t.Run(name, func(t *testing.T) {
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != "" || r.URL.Path != "/services/data" {
					t.Errorf("asked %s with %q", r.URL, r.Header.Get("Authorization"))
				}
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			}))
			defer srv.Close()
			s := &Setup{HTTP: srv.Client(), Clock: time.Now}
			got, err := s.Probe(t.Context(), srv.URL+"/")
			if got != c.want || (c.code == "") != (err == nil) || c.code != "" && !fault.Is(err, c.code) {
				t.Fatalf("got %q, %v", got, err)
			}
		})
	}
	s := &Setup{HTTP: http.DefaultClient, Clock: time.Now}
	if _, err := s.Probe(t.Context(), "http://127.0.0.1:1"); !fault.Is(err, "UNREACHABLE") {
		t.Fatalf("nobody there: %v", err)
	}
}
