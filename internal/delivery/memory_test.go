package delivery_test

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"cordboard/internal/delivery"
	"cordboard/internal/desk"
	"cordboard/internal/fault"
)

// memory is a delivery.Store without a database: the plainest reading of the interface.
type memory struct {
	mu     sync.Mutex
	all    map[string]*delivery.Delivery
	age    []string // keys, oldest first
	lanes  map[string][2]string
	byLane map[string]bool // keys parked because their lane was
	stream map[string]int64
	broken error // every call fails with it
}

func newMemory() *memory {
	return &memory{all: map[string]*delivery.Delivery{}, lanes: map[string][2]string{}, byLane: map[string]bool{}, stream: map[string]int64{}}
}

func (m *memory) Promise(in desk.Intent) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.all[in.Key] != nil {
		return nil
	}
	now := time.Now().UTC().Truncate(time.Millisecond)
	d := &delivery.Delivery{Key: in.Key, Lane: in.Lane, Kind: in.Kind, Interaction: in.Interaction, Handling: in.Handling, Agent: in.Agent,
		Order: in.Order, Intent: in.Payload, State: delivery.Waiting, Created: now, Since: now, Next: now, Version: 1}
	if p, ok := m.lanes[in.Lane]; ok {
		d.State, d.Code, d.Reason, d.Finished = delivery.Parked, p[0], p[1], now
		m.byLane[in.Key] = true
	}
	m.all[in.Key] = d
	m.age = append(m.age, in.Key)
	return nil
}

func rests(lane string, rest []string) bool {
	return slices.ContainsFunc(rest, func(r string) bool {
		return lane == r || strings.HasSuffix(r, "/") && strings.HasPrefix(lane, r)
	})
}

// turn lists those that may go, oldest first.
func (m *memory) turn(rest []string) []*delivery.Delivery {
	var out []*delivery.Delivery
	held := map[string]bool{}
	for _, k := range m.age {
		d := m.all[k]
		open := d.State == delivery.Waiting || d.State == delivery.Running
		if open && !(d.Order != "" && held[d.Order]) && !rests(d.Lane, rest) {
			out = append(out, d)
		}
		held[d.Order] = held[d.Order] || open || d.State == delivery.Parked
	}
	return out
}

func due(d *delivery.Delivery) time.Time {
	if d.State == delivery.Running {
		return d.Lease
	}
	return d.Next
}

func (m *memory) Claim(_ context.Context, now, lease time.Time, n int, rest []string) ([]delivery.Delivery, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.broken != nil {
		return nil, m.broken
	}
	var out []delivery.Delivery
	for _, d := range m.turn(rest) {
		if len(out) < n && !due(d).After(now) {
			d.State, d.Lease = delivery.Running, lease
			d.Version++
			out = append(out, *d)
		}
	}
	return out, nil
}

func (m *memory) NextDue(_ context.Context, rest []string) (first time.Time, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, d := range m.turn(rest) {
		if at := due(d); first.IsZero() || at.Before(first) {
			first = at
		}
	}
	return first, m.broken
}

func (m *memory) held(d delivery.Delivery) (*delivery.Delivery, error) {
	if m.broken != nil {
		return nil, m.broken
	}
	have := m.all[d.Key]
	if have == nil || have.State != delivery.Running || have.Version != d.Version {
		return nil, fault.New(fault.Conflict, "CLAIM_LOST", "Lost.")
	}
	return have, nil
}

func (m *memory) Renew(_ context.Context, d delivery.Delivery, lease time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	have, err := m.held(d)
	if err == nil {
		have.Lease = lease
	}
	return err
}

func (m *memory) Freeze(_ context.Context, d delivery.Delivery) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	have, err := m.held(d)
	if err == nil {
		have.Frozen = d.Frozen
	}
	return err
}

func (m *memory) raise(agent string) int64 {
	m.stream[agent]++
	return m.stream[agent]
}

func (m *memory) Settle(_ context.Context, d delivery.Delivery) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	have, err := m.held(d)
	if err != nil {
		return 0, err
	}
	d.Intent, d.Frozen = have.Intent, have.Frozen
	d.Version++
	*have = d
	delete(m.byLane, d.Key)
	if d.State == delivery.Done {
		delete(m.lanes, d.Lane)
	}
	return m.raise(d.Agent), nil
}

// each changes the deliveries that pick names.
func (m *memory) each(pick func(*delivery.Delivery) bool, fn func(*delivery.Delivery)) []delivery.Delivery {
	var out []delivery.Delivery
	for _, k := range m.age {
		if d := m.all[k]; pick(d) {
			fn(d)
			d.Version++
			c := *d
			c.Stream = m.raise(d.Agent)
			out = append(out, c)
		}
	}
	return out
}

func (m *memory) ParkLane(_ context.Context, d delivery.Delivery) ([]delivery.Delivery, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	have, err := m.held(d)
	if err != nil {
		return nil, err
	}
	have.Tries, have.Attempts = d.Tries, d.Attempts
	m.lanes[d.Lane] = [2]string{d.Code, d.Reason}
	return m.each(func(x *delivery.Delivery) bool { return x == have || x.Lane == d.Lane && x.State == delivery.Waiting },
		func(x *delivery.Delivery) {
			x.State, x.Code, x.Reason, x.Finished = delivery.Parked, d.Code, d.Reason, d.Finished
			m.byLane[x.Key] = true
		}), nil
}

func (m *memory) Release(_ context.Context, f delivery.Filter, at time.Time) ([]delivery.Delivery, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	lane := f.Lane != "" && f == (delivery.Filter{Lane: f.Lane})
	if lane {
		delete(m.lanes, f.Lane)
	}
	return m.each(func(d *delivery.Delivery) bool {
		return (!lane || m.byLane[d.Key]) && (d.State == delivery.Parked || f.Key != "" && d.State == delivery.Waiting) && matches(f, d)
	}, func(d *delivery.Delivery) {
		d.State, d.Next, d.Since, d.Tries, d.Finished = delivery.Waiting, at, at, 0, time.Time{}
		delete(m.byLane, d.Key)
	}), m.broken
}

func matches(f delivery.Filter, d *delivery.Delivery) bool {
	return (f.Key == "" || f.Key == d.Key) && (f.Lane == "" || f.Lane == d.Lane) && (f.Code == "" || f.Code == d.Code) &&
		(f.State == "" || f.State == d.State)
}

func (m *memory) Drop(_ context.Context, key, reason string, at time.Time) (delivery.Delivery, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := m.each(func(d *delivery.Delivery) bool {
		return d.Key == key && (d.State == delivery.Parked || d.State == delivery.Waiting)
	}, func(d *delivery.Delivery) { d.State, d.Reason, d.Finished = delivery.Dropped, reason, at })
	if len(out) == 0 {
		return delivery.Delivery{}, fault.New(fault.Conflict, "DELIVERY_OVER", "Over.")
	}
	return out[0], nil
}

func (m *memory) List(_ context.Context, f delivery.Filter) ([]delivery.Delivery, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []delivery.Delivery
	for _, k := range slices.Backward(m.age) {
		if d := m.all[k]; matches(f, d) && len(out) < cmp.Or(f.Limit, 100) {
			out = append(out, *d)
		}
	}
	return out, m.broken
}

func (m *memory) Delivery(_ context.Context, key string) (delivery.Delivery, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if d := m.all[key]; d != nil {
		return *d, nil
	}
	return delivery.Delivery{}, fault.New(fault.NotFound, "DELIVERY_NOT_FOUND", "None.")
}

func (m *memory) Count(context.Context) (map[delivery.State]delivery.Tally, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := map[delivery.State]delivery.Tally{}
	for d := range maps.Values(m.all) {
		t := out[d.State]
		t.Count++
		if t.Oldest.IsZero() || d.Created.Before(t.Oldest) {
			t.Oldest = d.Created
		}
		out[d.State] = t
	}
	return out, nil
}

// breakDown makes every call fail, or work again for nil.
func (m *memory) breakDown(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.broken = err
}
