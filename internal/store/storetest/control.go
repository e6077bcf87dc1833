package storetest

import (
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cordboard/internal/desk"
	"cordboard/internal/fault"
	"cordboard/internal/signin"
	"cordboard/internal/store"
)

var controlTests = map[string]func(t *testing.T, in *store.Installation){
	"tenants are apart": func(t *testing.T, in *store.Installation) {
		var tns []*store.Tenant
		for _, name := range []string{"acme", "globex"} {
			tn, err := in.Tenant(t.Context(), name)
			if err != nil {
				t.Fatal(err)
			}
			if again, _ := in.Tenant(t.Context(), name); again != tn {
				t.Error("asked again, another value")
			}
			tns = append(tns, tn)
		}
		create(t, tns[0], call(1))
		_, err := tns[1].One(t.Context(), "int-0001")
		wantKind(t, err, fault.NotFound, "INTERACTION_NOT_FOUND")
		create(t, tns[1], call(1)) // ids and numbers are each one's own
		if i, _ := tns[1].One(t.Context(), "int-0001"); i.Transaction != 1 {
			t.Errorf("Transaction number %d", i.Transaction)
		}
		names, err := in.Control().Tenants(t.Context())
		if err != nil || !slices.Equal(names, []string{"acme", "globex"}) {
			t.Errorf("tenants %v, %v", names, err)
		}
		for _, bad := range []string{"", "ab", "Acme", "a-b", "../up", "a;drop table x", strings.Repeat("a", 31)} {
			_, err := in.Tenant(t.Context(), bad)
			wantKind(t, err, fault.Invalid, "TENANT_NAME")
		}
	},
	"after close nothing is taken": func(t *testing.T, in *store.Installation) {
		tn, err := in.Tenant(t.Context(), "acme")
		if err != nil {
			t.Fatal(err)
		}
		if err := in.Close(); err != nil {
			t.Fatal(err)
		}
		if err := tn.Change(t.Context(), func(desk.Tx) error { return nil }); err == nil {
			t.Error("a change was taken after Close")
		}
		_, err = in.Tenant(t.Context(), "other")
		wantKind(t, err, fault.Unavailable, "STORE_CLOSED")
	},
	"numbers": func(t *testing.T, in *store.Installation) {
		c := in.Control()
		n := store.Number{Number: "+14155550100", Tenant: "acme", Channel: 1}
		if err := c.ReserveNumber(t.Context(), n); err != nil {
			t.Fatal(err)
		}
		n.Channel = 2
		if err := c.ReserveNumber(t.Context(), n); err != nil {
			t.Fatal(err)
		}
		wantKind(t, c.ReserveNumber(t.Context(), store.Number{Number: n.Number, Tenant: "globex", Channel: 1}), fault.Conflict, "NUMBER_TAKEN")
		if got, err := c.NumberOf(t.Context(), n.Number); got != n || err != nil {
			t.Errorf("got %+v, %v", got, err)
		}
		if err := c.ReleaseNumber(t.Context(), n.Number, "globex"); err != nil {
			t.Fatal(err)
		}
		if all, err := c.Numbers(t.Context(), "acme"); len(all) != 1 || err != nil {
			t.Errorf("another tenant released it: %v, %v", all, err)
		}
		if err := c.ReleaseNumber(t.Context(), n.Number, "acme"); err != nil {
			t.Fatal(err)
		}
		_, err := c.NumberOf(t.Context(), n.Number)
		wantKind(t, err, fault.NotFound, "NUMBER_NOT_FOUND")
	},
	"of many who want a number one gets it": func(t *testing.T, in *store.Installation) {
		var won atomic.Int32
		together(6, func(n int) {
			err := in.Control().ReserveNumber(t.Context(), store.Number{Number: "+1", Tenant: string(rune('a'+n)) + "bc"})
			if err == nil {
				won.Add(1)
			} else if !fault.Is(err, "NUMBER_TAKEN") {
				t.Error(err)
			}
		})
		if won.Load() != 1 {
			t.Errorf("%d got it", won.Load())
		}
	},
	"sip accounts": func(t *testing.T, in *store.Installation) {
		c := in.Control()
		s := store.SIPAccount{Name: "acme-ada", Tenant: "acme", Agent: "ag1"}
		for range 2 {
			if err := c.ReserveSIPAccount(t.Context(), s); err != nil {
				t.Fatal(err)
			}
		}
		wantKind(t, c.ReserveSIPAccount(t.Context(), store.SIPAccount{Name: s.Name, Tenant: "acme", Agent: "ag2"}), fault.Conflict, "SIP_NAME_TAKEN")
		if got, err := c.SIPAccount(t.Context(), s.Name); got != s || err != nil {
			t.Errorf("got %+v, %v", got, err)
		}
		if err := c.ReleaseSIPAccount(t.Context(), s.Name, "acme"); err != nil {
			t.Fatal(err)
		}
		_, err := c.SIPAccount(t.Context(), s.Name)
		wantKind(t, err, fault.NotFound, "SIP_NAME_NOT_FOUND")
		if all, err := c.SIPAccounts(t.Context(), ""); len(all) != 0 || err != nil {
			t.Errorf("%v, %v", all, err)
		}
	},
	"accounts": func(t *testing.T, in *store.Installation) {
		c := in.Control()
		_, err := c.Account(t.Context(), "ada")
		wantKind(t, err, fault.NotFound, "ACCOUNT_NOT_FOUND")
		a := signin.Account{UserID: "ada", Tenant: "acme", Agent: "ag1", Hash: "$argon2id$", Inactive: true}
		if err := c.PutAccount(t.Context(), a); err != nil {
			t.Fatal(err)
		}
		if got, err := c.Account(t.Context(), "ada"); got != a || err != nil {
			t.Errorf("got %+v, %v", got, err)
		}
		wantKind(t, c.PutAccount(t.Context(), signin.Account{UserID: "ada", Tenant: "globex", Agent: "ag1"}), fault.Conflict, "USER_ID_TAKEN")
		wantKind(t, c.PutAccount(t.Context(), signin.Account{UserID: "ada", Tenant: "acme", Agent: "ag2"}), fault.Conflict, "USER_ID_TAKEN")
		a.UserID, a.Inactive = "ada.l", false // renamed: the old name is free
		if err := c.PutAccount(t.Context(), a); err != nil {
			t.Fatal(err)
		}
		_, err = c.Account(t.Context(), "ada")
		wantKind(t, err, fault.NotFound, "ACCOUNT_NOT_FOUND")
		// A refused rename loses nothing.
		if err := c.PutAccount(t.Context(), signin.Account{UserID: "bob", Tenant: "acme", Agent: "ag2"}); err != nil {
			t.Fatal(err)
		}
		a.UserID = "bob"
		wantKind(t, c.PutAccount(t.Context(), a), fault.Conflict, "USER_ID_TAKEN")
		if got, err := c.Account(t.Context(), "ada.l"); err != nil || got.Agent != "ag1" {
			t.Errorf("the old name is gone: %+v, %v", got, err)
		}
	},
	"sessions": func(t *testing.T, in *store.Installation) {
		c := in.Control()
		add := func(hash string, from time.Time) {
			t.Helper()
			err := c.AddSession(t.Context(), signin.Session{Hash: hash, Tenant: "acme", Agent: "ag1", UserID: "ada", Created: from, Seen: from, Expires: from.Add(12 * time.Hour), Address: "::1", Browser: "x\xffy"})
			if err != nil {
				t.Fatal(err)
			}
		}
		add("h1", day)
		add("h2", day.Add(time.Hour))
		s, err := c.Session(t.Context(), "h1", day)
		if err != nil || s.Agent != "ag1" || !s.Expires.Equal(day.Add(12*time.Hour)) || s.Browser != "x\uFFFDy" {
			t.Errorf("%+v, %v", s, err)
		}
		_, err = c.Session(t.Context(), "h1", day.Add(12*time.Hour))
		wantKind(t, err, fault.NotFound, "SESSION_NOT_FOUND")
		for _, at := range []time.Duration{2 * time.Minute, time.Minute} {
			if err := c.TouchSession(t.Context(), "h1", day.Add(at)); err != nil {
				t.Fatal(err)
			}
		}
		if s, _ = c.Session(t.Context(), "h1", day); !s.Seen.Equal(day.Add(2 * time.Minute)) {
			t.Errorf("seen %v", s.Seen)
		}
		add("h3", day.Add(12*time.Hour)) // forgets h1
		ss, err := c.Sessions(t.Context(), "acme", "ag1", day)
		if err != nil || len(ss) != 2 || ss[0].Hash != "h3" || ss[1].Hash != "h2" {
			t.Errorf("%+v, %v", ss, err)
		}
		ended, err := c.EndSessions(t.Context(), "acme", "ag1", "h3")
		if err != nil || !slices.Equal(ended, []string{"h2"}) {
			t.Errorf("ended %v, %v", ended, err)
		}
		if err := c.EndSession(t.Context(), "h3"); err != nil {
			t.Fatal(err)
		}
		if ss, _ = c.Sessions(t.Context(), "acme", "ag1", day); len(ss) != 0 {
			t.Errorf("left: %+v", ss)
		}
	},
	"failures": func(t *testing.T, in *store.Installation) {
		c := in.Control()
		f, err := c.Failures(t.Context(), "ada", "::1")
		if err != nil || f.Count != 0 || f.UserID != "ada" {
			t.Errorf("%+v, %v", f, err)
		}
		f.Count, f.Since, f.LockedUntil = 3, day, day.Add(time.Minute)
		for range 2 {
			if err := c.PutFailures(t.Context(), f); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := c.Failures(t.Context(), "ada", "::1"); got != f || err != nil {
			t.Errorf("%+v, %v", got, err)
		}
		if got, _ := c.Failures(t.Context(), "ada", "::2"); got.Count != 0 {
			t.Errorf("another source: %+v", got)
		}
		if err := c.PutFailures(t.Context(), signin.Failures{UserID: "ada", Source: "::1"}); err != nil {
			t.Fatal(err)
		}
		if got, _ := c.Failures(t.Context(), "ada", "::1"); !got.Since.IsZero() {
			t.Errorf("not forgotten: %+v", got)
		}
	},
	"secrets of the installation": func(t *testing.T, in *store.Installation) {
		c := in.Control()
		if err := c.PutSecret(t.Context(), "installation", "x", []byte{1}); err != nil {
			t.Fatal(err)
		}
		if s, err := c.Secret(t.Context(), "installation", "x"); len(s) != 1 || err != nil {
			t.Errorf("%v, %v", s, err)
		}
		if err := c.DropSecret(t.Context(), "installation", "x"); err != nil {
			t.Fatal(err)
		}
	},
}
