package setting_test

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"cordboard/internal/bus"
	"cordboard/internal/fault"
	"cordboard/internal/setting"
	"cordboard/internal/setting/settingtest"
	"cordboard/internal/signin"
	"cordboard/internal/tenant"
)

// names are the installation's sign-in names.
type names struct {
	mu       sync.Mutex
	holders  map[string]signin.Account
	inactive map[string]bool
}

func (n *names) Reserve(_ context.Context, tenant, agent, userID string) (signin.Account, bool, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if h, ok := n.holders[userID]; ok {
		return h, true, nil
	}
	n.holders[userID] = signin.Account{UserID: userID, Tenant: tenant, Agent: agent}
	return n.holders[userID], false, nil
}

func (n *names) SetInactive(_ context.Context, userID string, inactive bool) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.inactive[userID] = inactive
	return nil
}

// brittle fails the next Put.
type brittle struct {
	settingtest.Store
	fail error
}

func (b *brittle) Put(ctx context.Context, d setting.Doc, expect int64) (setting.Doc, error) {
	if err := b.fail; err != nil {
		b.fail = nil
		return d, err
	}
	return b.Store.Put(ctx, d, expect)
}

type desk struct {
	store *brittle
	trail *settingtest.Trail
	names *names
	bus   *bus.Bus
	claim func(ctx context.Context, number string, channel int64) error
}

func newDesk() *desk {
	return &desk{store: &brittle{}, trail: &settingtest.Trail{}, names: &names{holders: map[string]signin.Account{}, inactive: map[string]bool{}}, bus: bus.New()}
}

func (d *desk) open(t *testing.T) *setting.Book {
	t.Helper()
	b, err := setting.Open(t.Context(), setting.Options{
		Tenant: "acme", Store: d.store, Trail: d.trail, Bus: d.bus, Accounts: d.names, OrgHosts: []string{"127.0.0.1:8090"}, Claim: d.claim,
		Now: func() time.Time { return time.Date(2026, 11, 23, 23, 30, 0, 0, time.UTC) },
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func queue(name string) tenant.Queue {
	q := tenant.DefaultQueue()
	q.Name = name
	return q
}

func user(id string, roles ...tenant.Role) tenant.User {
	return tenant.User{UserID: id, FirstName: "Ada", LastName: strings.ToUpper(id), Email: id + "@example.com", Roles: roles}
}

func TestSavedDocumentsComeBack(t *testing.T) {
	d := newDesk()
	b := d.open(t)
	ctx := t.Context()
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	l, err := b.SaveCodeList(ctx, "system", tenant.CodeList{Name: "Outcome", Items: []tenant.CodeItem{{Text: "Sold", ReportText: "SOLD"}}})
	ok(err)
	q := queue("Support")
	q.CodeLists = []int64{l.ID}
	q, err = b.SaveQueue(ctx, "system", q)
	ok(err)
	ch, err := b.SaveChannel(ctx, "system", tenant.Channel{Name: "Main", Number: "+1 415 555 0100", Queue: q.ID})
	ok(err)
	tr, err := b.SaveTrunk(ctx, "system", tenant.Trunk{Name: "Provider", Addresses: []string{"127.0.0.1"}})
	ok(err)
	u := user("anna", tenant.RoleAgent)
	u.Queues = map[int64]int{q.ID: 7}
	u, err = b.SaveUser(ctx, "system", u)
	ok(err)
	_, err = b.SaveProfile(ctx, u.ID, tenant.Profile{Label: "Acme", TimeZone: "Europe/Berlin", Region: "DE"})
	ok(err)
	s := tenant.DefaultScreenPop()
	s.Enabled, s.Connection.Environment, s.Connection.LoginURL = true, tenant.Custom, "http://127.0.0.1:8090"
	s, err = b.SaveScreenPop(ctx, u.ID, s)
	ok(err)
	for _, c := range []*tenant.Config{b.Config(), d.open(t).Config()} {
		if c.Queues[q.ID].Name != "Support" || c.Channels[ch.ID].Number != "+14155550100" || c.CodeLists[l.ID].Items[0].ID != 1 ||
			c.Trunks[tr.ID].Addresses[0] != "127.0.0.1" || c.Users[u.ID].Queues[q.ID] != 7 || c.Profile.Label != "Acme" ||
			c.ScreenPop.Connection.LoginURL != "http://127.0.0.1:8090" || c.ScreenPop.Version != 1 || c.Revision != 7 {
			t.Errorf("%+v", c)
		}
	}
	if !regexp.MustCompile(`^ag[A-Za-z0-9_-]{22}$`).MatchString(u.ID) {
		t.Errorf("agent id %q", u.ID)
	}
	if log := d.trail.Entries(); len(log) != 7 || log[1] != "system setting_saved queue 2" || log[5] != u.ID+" setting_saved profile" {
		t.Errorf("%q", log)
	}
	old := s
	s.Enabled = false
	if _, err = b.SaveScreenPop(ctx, u.ID, s); err != nil {
		t.Fatal(err)
	}
	for v, enabled := range map[int64]bool{old.Version: true, 2: false} {
		if got, err := b.ScreenPopAt(ctx, v); err != nil || got.Enabled != enabled || got.Version != v {
			t.Errorf("version %d: %+v %v", v, got, err)
		}
	}
	if _, err := b.ScreenPopAt(ctx, 9); fault.KindOf(err) != fault.NotFound {
		t.Errorf("a version that never was: %v", err)
	}
}

func TestPicturesDoNotChange(t *testing.T) {
	b := newDesk().open(t)
	q, _ := b.SaveQueue(t.Context(), "system", queue("One"))
	before := b.Config()
	q.Name = "Two"
	if _, err := b.SaveQueue(t.Context(), "system", q); err != nil {
		t.Fatal(err)
	}
	if before.Queues[q.ID].Name != "One" || b.Config().Queues[q.ID].Name != "Two" {
		t.Errorf("%v, then %v", before.Queues, b.Config().Queues)
	}
}

func TestTwoPeopleAtOnePage(t *testing.T) {
	d := newDesk()
	one, two := d.open(t), d.open(t) // two nodes
	u, err := one.SaveUser(t.Context(), "system", user("anna", tenant.RoleAdmin))
	if err != nil {
		t.Fatal(err)
	}
	q, _ := one.SaveQueue(t.Context(), u.ID, queue("Support"))
	if err := two.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	p := one.Config().Profile
	p.TimeZone = "Europe/Berlin"
	if _, err := one.SaveProfile(t.Context(), u.ID, p); err != nil {
		t.Fatal(err)
	}
	q.Name = "First"
	if _, err := one.SaveQueue(t.Context(), u.ID, q); err != nil {
		t.Fatal(err)
	}
	q.Name = "Second"
	_, err = two.SaveQueue(t.Context(), "system", q)
	if f := fault.Of(err); f.Code != "CHANGED" || !strings.HasPrefix(f.Message, "Changed by Ada ANNA at 2026-11-24 00:30 CET.") {
		t.Errorf("%v", err)
	}
	if two.Config().Queues[q.ID].Name != "First" {
		t.Errorf("the loser sees %v", two.Config().Queues[q.ID])
	}
	if err := two.RemoveQueue(t.Context(), "system", q.ID); err != nil {
		t.Errorf("with the version that he now knows: %v", err)
	}
	q.Name = "Third"
	if _, err := two.SaveQueue(t.Context(), "system", q); fault.KindOf(err) != fault.NotFound {
		t.Errorf("a removed one: %v", err)
	}
	if _, err := one.SaveQueue(t.Context(), "system", q); !fault.Is(err, "CHANGED") {
		t.Errorf("one that another node removed: %v", err)
	}
}

func TestNothingIsSavedInPart(t *testing.T) {
	d := newDesk()
	b := d.open(t)
	_, _ = b.SaveQueue(t.Context(), "system", queue("Support"))
	before := len(d.trail.Entries())
	if _, err := b.SaveQueue(t.Context(), "system", queue("support")); fault.KindOf(err) != fault.Invalid {
		t.Error(err)
	}
	d.store.fail = errors.New("disk full")
	if _, err := b.SaveQueue(t.Context(), "system", queue("Sales")); err == nil {
		t.Error("a failed save was confirmed")
	}
	if len(b.Config().Queues) != 1 || len(d.trail.Entries()) != before {
		t.Errorf("%v %v", b.Config().Queues, d.trail.Entries())
	}
}

func TestRemoveWhatIsUsed(t *testing.T) {
	b := newDesk().open(t)
	ctx := t.Context()
	l, _ := b.SaveCodeList(ctx, "system", tenant.CodeList{Name: "Outcome"})
	q := queue("Support")
	q.CodeLists = []int64{l.ID}
	q, _ = b.SaveQueue(ctx, "system", q)
	ch, _ := b.SaveChannel(ctx, "system", tenant.Channel{Name: "Main", Number: "+14155550100", Queue: q.ID})
	tr, _ := b.SaveTrunk(ctx, "system", tenant.Trunk{Name: "P", Addresses: []string{"127.0.0.1"}})
	if err := b.RemoveQueue(ctx, "system", q.ID); !fault.Is(err, "IN_USE") || !strings.Contains(err.Error(), "channel Main") {
		t.Error(err)
	}
	if err := b.RemoveCodeList(ctx, "system", l.ID); !fault.Is(err, "IN_USE") || !strings.Contains(err.Error(), "queue Support") {
		t.Error(err)
	}
	for _, err := range []error{b.RemoveChannel(ctx, "system", ch.ID), b.RemoveQueue(ctx, "system", q.ID), b.RemoveCodeList(ctx, "system", l.ID), b.RemoveTrunk(ctx, "system", tr.ID)} {
		if err != nil {
			t.Error(err)
		}
	}
	if err := b.RemoveTrunk(ctx, "system", tr.ID); fault.KindOf(err) != fault.NotFound {
		t.Error(err)
	}
	c := b.Config()
	if len(c.Queues)+len(c.Channels)+len(c.CodeLists)+len(c.Trunks) != 0 {
		t.Errorf("%+v", c)
	}
}

func TestUsers(t *testing.T) {
	d := newDesk()
	b := d.open(t)
	ctx := t.Context()
	d.names.holders["bert"] = signin.Account{UserID: "bert", Tenant: "other", Agent: "agX"}
	if _, err := b.SaveUser(ctx, "system", user("bert", tenant.RoleAgent)); fault.KindOf(err) != fault.Invalid || fault.Of(err).Fields[0].Code != "TAKEN" {
		t.Errorf("another tenant's name: %v", err)
	}
	// a crash between name and document
	d.store.fail = errors.New("killed")
	if _, err := b.SaveUser(ctx, "system", user("cleo", tenant.RoleAgent)); err == nil {
		t.Fatal("no error")
	}
	u, err := b.SaveUser(ctx, "system", user("cleo", tenant.RoleAgent))
	if err != nil || u.ID != d.names.holders["cleo"].Agent {
		t.Fatalf("the next try: %+v %v", u, err)
	}
	u.Inactive = true
	if u, err = b.SaveUser(ctx, "system", u); err != nil || !d.names.inactive["cleo"] {
		t.Errorf("deactivated: %v %v", err, d.names.inactive)
	}
	u.Inactive = false
	if u, err = b.SaveUser(ctx, "system", u); err != nil || d.names.inactive["cleo"] {
		t.Errorf("active again: %v %v", err, d.names.inactive)
	}
	if _, err := b.SetSIPUser(ctx, "system", u.ID, "acme-1001"); err != nil || b.Config().Users[u.ID].SIPUser != "acme-1001" {
		t.Error(err)
	}
	if _, err := b.SetSIPUser(ctx, "system", "agNobody", "x"); fault.KindOf(err) != fault.NotFound {
		t.Error(err)
	}
	if _, err := b.SaveUser(ctx, "system", tenant.User{ID: "agNobody"}); fault.KindOf(err) != fault.NotFound {
		t.Error(err)
	}
	if err := b.SetSalesforceUsers(ctx, "system", 1); err != nil {
		t.Fatal(err)
	}
	u = b.Config().Users[u.ID]
	u.Seat = true
	if _, err := b.SaveUser(ctx, "system", u); err != nil {
		t.Errorf("the one seat: %v", err)
	}
	v := user("dora", tenant.RoleAgent)
	v.Seat = true
	if err := b.CheckUser(v); !strings.Contains(fault.Of(err).Message, "limit is 1") {
		t.Errorf("one too many: %v", err)
	}
}

func TestChangesAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		b := d.open(t)
		var told []setting.Changed
		stop := bus.Subscribe(d.bus, func(c setting.Changed) { told = append(told, c) })
		defer stop()
		q, _ := b.SaveQueue(t.Context(), "system", queue("Support"))
		u, _ := b.SaveUser(t.Context(), "system", user("anna", tenant.RoleAgent))
		_ = b.RemoveQueue(t.Context(), "system", q.ID)
		synctest.Wait()
		want := []setting.Changed{
			{Tenant: "acme", Kind: "queue", Revision: 1}, {Tenant: "acme", Kind: "user", Agent: u.ID, Revision: 2}, {Tenant: "acme", Kind: "queue", Revision: 3},
		}
		if !slices.Equal(told, want) {
			t.Errorf("%+v", told)
		}
	})
}

func TestConcurrentSaves(t *testing.T) {
	b := newDesk().open(t)
	var wg sync.WaitGroup
	for n := range 20 {
		wg.Go(func() {
			if _, err := b.SaveQueue(context.Background(), "system", queue(strings.Repeat("q", n+1))); err != nil {
				t.Error(err)
			}
			_ = b.Config().Queues
		})
	}
	wg.Wait()
	if len(b.Config().Queues) != 20 || b.Config().Revision != 20 {
		t.Errorf("%d queues at revision %d", len(b.Config().Queues), b.Config().Revision)
	}
}

// A number is taken in the installation before the channel that has it is saved, and only when it changes.
func TestNumbersAreClaimed(t *testing.T) {
	d := newDesk()
	var claimed []string
	d.claim = func(_ context.Context, number string, _ int64) error {
		if claimed = append(claimed, number); number == "+14155550199" {
			return fault.New(fault.Conflict, "NUMBER_TAKEN", "Somebody else's.")
		}
		return nil
	}
	b := d.open(t)
	ctx := t.Context()
	q, err := b.SaveQueue(ctx, "system", queue("Support"))
	if err != nil {
		t.Fatal(err)
	}
	ch, err := b.SaveChannel(ctx, "system", tenant.Channel{Name: "Main", Number: "+1 415 555 0100", Queue: q.ID})
	if err != nil {
		t.Fatal(err)
	}
	ch.Name = "First"
	if ch, err = b.SaveChannel(ctx, "system", ch); err != nil {
		t.Fatal(err)
	}
	ch.Number = "+14155550199"
	_, err = b.SaveChannel(ctx, "system", ch)
	if f := fault.Of(err); f == nil || f.Kind != fault.Invalid || len(f.Fields) != 1 || f.Fields[0] != (fault.Field{Field: "number", Code: "NUMBER_TAKEN", Message: "Somebody else's."}) {
		t.Errorf("a number of somebody else's: %v", err)
	}
	if n := b.Config().Channels[ch.ID].Number; n != "+14155550100" || !slices.Equal(claimed, []string{"+14155550100", "+14155550199"}) {
		t.Errorf("the channel has %s; claimed %q", n, claimed)
	}
}
