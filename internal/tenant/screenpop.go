package tenant

import (
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"cordboard/internal/crm"
	"cordboard/internal/number"
)

var (
	salesforceForm = regexp.MustCompile(`^([a-z0-9-]+\.)+salesforce\.com$`)
	versionForm    = regexp.MustCompile(`^[1-9][0-9]{1,2}\.0$`)
	phoneFieldForm = regexp.MustCompile(`^(Account|Contact|Lead)\.[A-Za-z][A-Za-z0-9_]{0,79}$`)
)

// CheckScreenPop checks Integration > Screen Pop (CFG-6, first form). hosts are the hosts that the operator lists beside
// Salesforce's own (SF-5): "host" or "host:port", which a simulated org needs.
func (c *Config) CheckScreenPop(s ScreenPop, hosts []string) (ScreenPop, error) {
	var f check
	if s.Target == "" {
		s.Target = TargetSalesforce
	}
	if s.Target != TargetSalesforce {
		f.Add("target", "UNKNOWN", "Salesforce is the only target so far.")
	}
	if s.Integration == "" {
		s.Integration = Enhanced
	}
	if s.Integration != Enhanced {
		f.Add("integration", "UNKNOWN", "Enhanced is the only integration type so far.")
	}
	f.connection(&s, hosts)
	f.matching(&s)
	return s, f.Err()
}

func (f *check) connection(s *ScreenPop, hosts []string) {
	k := &s.Connection
	k.LoginURL = strings.TrimRight(strings.TrimSpace(k.LoginURL), "/")
	switch k.Environment {
	case "":
		k.Environment = Production
	case Production, Sandbox:
	case Custom:
		if why := loginURLFault(k.LoginURL, hosts); why != "" {
			f.Add("connection.loginUrl", "BAD_URL", why)
		}
	default:
		f.Addf("connection.environment", "UNKNOWN", "%q is not an environment.", k.Environment)
	}
	if k.Environment != Custom {
		k.LoginURL = ""
	}
	k.SignOns = once(k.SignOns)
	for _, o := range k.SignOns {
		if o != SignOnPassword && o != SignOnJWT {
			f.Addf("connection.signOns", "UNKNOWN", "%q is not a kind of sign-on.", o)
		}
	}
	if s.Enabled && len(k.SignOns) == 0 {
		f.Add("connection.signOns", "REQUIRED", "Permit at least one kind of sign-on, or no agent can connect.")
	}
	k.ConsumerKey = f.text("connection.consumerKey", k.ConsumerKey, s.Enabled && slices.Contains(k.SignOns, SignOnJWT), 512)
	k.Audience = f.text("connection.audience", k.Audience, false, 255)
	if k.Audience != "" {
		if u, err := url.Parse(k.Audience); err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
			f.Add("connection.audience", "BAD_URL", "Give an address such as https://login.salesforce.com, or leave it empty.")
		}
	}
	k.APIVersion = strings.TrimPrefix(strings.TrimSpace(k.APIVersion), "v")
	if k.APIVersion == "" {
		k.APIVersion = "64.0"
	}
	if !versionForm.MatchString(k.APIVersion) {
		f.Add("connection.apiVersion", "BAD_VERSION", "Give a REST API version such as 64.0.")
	}
}

func (f *check) matching(s *ScreenPop) {
	fields := []string{}
	for _, p := range s.PhoneFields {
		p = strings.TrimSpace(p)
		_, name, _ := strings.Cut(p, ".")
		switch {
		case !phoneFieldForm.MatchString(p):
			f.Addf("phoneFields", "BAD_FIELD", "%q is not a field of Account, Contact or Lead. Write it as Contact.MobilePhone.", p)
		case strings.EqualFold(name, "Fax"):
			f.Addf("phoneFields", "FAX", "%s is a fax number; those are never searched.", p)
		}
		fields = append(fields, p)
	}
	s.PhoneFields = once(fields)
	if s.Enabled && len(s.PhoneFields) == 0 {
		f.Add("phoneFields", "REQUIRED", "Choose at least one field to look for numbers in.")
	}
	if s.Withheld == nil {
		s.Withheld = number.DefaultWithheld()
	}
	words := []string{}
	for _, w := range s.Withheld {
		w = strings.ToLower(strings.TrimSpace(w))
		if n := utf8.RuneCountInString(w); n > 40 {
			f.Addf("withheld", "TOO_LONG", "At most 40 characters each; %q has %d.", string([]rune(w)[:20])+"…", n)
		}
		if w != "" {
			words = append(words, w)
		}
	}
	if s.Withheld = once(words); len(s.Withheld) > 50 {
		f.Addf("withheld", "TOO_MANY", "At most 50 words; there are %d.", len(s.Withheld))
	}
	if s.NoMatchForm == "" {
		s.NoMatchForm = crm.Contact
	}
	if !slices.Contains([]crm.Kind{crm.Account, crm.Contact, crm.Lead, crm.Case}, s.NoMatchForm) {
		f.Addf("noMatchForm", "UNKNOWN", "%q is not a form that can be shown.", s.NoMatchForm)
	}
}

// loginURLFault says in a sentence what is wrong with a login address; "" when it is right. Only the operator's own hosts
// may be reached without TLS, and those only on loopback.
func loginURLFault(s string, hosts []string) string {
	if s == "" {
		return "Give the address of your My Domain, for example https://example.my.salesforce.com."
	}
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Opaque != "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Path != "" {
		return "Give only scheme and host, for example https://example.my.salesforce.com."
	}
	name := strings.ToLower(u.Hostname())
	listed := slices.ContainsFunc(hosts, func(h string) bool {
		return strings.EqualFold(h, u.Host) || strings.EqualFold(h, name)
	})
	switch {
	case u.Scheme == "http" && listed && loopback(name):
		return ""
	case u.Scheme != "https":
		return "The address must begin with https://."
	case listed:
		return ""
	case !salesforceForm.MatchString(strings.ToLower(u.Host)):
		return "Only hosts of Salesforce (*.salesforce.com) are allowed here, and hosts that the operator of this server lists."
	}
	return ""
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && ip.IsLoopback()
}
