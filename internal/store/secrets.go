package store

import (
	"context"
	"encoding/json"

	"cordboard/internal/crm/salesforce"
	"cordboard/internal/seal"
	"cordboard/internal/store/engine"
)

var (
	_ seal.Keeper        = (*Tenant)(nil)
	_ seal.Keeper        = (*Control)(nil)
	_ salesforce.SignOns = (*Tenant)(nil)
)

// PutSecret keeps a sealed value, in place of an earlier one.
func (t *Tenant) PutSecret(ctx context.Context, owner, name string, sealed []byte) error {
	return putSecret(ctx, t.db, owner, name, sealed)
}

// Secret returns a sealed value, nil when there is none.
func (t *Tenant) Secret(ctx context.Context, owner, name string) ([]byte, error) {
	return secret(ctx, t.db, owner, name)
}

// DropSecret forgets a sealed value.
func (t *Tenant) DropSecret(ctx context.Context, owner, name string) error {
	return dropSecret(ctx, t.db, owner, name)
}

// PutSecret keeps a sealed value of the installation.
func (c *Control) PutSecret(ctx context.Context, owner, name string, sealed []byte) error {
	return putSecret(ctx, c.db, owner, name, sealed)
}

// Secret returns a sealed value of the installation, nil when there is none.
func (c *Control) Secret(ctx context.Context, owner, name string) ([]byte, error) {
	return secret(ctx, c.db, owner, name)
}

// DropSecret forgets a sealed value of the installation.
func (c *Control) DropSecret(ctx context.Context, owner, name string) error {
	return dropSecret(ctx, c.db, owner, name)
}

func putSecret(ctx context.Context, db *engine.DB, owner, name string, sealed []byte) error {
	return db.Write(ctx, func(q *engine.Q) error {
		_, err := q.Exec(`INSERT INTO secret (owner, name, sealed) VALUES ($1, $2, $3)
ON CONFLICT (owner, name) DO UPDATE SET sealed = excluded.sealed`, owner, name, sealed)
		return err
	})
}

func secret(ctx context.Context, db *engine.DB, owner, name string) (sealed []byte, err error) {
	_, err = db.Read(ctx).Get("SELECT sealed FROM secret WHERE owner = $1 AND name = $2", []any{owner, name}, &sealed)
	return sealed, db.Fault(err)
}

func dropSecret(ctx context.Context, db *engine.DB, owner, name string) error {
	return db.Write(ctx, func(q *engine.Q) error {
		_, err := q.Exec("DELETE FROM secret WHERE owner = $1 AND name = $2", owner, name)
		return err
	})
}

// SignOn reads an agent's Salesforce sign-on; Result is NotSetUp when there is none.
func (t *Tenant) SignOn(ctx context.Context, agent string) (salesforce.SignOn, error) {
	s := salesforce.SignOn{Agent: agent, Result: salesforce.NotSetUp}
	var doc string
	_, err := t.db.Read(ctx).Get("SELECT doc FROM sign_on WHERE agent = $1", []any{agent}, &doc)
	if err != nil {
		return s, t.db.Fault(err)
	}
	return s, decode(doc, &s)
}

// PutSignOn keeps an agent's Salesforce sign-on, in place of an earlier one.
func (t *Tenant) PutSignOn(ctx context.Context, s salesforce.SignOn) error {
	doc, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return t.db.Write(ctx, func(q *engine.Q) error {
		_, err := q.Exec("INSERT INTO sign_on (agent, doc) VALUES ($1, $2) ON CONFLICT (agent) DO UPDATE SET doc = excluded.doc", s.Agent, string(doc))
		return err
	})
}

// DropSignOn forgets an agent's Salesforce sign-on.
func (t *Tenant) DropSignOn(ctx context.Context, agent string) error {
	return t.db.Write(ctx, func(q *engine.Q) error {
		_, err := q.Exec("DELETE FROM sign_on WHERE agent = $1", agent)
		return err
	})
}
