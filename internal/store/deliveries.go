package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"cordboard/internal/delivery"
	"cordboard/internal/desk"
	"cordboard/internal/fault"
	"cordboard/internal/store/engine"
)

var _ delivery.Store = (*Tenant)(nil)

// Promise stores a delivery with the change; the same key again is ignored.
func (u *unit) Promise(in desk.Intent) error {
	if in.Key == "" {
		return errors.New("store: a promise without key")
	}
	// seq is the age: milliseconds, and within one Order always more than the one before.
	seq := u.now.UnixMilli() << 10
	if in.Order != "" {
		var last int64
		_, err := u.q.Get("SELECT COALESCE(MAX(seq), 0) FROM delivery WHERE ord = $1 AND ord <> ''", []any{in.Order}, &last)
		if err != nil {
			return err
		}
		seq = max(seq, last+1)
	}
	state, code, reason, finished, byLane := delivery.Waiting, "", "", int64(0), 0
	parked, err := u.q.Get("SELECT code, reason FROM parked_lane WHERE lane = $1", []any{in.Lane}, &code, &reason)
	if err != nil {
		return err
	}
	ms := engine.Millis(u.now)
	if parked {
		state, finished, byLane = delivery.Parked, ms, 1
	}
	_, err = u.q.Exec(`INSERT INTO delivery (key, seq, lane, kind, interaction, handling, agent, ord, state, intent,
    frozen, result, code, reason, tries, attempts, created_at, since, next_at, lease, finished_at, by_lane, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '', '', $11, $12, 0, '', $13, $13, $13, 0, $14, $15, 1) ON CONFLICT (key) DO NOTHING`,
		in.Key, seq, in.Lane, in.Kind, in.Interaction, in.Handling, in.Agent, in.Order, string(state), string(in.Payload), code, reason, ms, finished, byLane)
	return err
}

const (
	deliveryShown = `key, seq, lane, kind, interaction, handling, agent, ord, state, result, code, reason, tries, attempts,
    created_at, since, next_at, lease, finished_at, version`
	deliveryWhole = deliveryShown + ", intent, frozen"
)

// row is a delivery with its age.
type row struct {
	delivery.Delivery
	seq int64
}

func scanShown(scan scanner) (row, error) { return scanDelivery(scan, false) }
func scanWhole(scan scanner) (row, error) { return scanDelivery(scan, true) }

func scanDelivery(scan scanner, whole bool) (d row, err error) {
	var result, attempts, intent, frozen string
	var created, since, next, lease, finished int64
	into := []any{&d.Key, &d.seq, &d.Lane, &d.Kind, &d.Interaction, &d.Handling, &d.Agent, &d.Order, (*string)(&d.State),
		&result, &d.Code, &d.Reason, &d.Tries, &attempts, &created, &since, &next, &lease, &finished, &d.Version}
	if whole {
		into = append(into, &intent, &frozen)
	}
	if err = scan(into...); err != nil {
		return d, err
	}
	d.Result, d.Intent, d.Frozen = raw(result), raw(intent), raw(frozen)
	d.Created, d.Since, d.Next = engine.Time(created), engine.Time(since), engine.Time(next)
	d.Lease, d.Finished = engine.Time(lease), engine.Time(finished)
	return d, decode(attempts, &d.Attempts)
}

func raw(s string) json.RawMessage {
	if s == "" {
		return nil
	}
	return json.RawMessage(s)
}

// plain sorts by age and forgets it.
func plain(rows []row) []delivery.Delivery {
	slices.SortFunc(rows, func(a, b row) int {
		if a.seq != b.seq {
			return int(min(1, max(-1, a.seq-b.seq)))
		}
		return strings.Compare(a.Key, b.Key)
	})
	var out []delivery.Delivery
	for _, r := range rows {
		out = append(out, r.Delivery)
	}
	return out
}

// inTurn says that no earlier delivery of its Order is unfinished.
const inTurn = ` AND (d.ord = '' OR NOT EXISTS (SELECT 1 FROM delivery e
        WHERE e.ord = d.ord AND e.ord <> '' AND e.seq < d.seq AND e.state IN ('waiting', 'running', 'parked')))`

// awake says that the lane is not in rest: neither itself nor, by an entry that ends in "/", its org.
func awake(w *where, rest []string) string {
	var lanes []string
	var orgs strings.Builder
	for _, r := range rest {
		if !strings.HasSuffix(r, "/") {
			lanes = append(lanes, r)
			continue
		}
		fmt.Fprintf(&orgs, " AND SUBSTR(d.lane, 1, %d) <> %s", utf8.RuneCountInString(r), w.list([]string{r}))
	}
	if len(lanes) == 0 {
		return orgs.String()
	}
	return orgs.String() + " AND d.lane NOT IN (" + w.list(lanes) + ")"
}

// list adds arguments and returns their places.
func (w *where) list(values []string) string {
	places := make([]string, len(values))
	for i, v := range values {
		w.args = append(w.args, v)
		places[i] = fmt.Sprintf("$%d", len(w.args))
	}
	return strings.Join(places, ", ")
}

// Claim takes due deliveries. They are looked for among the readers, so that the writer has only the few rows to mark;
// the UPDATE checks again, and whoever comes second finds nothing. The + keeps the search in the order of age: of a long
// backlog nearly all is due, and the first that fits is wanted, not all of them sorted.
func (t *Tenant) Claim(ctx context.Context, now, lease time.Time, n int, rest []string) ([]delivery.Delivery, error) {
	var w where
	w.args = []any{engine.Millis(now), n}
	cond := awake(&w, rest) + inTurn
	keys, err := engine.All(t.db.Read(ctx), `SELECT key FROM (
    SELECT * FROM (SELECT d.key, d.seq FROM delivery d WHERE d.state = 'waiting' AND +d.next_at <= $1`+cond+` ORDER BY d.seq, d.key LIMIT $2) a
    UNION ALL
    SELECT * FROM (SELECT d.key, d.seq FROM delivery d WHERE d.state = 'running' AND d.lease <= $1`+cond+` ORDER BY d.seq, d.key LIMIT $2) b
) c ORDER BY seq, key LIMIT $2`, w.args, func(row scanner) (s string, err error) { return s, row(&s) })
	if err != nil || len(keys) == 0 {
		return nil, t.db.Fault(err)
	}
	var rows []row
	err = t.db.Write(ctx, func(q *engine.Q) error {
		w := where{args: []any{engine.Millis(now), engine.Millis(lease)}}
		rows, err = engine.All(q, `UPDATE delivery AS d SET state = 'running', lease = $2, version = version + 1
WHERE d.key IN (`+w.list(keys)+`) AND (d.state = 'waiting' AND d.next_at <= $1 OR d.state = 'running' AND d.lease <= $1)`+inTurn+`
RETURNING `+deliveryWhole, w.args, scanWhole)
		return err
	})
	return plain(rows), err
}

// claimed changes a running delivery while the claim holds.
func claimed(q *engine.Q, d delivery.Delivery, set string, args ...any) error {
	n, err := q.Exec("UPDATE delivery SET "+set+" WHERE key = $1 AND version = $2 AND state = 'running'", append([]any{d.Key, d.Version}, args...)...)
	if err == nil && n == 0 {
		return fault.New(fault.Conflict, "CLAIM_LOST", "Someone else has taken this delivery over. Nothing was saved here.")
	}
	return err
}

// Renew lets a claim last until lease.
func (t *Tenant) Renew(ctx context.Context, d delivery.Delivery, lease time.Time) error {
	return t.db.Write(ctx, func(q *engine.Q) error { return claimed(q, d, "lease = $3", engine.Millis(lease)) })
}

// Freeze stores the composed payload while the claim holds.
func (t *Tenant) Freeze(ctx context.Context, d delivery.Delivery) error {
	return t.db.Write(ctx, func(q *engine.Q) error { return claimed(q, d, "frozen = $3", string(d.Frozen)) })
}

// Settle stores the outcome while the claim holds. A delivery that is done shows that its lane works.
func (t *Tenant) Settle(ctx context.Context, d delivery.Delivery) (stream int64, err error) {
	err = t.db.Write(ctx, func(q *engine.Q) error {
		if err := settle(q, d); err != nil {
			return err
		}
		if d.State == delivery.Done {
			if err := openLane(q, d.Lane); err != nil {
				return err
			}
		}
		stream, err = raise(q, d.Agent)
		return err
	})
	return stream, err
}

func settle(q *engine.Q, d delivery.Delivery) error {
	attempts, err := json.Marshal(d.Attempts)
	if err != nil {
		return err
	}
	return claimed(q, d, `state = $3, result = $4, code = $5, reason = $6, tries = $7, attempts = $8,
    next_at = $9, finished_at = $10, lease = 0, by_lane = 0, version = version + 1`,
		string(d.State), string(d.Result), d.Code, d.Reason, d.Tries, string(attempts), engine.Millis(d.Next), engine.Millis(d.Finished))
}

func openLane(q *engine.Q, lane string) error {
	_, err := q.Exec("DELETE FROM parked_lane WHERE lane = $1", lane)
	return err
}

// ParkLane settles d as parked, and parks what waits in its lane with it.
func (t *Tenant) ParkLane(ctx context.Context, d delivery.Delivery) (out []delivery.Delivery, err error) {
	err = t.db.Write(ctx, func(q *engine.Q) error {
		d.State = delivery.Parked
		if err := settle(q, d); err != nil {
			return err
		}
		if _, err := q.Exec(`INSERT INTO parked_lane (lane, code, reason) VALUES ($1, $2, $3)
ON CONFLICT (lane) DO UPDATE SET code = excluded.code, reason = excluded.reason`, d.Lane, d.Code, d.Reason); err != nil {
			return err
		}
		out, err = changed(q, `UPDATE delivery SET version = version + 1, finished_at = $3, state = 'parked', by_lane = 1, code = $4, reason = $5
WHERE lane = $1 AND (state = 'waiting' OR key = $2)`, []any{d.Lane, d.Key, engine.Millis(d.Finished), d.Code, d.Reason})
		return err
	})
	return out, err
}

// raise raises the agent's Version; 0 when he has none.
func raise(q *engine.Q, agent string) (stream int64, err error) {
	_, err = q.Get("UPDATE agent SET version = version + 1 WHERE id = $1 RETURNING version", []any{agent}, &stream)
	return stream, err
}

// changed runs an UPDATE of deliveries, raising the stream of each one's agent.
func changed(q *engine.Q, query string, args []any) ([]delivery.Delivery, error) {
	rows, err := engine.All(q, query+" RETURNING "+deliveryShown, args, scanShown)
	if err != nil {
		return nil, err
	}
	out := plain(rows)
	for i := range out {
		if out[i].Stream, err = raise(q, out[i].Agent); err != nil {
			return nil, err
		}
	}
	return out, nil
}
