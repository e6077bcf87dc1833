package orgtest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"

	"cordboard/internal/crm/salesforce"
	"cordboard/internal/fault"
	"cordboard/internal/simorg"
	"cordboard/internal/tenant"
)

func TestJWTAgainstTheOrg(t *testing.T) {
	h := open(t, simorg.Options{})
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_ = h.Put(t.Context(), salesforce.TenantOwner, salesforce.SecretJWTKey, pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
	h.cfg.Users["ada"] = tenant.User{ID: "ada", LoginID: "ada@demo.example"}
	h.cfg.Users["ben"] = tenant.User{ID: "ben", LoginID: "ben@demo.example"}
	// Before the app is there, and for a user who is not approved.
	if so, err := h.SignIn(t.Context(), "ada"); err != nil || so.Result != salesforce.NotApproved {
		t.Errorf("without app: %+v, %v", so, err)
	}
	if err := h.org.SetApp(simorg.App{Name: "Cordboard", ConsumerKey: "cordboard", PublicKey: &key.PublicKey, Users: []string{"ada@demo.example"}}); err != nil {
		t.Fatal(err)
	}
	so, err := h.SignIn(t.Context(), "ada")
	if err != nil || so.Result != salesforce.Connected || so.Message != "Connected as Ada Ng to Acme Trading." {
		t.Errorf("%+v, %v", so, err)
	}
	if so, err := h.SignIn(t.Context(), "ben"); err != nil || so.Result != salesforce.NotApproved {
		t.Errorf("not approved: %+v, %v", so, err)
	}
	if f, err := h.Find(t.Context(), "ada", phone("+14155550123")); err != nil || len(f.Matches) == 0 {
		t.Errorf("%s, %v", names(f), err)
	}
}

func TestSignOnRefusalsOfTheOrg(t *testing.T) {
	h := open(t, simorg.Options{})
	ada := "ada"
	save := func(password, token string) salesforce.SignOn {
		so, err := h.Save(t.Context(), ada, tenant.SignOnPassword, "ada@demo.example", password, token)
		if err != nil {
			t.Fatal(err)
		}
		return so
	}
	if so := save("demo-pass", ""); so.Result != salesforce.TokenMissing && so.Result != salesforce.InvalidLogin {
		t.Errorf("without token: %+v", so)
	}
	if so := save("demo-passTOKADA", ""); so.Result != salesforce.Connected {
		t.Errorf("token appended by hand: %+v", so)
	}
	for code, want := range map[string]salesforce.Result{"PASSWORD_LOCKOUT": salesforce.Locked, "LOGIN_DURING_RESTRICTED_TIME": salesforce.Restricted, "SERVER_UNAVAILABLE": salesforce.Unreachable} {
		_ = h.org.SetUser("ada@demo.example", simorg.UserChange{LoginFault: &code})
		if so := save("demo-pass", "TOKADA"); so.Result != want {
			t.Errorf("%s: %+v", code, so)
		}
	}
	none := ""
	_ = h.org.SetUser("ada@demo.example", simorg.UserChange{LoginFault: &none})
	// The password changes in Salesforce; the session goes; nothing is tried twice.
	save("demo-pass", "TOKADA")
	_ = h.org.SetPassword("ada@demo.example", "another")
	h.org.ExpireSessions("ada@demo.example")
	for range 12 { // more often than the org's lockout allows
		if _, err := h.Find(t.Context(), ada, phone("+14155550123")); !fault.Is(err, "INVALID_LOGIN") {
			t.Fatal(err)
		}
	}
	if so := save("another", "TOKADA"); so.Result != salesforce.Connected {
		t.Errorf("locked out by retries: %+v", so)
	}
	h.org.ExpireSessions("ada@demo.example")
	if f, err := h.Find(t.Context(), ada, phone("+14155550123")); err != nil || len(f.Matches) == 0 {
		t.Errorf("an expired session is renewed: %v", err)
	}
	if text := h.log.String(); strings.Contains(text, "demo-pass") || strings.Contains(text, "TOKADA") || strings.Contains(text, "00D000000000001") || strings.Contains(text, "4155550123") {
		t.Errorf("a secret or a number in the log:\n%s", text)
	}
}

func TestAPIAccessTakenAndGiven(t *testing.T) {
	h := open(t, simorg.Options{})
	mia := h.as(t, "mia")
	off, on := false, true
	if err := h.org.SetUser("mia@demo.example", simorg.UserChange{APIEnabled: &off}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Find(t.Context(), mia, phone("+14155550123")); !fault.Is(err, "API_DISABLED") {
		t.Errorf("taken while signed in: %v", err)
	}
	if so, err := h.Test(t.Context(), mia); err != nil || so.Result != salesforce.APIDisabled {
		t.Errorf("at sign-in: %+v, %v", so, err)
	}
	_ = h.org.SetUser("mia@demo.example", simorg.UserChange{APIEnabled: &on})
	if so, err := h.SignIn(t.Context(), mia); err != nil || so.Result != salesforce.Connected {
		t.Errorf("given back: %+v, %v", so, err)
	}
}
