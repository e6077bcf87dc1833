// Package search is the full-text index behind SOSL and parameterized search.
//
// Texts are cut into words at blanks and punctuation. A telephone number is also indexed as the run of its digits up to
// the first letter, so that "(415) 555-1212 x3" is found by 4155551212 and by the phrase "415 555 1212"; Salesforce does
// not document its rule, which is why docs/guide/simorg.md lists this one as unconfirmed. The index may lag behind the
// records by a set time, as the real one does. What a user may not see never makes a match: fields are checked against
// the caller's eyes, records by the caller.
package search

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"cordboard/internal/simorg/engine/record"
	"cordboard/internal/simorg/engine/schema"
	"cordboard/internal/simorg/engine/sosl"
)

type table struct {
	docs   []*record.Record // the versions that are indexed
	number map[string]int32
	words  map[string][]int32
	fields []*schema.Field
}

type waiting struct {
	due time.Time
	rec *record.Record
}

// Index is the org's index.
type Index struct {
	Lag     time.Duration
	tables  map[*schema.Object]*table
	pending []waiting
}

// New returns an empty index for the searchable objects of a schema.
func New(s *schema.Schema) *Index {
	x := &Index{tables: map[*schema.Object]*table{}}
	for _, o := range s.Objects() {
		if !o.Searchable {
			continue
		}
		t := &table{number: map[string]int32{}, words: map[string][]int32{}}
		for _, f := range o.Fields {
			if searchable(f) {
				t.fields = append(t.fields, f)
			}
		}
		x.tables[o] = t
	}
	return x
}

func searchable(f *schema.Field) bool {
	switch f.Type {
	case schema.String, schema.TextArea, schema.Phone, schema.Email, schema.URL, schema.Combobox:
		return true
	}
	return false
}

// In says whether a field belongs to a group of IN … FIELDS.
func In(g sosl.Group, f *schema.Field) bool {
	if !searchable(f) {
		return false
	}
	name := f.NameField || f.Name == "FirstName" || f.Name == "LastName"
	switch g {
	case sosl.Names:
		return name
	case sosl.Emails:
		return f.Type == schema.Email
	case sosl.Phones:
		return f.Type == schema.Phone
	case sosl.Sidebar:
		return name || f.Type == schema.Phone || f.Type == schema.Email
	}
	return true
}

// Put notes a new version of a record; it is found once the lag has passed.
func (x *Index) Put(r *record.Record, now time.Time) {
	if x.tables[r.Object] == nil {
		return
	}
	if x.Lag > 0 {
		x.pending = append(x.pending, waiting{now.Add(x.Lag), r})
		return
	}
	x.put(r)
}

// Due says whether Settle has something to do.
func (x *Index) Due(now time.Time) bool { return len(x.pending) > 0 && !x.pending[0].due.After(now) }

// Settle indexes what has waited long enough.
func (x *Index) Settle(now time.Time) {
	n := 0
	for n < len(x.pending) && !x.pending[n].due.After(now) {
		x.put(x.pending[n].rec)
		n++
	}
	x.pending = slices.Delete(x.pending, 0, n)
}

func (x *Index) put(r *record.Record) {
	t := x.tables[r.Object]
	n, known := t.number[r.ID]
	if !known {
		n = int32(len(t.docs))
		t.docs = append(t.docs, nil)
		t.number[r.ID] = n
	}
	var before, after map[string]bool
	if old := t.docs[n]; old != nil {
		before = t.all(old)
	}
	if !r.IsDeleted() {
		after = t.all(r)
	}
	for w := range before {
		if !after[w] {
			t.words[w] = without(t.words[w], n)
			if len(t.words[w]) == 0 {
				delete(t.words, w)
			}
		}
	}
	for w := range after {
		if !before[w] {
			t.words[w] = with(t.words[w], n)
		}
	}
	t.docs[n] = r
}

func with(l []int32, n int32) []int32 {
	i, ok := slices.BinarySearch(l, n)
	if ok {
		return l
	}
	return slices.Insert(l, i, n)
}

func without(l []int32, n int32) []int32 {
	if i, ok := slices.BinarySearch(l, n); ok {
		return slices.Delete(l, i, i+1)
	}
	return l
}

func (t *table) all(r *record.Record) map[string]bool {
	m := map[string]bool{}
	for _, f := range t.fields {
		s := r.Text(f)
		if s == "" {
			continue
		}
		for _, w := range sosl.Words(s, false) {
			m[w] = true
		}
		if f.Type == schema.Phone {
			if d := digits(s); d != "" {
				m[d] = true
			}
		}
	}
	return m
}

// digits is the run of a telephone number's digits up to the first letter.
func digits(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case unicode.IsLetter(r):
			return b.String()
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		}
	}
	return b.String()
}
