// Package salesforce is the customer's Salesforce org as a CRM: each agent is signed in with his own user, records are
// found, read and created as that user, and each log becomes one Task, exactly once.
//
// It promises what its rooms promise: access (sign-on, sessions, what an agent may see), record (search, reading,
// creating), task (logs); below them query writes SOQL and SOSL, wire sends requests and tells errors apart, login gets
// sessions. Nothing is ever deleted (SPEC SF-20). It never decides what pops or what a log says, and knows no channel.
package salesforce

import (
	"context"

	"cordboard/internal/crm"
	"cordboard/internal/crm/salesforce/access"
	"cordboard/internal/crm/salesforce/record"
	"cordboard/internal/crm/salesforce/task"
	"cordboard/internal/tenant"
)

// Options are what a Salesforce needs; all but OnSignOn are required.
type Options = access.Options

// Vault keeps secrets sealed (SF-8).
type Vault = access.Vault

// SignOn is an agent's sign-on as stored: never a secret.
type SignOn = access.SignOn

// SignOns keeps them; the store implements it.
type SignOns = access.SignOns

// Result is what signing on came to (SF-9).
type Result = access.Result

// The results.
const (
	Connected       = access.Connected
	InvalidLogin    = access.InvalidLogin
	TokenMissing    = access.TokenMissing
	Locked          = access.Locked
	Restricted      = access.Restricted
	PasswordExpired = access.PasswordExpired
	SOAPLoginOff    = access.SOAPLoginOff
	APIDisabled     = access.APIDisabled
	NotApproved     = access.NotApproved
	Unreachable     = access.Unreachable
	NotSetUp        = access.NotSetUp
)

// Names of secrets in the vault, and the owner of the tenant's own.
const (
	SecretPassword = access.SecretPassword
	SecretJWTKey   = access.SecretJWTKey
	TenantOwner    = access.TenantOwner
)

// KeyField is the unique external id on Activity (LOG-11, SF-2).
const KeyField = task.KeyField

// Salesforce is a tenant's org. It is safe for concurrent use.
type Salesforce struct {
	access  *access.Access
	records *record.Records
	tasks   *task.Writer
}

var (
	_ crm.Finder = (*Salesforce)(nil)
	_ crm.Reader = (*Salesforce)(nil)
	_ crm.Writer = (*Salesforce)(nil)
	_ crm.Logger = (*Salesforce)(nil)
)

// New makes a tenant's Salesforce. Nothing is sent before the first question.
func New(o Options) *Salesforce {
	a := access.New(o)
	return &Salesforce{
		access:  a,
		records: record.New(a, o.Config, o.Clock, o.Logger),
		tasks:   task.New(a, o.Clock, o.Logger),
	}
}

// Find searches as the agent, within three seconds (MAT-1…MAT-14). The fault's message is the reason that follows "CRM
// not reached:" (MAT-12).
func (s *Salesforce) Find(ctx context.Context, as string, key crm.Key) (crm.Found, error) {
	return s.records.Find(ctx, as, key)
}

// Read reads a record's details as the agent (POP-9).
func (s *Salesforce) Read(ctx context.Context, as string, ref crm.Ref) (crm.Record, error) {
	return s.records.Read(ctx, as, ref)
}

// Form describes a blank record as the agent may create it (POP-10).
func (s *Salesforce) Form(ctx context.Context, as string, kind crm.Kind) (crm.Form, error) {
	return s.records.Form(ctx, as, kind)
}

// Create makes a record as the agent (POP-12).
func (s *Salesforce) Create(ctx context.Context, as string, kind crm.Kind, values map[string]string, saveDuplicate bool) (crm.Ref, error) {
	return s.records.Create(ctx, as, kind, values, saveDuplicate)
}

// Log writes an entry as one Task, exactly once per Entry.Key (LOG-5, LOG-11, LOG-18).
func (s *Salesforce) Log(ctx context.Context, as string, e crm.Entry) (crm.Logged, error) {
	return s.tasks.Log(ctx, as, e)
}

// LaneOf is the lane of an agent's deliveries: one org and credential (DESIGN §4.8).
func (s *Salesforce) LaneOf(agent string) string { return "salesforce/" + agent }

// Usage is how many API calls the org counted within its rolling day, and how many it permits; 0, 0 when unknown.
func (s *Salesforce) Usage() (used, limit int64) { return s.access.Usage() }

// Save keeps an agent's credentials sealed and signs him in at once (SF-9): see access.Access.Save.
func (s *Salesforce) Save(ctx context.Context, agent string, kind tenant.SignOn, loginID, password, token string) (SignOn, error) {
	return s.access.Save(ctx, agent, kind, loginID, password, token)
}

// Test tries the saved sign-on now, also after a refusal: a person asked for it.
func (s *Salesforce) Test(ctx context.Context, agent string) (SignOn, error) {
	return s.access.Test(ctx, agent)
}

// Disconnect forgets an agent's credentials and session.
func (s *Salesforce) Disconnect(ctx context.Context, agent string) error {
	return s.access.Disconnect(ctx, agent)
}

// Status is an agent's sign-on as it stands, without asking Salesforce.
func (s *Salesforce) Status(ctx context.Context, agent string) (SignOn, error) {
	return s.access.Status(ctx, agent)
}

// SignIn signs an agent in at console sign-in (SF-11).
func (s *Salesforce) SignIn(ctx context.Context, agent string) (SignOn, error) {
	return s.access.SignIn(ctx, agent)
}
