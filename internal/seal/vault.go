package seal

import (
	"context"
	"fmt"
	"log/slog"
)

// Secret is a value that no print, log or JSON shows. string(s) and []byte(s) are the deliberate ways to its content.
type Secret []byte

const redacted = "[redacted]"

// Format prints [redacted] for every verb.
func (Secret) Format(f fmt.State, _ rune) { fmt.Fprint(f, redacted) } //nolint:errcheck // a printer's own trouble

// LogValue logs [redacted].
func (Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText encodes as [redacted], in JSON, too.
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// Vault keeps one tenant's secrets sealed in his store. Owner is an agent id or "tenant"; name says what it is, e.g.
// "salesforce.password".
type Vault struct {
	box    *Box
	tenant string
	keep   Keeper
}

// NewVault makes the vault of a tenant.
func NewVault(b *Box, tenant string, k Keeper) *Vault { return &Vault{b, tenant, k} }

// Put seals and keeps a secret, in place of an earlier one.
func (v *Vault) Put(ctx context.Context, owner, name string, secret []byte) error {
	sealed, err := v.box.Seal(v.tenant, owner, name, secret)
	if err != nil {
		return err
	}
	return v.keep.PutSecret(ctx, owner, name, sealed)
}

// Get opens a secret, for use at once; nil when there is none.
func (v *Vault) Get(ctx context.Context, owner, name string) ([]byte, error) {
	sealed, err := v.keep.Secret(ctx, owner, name)
	if err != nil || sealed == nil {
		return nil, err
	}
	return v.box.Open(v.tenant, owner, name, sealed)
}

// Drop forgets a secret.
func (v *Vault) Drop(ctx context.Context, owner, name string) error {
	return v.keep.DropSecret(ctx, owner, name)
}
