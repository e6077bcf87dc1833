package salesforce_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net/url"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"cordboard/internal/crm/salesforce"
	"cordboard/internal/fault"
	"cordboard/internal/tenant"
)

func jwtHouse(t *testing.T) (*house, *rsa.PrivateKey) {
	t.Helper()
	h := newHouse(t)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	h.secrets[salesforce.TenantOwner+"/"+salesforce.SecretJWTKey] = string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
	h.cfg.Users = map[string]tenant.User{agent: {ID: agent, LoginID: "ada@acme.example"}}
	h.org.on("POST /services/oauth2/token", func(call) answer {
		return answer{status: 200, body: `{"access_token":"TOKEN1","instance_url":"` + h.org.srv.URL + `","id":"https://login.salesforce.com/id/` + orgID + `/` + userID + `","token_type":"Bearer","issued_at":"1795331813000"}`}
	})
	h.org.says("GET /services/oauth2/userinfo", 200, `{"user_id":"`+userID+`","organization_id":"`+orgID+`","preferred_username":"ada@acme.example","name":"Ada Agent"}`)
	h.org.says("GET /query", 200, records(`{"attributes":{"type":"Organization"},"Name":"Acme"}`))
	return h, key
}

func TestJWT(t *testing.T) {
	h, key := jwtHouse(t)
	h.cfg.ScreenPop.Connection.Audience = "https://login.salesforce.com"
	so, err := h.SignIn(t.Context(), agent)
	if err != nil || so.Result != salesforce.Connected || so.Message != "Connected as Ada Agent to Acme." || so.UserID != userID {
		t.Fatalf("%+v, %v", so, err)
	}
	form, err := url.ParseQuery(h.org.seen("POST /services/oauth2/token")[0].Body)
	if err != nil || form.Get("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" {
		t.Fatalf("form %v, %v", form, err)
	}
	claims := jwt.MapClaims{}
	tok, err := jwt.ParseWithClaims(form.Get("assertion"), claims, func(*jwt.Token) (any, error) { return &key.PublicKey, nil }, jwt.WithTimeFunc(h.clock))
	if err != nil || tok.Method.Alg() != "RS256" {
		t.Fatalf("assertion: %v", err)
	}
	if claims["iss"] != "consumer" || claims["sub"] != "ada@acme.example" || claims["aud"] != "https://login.salesforce.com" || claims["exp"].(float64) != float64(h.now.Unix()+180) {
		t.Errorf("claims %v", claims)
	}
	// An administrator's change of the Login ID ends the session that was made with the old one.
	h.org.clear()
	h.mu.Lock()
	h.cfg.Users = map[string]tenant.User{agent: {ID: agent, LoginID: "bob@acme.example"}}
	h.mu.Unlock()
	h.org.says("GET /search", 200, found())
	if _, err := h.Find(t.Context(), agent, byPhone); err != nil || len(h.org.seen("POST /services/oauth2/token")) != 1 {
		t.Errorf("%v; a session of another user was used", err)
	}
	if h.stored[agent].LoginID != "bob@acme.example" {
		t.Errorf("stored %+v", h.stored[agent])
	}
}

func TestOAuthRefusals(t *testing.T) {
	for _, c := range []struct {
		status   int
		err, txt string
		want     salesforce.Result
	}{
		{400, "invalid_grant", "user hasn't approved this consumer", salesforce.NotApproved},
		{400, "invalid_grant", "authentication failure", salesforce.InvalidLogin},
		{400, "invalid_grant", "expired access/refresh token", salesforce.InvalidLogin},
		{400, "invalid_grant", "ip restricted", salesforce.Restricted},
		{400, "invalid_client_id", "client identifier invalid", salesforce.NotApproved},
		{400, "invalid_app_access", "user is not admin approved to access this app", salesforce.NotApproved},
		{400, "inactive_user", "user is inactive", salesforce.Locked},
		{400, "unsupported_grant_type", "grant type not supported", salesforce.NotApproved},
		{503, "", "", salesforce.Unreachable},
	} {
		h, _ := jwtHouse(t)
		h.org.says("POST /services/oauth2/token", c.status, `{"error":"`+c.err+`","error_description":"`+c.txt+`"}`)
		so, err := h.Test(t.Context(), agent)
		if err != nil || so.Result != c.want {
			t.Errorf("%s %q: %s %q, %v", c.err, c.txt, so.Result, so.Message, err)
		}
	}
}

func TestNotSetUp(t *testing.T) {
	h := newHouse(t)
	if so, err := h.Status(t.Context(), agent); err != nil || so.Result != salesforce.NotSetUp || so.Message == "" {
		t.Errorf("%+v, %v", so, err)
	}
	if so, err := h.SignIn(t.Context(), agent); err != nil || so.Result != salesforce.NotSetUp {
		t.Errorf("%+v, %v", so, err)
	}
	if _, err := h.Find(t.Context(), agent, byPhone); !fault.Is(err, "NOT_SET_UP") {
		t.Error(err)
	}
	// JWT without key or consumer key: the administrator has not finished.
	j, _ := jwtHouse(t)
	delete(j.secrets, salesforce.TenantOwner+"/"+salesforce.SecretJWTKey)
	if so, err := j.Test(t.Context(), agent); err != nil || so.Result != salesforce.NotApproved {
		t.Errorf("%+v, %v", so, err)
	}
	// A kind that the tenant no longer permits.
	s := signedIn(t)
	s.mu.Lock()
	s.cfg.ScreenPop.Connection.SignOns = []tenant.SignOn{tenant.SignOnJWT}
	s.mu.Unlock()
	if so, err := s.Status(t.Context(), agent); err != nil || so.Result != salesforce.NotSetUp || !strings.Contains(so.Message, "no longer permits") {
		t.Errorf("%+v, %v", so, err)
	}
}

func TestDisconnectForgetsEverything(t *testing.T) {
	h := signedIn(t)
	if err := h.Disconnect(t.Context(), agent); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Find(t.Context(), agent, byPhone); !fault.Is(err, "NOT_SET_UP") || len(h.secrets) != 0 || len(h.org.seen("")) != 0 {
		t.Errorf("%v, %d secrets", err, len(h.secrets))
	}
}

func TestAnImpatientSearchDoesNotSpoilTheSignIn(t *testing.T) {
	h := signedIn(t)
	slow := newHouse(t)
	slow.stored, slow.secrets = h.stored, h.secrets
	gate, done := make(chan struct{}), make(chan struct{})
	slow.org.on("POST /services/Soap/u/64.0", func(call) answer {
		<-gate
		return answer{status: 200, body: slow.org.granted("SESSION1")}
	})
	slow.org.says("GET /search", 200, found())
	ctx, cancel := context.WithCancel(t.Context())
	var err error
	go func() { defer close(done); _, err = slow.Find(ctx, agent, byPhone) }()
	cancel()
	<-done
	if f := fault.Of(err); f.Code != "UNREACHABLE" || f.Verdict != fault.Retry {
		t.Errorf("%v", err)
	}
	close(gate)
	if _, err := slow.Find(t.Context(), agent, byPhone); err != nil {
		t.Error(err)
	}
	if n := len(slow.org.seen("POST /services/Soap")); n > 1 {
		t.Errorf("%d sign-ins", n)
	}
}
