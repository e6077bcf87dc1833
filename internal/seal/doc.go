// Package seal keeps secrets at rest: an envelope under the installation's master key, bound to tenant, owner and name, so
// that neither a copy of the database nor a value moved to another row can be used (SPEC SF-8, GEN-16).
//
// It promises that a secret is decrypted only when it is used, that a Secret prints as [redacted], and that a missing,
// wrong or readable-by-others key stops the start. It never stores anything itself: see Keeper.
package seal

import "context"

// Keeper stores sealed values; the store implements it. Owner is an agent id, or "tenant" for the tenant's own.
type Keeper interface {
	PutSecret(ctx context.Context, owner, name string, sealed []byte) error
	// Secret returns nil when there is none.
	Secret(ctx context.Context, owner, name string) ([]byte, error)
	DropSecret(ctx context.Context, owner, name string) error
}
