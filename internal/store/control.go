package store

import (
	"context"
	"time"

	"cordboard/internal/fault"
	"cordboard/internal/store/engine"
)

// Control is the installation's own small store (DESIGN §4.10): tenants, sign-in names, sessions, and which tenant has
// which telephone number and SIP account. A reservation is written first; what a tenant then does with it is his own.
type Control struct{ db *engine.DB }

func (c *Control) addTenant(ctx context.Context, name string, at time.Time) error {
	return c.db.Write(ctx, func(q *engine.Q) error {
		_, err := q.Exec("INSERT INTO tenant (name, created_at) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", name, engine.Millis(at))
		return err
	})
}

// Tenants lists the tenants' names.
func (c *Control) Tenants(ctx context.Context) ([]string, error) {
	out, err := engine.All(c.db.Read(ctx), "SELECT name FROM tenant ORDER BY name", nil, func(row scanner) (s string, err error) {
		return s, row(&s)
	})
	return out, c.db.Fault(err)
}

// Number is a telephone number reserved for a tenant's channel.
type Number struct {
	Number  string // E.164
	Tenant  string
	Channel int64
}

func scanNumber(row scanner) (n Number, err error) {
	return n, row(&n.Number, &n.Tenant, &n.Channel)
}

// ReserveNumber gives a number to a tenant's channel; Conflict when another tenant has it.
func (c *Control) ReserveNumber(ctx context.Context, n Number) error {
	return c.db.Write(ctx, func(q *engine.Q) error {
		got, err := q.Exec(`INSERT INTO number (number, tenant, channel) VALUES ($1, $2, $3)
ON CONFLICT (number) DO UPDATE SET channel = excluded.channel WHERE number.tenant = excluded.tenant`, n.Number, n.Tenant, n.Channel)
		if err == nil && got == 0 {
			return fault.New(fault.Conflict, "NUMBER_TAKEN", "This telephone number is in use on this server already. Nothing was saved; choose another number.")
		}
		return err
	})
}

// ReleaseNumber gives a tenant's number free.
func (c *Control) ReleaseNumber(ctx context.Context, number, tenant string) error {
	return c.db.Write(ctx, func(q *engine.Q) error {
		_, err := q.Exec("DELETE FROM number WHERE number = $1 AND tenant = $2", number, tenant)
		return err
	})
}

// NumberOf tells whose a number is; NotFound when nobody's.
func (c *Control) NumberOf(ctx context.Context, number string) (Number, error) {
	return one(ctx, c, "NUMBER_NOT_FOUND", "Nobody here has this telephone number.",
		"SELECT number, tenant, channel FROM number WHERE number = $1", []any{number}, scanNumber)
}

// Numbers lists a tenant's numbers; all for "".
func (c *Control) Numbers(ctx context.Context, tenant string) ([]Number, error) {
	var w where
	w.eq("tenant", tenant)
	out, err := engine.All(c.db.Read(ctx), "SELECT number, tenant, channel FROM number "+w.text()+" ORDER BY number", w.args, scanNumber)
	return out, c.db.Fault(err)
}

// SIPAccount is a SIP user name reserved for an agent; its secret is sealed in the tenant's store.
type SIPAccount struct {
	Name   string
	Tenant string
	Agent  string
}

func scanSIP(row scanner) (s SIPAccount, err error) {
	return s, row(&s.Name, &s.Tenant, &s.Agent)
}

// ReserveSIPAccount gives a SIP user name to an agent; Conflict when another agent has it.
func (c *Control) ReserveSIPAccount(ctx context.Context, s SIPAccount) error {
	return c.db.Write(ctx, func(q *engine.Q) error {
		got, err := q.Exec(`INSERT INTO sip_account (name, tenant, agent) VALUES ($1, $2, $3)
ON CONFLICT (name) DO UPDATE SET agent = excluded.agent WHERE sip_account.tenant = excluded.tenant AND sip_account.agent = excluded.agent`,
			s.Name, s.Tenant, s.Agent)
		if err == nil && got == 0 {
			return fault.New(fault.Conflict, "SIP_NAME_TAKEN", "This SIP user name is in use already. Nothing was saved; choose another.")
		}
		return err
	})
}

// ReleaseSIPAccount gives a tenant's SIP user name free.
func (c *Control) ReleaseSIPAccount(ctx context.Context, name, tenant string) error {
	return c.db.Write(ctx, func(q *engine.Q) error {
		_, err := q.Exec("DELETE FROM sip_account WHERE name = $1 AND tenant = $2", name, tenant)
		return err
	})
}

// SIPAccount tells whose a SIP user name is; NotFound when nobody's.
func (c *Control) SIPAccount(ctx context.Context, name string) (SIPAccount, error) {
	return one(ctx, c, "SIP_NAME_NOT_FOUND", "Nobody here has this SIP user name.",
		"SELECT name, tenant, agent FROM sip_account WHERE name = $1", []any{name}, scanSIP)
}

// SIPAccounts lists a tenant's SIP user names; all for "".
func (c *Control) SIPAccounts(ctx context.Context, tenant string) ([]SIPAccount, error) {
	var w where
	w.eq("tenant", tenant)
	out, err := engine.All(c.db.Read(ctx), "SELECT name, tenant, agent FROM sip_account "+w.text()+" ORDER BY name", w.args, scanSIP)
	return out, c.db.Fault(err)
}

// one reads the one row of a query; a NotFound fault with the code and sentence when there is none.
func one[T any](ctx context.Context, c *Control, code, sentence, query string, args []any, scan func(scanner) (T, error)) (T, error) {
	out, err := engine.All(c.db.Read(ctx), query, args, scan)
	if err == nil && len(out) == 0 {
		err = fault.New(fault.NotFound, code, sentence)
	}
	if err != nil {
		var none T
		return none, c.db.Fault(err)
	}
	return out[0], nil
}
