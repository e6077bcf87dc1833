// Package login gets a session from Salesforce: by user name, password and security token over SOAP, or by a signed
// assertion (OAuth JWT bearer).
//
// It promises that a secret appears in the request and nowhere else, and that a refusal carries Salesforce's own code and
// text. It never retries: a second try with a wrong password locks people out.
package login

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"cordboard/internal/crm/salesforce/wire"
)

// Grant is a session that Salesforce gave.
type Grant struct {
	Token           string
	Instance        string // scheme and host
	UserID          string // 18 characters
	FullName        string
	OrgID           string
	OrgName         string
	PasswordExpired bool // the session is good for changing the password only
}

// LogValue keeps the token out of logs.
func (g Grant) LogValue() slog.Value { return slog.StringValue(g.Instance + " [redacted]") }

// Refusal is Salesforce's no.
type Refusal struct {
	Code   string // SOAP exception code or OAuth error
	Text   string
	Status int
}

func (r *Refusal) Error() string {
	return fmt.Sprintf("sign-in refused with %d %s: %s", r.Status, r.Code, r.Text)
}

// maxSOAP is the last API version that knows login().
const maxSOAP = 64

// SOAPVersion is the version for login(): the tenant's own, never above 64.0.
func SOAPVersion(version string) string {
	if v, err := strconv.ParseFloat(version, 64); err != nil || v > maxSOAP || v < 31 {
		return "64.0"
	}
	return version
}

// SOAP signs in with a user name and the password with its token appended, by login() of the partner API.
func SOAP(ctx context.Context, h *http.Client, loginURL, version, username, secret string) (Grant, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimRight(loginURL, "/")+"/services/Soap/u/"+SOAPVersion(version), strings.NewReader(soapBody(username, secret)))
	if err != nil {
		return Grant{}, &wire.Lost{Cause: err}
	}
	req.Header.Set("Content-Type", "text/xml; charset=UTF-8")
	req.Header.Set("SOAPAction", "login")
	status, b, err := send(h, req)
	if err != nil {
		return Grant{}, err
	}
	return ParseSOAP(status, b)
}

// soapBody is the envelope of login(); both values are escaped.
func soapBody(username, secret string) string {
	var body strings.Builder
	body.WriteString(`<?xml version="1.0" encoding="utf-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><login xmlns="urn:partner.soap.sforce.com"><username>`)
	_ = xml.EscapeText(&body, []byte(username))
	body.WriteString(`</username><password>`)
	_ = xml.EscapeText(&body, []byte(secret))
	body.WriteString(`</password></login></soapenv:Body></soapenv:Envelope>`)
	return body.String()
}

// envelope is read by local names: prefixes and namespaces differ between editions of the answer.
type envelope struct {
	Result struct {
		ServerURL       string `xml:"serverUrl"`
		SessionID       string `xml:"sessionId"`
		UserID          string `xml:"userId"`
		PasswordExpired bool   `xml:"passwordExpired"`
		User            struct {
			OrganizationID   string `xml:"organizationId"`
			OrganizationName string `xml:"organizationName"`
			FullName         string `xml:"userFullName"`
		} `xml:"userInfo"`
	} `xml:"Body>loginResponse>result"`
	Fault struct {
		Code   string `xml:"faultcode"`
		String string `xml:"faultstring"`
		Detail struct {
			Any []struct {
				Code    string `xml:"exceptionCode"`
				Message string `xml:"exceptionMessage"`
			} `xml:",any"`
		} `xml:"detail"`
	} `xml:"Body>Fault"`
}

// ParseSOAP reads the answer to login().
func ParseSOAP(status int, body []byte) (Grant, error) {
	var e envelope
	if err := xml.Unmarshal(body, &e); err != nil {
		return Grant{}, &Refusal{Code: "HTTP_" + strconv.Itoa(status), Text: "The answer is no SOAP envelope.", Status: status}
	}
	if e.Fault.Code != "" || e.Fault.String != "" {
		r := &Refusal{Code: e.Fault.Code, Text: e.Fault.String, Status: status}
		if _, bare, ok := strings.Cut(r.Code, ":"); ok {
			r.Code = bare
		}
		for _, d := range e.Fault.Detail.Any {
			if d.Code != "" {
				r.Code, r.Text = d.Code, d.Message
			}
		}
		r.Text = strings.TrimPrefix(r.Text, r.Code+": ")
		return Grant{}, r
	}
	res := e.Result
	g := Grant{
		Token: res.SessionID, UserID: res.UserID, OrgID: res.User.OrganizationID, OrgName: res.User.OrganizationName,
		FullName: res.User.FullName, PasswordExpired: res.PasswordExpired, Instance: Origin(res.ServerURL),
	}
	if g.Token == "" || g.Instance == "" || g.UserID == "" {
		return Grant{}, &Refusal{Code: "HTTP_" + strconv.Itoa(status), Text: "The answer holds no session.", Status: status}
	}
	return g, nil
}

// Origin is scheme and host of an address, "" when it is none.
func Origin(raw string) string {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// Assertion is what a JWT sign-in claims.
type Assertion struct {
	Key      *rsa.PrivateKey // the tenant's; its certificate is in the External Client App
	Issuer   string          // consumer key
	Subject  string          // the agent's Salesforce user name
	Audience string          // login, test or My Domain URL
	Now      time.Time
}

// ParseKey reads an RSA private key in PEM (PKCS #1 or #8).
func ParseKey(pem []byte) (*rsa.PrivateKey, error) { return jwt.ParseRSAPrivateKeyFromPEM(pem) }

// JWT signs in by OAuth's JWT bearer grant; UserID and OrgID come from the answer's id address.
func JWT(ctx context.Context, h *http.Client, loginURL string, a Assertion) (Grant, error) {
	signed, err := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{
		"iss": a.Issuer, "sub": a.Subject, "aud": a.Audience, "exp": a.Now.Add(3 * time.Minute).Unix(),
	}).SignedString(a.Key)
	if err != nil {
		return Grant{}, &Refusal{Code: "invalid_key", Text: "The tenant's key cannot sign."}
	}
	form := url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {signed}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimRight(loginURL, "/")+"/services/oauth2/token", strings.NewReader(form.Encode()))
	if err != nil {
		return Grant{}, &wire.Lost{Cause: err}
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	status, b, err := send(h, req)
	if err != nil {
		return Grant{}, err
	}
	return ParseToken(status, b)
}

// ParseToken reads the answer of the token endpoint.
func ParseToken(status int, body []byte) (Grant, error) {
	var t struct {
		Token    string `json:"access_token"`
		Instance string `json:"instance_url"`
		ID       string `json:"id"`
	}
	if status == http.StatusOK && json.Unmarshal(body, &t) == nil && t.Token != "" {
		g := Grant{Token: t.Token, Instance: Origin(t.Instance)}
		// https://login.salesforce.com/id/<org>/<user>
		if parts := strings.Split(strings.TrimRight(t.ID, "/"), "/"); len(parts) >= 2 {
			g.OrgID, g.UserID = parts[len(parts)-2], parts[len(parts)-1]
		}
		if g.Instance != "" && g.UserID != "" {
			return g, nil
		}
	}
	e := wire.ParseError(status, body)
	return Grant{}, &Refusal{Code: e.Code(), Text: e.Message(), Status: status}
}

// send does one request; 502 to 504 without a readable answer count as no answer by the caller's table.
func send(h *http.Client, req *http.Request) (int, []byte, error) {
	res, err := h.Do(req)
	if err != nil {
		return 0, nil, &wire.Lost{Cause: err}
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return 0, nil, &wire.Lost{Cause: err}
	}
	return res.StatusCode, b, nil
}

// IsRefusal returns the Refusal in err's chain.
func IsRefusal(err error) (*Refusal, bool) {
	var r *Refusal
	ok := errors.As(err, &r)
	return r, ok
}
