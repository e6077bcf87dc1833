package setting

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"cordboard/internal/bus"
	"cordboard/internal/fault"
	"cordboard/internal/signin"
	"cordboard/internal/tenant"
)

// The kinds of document. KindChannel is told to others: whose numbers are whose follows from it.
const (
	kindProfile   = "profile"
	kindScreenPop = "screenpop"
	kindQueue     = "queue"
	KindChannel   = "channel"
	kindCodeList  = "codelist"
	kindTrunk     = "trunk"
	kindUser      = "user"
)

// Changed is published on the tenant's bus after a document was saved or removed.
type Changed struct {
	Tenant   string
	Kind     string // profile, screenpop, queue, channel, codelist, trunk, user
	Agent    string // with user: whose
	Revision int64
}

// Accounts are the installation's sign-in names, as far as a tenant's users need them. signin.Guard is one.
type Accounts interface {
	// Reserve gives a name to an agent; taken says that it is somebody's already, and holder whose.
	Reserve(ctx context.Context, tenant, agent, userID string) (holder signin.Account, taken bool, err error)
	// SetInactive closes or opens the account; closing ends its sign-ins.
	SetInactive(ctx context.Context, userID string, inactive bool) error
}

// Trail is the tenant's audit log; *audit.Log is one.
type Trail interface {
	Write(ctx context.Context, who, what, about string, details map[string]string) error
}

// Options are what a Book works with. All but Claim, OrgHosts, Log and Now are needed.
type Options struct {
	Tenant   string // the tenant's name, GEN-2
	Store    Store
	Trail    Trail
	Bus      *bus.Bus // the tenant's
	Accounts Accounts
	// Claim takes a telephone number for a channel of this tenant (0: a new one) before it is saved; a fault says that it is
	// another tenant's. Default: every number is free.
	Claim    func(ctx context.Context, number string, channel int64) error
	OrgHosts []string         // hosts beside Salesforce's own that the operator lists (SF-5)
	Log      *slog.Logger     // default: nowhere
	Now      func() time.Time // default: time.Now
}

// Book is a tenant's settings.
type Book struct {
	o       Options
	current atomic.Pointer[tenant.Config]
	saving  sync.Mutex
}

// Open reads the tenant's documents.
func Open(ctx context.Context, o Options) (*Book, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	b := &Book{o: o}
	return b, b.Reload(ctx)
}

// Config is the picture as it is now. It never waits and must not be changed.
func (b *Book) Config() *tenant.Config { return b.current.Load() }

// Reload reads all documents anew: another node may have saved one.
func (b *Book) Reload(ctx context.Context) error {
	b.saving.Lock()
	defer b.saving.Unlock()
	return b.reload(ctx)
}

func (b *Book) reload(ctx context.Context) error {
	docs, revision, err := b.o.Store.Load(ctx)
	if err != nil {
		return err
	}
	c := tenant.New(b.o.Tenant)
	c.Revision = revision
	for _, d := range docs {
		if err := place(c, d); err != nil {
			return err
		}
	}
	b.current.Store(c)
	return nil
}

// place puts a stored document into a picture. What the store gave (id, version) counts, not what the body says.
func place(c *tenant.Config, d Doc) error {
	read := func(v any) error {
		if err := json.Unmarshal(d.Body, v); err != nil {
			return fmt.Errorf("stored %s %d%s cannot be read: %w", d.Kind, d.ID, d.Name, err)
		}
		return nil
	}
	switch d.Kind {
	case kindProfile:
		p := tenant.DefaultProfile()
		err := read(&p)
		p.Version = d.Version
		c.Profile = p
		return err
	case kindScreenPop:
		s := tenant.DefaultScreenPop()
		err := read(&s)
		s.Version = d.Version
		c.ScreenPop = s
		return err
	case kindQueue:
		var q tenant.Queue
		err := read(&q)
		q.ID, q.Version = d.ID, d.Version
		c.Queues[d.ID] = q
		return err
	case KindChannel:
		var ch tenant.Channel
		err := read(&ch)
		ch.ID, ch.Version = d.ID, d.Version
		c.Channels[d.ID] = ch
		return err
	case kindCodeList:
		var l tenant.CodeList
		err := read(&l)
		l.ID, l.Version = d.ID, d.Version
		c.CodeLists[d.ID] = l
		return err
	case kindTrunk:
		var t tenant.Trunk
		err := read(&t)
		t.ID, t.Version = d.ID, d.Version
		c.Trunks[d.ID] = t
		return err
	case kindUser:
		var u tenant.User
		err := read(&u)
		u.ID, u.Version = d.Name, d.Version
		c.Users[d.Name] = u
		return err
	}
	return nil // a kind of a later version: kept in the store, unknown here
}

// copyOf is a picture that may be changed before it is published: maps are its own, documents are replaced as a whole.
func copyOf(c *tenant.Config) *tenant.Config {
	n := *c
	n.Users = maps.Clone(c.Users)
	n.Queues = maps.Clone(c.Queues)
	n.Channels = maps.Clone(c.Channels)
	n.CodeLists = maps.Clone(c.CodeLists)
	n.Trunks = maps.Clone(c.Trunks)
	return &n
}

// put stores a checked document, publishes the new picture, and writes the change down. Saving is held.
func (b *Book) put(ctx context.Context, by string, d Doc, expect int64, before, after any) (Doc, error) {
	body, err := json.Marshal(after)
	if err != nil {
		return d, err
	}
	d.Body, d.By, d.At = body, by, b.o.Now().UTC().Truncate(time.Millisecond)
	stored, err := b.o.Store.Put(ctx, d, expect)
	if fault.Is(err, "CHANGED") {
		return d, b.changed(ctx, d)
	}
	if err != nil {
		return d, err
	}
	c := copyOf(b.Config())
	c.Revision++
	if err := place(c, stored); err != nil {
		return d, err
	}
	b.publish(ctx, c, stored, "setting_saved", before, body)
	return stored, nil
}

func (b *Book) publish(ctx context.Context, c *tenant.Config, d Doc, what string, before any, after json.RawMessage) {
	b.current.Store(c)
	details := map[string]string{}
	if before != nil {
		if old, err := json.Marshal(before); err == nil {
			details["before"] = string(old)
		}
	}
	if after != nil {
		details["after"] = string(after)
	}
	about := d.Kind
	if d.ID != 0 {
		about = fmt.Sprintf("%s %d", d.Kind, d.ID)
	} else if d.Name != "" {
		about = d.Kind + " " + d.Name
	}
	if err := b.o.Trail.Write(context.WithoutCancel(ctx), d.By, what, about, details); err != nil {
		b.o.Log.Error("an audit entry could not be written", "what", what, "about", about, "err", err)
	}
	bus.Publish(b.o.Bus, Changed{Tenant: b.o.Tenant, Kind: d.Kind, Agent: d.Name, Revision: c.Revision})
}

// changed reads what the other one saved and says who and when (CFG-2).
func (b *Book) changed(ctx context.Context, d Doc) error {
	if err := b.reload(ctx); err != nil {
		return err
	}
	f := fault.New(fault.Conflict, "CHANGED", "Someone saved this meanwhile. Nothing was overwritten; look at the difference and save again.")
	docs, _, err := b.o.Store.Load(ctx)
	if err != nil {
		return f
	}
	for _, o := range docs {
		if o.Kind == d.Kind && o.ID == d.ID && o.Name == d.Name {
			c := b.Config()
			zone, err := time.LoadLocation(c.Profile.TimeZone)
			if err != nil {
				zone = time.UTC
			}
			f.Message = fmt.Sprintf("Changed by %s at %s. Nothing was overwritten; look at the difference and save again.", c.NameOf(o.By), o.At.In(zone).Format("2006-01-02 15:04 MST"))
		}
	}
	return f
}

// remove deletes a document at the version that is current.
func (b *Book) remove(ctx context.Context, by, kind string, id, version int64, before any, drop func(*tenant.Config)) error {
	at := b.o.Now().UTC().Truncate(time.Millisecond)
	if err := b.o.Store.Delete(ctx, kind, id, "", version, by, at); err != nil {
		if fault.Is(err, "CHANGED") {
			return b.changed(ctx, Doc{Kind: kind, ID: id})
		}
		return err
	}
	c := copyOf(b.Config())
	c.Revision++
	drop(c)
	b.publish(ctx, c, Doc{Kind: kind, ID: id, At: at, By: by}, "setting_removed", before, nil)
	return nil
}

// ScreenPopAt reads Integration > Screen Pop as it was at a version: a log keeps the version that it was made under (LOG-21).
func (b *Book) ScreenPopAt(ctx context.Context, version int64) (tenant.ScreenPop, error) {
	if now := b.Config().ScreenPop; now.Version == version {
		return now, nil
	}
	d, err := b.o.Store.At(ctx, kindScreenPop, 0, "", version)
	if err != nil {
		return tenant.ScreenPop{}, err
	}
	c := tenant.New(b.o.Tenant)
	err = place(c, d)
	return c.ScreenPop, err
}
