package audit

import (
	"context"
	"fmt"
	"time"

	"cordboard/internal/fault"
)

// Log is a tenant's (or the installation's) audit log.
type Log struct {
	store Keeper
	now   func() time.Time
}

// New makes a log over a store; now is the clock, time.Now in a server.
func New(store Keeper, now func() time.Time) *Log { return &Log{store: store, now: now} }

// Write notes that who did what about something. Details hold names and harmless values, before and after of a setting
// for instance; never a secret, a full number or a text of a customer (GEN-10).
func (l *Log) Write(ctx context.Context, who, what, about string, details map[string]string) error {
	_, err := l.store.Append(ctx, Entry{At: l.now(), Who: who, What: what, About: about, Details: details})
	return err
}

// Entries lists entries with a Number below before (0 = all), newest first.
func (l *Log) Entries(ctx context.Context, before int64, limit int) ([]Entry, error) {
	return l.store.Entries(ctx, before, limit)
}

// Verify reads the whole log and returns how many entries it holds. The first bad row is named by a fault of code
// AUDIT_BROKEN, with the row's number in Fields[0].Code.
func (l *Log) Verify(ctx context.Context) (int64, error) {
	head, err := l.store.Head(ctx)
	if err != nil {
		return 0, err
	}
	newest, err := l.store.Entries(ctx, 0, 1)
	if err != nil {
		return 0, err
	}
	if len(newest) == 1 && newest[0].Number > head.Number {
		return 0, broken(head.Number+1, "stands behind the end of the log")
	}
	// Newest first: the first bad row is the last one that is noticed.
	var bad error
	want := head // number and hash that the next row must have
	before := head.Number + 1
	for want.Number > 0 {
		page, err := l.store.Entries(ctx, before, 1000)
		if err != nil {
			return 0, err
		}
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			for want.Number > e.Number {
				bad = broken(want.Number, "is missing")
				want = Head{Number: want.Number - 1}
			}
			next := Head{Number: e.Number - 1, Hash: e.Before}
			if how := wrong(e, want.Hash); how != "" {
				bad = broken(e.Number, how)
				next.Hash = "" // a bad row's word about the one before it counts for nothing
			}
			want, before = next, e.Number
		}
	}
	if want.Number > 0 {
		bad = broken(1, "is missing")
	}
	if bad != nil {
		return 0, bad
	}
	return head.Number, nil
}

// wrong says what is wrong with a row whose hash should be want ("" = not known); "" when nothing is.
func wrong(e Entry, want string) string {
	switch {
	case sum(e) != e.Hash:
		return "was altered"
	case want != "" && e.Hash != want:
		return "was altered or stands in another's place"
	}
	return ""
}

func broken(number int64, how string) error {
	f := fault.Newf(fault.Conflict, "AUDIT_BROKEN",
		"Row %d of the audit log %s. The rows before it are as they were written; compare the rest with a backup.", number, how)
	f.Fields = []fault.Field{{Field: "number", Code: fmt.Sprint(number), Message: f.Message}}
	return f
}
