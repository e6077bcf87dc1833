package setting

import (
	"context"

	"cordboard/internal/fault"
	"cordboard/internal/tenant"
)

// Every Save takes the document as a person edited it, with the version that he read (0 = new), and returns it as stored.
// by is the agent id of who saves, or "system". Faults: Invalid with every fault at once (GEN-4), NotFound, and Conflict
// with code CHANGED when someone was faster (CFG-2).

func missing(what string) error {
	return fault.Newf(fault.NotFound, "NOT_FOUND", "This %s does not exist, or has been removed.", what)
}

// known refuses an id that no document has, and a version without an id.
func known[T any](m map[int64]T, id int64, what string) error {
	if _, ok := m[id]; id != 0 && !ok {
		return missing(what)
	}
	return nil
}

// SaveProfile saves Home > Profile (CFG-4).
func (b *Book) SaveProfile(ctx context.Context, by string, p tenant.Profile) (tenant.Profile, error) {
	b.saving.Lock()
	defer b.saving.Unlock()
	c := b.Config()
	p, err := c.CheckProfile(p)
	if err != nil {
		return p, err
	}
	_, err = b.put(ctx, by, Doc{Kind: kindProfile}, p.Version, c.Profile, p)
	return b.Config().Profile, err
}

// SetSalesforceUsers sets the operator's limit of seats (CFG-5); 0 = none.
func (b *Book) SetSalesforceUsers(ctx context.Context, by string, limit int) error {
	b.saving.Lock()
	defer b.saving.Unlock()
	before := b.Config().Profile
	after := before
	after.SalesforceUsers = max(0, limit)
	_, err := b.put(ctx, by, Doc{Kind: kindProfile}, before.Version, before, after)
	return err
}

// SaveScreenPop saves Integration > Screen Pop (CFG-6).
func (b *Book) SaveScreenPop(ctx context.Context, by string, s tenant.ScreenPop) (tenant.ScreenPop, error) {
	b.saving.Lock()
	defer b.saving.Unlock()
	c := b.Config()
	s, err := c.CheckScreenPop(s, b.o.OrgHosts)
	if err != nil {
		return s, err
	}
	_, err = b.put(ctx, by, Doc{Kind: kindScreenPop}, s.Version, c.ScreenPop, s)
	return b.Config().ScreenPop, err
}

// SaveQueue saves a queue (CFG-15).
func (b *Book) SaveQueue(ctx context.Context, by string, q tenant.Queue) (tenant.Queue, error) {
	b.saving.Lock()
	defer b.saving.Unlock()
	c := b.Config()
	if err := known(c.Queues, q.ID, "queue"); err != nil {
		return q, err
	}
	q, err := c.CheckQueue(q)
	if err != nil {
		return q, err
	}
	d, err := b.put(ctx, by, Doc{Kind: kindQueue, ID: q.ID}, q.Version, at(c.Queues, q.ID), q)
	if err != nil {
		return q, err
	}
	return b.Config().Queues[d.ID], nil
}

// SaveChannel saves a channel (CH-2).
func (b *Book) SaveChannel(ctx context.Context, by string, ch tenant.Channel) (tenant.Channel, error) {
	b.saving.Lock()
	defer b.saving.Unlock()
	c := b.Config()
	if err := known(c.Channels, ch.ID, "channel"); err != nil {
		return ch, err
	}
	ch, err := c.CheckChannel(ch)
	if err != nil {
		return ch, err
	}
	if b.o.Claim != nil && ch.Number != "" && ch.Number != c.Channels[ch.ID].Number {
		if err := b.o.Claim(ctx, ch.Number, ch.ID); err != nil {
			var f fault.Fields
			f.Add("number", fault.Of(err).Code, fault.Of(err).Message)
			return ch, f.Err()
		}
	}
	d, err := b.put(ctx, by, Doc{Kind: KindChannel, ID: ch.ID}, ch.Version, at(c.Channels, ch.ID), ch)
	if err != nil {
		return ch, err
	}
	return b.Config().Channels[d.ID], nil
}

// SaveCodeList saves a list of transaction codes (INT-13).
func (b *Book) SaveCodeList(ctx context.Context, by string, l tenant.CodeList) (tenant.CodeList, error) {
	b.saving.Lock()
	defer b.saving.Unlock()
	c := b.Config()
	if err := known(c.CodeLists, l.ID, "code list"); err != nil {
		return l, err
	}
	l, err := c.CheckCodeList(l)
	if err != nil {
		return l, err
	}
	d, err := b.put(ctx, by, Doc{Kind: kindCodeList, ID: l.ID}, l.Version, at(c.CodeLists, l.ID), l)
	if err != nil {
		return l, err
	}
	return b.Config().CodeLists[d.ID], nil
}

// SaveTrunk saves a trunk (SEC-10).
func (b *Book) SaveTrunk(ctx context.Context, by string, t tenant.Trunk) (tenant.Trunk, error) {
	b.saving.Lock()
	defer b.saving.Unlock()
	c := b.Config()
	if err := known(c.Trunks, t.ID, "trunk"); err != nil {
		return t, err
	}
	t, err := c.CheckTrunk(t)
	if err != nil {
		return t, err
	}
	d, err := b.put(ctx, by, Doc{Kind: kindTrunk, ID: t.ID}, t.Version, at(c.Trunks, t.ID), t)
	if err != nil {
		return t, err
	}
	return b.Config().Trunks[d.ID], nil
}

// RemoveQueue removes a queue that nothing uses; else a Conflict, code IN_USE, names the users of it (CFG-15).
func (b *Book) RemoveQueue(ctx context.Context, by string, id int64) error {
	b.saving.Lock()
	defer b.saving.Unlock()
	c := b.Config()
	q, ok := c.Queues[id]
	if !ok {
		return missing("queue")
	}
	if err := tenant.InUse("queue", c.UsesOfQueue(id)); err != nil {
		return err
	}
	return b.remove(ctx, by, kindQueue, id, q.Version, q, func(c *tenant.Config) { delete(c.Queues, id) })
}

// RemoveChannel removes a channel.
func (b *Book) RemoveChannel(ctx context.Context, by string, id int64) error {
	b.saving.Lock()
	defer b.saving.Unlock()
	ch, ok := b.Config().Channels[id]
	if !ok {
		return missing("channel")
	}
	return b.remove(ctx, by, KindChannel, id, ch.Version, ch, func(c *tenant.Config) { delete(c.Channels, id) })
}

// RemoveCodeList removes a list that no queue uses.
func (b *Book) RemoveCodeList(ctx context.Context, by string, id int64) error {
	b.saving.Lock()
	defer b.saving.Unlock()
	c := b.Config()
	l, ok := c.CodeLists[id]
	if !ok {
		return missing("code list")
	}
	if err := tenant.InUse("code list", c.UsesOfCodeList(id)); err != nil {
		return err
	}
	return b.remove(ctx, by, kindCodeList, id, l.Version, l, func(c *tenant.Config) { delete(c.CodeLists, id) })
}

// RemoveTrunk removes a trunk.
func (b *Book) RemoveTrunk(ctx context.Context, by string, id int64) error {
	b.saving.Lock()
	defer b.saving.Unlock()
	t, ok := b.Config().Trunks[id]
	if !ok {
		return missing("trunk")
	}
	return b.remove(ctx, by, kindTrunk, id, t.Version, t, func(c *tenant.Config) { delete(c.Trunks, id) })
}

// at is the document before a change, nil when it is new, for the audit log.
func at[T any](m map[int64]T, id int64) any {
	if v, ok := m[id]; ok {
		return v
	}
	return nil
}
