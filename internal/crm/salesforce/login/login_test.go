package login

import (
	"encoding/xml"
	"strings"
	"testing"
)

const granted = `<?xml version="1.0"?><S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/" xmlns:e="urn:enterprise.soap.sforce.com"><S:Body><e:loginResponse><e:result>
 <e:serverUrl>https://acme.my.salesforce.com/services/Soap/c/64.0/00D</e:serverUrl><e:sessionId>00D!AQ0.x</e:sessionId><e:userId>005000000000001AAA</e:userId>
 <e:userInfo><e:organizationId>00D000000000001EAA</e:organizationId><e:organizationName>Acme &amp; Co</e:organizationName><e:userFullName>Ada</e:userFullName></e:userInfo></e:result></e:loginResponse></S:Body></S:Envelope>`

func TestParseSOAPByLocalNames(t *testing.T) {
	g, err := ParseSOAP(200, []byte(granted))
	want := Grant{Token: "00D!AQ0.x", Instance: "https://acme.my.salesforce.com", UserID: "005000000000001AAA", FullName: "Ada", OrgID: "00D000000000001EAA", OrgName: "Acme & Co"}
	if err != nil || g != want {
		t.Errorf("%+v, %v", g, err)
	}
	if s := g.LogValue().String(); strings.Contains(s, g.Token) {
		t.Errorf("the token would be logged: %s", s)
	}
}

func TestParseSOAPFaults(t *testing.T) {
	for _, c := range []struct{ fault, code, text string }{
		{`<faultcode>sf:INVALID_LOGIN</faultcode><faultstring>INVALID_LOGIN: Invalid username.</faultstring>`, "INVALID_LOGIN", "Invalid username."},
		{`<faultcode>INVALID_LOGIN</faultcode><faultstring>INVALID_LOGIN: Invalid username.</faultstring>`, "INVALID_LOGIN", "Invalid username."},
		{`<faultcode>soapenv:Client</faultcode><faultstring>x</faultstring><detail><ef:LoginFault xmlns:ef="urn:fault.enterprise.soap.sforce.com"><ef:exceptionCode>PASSWORD_LOCKOUT</ef:exceptionCode><ef:exceptionMessage>locked</ef:exceptionMessage></ef:LoginFault></detail>`, "PASSWORD_LOCKOUT", "locked"},
	} {
		_, err := ParseSOAP(500, []byte(`<E xmlns:sf="a"><Body><Fault>`+c.fault+`</Fault></Body></E>`))
		if r, ok := IsRefusal(err); !ok || r.Code != c.code || r.Text != c.text || r.Status != 500 {
			t.Errorf("%s: %v", c.fault, err)
		}
	}
	for _, body := range []string{"", "<html>", "{}", "<a/>", `<!DOCTYPE x [<!ENTITY a "b">]><E><Body><loginResponse><result><sessionId>&a;</sessionId></result></loginResponse></Body></E>`} {
		if _, err := ParseSOAP(503, []byte(body)); err == nil {
			t.Errorf("%q was taken for a session", body)
		} else if r, ok := IsRefusal(err); !ok || r.Code != "HTTP_503" {
			t.Errorf("%q: %v", body, err)
		}
	}
}

func FuzzParseSOAP(f *testing.F) {
	f.Add([]byte(granted))
	f.Add([]byte(`<E><Body><Fault><faultcode>sf:X</faultcode><detail><a><exceptionCode>Y</exceptionCode></a></detail></Fault></Body></E>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		g, err := ParseSOAP(200, b)
		if (err == nil) != (g.Token != "" && g.Instance != "" && g.UserID != "") {
			t.Fatalf("%+v, %v", g, err)
		}
		if err != nil {
			if _, ok := IsRefusal(err); !ok {
				t.Fatalf("no refusal: %v", err)
			}
		}
	})
}

func FuzzCredentialsStayText(f *testing.F) {
	f.Add("a@b", "p<&>\"'")
	f.Add("]]>", "\x00\xff")
	f.Fuzz(func(t *testing.T, user, secret string) {
		var e struct {
			User   string `xml:"Body>login>username"`
			Secret string `xml:"Body>login>password"`
		}
		body := soapBody(user, secret)
		if err := xml.Unmarshal([]byte(body), &e); err != nil {
			t.Fatalf("%v in %s", err, body)
		}
		clean := func(s string) string {
			var b strings.Builder
			_ = xml.EscapeText(&b, []byte(s))
			return b.String()
		}
		if clean(e.User) != clean(user) || clean(e.Secret) != clean(secret) {
			t.Fatalf("%q, %q read back as %q, %q", user, secret, e.User, e.Secret)
		}
	})
}

func TestParseToken(t *testing.T) {
	g, err := ParseToken(200, []byte(`{"access_token":"T","instance_url":"https://acme.my.salesforce.com/","id":"https://login.salesforce.com/id/00D000000000001EAA/005000000000001AAA"}`))
	if err != nil || g.Instance != "https://acme.my.salesforce.com" || g.OrgID != "00D000000000001EAA" || g.UserID != "005000000000001AAA" {
		t.Errorf("%+v, %v", g, err)
	}
	for body, code := range map[string]string{
		`{"error":"invalid_grant","error_description":"authentication failure"}`: "invalid_grant",
		`{"access_token":"T"}`: "HTTP_200",
		`<html>`:               "HTTP_200",
	} {
		if _, err := ParseToken(200, []byte(body)); err == nil {
			t.Errorf("%s was taken for a token", body)
		} else if r, _ := IsRefusal(err); r.Code != code {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestSOAPVersionIsNeverAbove64(t *testing.T) {
	for in, want := range map[string]string{"64.0": "64.0", "65.0": "64.0", "68.0": "64.0", "58.0": "58.0", "": "64.0", "x": "64.0", "9.0": "64.0"} {
		if got := SOAPVersion(in); got != want {
			t.Errorf("SOAPVersion(%q) = %s, want %s", in, got, want)
		}
	}
}

func TestOrigin(t *testing.T) {
	for in, want := range map[string]string{
		"https://a.my.salesforce.com/services/Soap": "https://a.my.salesforce.com", "http://127.0.0.1:8099": "http://127.0.0.1:8099",
		"": "", "javascript:alert(1)": "", "//x": "", "https://u:p@x/": "", "ftp://x": "",
	} {
		if got := Origin(in); got != want {
			t.Errorf("Origin(%q) = %q", in, got)
		}
	}
}
