package api

import (
	"context"
	"net/http"
	"time"

	"cordboard/internal/agent"
	"cordboard/internal/crm"
	"cordboard/internal/crm/salesforce"
	"cordboard/internal/delivery"
	"cordboard/internal/interaction"
	"cordboard/internal/setting"
	"cordboard/internal/signin"
	"cordboard/internal/tenant"
	"cordboard/internal/web/view"
)

// Guard is the installation's door; signin.Guard is one.
type Guard interface {
	SignIn(ctx context.Context, userID, password string, from signin.Source) (id string, s signin.Session, err error)
	Session(ctx context.Context, id string) (signin.Session, error)
	SignOut(ctx context.Context, s signin.Session) error
	End(ctx context.Context, tenant, agent, keep, reason string) error
	SetPassword(ctx context.Context, userID, next, by, keep string) error
	ChangePassword(ctx context.Context, s signin.Session, current, next string) error
}

// Desk takes people's commands; desk.Desk is one.
type Desk interface {
	SignIn(ctx context.Context, agentID string) (agent.Agent, error)
	SignOut(ctx context.Context, agentID, reason string) (agent.Agent, error)
	SetStatus(ctx context.Context, agentID string, s agent.Status, by string) (agent.Agent, error)
	Command(ctx context.Context, agentID, id string, s interaction.Signal) (interaction.Interaction, error)
	One(ctx context.Context, id string) (interaction.Interaction, error)
}

// History lists an agent's final interactions, those created before an instant, newest first.
type History interface {
	History(ctx context.Context, agentID string, before time.Time, limit int) ([]interaction.Interaction, error)
}

// Pops are the record pane's commands, each as the agent; pop.Service is one.
type Pops interface {
	SearchAgain(ctx context.Context, agentID, id string) (interaction.Interaction, error)
	Choose(ctx context.Context, agentID, id string, ref crm.Ref) (interaction.Interaction, error)
	Form(ctx context.Context, agentID, id string, kind crm.Kind) (crm.Form, error)
	// Lookup finds records of one kind by words, for a field that points at one.
	Lookup(ctx context.Context, agentID string, kind crm.Kind, words string) ([]crm.Match, error)
	Create(ctx context.Context, agentID, id string, kind crm.Kind, values map[string]string, saveDuplicate bool) (interaction.Interaction, error)
}

// PhoneDesk is the phone channel as far as the console works it; phone.Channel is one.
type PhoneDesk interface {
	Mute(ctx context.Context, interactionID, agentID string, on bool) error
}

// BrowserPhone is the browser as a phone; browser.Switch is one.
type BrowserPhone interface {
	Connect(ctx context.Context, agentID, tabID, offer string) (answer string, err error)
	Take(agentID, tabID string, force bool) error
	Release(agentID, tabID string)
}

// SignOns are the agents' CRM sign-ons (SF-4…SF-10); salesforce.Salesforce is one.
type SignOns interface {
	Status(ctx context.Context, agentID string) (salesforce.SignOn, error)
	// Save keeps the credentials sealed, signs in at once and says what came of it (SF-9). The token is appended to the
	// password (SF-6); both are empty with JWT.
	Save(ctx context.Context, agentID string, kind tenant.SignOn, loginID, password, token string) (salesforce.SignOn, error)
	Test(ctx context.Context, agentID string) (salesforce.SignOn, error)
	Disconnect(ctx context.Context, agentID string) error
}

// Org is what the Screen Pop page needs of the CRM.
type Org interface {
	// Certificate is the public part of the JWT key as PEM; "" when there is no key.
	Certificate(ctx context.Context) (string, error)
	// NewKey makes another key pair, seals the private part and returns the certificate.
	NewKey(ctx context.Context) (string, error)
	// Probe asks the org, without anyone's credentials, whether it is there.
	Probe(ctx context.Context, c tenant.Connection) (OrgTest, error)
}

// OrgTest is what a probe found.
type OrgTest struct {
	Reachable  bool            `json:"reachable"`
	Message    string          `json:"message"`
	Kinds      []tenant.SignOn `json:"kinds"` // kinds of sign-on that it answers to
	APIVersion string          `json:"apiVersion,omitempty"`
}

// SIPAccounts make the names and secrets of agents' SIP phones (CH-1).
type SIPAccounts interface {
	// Issue makes a new secret for the agent's phone, and a name when he has none; the secret is shown once.
	Issue(ctx context.Context, u tenant.User) (sipUser, secret string, err error)
}

// Deliveries are the promises to other systems (CFG-20): delivery's pump and store together.
type Deliveries interface {
	List(ctx context.Context, f delivery.Filter) ([]delivery.Delivery, error)
	Count(ctx context.Context) (map[delivery.State]delivery.Tally, error)
	Retry(ctx context.Context, key string) (delivery.Delivery, error)
	// RetryLike sets all parked ones with this code to waiting and says how many.
	RetryLike(ctx context.Context, code string) (int, error)
	Drop(ctx context.Context, key, reason string) (delivery.Delivery, error)
}

// Live is the stream of a tenant; live.Hub is one.
type Live interface {
	Serve(w http.ResponseWriter, r *http.Request, s signin.Session, tab string)
	Phone(agentID string)
	SignOn(agentID string)
	Refresh(agentID string)
}

// Tenant is one tenant as the API works with it. All fields are needed.
type Tenant struct {
	Name       string
	Settings   *setting.Book
	Trail      setting.Trail
	Desk       Desk
	History    History
	Pops       Pops
	Phone      PhoneDesk
	Browser    BrowserPhone
	SIP        SIPAccounts
	SignOns    SignOns
	Org        Org
	Deliveries Deliveries
	Live       Live
	Eye        *view.Eye
	// PhoneOf is the agent's phone as a tab sees it.
	PhoneOf func(agentID, tab string) view.Phone
}
