package store

import (
	"context"
	"encoding/json"

	"cordboard/internal/audit"
	"cordboard/internal/store/engine"
)

var _ audit.Keeper = (*Tenant)(nil)

// Append chains an entry to the audit log's head, which is kept apart so that a cut-off end shows.
func (t *Tenant) Append(ctx context.Context, e audit.Entry) (audit.Entry, error) {
	var out audit.Entry
	err := t.db.Write(ctx, func(q *engine.Q) error {
		// The counter's row stays locked until commit: entries are chained one after the other.
		if _, err := bump(q, "audit"); err != nil {
			return err
		}
		h, err := head(q)
		if err != nil {
			return err
		}
		out = audit.Chain(h, e)
		details, err := json.Marshal(out.Details)
		if err != nil {
			return err
		}
		if _, err := q.Exec(`INSERT INTO audit (number, at, who, what, about, details, before, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			out.Number, engine.Millis(out.At), out.Who, out.What, out.About, string(details), out.Before, out.Hash); err != nil {
			return err
		}
		_, err = q.Exec(`INSERT INTO audit_head (id, number, hash) VALUES (1, $1, $2)
ON CONFLICT (id) DO UPDATE SET number = excluded.number, hash = excluded.hash`, out.Number, out.Hash)
		return err
	})
	return out, err
}

func head(q *engine.Q) (h audit.Head, err error) {
	_, err = q.Get("SELECT number, hash FROM audit_head WHERE id = 1", nil, &h.Number, &h.Hash)
	return h, err
}

// Head is where the audit log's chain ends.
func (t *Tenant) Head(ctx context.Context) (audit.Head, error) {
	h, err := head(t.db.Read(ctx))
	return h, t.db.Fault(err)
}

// Entries lists audit entries with a number below before (0 = all), newest first.
func (t *Tenant) Entries(ctx context.Context, before int64, n int) ([]audit.Entry, error) {
	var w where
	w.number("number < ", before)
	out, err := engine.All(t.db.Read(ctx), "SELECT number, at, who, what, about, details, before, hash FROM audit "+w.text()+" ORDER BY number DESC"+limit(n), w.args,
		func(row scanner) (e audit.Entry, err error) {
			var at int64
			var details string
			if err = row(&e.Number, &at, &e.Who, &e.What, &e.About, &details, &e.Before, &e.Hash); err != nil {
				return e, err
			}
			e.At = engine.Time(at)
			return e, decode(details, &e.Details)
		})
	return out, t.db.Fault(err)
}
