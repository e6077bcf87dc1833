// Package task writes log entries as Tasks in Salesforce, exactly once per entry (SPEC LOG-5, LOG-11).
//
// It promises that a repeat after a lost answer changes nothing, that what can be mended at once is (a hidden field, a
// related record without access, a text too long: LOG-13, LOG-14, LOG-18), and that everything else comes back with the
// verdict that the delivery needs. It never retries by itself and never composes a log's text.
package task

import (
	"log/slog"
	"time"

	"cordboard/internal/crm/salesforce/access"
)

// Writer writes a tenant's logs. It is safe for concurrent use.
type Writer struct {
	a     *access.Access
	clock func() time.Time
	log   *slog.Logger
	lanes locks
	pause pause
	width width
}

// New makes it.
func New(a *access.Access, clock func() time.Time, log *slog.Logger) *Writer {
	return &Writer{a: a, clock: clock, log: log}
}
