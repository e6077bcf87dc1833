package demo

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net/url"

	"cordboard/internal/app"
	"cordboard/internal/crm/salesforce"
	"cordboard/internal/fault"
	"cordboard/internal/interaction"
	"cordboard/internal/simorg"
	"cordboard/internal/tenant"
)

// Tenant is the sample tenant's name.
const Tenant = "acme"

// Password is every sample user's. It is stated openly: a demo listens on loopback, and its data is made up.
const Password = "cordboard-demo"

// Person is a sample user and his Salesforce user in the simulated org.
type Person struct {
	UserID   string `json:"userId"`
	Password string `json:"password"`
	Name     string `json:"name"`
	Role     string `json:"role"`
	OrgUser  string `json:"orgUser"`

	first, last string
	token       string
	roles       []tenant.Role
	queues      []string // by name
}

// People are the sample users: three agents and an administrator.
var People = []Person{
	person("ada", "Ada", "Ng", "TOKADA", []tenant.Role{tenant.RoleAgent}, "Support", "Billing"),
	person("ben", "Ben", "Okoro", "TOKBEN", []tenant.Role{tenant.RoleAgent}, "Support"),
	person("cho", "Cho", "Park", "TOKCHO", []tenant.Role{tenant.RoleAgent}, "Billing"),
	person("mia", "Mia", "Olsen", "TOKMIA", []tenant.Role{tenant.RoleAdmin}),
}

func person(id, first, last, token string, roles []tenant.Role, queues ...string) Person {
	return Person{UserID: id, Password: Password, Name: first + " " + last, Role: string(roles[0]), OrgUser: id + "@demo.example",
		first: first, last: last, token: token, roles: roles, queues: queues}
}

// orgPassword is the sample users' password in the simulated org; the security token is appended to it.
const orgPassword = "demo-pass"

// Lines are the sample tenant's phone channels.
var Lines = []Line{
	{Number: "+18661231234", Name: "Main line", Queue: "Support"},
	{Number: "+18665550100", Name: "Billing line", Queue: "Billing"},
}

// Samples are the customers whom the page offers; the simulated org's demo seed knows them.
var Samples = []Sample{
	{"Ann Okafor", "+14155550123", "one contact of Acme Fabrication"},
	{"A shared number", "+14155551212", "two contacts and a lead have it"},
	{"Greta Lindqvist", "+4915125550199", "in Berlin, stored as +49 1512 5550199"},
	{"Dana Whitlock", "+14155550188", "a contact without a company"},
	{"A new customer", "+14155550199", "nobody has this number: a blank record"},
	{"Withheld", "", "no search, the form without a number"},
	{"An internal phone", "4711", "too short to search"},
}

// PhoneOnly are the media of the sample queues.
var PhoneOnly = []interaction.Medium{interaction.Phone}

// SignOn saves an agent's sign-on as the sample Salesforce user of a person, and signs him in.
func SignOn(ctx context.Context, t *app.Tenant, agentID string, as Person) error {
	s, err := t.Salesforce.Save(ctx, agentID, tenant.SignOnPassword, as.OrgUser, orgPassword, as.token)
	if err == nil && s.Result != salesforce.Connected {
		err = fault.New(fault.Unavailable, string(s.Result), s.Message)
	}
	return err
}

// Settle makes the sample tenant in an installation, signed on to the simulated org at orgURL.
func Settle(ctx context.Context, a *app.App, orgURL string) (*app.Tenant, error) {
	t, err := a.Tenant(ctx, Tenant)
	if err != nil {
		return nil, err
	}
	return t, settle(ctx, t, orgURL)
}

// consumerKey is the sample External Client App's.
const consumerKey = "cordboard-demo"

// approve registers the tenant's certificate in the simulated org, as an administrator does in a real one, so that agents
// can sign on by JWT too.
func approve(ctx context.Context, t *app.Tenant, org *simorg.Org) error {
	text, err := t.Org.Certificate(ctx)
	if err != nil {
		return err
	}
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return fault.New(fault.Internal, "NO_CERTIFICATE", "The sample tenant has no certificate.")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return err
	}
	key, ok := cert.PublicKey.(*rsa.PublicKey)
	if !ok {
		return fault.New(fault.Internal, "NO_CERTIFICATE", "The sample tenant's certificate has no RSA key.")
	}
	return org.SetApp(simorg.App{Name: "Cordboard", ConsumerKey: consumerKey, PublicKey: key, Users: []string{"*"}})
}

// moved follows the simulated org to the address it has this time; another org that was set by hand stays.
func moved(ctx context.Context, t *app.Tenant, orgURL string) error {
	set := t.Settings.Config().ScreenPop
	was, err := url.Parse(set.Connection.LoginURL)
	if err != nil || set.Connection.LoginURL == orgURL || set.Connection.Environment != "custom" || was.Hostname() != "127.0.0.1" {
		return nil
	}
	set.Connection.LoginURL = orgURL
	_, err = t.Settings.SaveScreenPop(ctx, "system", set)
	return err
}

// settle fills an empty tenant with the sample settings; what is there already is left alone, so that a demo kept with
// --data goes on as it was.
func settle(ctx context.Context, t *app.Tenant, orgURL string) error {
	cfg := t.Settings.Config()
	if len(cfg.Users) > 0 {
		return moved(ctx, t, orgURL)
	}
	if _, err := t.Org.NewKey(ctx); err != nil {
		return err
	}
	const by = "system"
	p := cfg.Profile
	p.Label, p.Region, p.TimeZone = "Acme Trading", "US", "America/New_York"
	if _, err := t.Settings.SaveProfile(ctx, by, p); err != nil {
		return err
	}
	outcome, err := t.Settings.SaveCodeList(ctx, by, tenant.CodeList{Name: "Outcome", Required: true, Items: []tenant.CodeItem{
		{Text: "Resolved", ReportText: "Resolved"}, {Text: "Follow-up", ReportText: "Follow-up"},
		{Text: "Refund", ReportText: "Refund"}, {Text: "Wrong number", ReportText: "Wrong number"},
	}})
	if err != nil {
		return err
	}
	queues := map[string]int64{}
	for _, q := range []tenant.Queue{
		{Name: "Support", Priority: 5, WrapupSeconds: 30, AnnounceSeconds: 20, Media: PhoneOnly},
		{Name: "Billing", Priority: 6, WrapupSeconds: 60, AnnounceSeconds: 20, Media: PhoneOnly, CodeLists: []int64{outcome.ID}},
	} {
		saved, err := t.Settings.SaveQueue(ctx, by, q)
		if err != nil {
			return err
		}
		queues[saved.Name] = saved.ID
	}
	for _, l := range Lines {
		ch := tenant.Channel{Medium: interaction.Phone, Name: l.Name, Number: l.Number, Queue: queues[l.Queue], Region: "US"}
		if _, err := t.Settings.SaveChannel(ctx, by, ch); err != nil {
			return err
		}
	}
	if _, err := t.Settings.SaveTrunk(ctx, by, tenant.Trunk{Name: "This machine", Addresses: []string{"127.0.0.0/8", "::1"}}); err != nil {
		return err
	}
	pop := t.Settings.Config().ScreenPop
	pop.Enabled, pop.Triggers.Offered = true, true
	pop.AutoLog = tenant.AutoLog{On: true, Phone: true, Voicemail: true, Chat: true, Email: true}
	pop.Connection.Environment, pop.Connection.LoginURL = "custom", orgURL
	pop.Connection.ConsumerKey = consumerKey
	pop.Connection.SignOns = []tenant.SignOn{tenant.SignOnPassword, tenant.SignOnJWT}
	if _, err := t.Settings.SaveScreenPop(ctx, by, pop); err != nil {
		return err
	}
	for _, x := range People {
		u := tenant.User{UserID: x.UserID, FirstName: x.first, LastName: x.last, Email: x.UserID + "@acme.example", Roles: x.roles,
			Queues: map[int64]int{}, OfferSeconds: 30, Endpoint: tenant.EndpointBrowser, Seat: x.roles[0] == tenant.RoleAgent}
		for _, q := range x.queues {
			u.Queues[queues[q]] = 5
		}
		saved, err := t.Settings.SaveUser(ctx, by, u)
		if err != nil {
			return err
		}
		if err := t.SetPassword(ctx, x.UserID, Password); err != nil {
			return err
		}
		if !saved.Seat {
			continue
		}
		if err := SignOn(ctx, t, saved.ID, x); err != nil {
			return err
		}
	}
	return nil
}
