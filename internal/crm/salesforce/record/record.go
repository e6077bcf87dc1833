// Package record finds, reads and creates records in Salesforce, always as the agent who asks (SPEC MAT-11).
//
// It promises that a match was compared by digits here, not only by Salesforce's search (MAT-5), that fields hidden from
// the agent are absent (POP-9), that a search is one round trip once he is signed in and ends within three seconds
// (MAT-12), and that a record made from the console is found at once (MAT-13). It never decides what pops.
package record

import (
	"log/slog"
	"time"

	"cordboard/internal/crm/salesforce/access"
	"cordboard/internal/tenant"
)

// Records are a tenant's records. They are safe for concurrent use.
type Records struct {
	a      *access.Access
	config func() *tenant.Config
	clock  func() time.Time
	log    *slog.Logger
	fresh  *fresh
}

// New makes them.
func New(a *access.Access, config func() *tenant.Config, clock func() time.Time, log *slog.Logger) *Records {
	return &Records{a: a, config: config, clock: clock, log: log, fresh: newFresh(clock)}
}
