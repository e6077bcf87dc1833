package signin_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"cordboard/internal/bus"
	"cordboard/internal/fault"
	"cordboard/internal/setting/settingtest"
	"cordboard/internal/signin"
	"cordboard/internal/signin/signintest"
)

const (
	password = "seven wet otters sing"
	other    = "eight dry badgers hum"
)

type door struct {
	*signin.Guard
	store *signintest.Store
	trail *settingtest.Trail
	bus   *bus.Bus
	now   time.Time
}

func newDoor(t *testing.T) *door {
	t.Helper()
	d := &door{store: signintest.New(), trail: &settingtest.Trail{}, bus: bus.New(), now: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)}
	d.Guard = signin.New(signin.Options{
		Store: d.store, Bus: d.bus, Trail: func(string) signin.Trail { return d.trail }, Now: func() time.Time { return d.now }, Weak: true,
	})
	d.add(t, "anna", "agA")
	return d
}

func (d *door) add(t *testing.T, userID, agent string) {
	t.Helper()
	if _, _, err := d.Reserve(t.Context(), "acme", agent, userID); err != nil {
		t.Fatal(err)
	}
	if err := d.SetPassword(t.Context(), userID, password, "system", ""); err != nil {
		t.Fatal(err)
	}
}

func (d *door) try(userID, password, address string) (string, signin.Session, error) {
	return d.SignIn(context.Background(), userID, password, signin.Source{Address: address, Browser: "test"})
}

func TestSessionIsKeptByItsHash(t *testing.T) {
	d := newDoor(t)
	id, s, err := d.try("  Anna ", password, "192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	if s.Agent != "agA" || s.Tenant != "acme" || s.Expires.Sub(s.Created) != 12*time.Hour || len(s.Hash) != 64 || strings.Contains(s.Hash, id) {
		t.Errorf("%+v", s)
	}
	if _, err := d.store.Session(t.Context(), id, d.now); err == nil {
		t.Error("the id itself is stored")
	}
	id2, _, err := d.try("anna", password, "192.0.2.1")
	if err != nil || id2 == id {
		t.Errorf("every sign-in has an id of its own: %v", err)
	}
	for _, bad := range []string{"", "x", id[:42], id + "x", strings.Repeat("A", 43), s.Hash} {
		if _, err := d.Session(t.Context(), bad); !fault.Is(err, "SIGNED_OUT") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	d.now = d.now.Add(12*time.Hour - time.Second)
	if _, err := d.Session(t.Context(), id); err != nil {
		t.Errorf("just before the end: %v", err)
	}
	d.now = d.now.Add(time.Second)
	if _, err := d.Session(t.Context(), id); !fault.Is(err, "SIGNED_OUT") {
		t.Errorf("after twelve hours: %v", err)
	}
}

func TestSeenIsWrittenOnceAMinute(t *testing.T) {
	d := newDoor(t)
	id, _, _ := d.try("anna", password, "192.0.2.1")
	for range 180 {
		d.now = d.now.Add(time.Second)
		if _, err := d.Session(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	if d.store.Touched != 3 {
		t.Errorf("written %d times in three minutes", d.store.Touched)
	}
}

func TestRefusalsLookAlike(t *testing.T) {
	d := newDoor(t)
	d.add(t, "gone", "agG")
	if err := d.SetInactive(t.Context(), "gone", true); err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.Reserve(t.Context(), "acme", "agN", "nopassword"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, user, password string }{
		{"wrong password", "anna", "wrong wrong wrong"},
		{"no such user", "nobody", password},
		{"deactivated", "gone", password},
		{"no password yet", "nopassword", ""},
		{"enormous", "anna", strings.Repeat("x", 1<<20)},
		{"prefix", "anna", password[:12]},
	} {
		_, _, err := d.try(c.user, c.password, "192.0.2."+c.name)
		if !fault.Is(err, "SIGN_IN_REFUSED") || fault.Of(err).Message != "User ID or password is not right. Check both and try again." {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestRefusalsTakeTheSameTime compares medians with a cost that dwarfs everything else.
func TestRefusalsTakeTheSameTime(t *testing.T) {
	d := newDoor(t)
	d.Guard = signin.New(signin.Options{Store: d.store, Bus: d.bus, Trail: func(string) signin.Trail { return d.trail }})
	if err := d.SetPassword(t.Context(), "anna", password, "system", ""); err != nil {
		t.Fatal(err)
	}
	took := map[string][]time.Duration{}
	for n := range 5 {
		for _, user := range []string{"anna", "nobody"} {
			began := time.Now()
			if _, _, err := d.try(user, "wrong wrong wrong", fmt.Sprint("192.0.2.", n)); !fault.Is(err, "SIGN_IN_REFUSED") {
				t.Fatal(err)
			}
			took[user] = append(took[user], time.Since(began))
		}
	}
	slices.Sort(took["anna"])
	slices.Sort(took["nobody"])
	known, unknown := took["anna"][2], took["nobody"][2]
	if unknown < known/3 || known < unknown/3 {
		t.Errorf("a known user takes %v, an unknown one %v", known, unknown)
	}
}

func TestLockout(t *testing.T) {
	d := newDoor(t)
	fail := func(user, from string) error { _, _, err := d.try(user, "wrong wrong wrong", from); return err }
	for n := range 9 {
		if err := fail("anna", "192.0.2.1"); !fault.Is(err, "SIGN_IN_REFUSED") {
			t.Fatalf("failure %d: %v", n+1, err)
		}
	}
	if err := fail("anna", "192.0.2.1"); !fault.Is(err, "LOCKED") {
		t.Fatalf("the tenth: %v", err)
	}
	_, _, err := d.try("anna", password, "192.0.2.1")
	if f := fault.Of(err); f.Code != "LOCKED" || f.Kind != fault.TooMany || f.After != 15*time.Minute || !strings.Contains(f.Message, "08:15:00") {
		t.Errorf("the right password while locked: %+v", f)
	}
	if _, _, err := d.try("anna", password, "192.0.2.2"); err != nil {
		t.Errorf("from her own place: %v", err)
	}
	d.now = d.now.Add(15*time.Minute + time.Second)
	if _, _, err := d.try("anna", password, "192.0.2.1"); err != nil {
		t.Errorf("a quarter of an hour later: %v", err)
	}
	// success forgets, and so does time
	for range 9 {
		_ = fail("anna", "192.0.2.3")
	}
	if _, _, err := d.try("anna", password, "192.0.2.3"); err != nil {
		t.Fatal(err)
	}
	for range 9 {
		_ = fail("anna", "192.0.2.3")
	}
	d.now = d.now.Add(16 * time.Minute)
	if err := fail("anna", "192.0.2.3"); !fault.Is(err, "SIGN_IN_REFUSED") {
		t.Errorf("nine before and one now: %v", err)
	}
}

func TestSourcesOfIPv6AreNetworks(t *testing.T) {
	d := newDoor(t)
	for n := range 10 {
		_, _, err := d.try("anna", "wrong wrong wrong", fmt.Sprintf("2001:db8:1:2::%x", n+1))
		if locked := fault.Is(err, "LOCKED"); locked != (n == 9) {
			t.Errorf("address %d: %v", n, err)
		}
	}
	if _, _, err := d.try("anna", password, "2001:db8:1:3::1"); err != nil {
		t.Errorf("another network: %v", err)
	}
	if _, _, err := d.try("anna", password, "::ffff:192.0.2.9"); err != nil {
		t.Errorf("a mapped address: %v", err)
	}
}

// TestGuessingInParallel: those that wait for their turn while the lock falls are not evaluated.
func TestGuessingInParallel(t *testing.T) {
	d := newDoor(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	codes := map[string]int{}
	for range 500 {
		wg.Go(func() {
			_, _, err := d.try("anna", "wrong wrong wrong", "192.0.2.1")
			mu.Lock()
			defer mu.Unlock()
			codes[fault.Of(err).Code]++
		})
	}
	wg.Wait()
	if codes["SIGN_IN_REFUSED"] != 9 || codes["LOCKED"] != 491 {
		t.Errorf("%v", codes)
	}
	refused := 0
	for _, e := range d.trail.Entries() {
		if strings.Contains(e, "sign_in_refused") {
			refused++
		}
	}
	if refused != 10 {
		t.Errorf("%d refusals are in the audit log", refused)
	}
	if _, _, err := d.try("anna", password, "192.0.2.1"); !fault.Is(err, "LOCKED") {
		t.Errorf("guesses under way when the lock fell have undone it: %v", err)
	}
}

func TestEndedSignInsAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDoor(t)
		var told []signin.Ended
		stop := bus.Subscribe(d.bus, func(e signin.Ended) { told = append(told, e) })
		defer stop()
		_, s1, _ := d.try("anna", password, "192.0.2.1")
		id2, s2, _ := d.try("anna", password, "192.0.2.2")
		if err := d.ChangePassword(t.Context(), s2, password, other); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if len(told) != 1 || told[0].Hash != s1.Hash || told[0].Reason != signin.EndPassword {
			t.Fatalf("a new password ends the others: %+v", told)
		}
		if _, err := d.Session(t.Context(), id2); err != nil {
			t.Errorf("his own goes on: %v", err)
		}
		if err := d.SetInactive(t.Context(), "anna", true); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if len(told) != 2 || told[1].Hash != s2.Hash || told[1].Reason != signin.EndInactive {
			t.Errorf("%+v", told)
		}
	})
}

func TestChangePassword(t *testing.T) {
	d := newDoor(t)
	_, s, _ := d.try("anna", password, "192.0.2.1")
	err := d.ChangePassword(t.Context(), s, "not the current one", other)
	if f := fault.Of(err); f.Kind != fault.Invalid || f.Fields[0].Field != "current" {
		t.Errorf("%v", err)
	}
	err = d.ChangePassword(t.Context(), s, password, "short")
	if f := fault.Of(err); f.Kind != fault.Invalid || f.Fields[0].Field != "next" {
		t.Errorf("%v", err)
	}
	if err := d.ChangePassword(t.Context(), s, password, other); err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.try("anna", password, "192.0.2.1"); !fault.Is(err, "SIGN_IN_REFUSED") {
		t.Errorf("the old one: %v", err)
	}
	if _, _, err := d.try("anna", other, "192.0.2.1"); err != nil {
		t.Errorf("the new one: %v", err)
	}
	_, s, _ = d.try("anna", other, "192.0.2.5")
	for range 10 {
		err = d.ChangePassword(t.Context(), s, "guess guess guess", password)
	}
	if !fault.Is(err, "LOCKED") {
		t.Errorf("guessing from an open session: %v", err)
	}
}

func TestStaleHashesAreRenewed(t *testing.T) {
	d := newDoor(t)
	before, _ := d.store.Account(t.Context(), "anna")
	strong := signin.New(signin.Options{Store: d.store, Bus: d.bus, Trail: func(string) signin.Trail { return d.trail }})
	if _, _, err := strong.SignIn(t.Context(), "anna", password, signin.Source{}); err != nil {
		t.Fatal(err)
	}
	after, _ := d.store.Account(t.Context(), "anna")
	if !strings.HasPrefix(before.Hash, "$argon2id$v=19$m=64,t=1,p=1$") || !strings.HasPrefix(after.Hash, "$argon2id$v=19$m=65536,t=2,p=1$") {
		t.Errorf("before %.30s, after %.30s", before.Hash, after.Hash)
	}
	if _, _, err := strong.SignIn(t.Context(), "anna", password, signin.Source{}); err != nil {
		t.Errorf("with the new one: %v", err)
	}
}

func TestReserve(t *testing.T) {
	d := newDoor(t)
	holder, taken, err := d.Reserve(t.Context(), "beta", "agB", "ANNA")
	if err != nil || !taken || holder.Agent != "agA" || holder.Tenant != "acme" {
		t.Errorf("%+v %v %v", holder, taken, err)
	}
	if _, taken, err := d.Reserve(t.Context(), "beta", "agB", "bert"); err != nil || taken {
		t.Errorf("%v %v", taken, err)
	}
}

func TestPasswordPolicy(t *testing.T) {
	for _, c := range []struct{ password, code string }{
		{"seven wet otters sing", ""},
		{"Ünïcödé ïs fïnë", ""},
		{strings.Repeat("long words ", 11) + "x1y2z3q", ""},
		{"elevenchars", "TOO_SHORT"},
		{strings.Repeat("ab c", 32) + "x", "TOO_LONG"},
		{"passwordpassword", "COMMON"},
		{"Password1234!", "COMMON"},
		{"Summer2026!!!", "COMMON"},
		{"aaaaaaaaaaaa", "COMMON"},
		{"abcabcabcabcab", "COMMON"},
		{"maria.lopez1", "LIKE_USER_ID"},
		{"Maria.Lopez.2026!", "LIKE_USER_ID"},
	} {
		err := signin.CheckPassword("password", "maria.lopez", c.password)
		switch f := fault.Of(err); {
		case c.code == "" && err != nil:
			t.Errorf("%q: %v", c.password, err)
		case c.code != "" && (err == nil || f.Fields[0].Code != c.code || f.Fields[0].Field != "password"):
			t.Errorf("%q: %v, want %s", c.password, err, c.code)
		}
	}
}
