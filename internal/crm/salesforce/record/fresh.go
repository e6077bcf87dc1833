package record

import (
	"context"
	"strings"
	"sync"
	"time"

	"cordboard/internal/crm"
	"cordboard/internal/crm/salesforce/access"
	"cordboard/internal/crm/salesforce/query"
	"cordboard/internal/crm/salesforce/wire"
	"cordboard/internal/number"
)

// freshFor is how long a record made from the console is remembered: far longer than Salesforce's search lags behind.
const freshFor = 15 * time.Minute

// fresh remembers records made from the console, by org and key, until the org's own search knows them (MAT-13). It
// remembers that they exist, not what they hold: they are read as whoever asks.
type fresh struct {
	clock func() time.Time
	mu    sync.Mutex
	made  map[string][]newborn
}

type newborn struct {
	ref crm.Ref
	at  time.Time
}

func newFresh(clock func() time.Time) *fresh {
	return &fresh{clock: clock, made: map[string][]newborn{}}
}

func freshKey(org string, by crm.KeyBy, value string) string {
	return org + "|" + string(by) + "|" + strings.ToLower(value)
}

// add remembers a record under the numbers and addresses among its values.
func (f *fresh) add(org, region string, ref crm.Ref, values map[string]string, o *access.Object) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.clock()
	for k, list := range f.made { // the map stays as small as fifteen minutes of new records
		if now.Sub(list[len(list)-1].at) > freshFor {
			delete(f.made, k)
		}
	}
	for name, v := range values {
		switch fd := o.Has(name); {
		case fd == nil || strings.Contains(strings.ToLower(name), "fax"):
		case fd.Type == "phone":
			for _, k := range number.Keys(v, region) {
				k = freshKey(org, crm.ByPhone, k)
				f.made[k] = append(f.made[k], newborn{ref, now})
			}
		case fd.Type == "email":
			k := freshKey(org, crm.ByEmail, strings.TrimSpace(v))
			f.made[k] = append(f.made[k], newborn{ref, now})
		}
	}
}

// under lists what was made under a key and is not among the known ids, by object.
func (f *fresh) under(org string, key crm.Key, known map[string]bool) map[string][]string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out map[string][]string
	now := f.clock()
	for _, n := range f.made[freshKey(org, key.By, key.Value)] {
		if known[n.ref.ID] || now.Sub(n.at) > freshFor {
			continue
		}
		if out == nil {
			out = map[string][]string{}
		}
		o := access.ObjectOf(n.ref.Kind)
		out[o] = append(out[o], n.ref.ID)
	}
	return out
}

// unfound reads, as this agent, what was just made under the key and the search does not know yet.
func (s *Records) unfound(ctx context.Context, as string, sess *access.Session, h *hunt, rows []wire.Row) ([]wire.Row, error) {
	known := make(map[string]bool, len(rows))
	for _, r := range rows {
		known[r.Text("Id")] = true
	}
	var qs []query.Select
	for name, ids := range s.fresh.under(sess.OrgID, h.key, known) {
		fields := h.fields[name]
		if len(fields) == 0 {
			continue
		}
		if name == "Lead" && h.objects[name].Has("IsConverted") != nil {
			fields = append(fields[:len(fields):len(fields)], "IsConverted")
		}
		qs = append(qs, query.Select{Fields: fields, From: name, Where: []query.Cond{query.In("Id", ids...)}})
	}
	if len(qs) == 0 {
		return nil, nil
	}
	pages, _, err := s.a.Queries(ctx, as, qs)
	if err != nil {
		return nil, err
	}
	var out []wire.Row
	for _, p := range pages {
		out = append(out, p.Records...)
	}
	return out, nil
}
