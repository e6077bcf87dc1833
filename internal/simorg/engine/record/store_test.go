package record

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"cordboard/internal/simorg/engine/schema"
)

func newStore(t *testing.T) (*schema.Object, *Store) {
	t.Helper()
	s, err := schema.New(schema.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Seal(); err != nil {
		t.Fatal(err)
	}
	return s.Object("contact"), NewStore(s)
}

func ids(rs []*Record) (out []string) {
	for _, r := range rs {
		out = append(out, r.ID)
	}
	return out
}

func TestIndexFollowsChangesAndRollback(t *testing.T) {
	o, st := newStore(t)
	email := o.Field("Email")
	put := func(id, mail string) string {
		if id == "" {
			id = st.NextID(o)
		}
		r := New(o, id)
		r.Set(email, mail)
		st.Put(r)
		return id
	}
	a, b := put("", "Ann@x.example"), put("", "ben@x.example")
	if n := len(st.Commit()); n != 2 {
		t.Fatalf("%d changes, want 2", n)
	}
	mark := st.Mark()
	put(a, "other@x.example")
	c := put("", "ANN@x.example")
	got, _ := st.Lookup(email, "ann@X.example")
	if diff := cmp.Diff([]string{c}, ids(got)); diff != "" {
		t.Fatal(diff)
	}
	st.RollbackTo(mark)
	got, _ = st.Lookup(email, "ann@x.example")
	if diff := cmp.Diff([]string{a}, ids(got)); diff != "" {
		t.Fatal(diff)
	}
	if diff := cmp.Diff([]string{a, b}, ids(st.Rows(o))); diff != "" {
		t.Fatal(diff)
	}
	if st.Get(o, c) != nil {
		t.Fatal("the rolled-back record is still there")
	}
}

func TestRecordKeepsCellsInOrder(t *testing.T) {
	o, st := newStore(t)
	r := New(o, st.NextID(o))
	r.SetNamed("phone", "1")
	r.SetNamed("LASTNAME", "Ng")
	r.SetNamed("Phone", nil)
	r.SetNamed("DoNotCall", true)
	want := map[string]any{"Id": r.ID, "LastName": "Ng", "DoNotCall": true}
	if diff := cmp.Diff(want, r.Values()); diff != "" {
		t.Fatal(diff)
	}
	if r.Get(o.Field("HasOptedOutOfEmail")) != false {
		t.Fatal("an empty boolean is not false")
	}
}
