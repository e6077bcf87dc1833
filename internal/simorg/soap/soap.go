// Package soap is the org's SOAP face: login, logout, setPassword and getUserInfo, partner and enterprise.
//
// Requests are read by local names, since prefixes differ by client; answers and faults have the shape recorded from
// Salesforce, including the four elements that clients find by regular expression. login is refused from version 65.0 on,
// and where the org has switched it off. It knows nothing of REST.
package soap

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"

	"cordboard/internal/simorg/engine"
	"cordboard/internal/simorg/engine/refusal"
	"cordboard/internal/simorg/engine/signon"
)

const (
	lastLogin    = 64
	firstVersion = 31
	lastVersion  = 68
)

// Face answers /services/Soap/u/{version} and /services/Soap/c/{version}.
type Face struct {
	Engine *engine.Engine
	Base   func(*http.Request) string
}

type call struct {
	kind    string // partner or enterprise
	letter  string // u or c
	version string
	number  int
	name    string // the body's element
	session string
	values  map[string]string
}

// ServeHTTP answers a request.
func (f *Face) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	segs := strings.Split(strings.Trim(r.URL.Path, "/"), "/") // services Soap u 64.0 [org]
	c := &call{kind: "partner", letter: "u", version: "64.0"}
	if len(segs) > 2 && strings.EqualFold(segs[2], "c") {
		c.kind, c.letter = "enterprise", "c"
	}
	if len(segs) > 3 {
		c.version = segs[3]
	}
	whole, _, _ := strings.Cut(c.version, ".")
	c.number, _ = strconv.Atoi(whole)
	if r.Method != http.MethodPost {
		http.Error(w, "SOAP requests are sent with POST", http.StatusMethodNotAllowed)
		return
	}
	if err := c.read(io.LimitReader(r.Body, 10<<20)); err != nil {
		f.fault(w, c, refusal.New(500, "UNKNOWN_EXCEPTION", "The request is not well-formed XML: %s", err.Error()))
		return
	}
	if c.number < firstVersion || c.number > lastVersion {
		f.fault(w, c, refusal.New(500, "UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL"))
		return
	}
	var body string
	var err *refusal.Error
	switch c.name {
	case "login":
		body, err = f.login(c, r)
	case "logout":
		body, err = f.logout(c)
	case "getUserInfo":
		body, err = f.userInfo(c, r)
	case "setPassword":
		body, err = f.setPassword(c, r)
	case "getServerTimestamp":
		body = "<getServerTimestampResponse><result><timestamp>" + f.Engine.Now().UTC().Format("2006-01-02T15:04:05.000Z") + "</timestamp></result></getServerTimestampResponse>"
	default:
		err = refusal.New(500, "INVALID_OPERATION", "%s is not an operation of this org's SOAP API", c.name)
	}
	if err != nil {
		f.fault(w, c, err)
		return
	}
	f.envelope(w, c, 200, body, "")
}

// read finds the operation, its texts and the session id, by local names.
func (c *call) read(in io.Reader) error {
	dec := xml.NewDecoder(in)
	c.values = map[string]string{}
	var stack []string
	var text strings.Builder
	for {
		t, err := dec.Token()
		if errors.Is(err, io.EOF) {
			if c.name == "" {
				return errors.New("there is no operation in the body")
			}
			return nil
		}
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if len(stack) == 2 && stack[1] == "Body" {
				c.name = t.Name.Local
			}
			stack = append(stack, t.Name.Local)
			text.Reset()
		case xml.CharData:
			text.Write(t)
		case xml.EndElement:
			s := text.String()
			switch {
			case len(stack) == 4 && stack[1] == "Header" && stack[2] == "SessionHeader" && stack[3] == "sessionId":
				c.session = strings.TrimSpace(s)
			case len(stack) == 4 && stack[1] == "Body":
				c.values[stack[3]] = s
			}
			stack = stack[:len(stack)-1]
			text.Reset()
		}
	}
}

func esc(s string) string {
	var b bytes.Buffer
	if err := xml.EscapeText(&b, []byte(s)); err != nil {
		return ""
	}
	return b.String()
}

func (f *Face) envelope(w http.ResponseWriter, c *call, status int, body, extra string) {
	w.Header().Set("Content-Type", "text/xml;charset=UTF-8")
	w.WriteHeader(status)
	fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:%s.soap.sforce.com" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"%s><soapenv:Body>%s</soapenv:Body></soapenv:Envelope>`, c.kind, extra, body)
}

func (f *Face) fault(w http.ResponseWriter, c *call, e *refusal.Error) {
	kind := "UnexpectedErrorFault"
	if c.name == "login" {
		kind = "LoginFault"
	}
	body := fmt.Sprintf(`<soapenv:Fault><faultcode>sf:%[1]s</faultcode><faultstring>%[1]s: %[2]s</faultstring><detail><sf:%[3]s xsi:type="sf:%[3]s"><sf:exceptionCode>%[1]s</sf:exceptionCode><sf:exceptionMessage>%[2]s</sf:exceptionMessage></sf:%[3]s></detail></soapenv:Fault>`, esc(e.Code), esc(e.Message), kind)
	f.envelope(w, c, 500, body, ` xmlns:sf="urn:fault.`+c.kind+`.soap.sforce.com"`)
}

func ip(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

func (f *Face) login(c *call, r *http.Request) (string, *refusal.Error) {
	g := f.Engine.SignOn
	switch {
	case c.number > lastLogin:
		return "", refusal.New(500, "UNSUPPORTED_API_VERSION", "SOAP API login() is not available in API version %s. Use an OAuth flow.", c.version)
	case !g.Rules.SOAPLogin:
		return "", signon.Fault("INVALID_OPERATION")
	}
	p, known := f.Engine.Person(c.values["username"])
	expired, err := g.Password(p, known, strings.TrimSpace(c.values["password"]), ip(r))
	if err != nil {
		return "", err
	}
	switch {
	case !p.APIEnabled:
		return "", signon.Fault("API_DISABLED_FOR_ORG")
	case g.Rules.AnyAPIAuth && !p.AnyAPIAuth:
		return "", signon.Fault("INSUFFICIENT_ACCESS")
	}
	s := g.Open(signon.Session{UserID: p.ID, Kind: "SOAP", IP: ip(r), Expired: expired})
	org := f.Engine.OrgID()[:15]
	base := f.Base(r)
	return fmt.Sprintf(`<loginResponse><result><metadataServerUrl>%s/services/Soap/m/%s/%s</metadataServerUrl><passwordExpired>%t</passwordExpired><sandbox>%t</sandbox><serverUrl>%s/services/Soap/%s/%s/%s</serverUrl><sessionId>%s</sessionId><userId>%s</userId><userInfo>%s</userInfo></result></loginResponse>`,
		esc(base), c.version, org, expired, f.Engine.Settings().Sandbox, esc(base), c.letter, c.version, org, s.ID, p.ID, f.info(p.ID)), nil
}

// info is the children of userInfo.
func (f *Face) info(userID string) string {
	u, _ := f.Engine.User(userID)
	text := func(name string) string { s, _ := u[name].(string); return esc(s) }
	role := `<roleId xsi:nil="true"/>`
	if r := text("UserRoleId"); r != "" {
		role = "<roleId>" + r + "</roleId>"
	}
	person := f.Engine.Schema().Object("Account").Field("IsPersonAccount") != nil
	seconds := int(f.Engine.SignOn.Rules.SessionTimeout.Seconds())
	return `<accessibilityMode>false</accessibilityMode><chatterExternal>false</chatterExternal><currencySymbol>$</currencySymbol><orgAttachmentFileSizeLimit>26214400</orgAttachmentFileSizeLimit>` +
		`<orgDefaultCurrencyIsoCode>USD</orgDefaultCurrencyIsoCode><orgDefaultCurrencyLocale>en_US</orgDefaultCurrencyLocale><orgDisallowHtmlAttachments>false</orgDisallowHtmlAttachments>` +
		fmt.Sprintf(`<orgHasPersonAccounts>%t</orgHasPersonAccounts><organizationId>%s</organizationId><organizationMultiCurrency>false</organizationMultiCurrency><organizationName>%s</organizationName>`, person, f.Engine.OrgID(), esc(f.Engine.Settings().OrgName)) +
		`<profileId>` + text("ProfileId") + `</profileId>` + role + fmt.Sprintf(`<sessionSecondsValid>%d</sessionSecondsValid>`, seconds) +
		`<userDefaultCurrencyIsoCode xsi:nil="true"/><userEmail>` + text("Email") + `</userEmail><userFullName>` + text("Name") + `</userFullName><userId>` + userID + `</userId>` +
		`<userLanguage>` + text("LanguageLocaleKey") + `</userLanguage><userLocale>` + text("LocaleSidKey") + `</userLocale><userName>` + text("Username") + `</userName>` +
		`<userTimeZone>` + text("TimeZoneSidKey") + `</userTimeZone><userType>Standard</userType><userUiSkin>Theme3</userUiSkin>`
}

func invalidSession() *refusal.Error {
	return refusal.New(500, "INVALID_SESSION_ID", "Invalid Session ID found in SessionHeader: Illegal Session. Session not found, missing session hash")
}

func (f *Face) logout(c *call) (string, *refusal.Error) {
	if !f.Engine.SignOn.Close(c.session) {
		return "", invalidSession()
	}
	return "<logoutResponse/>", nil
}

func (f *Face) userInfo(c *call, r *http.Request) (string, *refusal.Error) {
	who, err := f.Engine.Authenticate(c.session, ip(r))
	if err != nil {
		if err.Code == "INVALID_SESSION_ID" {
			err = invalidSession()
		}
		return "", err
	}
	return "<getUserInfoResponse><result>" + f.info(who.UserID) + "</result></getUserInfoResponse>", nil
}

// setPassword is the one thing that a session with an expired password may do. A new password keeps the user's security
// token: there is no mailbox here to send a new one to.
func (f *Face) setPassword(c *call, r *http.Request) (string, *refusal.Error) {
	who, err := f.Engine.Browser(c.session, ip(r))
	if err != nil {
		return "", invalidSession()
	}
	if id := c.values["userId"]; len(id) < 15 || id[:15] != who.UserID[:15] {
		return "", refusal.New(500, "INSUFFICIENT_ACCESS", "insufficient access rights on cross-reference id")
	}
	if len(c.values["password"]) < 8 {
		return "", refusal.New(500, "INVALID_NEW_PASSWORD", "Your password must be at least 8 characters long.")
	}
	cred, _ := f.Engine.SignOn.Credential(who.UserID)
	f.Engine.SignOn.SetCredential(who.UserID, signon.Credential{Digest: signon.Digest(c.values["password"]), Token: cred.Token})
	f.Engine.SignOn.Expire(who.UserID)
	return "<setPasswordResponse><result/></setPasswordResponse>", nil
}
