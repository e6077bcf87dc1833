package audit_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"cordboard/internal/audit"
	"cordboard/internal/fault"
)

// book is a Store in memory, whose pages tests tear.
type book struct {
	entries []audit.Entry // oldest first
	head    audit.Head
}

func (b *book) Append(_ context.Context, e audit.Entry) (audit.Entry, error) {
	e = audit.Chain(b.head, e)
	b.entries = append(b.entries, e)
	b.head = audit.Head{Number: e.Number, Hash: e.Hash}
	return e, nil
}

func (b *book) Entries(_ context.Context, before int64, limit int) ([]audit.Entry, error) {
	s := slices.Clone(b.entries)
	slices.SortFunc(s, func(x, y audit.Entry) int { return int(y.Number - x.Number) })
	var out []audit.Entry
	for _, e := range s {
		if (before == 0 || e.Number < before) && len(out) < limit {
			out = append(out, e)
		}
	}
	return out, nil
}

func (b *book) Head(context.Context) (audit.Head, error) { return b.head, nil }

func written(t *testing.T, n int) (*book, *audit.Log) {
	t.Helper()
	b := &book{}
	at := time.Date(2026, 11, 23, 10, 0, 0, 123456789, time.FixedZone("X", 3600))
	log := audit.New(b, func() time.Time { at = at.Add(time.Second); return at })
	for i := range n {
		if err := log.Write(t.Context(), "ag1", "setting_saved", fmt.Sprint("queue ", i), map[string]string{"before": "a", "after": fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	return b, log
}

func TestVerifyNamesTheFirstBadRow(t *testing.T) {
	const n = 2500 // more than two pages
	at := func(b *book, number int) *audit.Entry { return &b.entries[number-1] }
	for _, c := range []struct {
		name string
		tear func(b *book)
		want string // number of the first bad row; "" = good
	}{
		{"untouched", func(*book) {}, ""},
		{"text altered", func(b *book) { at(b, 7).Who = "ag2" }, "7"},
		{"detail altered", func(b *book) { at(b, 7).Details = map[string]string{"before": "a", "after": "x"} }, "7"},
		{"time altered", func(b *book) { at(b, 2400).At = at(b, 2400).At.Add(time.Millisecond) }, "2400"},
		{"altered with a new hash", func(b *book) {
			e := *at(b, 9)
			e.Who = "ag2"
			*at(b, 9) = audit.Chain(audit.Head{Number: 8, Hash: e.Before}, e)
		}, "9"},
		{"two altered", func(b *book) { at(b, 1200).Who = "x"; at(b, 40).What = "y" }, "40"},
		{"last altered with a new hash", func(b *book) {
			e := *at(b, n)
			e.Who = "ag2"
			*at(b, n) = audit.Chain(audit.Head{Number: n - 1, Hash: e.Before}, e)
		}, fmt.Sprint(n)},
		{"first missing", func(b *book) { b.entries = b.entries[1:] }, "1"},
		{"one missing", func(b *book) { b.entries = slices.Delete(b.entries, 999, 1000) }, "1000"},
		{"some missing", func(b *book) { b.entries = slices.Delete(b.entries, 999, 1400) }, "1000"},
		{"end cut off", func(b *book) { b.entries = b.entries[:n-3] }, fmt.Sprint(n - 2)},
		{"all gone", func(b *book) { b.entries = nil }, "1"},
		{"exchanged", func(b *book) {
			x, y := at(b, 30), at(b, 50)
			x.Number, y.Number = y.Number, x.Number
		}, "30"},
		{"one added behind", func(b *book) {
			b.entries = append(b.entries, audit.Chain(b.head, audit.Entry{Who: "x"}))
		}, fmt.Sprint(n + 1)},
		{"end mark gone", func(b *book) { b.head = audit.Head{} }, "1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, log := written(t, n)
			c.tear(b)
			got, err := log.Verify(t.Context())
			if c.want == "" {
				if err != nil || got != n {
					t.Fatalf("%d, %v", got, err)
				}
				return
			}
			if !fault.Is(err, "AUDIT_BROKEN") || fault.Of(err).Fields[0].Code != c.want {
				t.Fatalf("got %v, want row %s", err, c.want)
			}
		})
	}
}

func TestEmptyLogIsWhole(t *testing.T) {
	_, log := written(t, 0)
	if n, err := log.Verify(t.Context()); n != 0 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}

// The hash of a known entry is part of the format: it must not change with a release.
func TestHashIsForEver(t *testing.T) {
	e := audit.Chain(audit.Head{Number: 4, Hash: "abc"}, audit.Entry{
		At: time.Date(2026, 11, 23, 10, 0, 0, 123456789, time.FixedZone("X", 3600)), Who: "ag1", What: "sign_in", About: "<ada> & co\x00",
		Details: map[string]string{"z": "1", "a": "\xff"},
	})
	const want = "a4ecd284416d5f9a7d0f5ef79f86115b4e945fe24439b1536155a923251d5745"
	if e.Number != 5 || e.Before != "abc" || e.About != "<ada> & co" || e.Hash != want {
		t.Errorf("%+v", e)
	}
}

func FuzzChain(f *testing.F) {
	f.Add("ag1", "sign_in", "ada", "k", "v")
	f.Add("\x00", "\xff", "\u2028", "", "\ufffd")
	f.Fuzz(func(t *testing.T, who, what, about, k, v string) {
		e := audit.Chain(audit.Head{}, audit.Entry{Who: who, What: what, About: about, Details: map[string]string{k: v}})
		// What is kept is what was hashed: chaining it anew changes nothing.
		if again := audit.Chain(audit.Head{}, e); again.Hash != e.Hash {
			t.Errorf("%+v and %+v", e, again)
		}
	})
}
