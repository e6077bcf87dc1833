package store

import (
	"context"
	"time"

	"cordboard/internal/delivery"
	"cordboard/internal/fault"
	"cordboard/internal/store/engine"
)

// Release sets parked deliveries back to waiting.
func (t *Tenant) Release(ctx context.Context, f delivery.Filter, at time.Time) (out []delivery.Delivery, err error) {
	w := where{args: []any{engine.Millis(at)}, conds: []string{"state = 'parked'"}}
	if f.Key != "" {
		w.conds[0] = "state IN ('parked', 'waiting')"
	}
	f.State = ""
	filter(&w, f)
	lane := f.Lane != "" && f == (delivery.Filter{Lane: f.Lane})
	if lane { // what is parked for a reason of its own still needs a person
		w.conds = append(w.conds, "by_lane = 1")
	}
	err = t.db.Write(ctx, func(q *engine.Q) error {
		if lane {
			if err := openLane(q, f.Lane); err != nil {
				return err
			}
		}
		out, err = changed(q, `UPDATE delivery SET state = 'waiting', next_at = $1, since = $1, tries = 0, finished_at = 0, by_lane = 0, version = version + 1
`+w.text(), w.args)
		return err
	})
	return out, err
}

func filter(w *where, f delivery.Filter) {
	w.eq("key", f.Key)
	w.eq("lane", f.Lane)
	w.eq("code", f.Code)
	w.eq("agent", f.Agent)
	w.eq("interaction", f.Interaction)
	w.eq("state", string(f.State))
	w.number("created_at < ", engine.Millis(f.Before))
}

// Drop ends a parked or waiting delivery for good.
func (t *Tenant) Drop(ctx context.Context, key, reason string, at time.Time) (delivery.Delivery, error) {
	var out []delivery.Delivery
	err := t.db.Write(ctx, func(q *engine.Q) (err error) {
		out, err = changed(q, `UPDATE delivery SET state = 'dropped', reason = $2, finished_at = $3, version = version + 1
WHERE key = $1 AND state IN ('parked', 'waiting')`, []any{key, reason, engine.Millis(at)})
		return err
	})
	if err != nil {
		return delivery.Delivery{}, err
	}
	if len(out) == 1 {
		return out[0], nil
	}
	d, err := t.Delivery(ctx, key)
	if err != nil {
		return delivery.Delivery{}, err
	}
	if d.State == delivery.Running {
		return d, fault.New(fault.Conflict, "DELIVERY_RUNNING", "This delivery is being sent at this moment. Look again in a few seconds.")
	}
	return d, fault.New(fault.Conflict, "DELIVERY_OVER", "This delivery is over already. Nothing was changed.")
}

// List shows deliveries, newest first.
func (t *Tenant) List(ctx context.Context, f delivery.Filter) ([]delivery.Delivery, error) {
	const newest = " ORDER BY created_at DESC, seq DESC, key"
	var w where
	filter(&w, f)
	rows, err := engine.All(t.db.Read(ctx), "SELECT "+deliveryShown+" FROM delivery "+w.text()+newest+limit(f.Limit), w.args, scanShown)
	if err != nil || len(rows) == 0 {
		return nil, t.db.Fault(err)
	}
	// The rest of the last instant, so that Before finds nothing left out.
	last := rows[len(rows)-1].Created
	w.number("created_at = ", engine.Millis(last))
	same, err := engine.All(t.db.Read(ctx), "SELECT "+deliveryShown+" FROM delivery "+w.text()+newest, w.args, scanShown)
	if err != nil {
		return nil, t.db.Fault(err)
	}
	var out []delivery.Delivery
	for _, r := range rows {
		if !r.Created.Equal(last) {
			out = append(out, r.Delivery)
		}
	}
	for _, r := range same {
		out = append(out, r.Delivery)
	}
	return out, nil
}

// Delivery reads one with its payloads.
func (t *Tenant) Delivery(ctx context.Context, key string) (delivery.Delivery, error) {
	rows, err := engine.All(t.db.Read(ctx), "SELECT "+deliveryWhole+" FROM delivery WHERE key = $1", []any{key}, scanWhole)
	if err != nil {
		return delivery.Delivery{}, t.db.Fault(err)
	}
	if len(rows) == 0 {
		return delivery.Delivery{}, fault.New(fault.NotFound, "DELIVERY_NOT_FOUND", "There is no such delivery.")
	}
	return rows[0].Delivery, nil
}

// Count tells how many deliveries there are per state and when the oldest of each was made.
func (t *Tenant) Count(ctx context.Context) (map[delivery.State]delivery.Tally, error) {
	out := map[delivery.State]delivery.Tally{}
	_, err := engine.All(t.db.Read(ctx), "SELECT state, COUNT(*), MIN(created_at) FROM delivery GROUP BY state", nil,
		func(row scanner) (struct{}, error) {
			var state string
			var n, oldest int64
			err := row(&state, &n, &oldest)
			out[delivery.State(state)] = delivery.Tally{Count: int(n), Oldest: engine.Time(oldest)}
			return struct{}{}, err
		})
	return out, t.db.Fault(err)
}

// NextDue is when the earliest delivery falls due that Claim would take then.
func (t *Tenant) NextDue(ctx context.Context, rest []string) (time.Time, error) {
	var w where
	cond := awake(&w, rest) + inTurn
	var ms int64
	_, err := t.db.Read(ctx).Get(`SELECT due FROM (
    SELECT * FROM (SELECT d.next_at AS due FROM delivery d WHERE d.state = 'waiting'`+cond+` ORDER BY d.next_at LIMIT 1) a
    UNION ALL
    SELECT * FROM (SELECT d.lease AS due FROM delivery d WHERE d.state = 'running'`+cond+` ORDER BY d.lease LIMIT 1) b
) c ORDER BY due LIMIT 1`, w.args, &ms)
	return engine.Time(ms), t.db.Fault(err)
}
