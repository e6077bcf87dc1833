package access

import (
	"context"
	"time"

	"cordboard/internal/tenant"
)

// Result is what signing on came to (SF-9).
type Result string

// The results.
const (
	Connected       Result = "CONNECTED"
	InvalidLogin    Result = "INVALID_LOGIN"
	TokenMissing    Result = "TOKEN_MISSING"
	Locked          Result = "LOCKED"
	Restricted      Result = "RESTRICTED"
	PasswordExpired Result = "PASSWORD_EXPIRED"
	SOAPLoginOff    Result = "SOAP_LOGIN_OFF"
	APIDisabled     Result = "API_DISABLED"
	NotApproved     Result = "NOT_APPROVED"
	Unreachable     Result = "UNREACHABLE"
	NotSetUp        Result = "NOT_SET_UP" // no credentials saved yet
)

// SignOn is an agent's sign-on as stored: never a secret (those are sealed, owner = agent id, name "salesforce.password").
type SignOn struct {
	Agent     string        `json:"agent"`
	Kind      tenant.SignOn `json:"kind"`
	LoginID   string        `json:"loginId"`
	SavedAt   time.Time     `json:"savedAt,omitzero"`
	Result    Result        `json:"result"`
	Message   string        `json:"message"` // the sentence shown (SF-9)
	CheckedAt time.Time     `json:"checkedAt,omitzero"`
	Worked    bool          `json:"worked"` // it has worked with these credentials before (SF-10's addition)
	UserID    string        `json:"userId,omitempty"`
	UserName  string        `json:"userName,omitempty"` // full name
	OrgID     string        `json:"orgId,omitempty"`
	OrgName   string        `json:"orgName,omitempty"`
	Instance  string        `json:"instance,omitempty"` // https://<MyDomain>…, for record links
}

// SignOns keeps them; the store implements it.
type SignOns interface {
	// SignOn returns one with Result NotSetUp when there is none.
	SignOn(ctx context.Context, agent string) (SignOn, error)
	PutSignOn(ctx context.Context, s SignOn) error
	DropSignOn(ctx context.Context, agent string) error
}
