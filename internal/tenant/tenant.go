// Package tenant is a tenant's settings: the Configuration Manager's documents with their defaults and their checks.
//
// It promises that a document is either wholly valid or refused with every fault at once (GEN-4), and that a Config is an
// immutable picture that many can read at once. It never reads a database: the store keeps the documents, app hands the
// picture around.
package tenant

import (
	"cordboard/internal/crm"
	"cordboard/internal/interaction"
)

// Role is what a user may do (SEC-5).
type Role string

// The roles.
const (
	RoleAdmin      Role = "admin"      // Primary administrator
	RoleSupervisor Role = "supervisor" // watches, changes statuses
	RoleAgent      Role = "agent"
)

// Profile is Home > Profile (CFG-4, first form).
type Profile struct {
	Label           string `json:"label"`           // ≤ 80
	TimeZone        string `json:"timeZone"`        // IANA name, default UTC
	Region          string `json:"region"`          // ISO 3166 alpha-2
	AllowReject     bool   `json:"allowReject"`     // INT-7
	SalesforceUsers int    `json:"salesforceUsers"` // limit set by the operator; 0 = none (CFG-5)
	Version         int64  `json:"version"`
}

// Endpoint is where an agent's phone is.
type Endpoint string

// The endpoints.
const (
	EndpointBrowser Endpoint = "browser"
	EndpointSIP     Endpoint = "sip"
)

// User is a person who may sign in (CFG-14, first form). Passwords and CRM credentials are kept elsewhere.
type User struct {
	ID           string        `json:"id"`     // agent id, GEN-7; given by us
	UserID       string        `json:"userId"` // 3–64, unique in the installation
	FirstName    string        `json:"firstName"`
	LastName     string        `json:"lastName"`
	Email        string        `json:"email"`
	Roles        []Role        `json:"roles"`
	Queues       map[int64]int `json:"queues"`       // queue id → skill 1–10
	OfferSeconds int           `json:"offerSeconds"` // 15–60, default 30 (INT-6)
	Endpoint     Endpoint      `json:"endpoint"`
	SIPUser      string        `json:"sipUser,omitempty"` // generated; the secret is sealed elsewhere
	Seat         bool          `json:"seat"`              // may use the Salesforce integration (POP-1)
	LoginID      string        `json:"loginId,omitempty"` // Salesforce Login ID for JWT, set by an administrator (SF-4)
	Inactive     bool          `json:"inactive,omitempty"`
	Version      int64         `json:"version"`
}

// Name is the person's full name.
func (u User) Name() string {
	if u.FirstName == "" {
		return u.LastName
	}
	return u.FirstName + " " + u.LastName
}

// Is reports whether the user has the role.
func (u User) Is(r Role) bool {
	for _, x := range u.Roles {
		if x == r {
			return true
		}
	}
	return false
}

// Queue is a waiting line (CFG-15, first form).
type Queue struct {
	ID              int64                `json:"id"`
	Name            string               `json:"name"`
	Media           []interaction.Medium `json:"media"`
	Priority        int                  `json:"priority"`        // 1–10, default 5; 10 first
	WrapupSeconds   int                  `json:"wrapupSeconds"`   // 0–3600, default 30
	AnnounceSeconds int                  `json:"announceSeconds"` // 5–120, default 20 (CH-3)
	Region          string               `json:"region,omitempty"`
	CodeLists       []int64              `json:"codeLists"`
	Version         int64                `json:"version"`
}

// Channel is an inbound address (CH-2, first form: phone).
type Channel struct {
	ID      int64              `json:"id"`
	Medium  interaction.Medium `json:"medium"`
	Name    string             `json:"name"`
	Number  string             `json:"number"` // E.164
	Queue   int64              `json:"queue"`
	Region  string             `json:"region,omitempty"`
	Version int64              `json:"version"`
}

// CodeItem is one transaction code (INT-13).
type CodeItem struct {
	ID         int64  `json:"id"`
	Text       string `json:"text"`
	ReportText string `json:"reportText"`
}

// CodeList is a list of transaction codes.
type CodeList struct {
	ID       int64      `json:"id"`
	Name     string     `json:"name"`
	Required bool       `json:"required"`
	Multiple bool       `json:"multiple"`
	Items    []CodeItem `json:"items"`
	Version  int64      `json:"version"`
}

// Trunk is where unauthenticated calls may come from (SEC-10).
type Trunk struct {
	ID        int64    `json:"id"`
	Name      string   `json:"name"`
	Addresses []string `json:"addresses"` // IPs or CIDR ranges
	Version   int64    `json:"version"`
}

// Triggers says at which events records pop (POP-1).
type Triggers struct {
	Offered   bool `json:"offered"`
	Accepted  bool `json:"accepted"`
	Completed bool `json:"completed"`
}

// AutoLog is field 10 of Screen Pop (LOG-1…LOG-4).
type AutoLog struct {
	On            bool `json:"on"`
	Phone         bool `json:"phone"`
	Voicemail     bool `json:"voicemail"`
	Chat          bool `json:"chat"`
	Email         bool `json:"email"`
	WithoutWindow bool `json:"withoutWindow"`
	// Options of LOG-8, default off.
	ContactsWithoutCompany bool `json:"contactsWithoutCompany"`
}

// SignOn is a kind of CRM sign-on (SF-4).
type SignOn string

// The kinds of sign-on.
const (
	SignOnPassword SignOn = "password" // password + security token
	SignOnJWT      SignOn = "jwt"
)

// Connection is how the tenant reaches its org (CFG-7 Connection, first form). The JWT private key is sealed elsewhere.
type Connection struct {
	Environment string   `json:"environment"` // production, sandbox, custom
	LoginURL    string   `json:"loginUrl"`    // with custom: My Domain or a host the operator listed (SF-5)
	SignOns     []SignOn `json:"signOns"`     // permitted kinds
	ConsumerKey string   `json:"consumerKey"` // of the External Client App, for JWT
	Audience    string   `json:"audience"`    // JWT aud; default by environment
	APIVersion  string   `json:"apiVersion"`  // default 64.0 (SF-19)
}

// ScreenPop is Integration > Screen Pop (CFG-6, first form: fields 1–3, 10, 11 and the sections that they need).
type ScreenPop struct {
	Enabled     bool       `json:"enabled"`
	Target      string     `json:"target"`      // salesforce (builtin and post come later)
	Integration string     `json:"integration"` // enhanced, legacy
	AutoLog     AutoLog    `json:"autoLog"`
	Triggers    Triggers   `json:"triggers"`
	Connection  Connection `json:"connection"`
	PhoneFields []string   `json:"phoneFields"` // MAT-3: "Contact.MobilePhone", …
	Withheld    []string   `json:"withheld"`    // MAT-6, editable
	NoMatchForm crm.Kind   `json:"noMatchForm"` // for phone (POP-10)
	Version     int64      `json:"version"`
}

// Config is an immutable picture of a tenant's settings. Maps and slices must not be changed.
type Config struct {
	Name      string // the tenant's name, GEN-2
	Profile   Profile
	ScreenPop ScreenPop
	Users     map[string]User // by agent id
	Queues    map[int64]Queue
	Channels  map[int64]Channel
	CodeLists map[int64]CodeList
	Trunks    map[int64]Trunk
	Revision  int64 // rises with every saved document
}
