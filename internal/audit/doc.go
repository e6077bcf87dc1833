// Package audit writes down who changed what (SPEC CFG-19): append-only, chained by hash, never a secret's value.
package audit

import (
	"context"
	"time"
)

// Entry is one line of the audit log. Hash covers the entry and the hash before it.
type Entry struct {
	Number  int64             `json:"number"`
	At      time.Time         `json:"at"`
	Who     string            `json:"who"`   // agent id, system user, "system"
	What    string            `json:"what"`  // e.g. sign_in, sign_in_refused, setting_saved, credential_saved, delivery_dropped
	About   string            `json:"about"` // what it concerns
	Details map[string]string `json:"details,omitempty"`
	Before  string            `json:"-"` // hash of the entry before
	Hash    string            `json:"-"`
}

// Store keeps entries. Append numbers the entry and chains it, in one transaction, and returns it as stored.
type Store interface {
	Append(ctx context.Context, e Entry) (Entry, error)
	Entries(ctx context.Context, before int64, limit int) ([]Entry, error)
}
