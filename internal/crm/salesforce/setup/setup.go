// Package setup is what an administrator does once for the tenant's org: the key pair for JWT sign-on, whose certificate
// goes into the org's External Client App, and asking whether an org is there at all.
//
// It promises that the private key never leaves the vault, and that a probe sends nobody's credentials. It never signs
// anyone on: that is access.
package setup

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"time"

	"cordboard/internal/crm/salesforce/access"
	"cordboard/internal/fault"
)

// certificateName is the vault's name of the public certificate that belongs to the private key.
const certificateName = "salesforce.jwt.certificate"

// life of the certificate: Salesforce accepts ten years, and a new one means work in the org.
const life = 10 * 365 * 24 * time.Hour

// Setup prepares a tenant's org.
type Setup struct {
	Tenant string
	Vault  access.Vault
	HTTP   *http.Client // guarded: the address was typed in
	Clock  func() time.Time
}

// Certificate is the certificate of the JWT key as PEM, "" when there is no key yet.
func (s *Setup) Certificate(ctx context.Context) (string, error) {
	b, err := s.Vault.Get(ctx, access.TenantOwner, certificateName)
	return string(b), err
}

// NewKey makes another key pair and returns its certificate. Sign-ons by JWT fail until the org has it.
func (s *Setup) NewKey(ctx context.Context) (string, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return "", err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return "", err
	}
	now := s.Clock().UTC()
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "Cordboard " + s.Tenant},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(life), KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return "", err
	}
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if err := s.Vault.Put(ctx, access.TenantOwner, access.SecretJWTKey, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})); err != nil {
		return "", err
	}
	if err := s.Vault.Put(ctx, access.TenantOwner, certificateName, certificate); err != nil {
		return "", err
	}
	return string(certificate), nil
}

// Probe asks the org at a login address for its REST versions, which needs no credentials, and returns the newest. The
// fault says in words why it cannot be used.
func (s *Setup) Probe(ctx context.Context, loginURL string) (newest string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(loginURL, "/")+"/services/data", nil)
	if err != nil {
		return "", fault.Newf(fault.Invalid, "BAD_URL", "%q is no address of an org.", loginURL).With(err)
	}
	r, err := s.HTTP.Do(req)
	if err != nil {
		if f := fault.Of(err); f.Kind == fault.Invalid {
			return "", f
		}
		return "", fault.Newf(fault.Unavailable, "UNREACHABLE", "%s does not answer.", req.URL.Host).With(err)
	}
	defer r.Body.Close()
	var versions []struct {
		Version string `json:"version"`
	}
	if err := json.NewDecoder(r.Body).Decode(&versions); r.StatusCode != http.StatusOK || err != nil || len(versions) == 0 {
		return "", fault.Newf(fault.Unavailable, "NO_ORG", "%s answers, but not as a Salesforce org does (status %d).", req.URL.Host, r.StatusCode)
	}
	return versions[len(versions)-1].Version, nil
}

// String keeps a Setup's parts out of logs.
func (s *Setup) String() string { return fmt.Sprintf("setup of %s", s.Tenant) }
