package simorg

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// tiny is a seed of the smallest size, with changes to org.json, a profile and a user.
func tiny(org, profile, user string) fstest.MapFS {
	return fstest.MapFS{
		"org.json":      {Data: []byte(`{"name": "Tiny" ` + org + `}`)},
		"profiles.json": {Data: []byte(`[{"name": "P", "permissions": ["ApiEnabled"], "objects": {"*": "CRED"} ` + profile + `}]`)},
		"users.json":    {Data: []byte(`[{"username": "u@demo.example", "password": "secret", "token": "TOK", "firstName": "Uma", "lastName": "Ulm", "profile": "P" ` + user + `}]`)},
	}
}

func TestSOAPLoginFaults(t *testing.T) {
	const demand = `, "requireToken": true`
	for _, c := range []struct {
		name, org, profile, user, endpoint, password, code string
	}{
		{"right", demand, "", "", "u/64.0", "secretTOK", ""},
		{"enterprise", demand, "", "", "c/31.0", "secretTOK", ""},
		{"wrong", demand, "", "", "u/64.0", "secretNO", "INVALID_LOGIN"},
		{"no token", demand, "", "", "u/64.0", "secret", "LOGIN_MUST_USE_SECURITY_TOKEN"},
		{"no token, trusted", demand + `, "trustedRanges": ["127.0.0.0/8"]`, "", "", "u/64.0", "secret", ""},
		{"inactive", "", "", `, "inactive": true`, "u/64.0", "secret", "INVALID_LOGIN"},
		{"version 65", demand, "", "", "u/65.0", "secretTOK", "UNSUPPORTED_API_VERSION"},
		{"version 30", demand, "", "", "u/30.0", "secretTOK", "UNSUPPORTED_API_VERSION"},
		{"switched off", `, "soapLogin": false`, "", "", "u/64.0", "secret", "INVALID_OPERATION"},
		{"any API auth", `, "useAnyApiAuth": true`, "", "", "u/64.0", "secret", "INSUFFICIENT_ACCESS"},
		{"hours", "", `, "loginHours": ["08:00", "09:00"]`, "", "u/64.0", "secret", "LOGIN_DURING_RESTRICTED_TIME"},
		{"within hours", "", `, "loginHours": ["08:00", "12:01"]`, "", "u/64.0", "secret", ""},
		{"range", "", `, "loginRanges": ["10.0.0.0/8"]`, "", "u/64.0", "secret", "LOGIN_DURING_RESTRICTED_DOMAIN"},
		{"lockout as code", "", "", `, "loginFault": "PASSWORD_LOCKOUT"`, "u/64.0", "secret", "PASSWORD_LOCKOUT"},
		{"unavailable", "", "", `, "loginFault": "SERVER_UNAVAILABLE"`, "u/64.0", "secret", "SERVER_UNAVAILABLE"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := start(t, Options{Seed: tiny(c.org, c.profile, c.user), Clock: func() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }})
			code, body := soapLogin(t, o, c.endpoint, "U@demo.example", c.password)
			if c.code == "" {
				if code != 200 || element(body, "passwordExpired") != "false" || !regexp.MustCompile(`^00D\w{12}![.\w]+$`).MatchString(element(body, "sessionId")) || !strings.HasPrefix(element(body, "serverUrl"), o.URL()+"/services/Soap/"+c.endpoint+"/00D") {
					t.Fatal(code, body)
				}
				return
			}
			if code != 500 || element(body, "faultcode") != "sf:"+c.code || !strings.HasPrefix(element(body, "faultstring"), c.code+": ") || element(body, "sf:exceptionCode") != c.code {
				t.Fatal(code, body)
			}
		})
	}
}

func TestLockout(t *testing.T) {
	o := start(t, Options{Seed: tiny(`, "lockoutAfter": 3, "lockoutMinutes": 15`, "", "")})
	for range 3 {
		soapLogin(t, o, "u/64.0", "u@demo.example", "wrong")
	}
	if _, body := soapLogin(t, o, "u/64.0", "u@demo.example", "secret"); element(body, "faultcode") != "sf:INVALID_LOGIN" {
		t.Fatalf("a locked user got in: %s", body)
	}
	o.ShiftClock(16 * time.Minute)
	if code, body := soapLogin(t, o, "u/64.0", "u@demo.example", "secret"); code != 200 {
		t.Fatal(body)
	}
}

func TestSessionEnds(t *testing.T) {
	o := start(t, Options{Seed: tiny(`, "sessionMinutes": 30`, "", "")})
	in := func() *client {
		_, body := soapLogin(t, o, "u/64.0", "u@demo.example", "secret")
		return &client{t: t, org: o, token: element(body, "sessionId"), v: "v64.0", http: browser()}
	}
	gone := refused{401, "INVALID_SESSION_ID", "Session expired or invalid", nil}
	check := func(c *client, when string) {
		t.Helper()
		if r := c.refused("GET", "/limits", nil); r.Status != gone.Status || r.Code != gone.Code || r.Message != gone.Message {
			t.Fatalf("%s: %+v", when, r)
		}
	}
	a := in()
	o.ShiftClock(29 * time.Minute)
	a.query("SELECT Id FROM User") // use keeps it alive
	o.ShiftClock(58 * time.Minute)
	a.query("SELECT Id FROM User")
	o.ShiftClock(89 * time.Minute)
	check(a, "time-out")
	b := in()
	envelope := `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Header><SessionHeader xmlns="urn:partner.soap.sforce.com"><sessionId>` + b.token + `</sessionId></SessionHeader></e:Header><e:Body><logout xmlns="urn:partner.soap.sforce.com"/></e:Body></e:Envelope>`
	if code, body := soapCall(t, o, "u/64.0", envelope); code != 200 || !strings.Contains(body, "<logoutResponse/>") {
		t.Fatal(code, body)
	}
	check(b, "logout")
	if code, body := soapCall(t, o, "u/64.0", envelope); code != 500 || element(body, "faultcode") != "sf:INVALID_SESSION_ID" {
		t.Fatal(code, body)
	}
	c := in()
	if n := o.ExpireSessions("u@demo.example"); n != 1 {
		t.Fatal(n)
	}
	check(c, "expired by hand")
	check(&client{t: t, org: o, token: "", v: "v64.0", http: browser()}, "no token")
}

func TestExpiredPasswordAndAPIDisabled(t *testing.T) {
	o := start(t, Options{Seed: tiny("", "", "")})
	yes, no := true, false
	if err := o.SetUser("u@demo.example", UserChange{PasswordExpired: &yes}); err != nil {
		t.Fatal(err)
	}
	code, body := soapLogin(t, o, "u/64.0", "u@demo.example", "secret")
	if code != 200 || element(body, "passwordExpired") != "true" {
		t.Fatal(code, body)
	}
	c := &client{t: t, org: o, token: element(body, "sessionId"), v: "v64.0", http: browser()}
	if r := c.refused("GET", "/limits", nil); r.Status != 403 || r.Code != "INVALID_OPERATION_WITH_EXPIRED_PASSWORD" {
		t.Fatal(r)
	}
	set := `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Header><SessionHeader><sessionId>` + c.token + `</sessionId></SessionHeader></e:Header><e:Body><setPassword><userId>` + element(body, "userId") + `</userId><password>new-secret</password></setPassword></e:Body></e:Envelope>`
	if code, body := soapCall(t, o, "u/64.0", set); code != 200 {
		t.Fatal(code, body)
	}
	_, body = soapLogin(t, o, "u/64.0", "u@demo.example", "new-secret")
	c.token = element(body, "sessionId")
	c.query("SELECT Id FROM User")
	if err := o.SetUser("u@demo.example", UserChange{APIEnabled: &no}); err != nil {
		t.Fatal(err)
	}
	if r := c.refused("GET", "/limits", nil); r.Status != 403 || r.Code != "API_DISABLED_FOR_ORG" {
		t.Fatal(r)
	}
	if _, body := soapLogin(t, o, "u/64.0", "u@demo.example", "new-secret"); element(body, "faultcode") != "sf:API_DISABLED_FOR_ORG" {
		t.Fatal(body)
	}
}

// form posts to an OAuth endpoint.
func form(t *testing.T, o *Org, path string, v url.Values) (int, map[string]any) {
	t.Helper()
	res, err := browser().PostForm(o.URL()+path, v)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if strings.HasPrefix(string(b), "{") {
		if err := json.Unmarshal(b, &out); err != nil {
			t.Fatal(err)
		}
	}
	return res.StatusCode, out
}

func sign(t *testing.T, k *rsa.PrivateKey, alg, claims string) string {
	t.Helper()
	enc := base64.RawURLEncoding.EncodeToString
	s := enc([]byte(`{"alg":"`+alg+`"}`)) + "." + enc([]byte(claims))
	sum := sha256.Sum256([]byte(s))
	sig, err := rsa.SignPKCS1v15(rand.Reader, k, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return s + "." + enc(sig)
}

func TestJWT(t *testing.T) {
	o := start(t, Options{})
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.SetApp(App{Name: "T", ConsumerKey: "CK", PublicKey: &key.PublicKey, Users: []string{"ada@demo.example"}}); err != nil {
		t.Fatal(err)
	}
	soon := time.Now().Add(2 * time.Minute).Unix()
	claims := func(iss, sub, aud string, exp string) string {
		return fmt.Sprintf(`{"iss":%q,"sub":%q,"aud":%s,"exp":%s}`, iss, sub, aud, exp)
	}
	at := fmt.Sprint(soon)
	login := `"https://login.salesforce.com"`
	for _, c := range []struct {
		name, assertion, err, text string
	}{
		{"good", sign(t, key, "RS256", claims("CK", "ada@demo.example", login, at)), "", ""},
		{"sandbox with slash", sign(t, key, "RS256", claims("CK", "ADA@demo.example", `"https://test.salesforce.com/"`, at)), "", ""},
		{"own address, list", sign(t, key, "RS256", claims("CK", "ada@demo.example", `["`+o.URL()+`/"]`, at)), "", ""},
		{"exp as text", sign(t, key, "RS256", claims("CK", "ada@demo.example", login, `"`+at+`"`)), "", ""},
		{"exp in milliseconds", sign(t, key, "RS256", claims("CK", "ada@demo.example", login, at+"000")), "", ""},
		{"other key", sign(t, other, "RS256", claims("CK", "ada@demo.example", login, at)), "invalid_grant", "invalid assertion"},
		{"other algorithm", sign(t, key, "none", claims("CK", "ada@demo.example", login, at)), "invalid_grant", "invalid assertion"},
		{"unknown app", sign(t, key, "RS256", claims("XX", "ada@demo.example", login, at)), "invalid_client_id", "client identifier invalid"},
		{"not approved", sign(t, key, "RS256", claims("CK", "ben@demo.example", login, at)), "invalid_grant", "user hasn't approved this consumer"},
		{"wrong audience", sign(t, key, "RS256", claims("CK", "ada@demo.example", `"https://evil.example"`, at)), "invalid_grant", "audience is invalid"},
		{"expired", sign(t, key, "RS256", claims("CK", "ada@demo.example", login, fmt.Sprint(soon-600))), "invalid_grant", "expired assertion"},
		{"garbage", "a.b", "invalid_grant", "invalid assertion"},
	} {
		code, out := form(t, o, "/services/oauth2/token", url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {c.assertion}})
		if c.err != "" {
			if code != 400 || out["error"] != c.err || out["error_description"] != c.text {
				t.Errorf("%s: %d %v", c.name, code, out)
			}
			continue
		}
		if code != 200 || out["token_type"] != "Bearer" || out["instance_url"] != o.URL() || out["refresh_token"] != nil || out["expires_in"] != nil {
			t.Errorf("%s: %d %v", c.name, code, out)
			continue
		}
		cl := &client{t: t, org: o, token: out["access_token"].(string), v: "v64.0", http: browser()}
		if id := cl.id("SELECT Id FROM User WHERE Username = 'ada@demo.example'"); !strings.HasSuffix(out["id"].(string), id) {
			t.Errorf("%s: id %v", c.name, out["id"])
		}
	}
}

func TestOtherGrantsAndTokens(t *testing.T) {
	o := start(t, Options{})
	app := url.Values{"client_id": {"demo-tools"}, "client_secret": {"demo-tools-secret"}}
	with := func(kv ...string) url.Values {
		v := url.Values{}
		for k, x := range app {
			v[k] = x
		}
		for i := 0; i < len(kv); i += 2 {
			v.Set(kv[i], kv[i+1])
		}
		return v
	}
	for _, c := range []struct {
		v    url.Values
		want string
	}{
		{with("grant_type", "password", "username", "ada@demo.example", "password", "demo-pass"), "invalid_grant authentication failure"},
		{with("grant_type", "password", "username", "ada@demo.example", "password", "demo-passTOKADA", "client_secret", "no"), "invalid_client invalid client credentials"},
		{with("grant_type", "password", "client_id", "no"), "invalid_client_id client identifier invalid"},
		{with("grant_type", "refresh_token", "refresh_token", "no"), "invalid_grant expired access/refresh token"},
		{with("grant_type", "nonsense"), "unsupported_grant_type grant type not supported"},
	} {
		if code, out := form(t, o, "/services/oauth2/token", c.v); code != 400 || fmt.Sprint(out["error"], " ", out["error_description"]) != c.want {
			t.Errorf("%d %v, want %s", code, out, c.want)
		}
	}
	code, out := form(t, o, "/services/oauth2/token", with("grant_type", "password", "username", "ada@demo.example", "password", "demo-passTOKADA"))
	if code != 200 {
		t.Fatal(out)
	}
	token := out["access_token"].(string)
	if _, in := form(t, o, "/services/oauth2/introspect", with("token", token)); in["active"] != false {
		t.Errorf("a password grant's token can be introspected: %v", in)
	}
	code, out = form(t, o, "/services/oauth2/token", with("grant_type", "client_credentials"))
	if code != 200 {
		t.Fatal(out)
	}
	token = out["access_token"].(string)
	if _, in := form(t, o, "/services/oauth2/introspect", with("token", token)); in["active"] != true || in["username"] != "mia@demo.example" {
		t.Error(in)
	}
	c := &client{t: t, org: o, token: token, v: "v64.0", http: browser()}
	code, _, body := c.send("GET", "/services/oauth2/userinfo", nil)
	if code != 200 || !strings.Contains(body, `"preferred_username":"mia@demo.example"`) {
		t.Error(code, body)
	}
	_, _, body = c.send("GET", "", nil)
	var res struct{ Identity string }
	if json.Unmarshal([]byte(body), &res) != nil || !strings.HasPrefix(res.Identity, o.URL()+"/id/00D") {
		t.Fatal(body)
	}
	if code, _, body = c.send("GET", strings.TrimPrefix(res.Identity, o.URL())+"?format=json&oauth_token="+token, nil); code != 404 && code != 200 {
		t.Error(code, body)
	}
	resp, err := browser().Get(res.Identity + "?format=json&oauth_token=" + token)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	if resp.StatusCode != 200 || !strings.Contains(string(b), `"id":"https://login.salesforce.com/id/`) || !strings.Contains(string(b), `/services/data/v{version}/`) {
		t.Error(resp.StatusCode, string(b))
	}
	// A single-use address signs a browser in exactly once.
	_, _, body = c.send("GET", "/services/oauth2/singleaccess?redirect_uri=lightning%2Fpage%2Fhome", nil)
	var front struct {
		URI string `json:"frontdoor_uri"`
	}
	if json.Unmarshal([]byte(body), &front) != nil {
		t.Fatal(body)
	}
	for i, want := range []string{"/lightning/page/home", "/login?startURL=%2Flightning%2Fpage%2Fhome"} {
		r, err := browser().Get(front.URI)
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if got := r.Header.Get("Location"); got != want || strings.Contains(front.URI, token) {
			t.Errorf("use %d: %s", i+1, got)
		}
	}
	if code, _ := form(t, o, "/services/oauth2/revoke", url.Values{"token": {token}}); code != 200 {
		t.Error(code)
	}
	if code, _ := form(t, o, "/services/oauth2/revoke", url.Values{"token": {token}}); code != 400 {
		t.Error("a token was revoked twice")
	}
	if code, _, body := c.send("GET", "/services/oauth2/singleaccess", nil); code != http.StatusForbidden {
		t.Error(code, body)
	}
}
