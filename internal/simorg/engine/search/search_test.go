package search

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cordboard/internal/simorg/engine/record"
	"cordboard/internal/simorg/engine/schema"
	"cordboard/internal/simorg/engine/sosl"
)

func world(t *testing.T) (*schema.Object, *Index) {
	t.Helper()
	s, err := schema.New(schema.Options{})
	if err != nil {
		t.Fatal(err)
	}
	o := s.Object("Contact")
	x := New(s)
	for i, p := range []string{"(415) 555-1212", "+14155551212", "415.555.1212 x3", "020 7946 0018", "+49 (0)30 901820", "4155551212"} {
		r := record.New(o, string(rune('a'+i)))
		r.SetNamed("Phone", p)
		r.SetNamed("LastName", "O'Neil")
		r.SetNamed("Description", "Called from 4155559999")
		x.Put(r, time.Time{})
	}
	return o, x
}

func find(t *testing.T, o *schema.Object, x *Index, q string, g sosl.Group) string {
	t.Helper()
	e, err := sosl.ParseExpr(q)
	if err != nil {
		t.Fatal(err)
	}
	ids := ""
	for _, r := range x.Find(o, e, g, func(f *schema.Field) bool { return f.Name != "HomePhone" }) {
		ids += r.ID
	}
	return ids
}

func TestPhones(t *testing.T) {
	o, x := world(t)
	for q, want := range map[string]string{
		`4155551212`:                    "acf",
		`14155551212`:                   "b",
		`\+14155551212`:                 "b",
		`"\(415\) 555\-1212"`:           "ac",
		`4155551212 OR \+14155551212`:   "abcf",
		`02079460018`:                   "d",
		`"020 7946 0018"`:               "d",
		`2079460018`:                    "",
		`415555*`:                       "acf",
		`41555512?2`:                    "acf",
		`5551212`:                       "",
		`4155551212 AND NOT 555`:        "f",
		`4155559999`:                    "",
		`(4155551212 OR 0018) AND 7946`: "d",
	} {
		if got := find(t, o, x, q, sosl.Phones); got != want {
			t.Errorf("%s: %q, want %q", q, got, want)
		}
	}
	if got := find(t, o, x, "4155559999", sosl.All); got != "abcdef" {
		t.Errorf("all fields: %q", got)
	}
	if got := find(t, o, x, `O\'Neil`, sosl.Names); got != "abcdef" {
		t.Errorf("names: %q", got)
	}
}

func TestUpdateDeleteAndLag(t *testing.T) {
	o, x := world(t)
	x.Lag = 10 * time.Second
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	r := record.New(o, "a")
	r.SetNamed("Phone", "+15005550006")
	x.Put(r, now)
	gone := record.New(o, "b")
	gone.SetNamed("Phone", "+14155551212")
	gone.SetNamed("IsDeleted", true)
	x.Put(gone, now.Add(time.Second))
	look := func() []string {
		return []string{find(t, o, x, "4155551212", sosl.Phones), find(t, o, x, "15005550006", sosl.Phones), find(t, o, x, "14155551212", sosl.Phones)}
	}
	if diff := cmp.Diff([]string{"acf", "", "b"}, look()); diff != "" {
		t.Errorf("before the lag: %s", diff)
	}
	if x.Due(now.Add(9 * time.Second)) {
		t.Error("due too early")
	}
	x.Settle(now.Add(10 * time.Second))
	if diff := cmp.Diff([]string{"cf", "a", "b"}, look()); diff != "" {
		t.Errorf("after ten seconds: %s", diff)
	}
	x.Settle(now.Add(11 * time.Second))
	if diff := cmp.Diff([]string{"cf", "a", ""}, look()); diff != "" {
		t.Errorf("after eleven seconds: %s", diff)
	}
}
