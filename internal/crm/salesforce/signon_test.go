package salesforce_test

import (
	"strings"
	"sync"
	"testing"

	"cordboard/internal/crm"
	"cordboard/internal/crm/salesforce"
	"cordboard/internal/fault"
	"cordboard/internal/tenant"
)

var byPhone = crm.Key{By: crm.ByPhone, Value: "+14155551212", Region: "US"}

func TestSaveSignsInAtOnceAndKeepsTheSecretSealedOnly(t *testing.T) {
	h := newHouse(t)
	so, err := h.Save(t.Context(), agent, tenant.SignOnPassword, " ada@acme.example ", "my<code>&", "xxxxx")
	if err != nil {
		t.Fatal(err)
	}
	if so.Result != salesforce.Connected || so.Message != "Connected as Ada Agent to Acme." || so.UserID != userID || so.OrgID != orgID || so.Instance != h.org.srv.URL || !so.Worked {
		t.Errorf("sign-on: %+v", so)
	}
	if got := h.secrets[agent+"/"+salesforce.SecretPassword]; got != "my<code>&xxxxx" {
		t.Errorf("sealed %q", got)
	}
	login := h.org.seen("POST /services/Soap")[0]
	want := `<?xml version="1.0" encoding="utf-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><login xmlns="urn:partner.soap.sforce.com"><username>ada@acme.example</username><password>my&lt;code&gt;&amp;xxxxx</password></login></soapenv:Body></soapenv:Envelope>`
	if login.Body != want || login.Header.Get("SOAPAction") == "" {
		t.Errorf("login sent\n%s\nwant\n%s", login.Body, want)
	}
	for _, s := range append([]salesforce.SignOn{h.stored[agent]}, h.heard...) {
		if strings.Contains(s.Message+s.LoginID+s.UserName, "my<code>") || strings.Contains(s.Message, "SESSION1") {
			t.Errorf("a secret outside the vault: %+v", s)
		}
	}
	if used, limit := h.Usage(); used != 18 || limit != 5000 {
		t.Errorf("usage %d/%d", used, limit)
	}
}

func TestSaveNamesEveryFaultAndKeepsWhatWas(t *testing.T) {
	h := signedIn(t)
	for _, c := range []struct {
		kind                   tenant.SignOn
		login, password, token string
		fields                 string
	}{
		{tenant.SignOnPassword, "", "", "", "loginId password"},
		{tenant.SignOnPassword, "other@acme.example", "", "", "password"},
		{tenant.SignOnPassword, strings.Repeat("a", 81), strings.Repeat("b", 256), "", "loginId password"},
		{tenant.SignOnJWT, "", "", "", "loginId"},
		{"oauth", "a", "b", "", "kind"},
	} {
		_, err := h.Save(t.Context(), agent, c.kind, c.login, c.password, c.token)
		var names []string
		for _, f := range fault.Of(err).Fields {
			names = append(names, f.Field)
		}
		if strings.Join(names, " ") != c.fields {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if h.stored[agent].Result != salesforce.Connected || len(h.org.seen("POST")) != 0 {
		t.Errorf("refused input changed something: %+v", h.stored[agent])
	}
	// The saved password is kept when none is typed.
	if so, err := h.Save(t.Context(), agent, tenant.SignOnPassword, "ada@acme.example", "", ""); err != nil || so.Result != salesforce.Connected {
		t.Errorf("%+v, %v", so, err)
	}
}

// SF-9's table: what Salesforce says, the result, the text's beginning, and whether credentials are kept.
func TestSignOnResults(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer answer
		result salesforce.Result
		text   string
		kept   bool
	}{
		{"wrong", answer{status: 500, body: soapFault("INVALID_LOGIN", "Invalid username, password, security token; or user locked out.")}, salesforce.InvalidLogin, "Salesforce refused user name, password or token; the user may also be locked", false},
		{"no token", answer{status: 500, body: soapFault("LOGIN_MUST_USE_SECURITY_TOKEN", "…")}, salesforce.TokenMissing, "Append your security token to the password", false},
		{"locked", answer{status: 500, body: soapFault("PASSWORD_LOCKOUT", "locked out")}, salesforce.Locked, "Locked", true},
		{"hour", answer{status: 500, body: soapFault("LOGIN_DURING_RESTRICTED_TIME", "…")}, salesforce.Restricted, "Salesforce does not allow this user in at this hour or from this address", true},
		{"address", answer{status: 500, body: soapFault("LOGIN_DURING_RESTRICTED_DOMAIN", "…")}, salesforce.Restricted, "Salesforce does not allow", true},
		{"challenge", answer{status: 500, body: soapFault("LOGIN_CHALLENGE_ISSUED", "…")}, salesforce.Restricted, "Salesforce does not allow", true},
		{"expired", answer{status: 500, body: soapFault("INVALID_OPERATION_WITH_EXPIRED_PASSWORD", "…")}, salesforce.PasswordExpired, "Your password has expired. Change it in Salesforce, then enter the new one with its new token", false},
		{"soap off", answer{status: 500, body: soapFault("INVALID_OPERATION", "SOAP API login() is disabled by default in this org.")}, salesforce.SOAPLoginOff, "This org has switched password login off; use OAuth", true},
		{"no permission", answer{status: 500, body: soapFault("INSUFFICIENT_ACCESS", "Use Any API Auth")}, salesforce.SOAPLoginOff, "This org has switched password login off", true},
		{"retired", answer{status: 500, body: soapFault("UNSUPPORTED_API_VERSION", "…")}, salesforce.SOAPLoginOff, "This org", true},
		{"api", answer{status: 500, body: soapFault("API_DISABLED_FOR_ORG", "…")}, salesforce.APIDisabled, "Your user or org has no API access; ask your Salesforce administrator", true},
		{"paused", answer{status: 500, body: soapFault("API_CURRENTLY_DISABLED", "…")}, salesforce.Unreachable, "Salesforce cannot be reached", true},
		{"down", answer{status: 503, body: "<html>maintenance</html>"}, salesforce.Unreachable, "Salesforce cannot be reached", true},
		{"busy", answer{status: 500, body: soapFault("SERVER_UNAVAILABLE", "…")}, salesforce.Unreachable, "Salesforce cannot be reached", true},
		{"lost", answer{lose: true}, salesforce.Unreachable, "Salesforce cannot be reached: the connection was lost", true},
		{"redirect", answer{status: 302, header: map[string]string{"Location": "https://evil.example/"}}, salesforce.Unreachable, "Salesforce cannot be reached: the login address", true},
		{"unknown", answer{status: 500, body: soapFault("SOMETHING_NEW", "text of tomorrow")}, salesforce.InvalidLogin, "Salesforce refused", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHouse(t)
			h.org.on("POST /services/Soap/u/64.0", func(call) answer { return c.answer })
			so, err := h.Save(t.Context(), agent, tenant.SignOnPassword, "ada@acme.example", "secret", "")
			if err != nil {
				t.Fatal(err)
			}
			if so.Result != c.result || !strings.HasPrefix(so.Message, c.text) {
				t.Errorf("result %s %q, want %s %q", so.Result, so.Message, c.result, c.text)
			}
			if _, kept := h.secrets[agent+"/"+salesforce.SecretPassword]; kept != c.kept {
				t.Errorf("credentials kept: %v, want %v", kept, c.kept)
			}
			// No search after it reaches Salesforce, unless it was unreachable; its fault says the same.
			h.org.clear()
			_, err = h.Find(t.Context(), agent, byPhone)
			f := fault.Of(err)
			if c.result == salesforce.Unreachable {
				if len(h.org.seen("POST /services/Soap")) != 1 || f.Verdict != fault.Retry {
					t.Errorf("not tried again by itself: %v", err)
				}
				return
			}
			if n := len(h.org.seen("")); n != 0 || f.Code != string(c.result) || f.Verdict != fault.ParkLane || f.Kind != fault.Unavailable {
				t.Errorf("%d calls, %+v", n, f)
			}
		})
	}
}

func TestExpiredPasswordAndForeignInstance(t *testing.T) {
	for name, change := range map[string][2]string{
		"password expired": {"<passwordExpired>false", "<passwordExpired>true"},
		"no session":       {"<sessionId>SESSION1</sessionId>", ""},
		"no instance":      {"<serverUrl>", "<otherUrl>"},
	} {
		h := newHouse(t)
		h.org.says("POST /services/Soap/u/64.0", 200, strings.ReplaceAll(strings.Replace(h.org.granted("SESSION1"), change[0], change[1], 1), "</serverUrl>", map[bool]string{true: "</otherUrl>", false: "</serverUrl>"}[name == "no instance"]))
		so, err := h.Save(t.Context(), agent, tenant.SignOnPassword, "ada@acme.example", "secret", "")
		if err != nil || so.Result == salesforce.Connected {
			t.Errorf("%s: %+v, %v", name, so, err)
		}
		if name == "password expired" && so.Result != salesforce.PasswordExpired {
			t.Errorf("%s: %s", name, so.Result)
		}
	}
}

// SF-10: one failure, then silence until the agent saves or tests.
func TestARefusedPasswordIsNeverTriedAgainByItself(t *testing.T) {
	h := signedIn(t)
	h.org.says("POST /services/Soap/u/64.0", 500, soapFault("INVALID_LOGIN", "Invalid username, password, security token; or user locked out."))
	h.org.says("GET /search", 401, refusal("INVALID_SESSION_ID", "Session expired or invalid"))
	for range 3 {
		_, err := h.Find(t.Context(), agent, byPhone)
		if !fault.Is(err, "INVALID_LOGIN") {
			t.Fatal(err)
		}
	}
	if so, err := h.SignIn(t.Context(), agent); err != nil || so.Result != salesforce.InvalidLogin {
		t.Errorf("%+v, %v", so, err)
	}
	if _, err := h.Log(t.Context(), agent, entry()); !fault.Is(err, "INVALID_LOGIN") || fault.Of(err).Verdict != fault.ParkLane {
		t.Errorf("log: %v", err)
	}
	if n := len(h.org.seen("POST /services/Soap")); n != 1 {
		t.Errorf("%d sign-ins, want 1", n)
	}
	so, _ := h.Status(t.Context(), agent)
	if !strings.HasSuffix(so.Message, "A password change also changes the token.") {
		t.Errorf("after an earlier success: %q", so.Message)
	}
	if last := h.heard[len(h.heard)-1]; last.Result != salesforce.InvalidLogin {
		t.Errorf("nobody heard of it: %+v", last)
	}
	// A restart finds the circuit open.
	again := newHouse(t)
	again.stored, again.secrets = h.stored, h.secrets
	if _, err := again.Find(t.Context(), agent, byPhone); !fault.Is(err, "INVALID_LOGIN") || len(again.org.seen("")) != 0 {
		t.Errorf("after a restart: %v, %d calls", err, len(again.org.seen("")))
	}
	// Test asks once more because a person asked for it; success closes the circuit.
	h.org.says("POST /services/Soap/u/64.0", 200, h.org.granted("SESSION2"))
	h.org.says("GET /search", 200, found())
	if so, err := h.Test(t.Context(), agent); err != nil || so.Result != salesforce.Connected {
		t.Errorf("%+v, %v", so, err)
	}
	if _, err := h.Find(t.Context(), agent, byPhone); err != nil {
		t.Error(err)
	}
}

// What only the org can mend is tried once at the next console sign-in, not before (SF-3).
func TestOrgSideFaultsAreTriedAtTheNextConsoleSignIn(t *testing.T) {
	h := newHouse(t)
	h.org.says("POST /services/Soap/u/64.0", 500, soapFault("API_DISABLED_FOR_ORG", "…"))
	_, _ = h.Save(t.Context(), agent, tenant.SignOnPassword, "ada@acme.example", "secret", "")
	h.org.says("POST /services/Soap/u/64.0", 200, h.org.granted("SESSION1"))
	if _, err := h.Find(t.Context(), agent, byPhone); !fault.Is(err, "API_DISABLED") {
		t.Error(err)
	}
	if so, err := h.SignIn(t.Context(), agent); err != nil || so.Result != salesforce.Connected {
		t.Errorf("%+v, %v", so, err)
	}
}

func TestOneSignInAtATimePerAgent(t *testing.T) {
	h := signedIn(t)
	fresh := newHouse(t)
	fresh.stored, fresh.secrets = h.stored, h.secrets
	gate := make(chan struct{})
	fresh.org.on("POST /services/Soap/u/64.0", func(call) answer {
		<-gate
		return answer{status: 200, body: fresh.org.granted("SESSION1")}
	})
	fresh.org.says("GET /search", 200, found())
	var wg sync.WaitGroup
	errs := make([]error, 20)
	var started sync.WaitGroup
	for i := range errs {
		wg.Add(1)
		started.Add(1)
		go func() {
			defer wg.Done()
			started.Done()
			_, errs[i] = fresh.Find(t.Context(), agent, byPhone)
		}()
	}
	started.Wait()
	close(gate)
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
	if n := len(fresh.org.seen("POST /services/Soap")); n != 1 {
		t.Errorf("%d sign-ins, want 1", n)
	}
}

func TestAnExpiredSessionIsRenewedOnceAndTheRequestRepeatedOnce(t *testing.T) {
	h := signedIn(t)
	h.org.says("POST /services/Soap/u/64.0", 200, h.org.granted("SESSION2"))
	h.org.on("GET /search", func(c call) answer {
		if c.Header.Get("Authorization") == "Bearer SESSION2" {
			return answer{status: 200, body: found()}
		}
		return answer{status: 401, body: refusal("INVALID_SESSION_ID", "Session expired or invalid")}
	})
	if _, err := h.Find(t.Context(), agent, byPhone); err != nil {
		t.Fatal(err)
	}
	if s, l := len(h.org.seen("GET /search")), len(h.org.seen("POST /services/Soap")); s != 2 || l != 1 {
		t.Errorf("%d searches, %d sign-ins", s, l)
	}
	h.org.clear()
	if _, err := h.Find(t.Context(), agent, byPhone); err != nil || len(h.org.seen("")) != 1 {
		t.Errorf("%v; %d round trips after the renewal, want 1", err, len(h.org.seen("")))
	}
	// A new session that is refused at once is no case for a third.
	h.org.clear()
	h.org.says("GET /search", 401, refusal("INVALID_SESSION_ID", "Session expired or invalid"))
	_, err := h.Find(t.Context(), agent, byPhone)
	if !fault.Is(err, "RESTRICTED") || len(h.org.seen("POST /services/Soap")) != 1 {
		t.Errorf("%v, %d sign-ins", err, len(h.org.seen("POST /services/Soap")))
	}
}

// A session that has worked and ends twice in a row was ended by someone: that is no verdict about the credentials.
func TestASessionThatEndsWhileItIsUsedIsNotARefusal(t *testing.T) {
	h := signedIn(t)
	ended := 0
	h.org.on("GET /search", func(call) answer {
		// The first refusal makes a new sign-in; by the time of the repeat, another request has used the new session.
		if ended++; ended == 1 {
			return answer{status: 401, body: refusal("INVALID_SESSION_ID", "Session expired or invalid")}
		}
		if _, err := h.Read(t.Context(), agent, crm.Ref{Kind: crm.Lead, ID: leadID}); fault.KindOf(err) != fault.NotFound {
			t.Errorf("reading between: %v", err)
		}
		return answer{status: 401, body: refusal("INVALID_SESSION_ID", "Session expired or invalid")}
	})
	h.org.says("POST /composite", 200, composed(records(), records()))
	_, err := h.Find(t.Context(), agent, byPhone)
	if f := fault.Of(err); f.Code != "SESSION_ENDED" || f.Verdict != fault.Retry || h.stored[agent].Result != salesforce.Connected {
		t.Errorf("%v, stored %s", err, h.stored[agent].Result)
	}
}

func TestLoopHazardsAndAPIDisabledOpenTheCircuitWithoutASignIn(t *testing.T) {
	for _, c := range []struct {
		status     int
		code, text string
		want       salesforce.Result
	}{
		{401, "INVALID_SESSION_ID", "This session is not valid for use with the REST API", salesforce.APIDisabled},
		{401, "INVALID_SESSION_ID", "Connected app is not attached to Agent", salesforce.NotApproved},
		{403, "API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization.", salesforce.APIDisabled},
	} {
		h := signedIn(t)
		h.org.says("GET /search", c.status, refusal(c.code, c.text))
		_, err := h.Find(t.Context(), agent, byPhone)
		if !fault.Is(err, string(c.want)) || len(h.org.seen("POST /services/Soap")) != 0 || h.stored[agent].Result != c.want {
			t.Errorf("%s: %v, stored %s", c.text, err, h.stored[agent].Result)
		}
	}
}
