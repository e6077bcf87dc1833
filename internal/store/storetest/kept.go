package storetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cordboard/internal/audit"
	"cordboard/internal/crm/salesforce"
	"cordboard/internal/fault"
	"cordboard/internal/setting"
	"cordboard/internal/store"
)

func doc(kind string, id int64, name, body string) setting.Doc {
	return setting.Doc{Kind: kind, ID: id, Name: name, Body: json.RawMessage(body), At: day, By: "ag1"}
}

func put(t *testing.T, tn *store.Tenant, d setting.Doc, expect int64) setting.Doc {
	t.Helper()
	d, err := tn.Put(t.Context(), d, expect)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

var settingTests = map[string]func(t *testing.T, tn *store.Tenant){
	"documents get ids, versions and history": func(t *testing.T, tn *store.Tenant) {
		q1 := put(t, tn, doc("queue", 0, "", `{"n":1}`), 0)
		q2 := put(t, tn, doc("queue", 0, "", `{"n":2}`), 0)
		u := put(t, tn, doc("user", 0, "ag1", `{"u":1}`), 0)
		p := put(t, tn, doc("profile", 0, "", `{"p":1}`), 0)
		if q1.ID != 1 || q2.ID != 2 || u.ID != 0 || p.ID != 0 || q1.Version != 1 {
			t.Errorf("ids %d %d %d %d", q1.ID, q2.ID, u.ID, p.ID)
		}
		q1.Body = json.RawMessage(`{"n":11}`)
		if q1 = put(t, tn, q1, 1); q1.Version != 2 {
			t.Errorf("version %d", q1.Version)
		}
		docs, rev, err := tn.Load(t.Context())
		if err != nil || rev != 5 || len(docs) != 4 {
			t.Fatalf("loaded %+v, revision %d, %v", docs, rev, err)
		}
		if d := docs[1]; d.Kind != "queue" || string(d.Body) != `{"n":11}` || d.Version != 2 || d.By != "ag1" || !d.At.Equal(day) {
			t.Errorf("loaded %+v", d)
		}
		old, err := tn.At(t.Context(), "queue", 1, "", 1)
		if err != nil || string(old.Body) != `{"n":1}` {
			t.Errorf("at 1: %+v, %v", old, err)
		}
		_, err = tn.At(t.Context(), "queue", 1, "", 9)
		wantKind(t, err, fault.NotFound, "DOCUMENT_NOT_FOUND")
		h, err := tn.History(t.Context(), "queue", 1, "", 0)
		if err != nil || len(h) != 2 || h[0].Version != 2 {
			t.Errorf("history %+v, %v", h, err)
		}
	},
	"nobody overwrites unseen": func(t *testing.T, tn *store.Tenant) {
		d := put(t, tn, doc("profile", 0, "", `{}`), 0)
		for _, expect := range []int64{0, 2, 7} {
			_, err := tn.Put(t.Context(), doc("profile", 0, "", `{"x":1}`), expect)
			wantKind(t, err, fault.Conflict, "CHANGED")
			if f := fault.Of(err).Fields; len(f) != 1 || f[0].Field != "ag1" || !strings.HasPrefix(f[0].Code, "2026-11-23T09:00:00") {
				t.Errorf("who and when: %+v", f)
			}
		}
		_, err := tn.Put(t.Context(), doc("queue", 77, "", `{}`), 3)
		wantKind(t, err, fault.NotFound, "DOCUMENT_NOT_FOUND")
		if _, rev, _ := tn.Load(t.Context()); rev != 1 || d.Version != 1 {
			t.Errorf("a refused save raised the revision to %d", rev)
		}
	},
	"of many at once one wins": func(t *testing.T, tn *store.Tenant) {
		put(t, tn, doc("profile", 0, "", `{}`), 0)
		var won atomic.Int32
		together(8, func(n int) {
			_, err := tn.Put(t.Context(), doc("profile", 0, "", fmt.Sprintf(`{"n":%d}`, n)), 1)
			if err == nil {
				won.Add(1)
			} else if !fault.Is(err, "CHANGED") {
				t.Error(err)
			}
		})
		if won.Load() != 1 {
			t.Errorf("%d won", won.Load())
		}
	},
	"removed ones can come back": func(t *testing.T, tn *store.Tenant) {
		put(t, tn, doc("queue", 0, "", `{"n":1}`), 0)
		wantKind(t, tn.Delete(t.Context(), "queue", 1, "", 5, "ag2", day), fault.Conflict, "CHANGED")
		if err := tn.Delete(t.Context(), "queue", 1, "", 1, "ag2", day); err != nil {
			t.Fatal(err)
		}
		wantKind(t, tn.Delete(t.Context(), "queue", 1, "", 0, "ag2", day), fault.NotFound, "DOCUMENT_NOT_FOUND")
		if docs, _, _ := tn.Load(t.Context()); len(docs) != 0 {
			t.Errorf("still there: %+v", docs)
		}
		if next := put(t, tn, doc("queue", 0, "", `{}`), 0); next.ID != 2 {
			t.Errorf("a removed id was given again: %d", next.ID)
		}
		back := put(t, tn, doc("queue", 1, "", `{"n":1}`), 0)
		if back.Version != 3 {
			t.Errorf("version %d, want 3: 2 is the removal", back.Version)
		}
		put(t, tn, doc("queue", 40, "", `{}`), 0) // from an imported file
		if next := put(t, tn, doc("queue", 0, "", `{}`), 0); next.ID != 41 {
			t.Errorf("id %d, want 41", next.ID)
		}
	},
}

var keptTests = map[string]func(t *testing.T, tn *store.Tenant){
	"secrets": func(t *testing.T, tn *store.Tenant) {
		if s, err := tn.Secret(t.Context(), "ag1", "x"); s != nil || err != nil {
			t.Errorf("none: %v %v", s, err)
		}
		for _, v := range [][]byte{{0, 1, 0xff, 0}, {7}} {
			if err := tn.PutSecret(t.Context(), "ag1", "x", v); err != nil {
				t.Fatal(err)
			}
			if s, err := tn.Secret(t.Context(), "ag1", "x"); !bytes.Equal(s, v) || err != nil {
				t.Errorf("got %v, %v; want %v", s, err, v)
			}
		}
		if s, _ := tn.Secret(t.Context(), "ag2", "x"); s != nil {
			t.Error("another owner has it too")
		}
		if err := tn.DropSecret(t.Context(), "ag1", "x"); err != nil {
			t.Fatal(err)
		}
		if s, _ := tn.Secret(t.Context(), "ag1", "x"); s != nil {
			t.Error("still there")
		}
	},
	"sign-ons": func(t *testing.T, tn *store.Tenant) {
		s, err := tn.SignOn(t.Context(), "ag1")
		if err != nil || s.Result != salesforce.NotSetUp || s.Agent != "ag1" {
			t.Errorf("none: %+v, %v", s, err)
		}
		s.Result, s.LoginID, s.SavedAt = salesforce.Connected, "ada@example.com", day
		if err := tn.PutSignOn(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		if got, err := tn.SignOn(t.Context(), "ag1"); got != s || err != nil {
			t.Errorf("got %+v, %v", got, err)
		}
		if err := tn.DropSignOn(t.Context(), "ag1"); err != nil {
			t.Fatal(err)
		}
		if got, _ := tn.SignOn(t.Context(), "ag1"); got.Result != salesforce.NotSetUp {
			t.Errorf("still there: %+v", got)
		}
	},
	"the audit log is one chain": func(t *testing.T, tn *store.Tenant) {
		log := audit.New(tn, func() time.Time { return day.Add(123456789) })
		together(6, func(n int) {
			for range 5 {
				if err := log.Write(t.Context(), "ag\x001", "setting_saved", "queue 1", map[string]string{"n": fmt.Sprint(n), "bad": "\xff", "nul": "a\x00b"}); err != nil {
					t.Error(err)
				}
			}
		})
		if n, err := log.Verify(t.Context()); n != 30 || err != nil {
			t.Errorf("verified %d, %v", n, err)
		}
		es, err := log.Entries(t.Context(), 4, 2)
		if err != nil || len(es) != 2 || es[0].Number != 3 || es[1].Number != 2 || es[0].Before != es[1].Hash || es[0].Who != "ag1" {
			t.Errorf("entries %+v, %v", es, err)
		}
	},
}
