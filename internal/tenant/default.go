package tenant

import (
	"cordboard/internal/crm"
	"cordboard/internal/interaction"
	"cordboard/internal/number"
)

// New is the picture of a tenant that has saved nothing yet.
func New(name string) *Config {
	return &Config{
		Name:      name,
		Profile:   DefaultProfile(),
		ScreenPop: DefaultScreenPop(),
		Users:     map[string]User{},
		Queues:    map[int64]Queue{},
		Channels:  map[int64]Channel{},
		CodeLists: map[int64]CodeList{},
		Trunks:    map[int64]Trunk{},
	}
}

// DefaultProfile is CFG-4's column of defaults.
func DefaultProfile() Profile { return Profile{TimeZone: "UTC", Region: "US"} }

// DefaultScreenPop is CFG-6's column of defaults: off, and when switched on, Enhanced with a pop at the offer.
func DefaultScreenPop() ScreenPop {
	return ScreenPop{
		Target:      TargetSalesforce,
		Integration: Enhanced,
		AutoLog:     AutoLog{Phone: true, Voicemail: true, Chat: true, Email: true},
		Triggers:    Triggers{Offered: true},
		Connection: Connection{
			Environment: Production,
			SignOns:     []SignOn{SignOnPassword},
			APIVersion:  "64.0",
		},
		PhoneFields: DefaultPhoneFields(),
		Withheld:    number.DefaultWithheld(),
		NoMatchForm: crm.Contact,
	}
}

// DefaultPhoneFields are the fields that a number is looked for in (MAT-3); fax numbers never are.
func DefaultPhoneFields() []string {
	return []string{
		"Account.Phone",
		"Contact.Phone", "Contact.MobilePhone", "Contact.HomePhone", "Contact.OtherPhone", "Contact.AssistantPhone",
		"Lead.Phone", "Lead.MobilePhone",
	}
}

// DefaultQueue is a new queue (CFG-15) for phone calls.
func DefaultQueue() Queue {
	return Queue{Media: []interaction.Medium{interaction.Phone}, Priority: 5, WrapupSeconds: 30, AnnounceSeconds: 20, CodeLists: []int64{}}
}

// DefaultUser is a new agent (CFG-14) with a browser phone.
func DefaultUser() User {
	return User{Roles: []Role{RoleAgent}, Queues: map[int64]int{}, OfferSeconds: 30, Endpoint: EndpointBrowser}
}

// Values of ScreenPop.Target, ScreenPop.Integration and Connection.Environment.
const (
	TargetSalesforce = "salesforce"
	Enhanced         = "enhanced"
	Legacy           = "legacy"
	Production       = "production"
	Sandbox          = "sandbox"
	Custom           = "custom"
)

// LoginBase is where the tenant's agents sign in to Salesforce (SF-5), without a trailing slash.
func (c Connection) LoginBase() string {
	switch c.Environment {
	case Sandbox:
		return "https://test.salesforce.com"
	case Custom:
		return c.LoginURL
	}
	return "https://login.salesforce.com"
}
