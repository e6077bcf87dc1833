package record

import (
	"slices"

	"cordboard/internal/simorg/engine/ident"
	"cordboard/internal/simorg/engine/schema"
)

type table struct {
	object *schema.Object
	rows   []*Record
	pos    map[string]int32
	index  map[*schema.Field]map[string][]int32
	last   int64 // highest running number of an id
}

// Change is what a transaction did to one record; Old is nil for a new one.
type Change struct {
	Old, New *Record
}

// Store is all tables of one org.
type Store struct {
	tables  map[*schema.Object]*table
	changes []Change
	counts  map[*schema.Field]int64 // auto-numbers given out
}

// NewStore returns an empty store for the schema's objects.
func NewStore(s *schema.Schema) *Store {
	st := &Store{tables: map[*schema.Object]*table{}, counts: map[*schema.Field]int64{}}
	for _, o := range s.Objects() {
		t := &table{object: o, pos: map[string]int32{}, index: map[*schema.Field]map[string][]int32{}}
		for _, f := range o.Fields {
			if f.Indexed && f.Type != schema.ID {
				t.index[f] = map[string][]int32{}
			}
		}
		st.tables[o] = t
	}
	return st
}

// Get returns a record by its 18-character id, deleted or not; nil if there is none.
func (s *Store) Get(o *schema.Object, id string) *Record {
	t := s.tables[o]
	if t == nil {
		return nil
	}
	if p, ok := t.pos[id]; ok {
		return t.rows[p]
	}
	return nil
}

// Lookup returns the records, deleted ones included, whose indexed field has the value; ok is false when the field has
// no index.
func (s *Store) Lookup(f *schema.Field, v any) (found []*Record, ok bool) {
	t := s.tables[f.Object]
	if t == nil {
		return nil, false
	}
	if f.Type == schema.ID {
		id, _ := v.(string)
		if r := s.Get(f.Object, id); r != nil {
			found = append(found, r)
		}
		return found, true
	}
	idx, ok := t.index[f]
	if !ok {
		return nil, false
	}
	key, filled := Key(f, v)
	if !filled {
		return nil, false
	}
	for _, p := range idx[key] {
		found = append(found, t.rows[p])
	}
	return found, true
}

// Rows are all records of an object in the order of creation, deleted ones included. The slice must not be changed and
// is good until the next Put.
func (s *Store) Rows(o *schema.Object) []*Record {
	if t := s.tables[o]; t != nil {
		return t.rows
	}
	return nil
}

// NextID gives out an id.
func (s *Store) NextID(o *schema.Object) string {
	t := s.tables[o]
	t.last++
	return ident.New(o.Prefix, t.last)
}

// NextNumber gives out the next auto-number of a field.
func (s *Store) NextNumber(f *schema.Field) int64 {
	s.counts[f]++
	return s.counts[f]
}

// SeenNumber notes an auto-number that a seed or a kept state brought, so that it is not given out again.
func (s *Store) SeenNumber(f *schema.Field, n int64) { s.counts[f] = max(s.counts[f], n) }

// Put writes a version of a record within the running transaction.
func (s *Store) Put(r *Record) {
	old := s.put(r)
	s.changes = append(s.changes, Change{old, r})
}

func (s *Store) put(r *Record) *Record {
	t := s.tables[r.Object]
	if n, ok := ident.Number(r.ID); ok {
		t.last = max(t.last, n)
	}
	var old *Record
	p, exists := t.pos[r.ID]
	if exists {
		old = t.rows[p]
		t.rows[p] = r
	} else {
		p = int32(len(t.rows))
		t.rows = append(t.rows, r)
		t.pos[r.ID] = p
	}
	for f, idx := range t.index {
		var was string
		had := false
		if old != nil {
			was, had = Key(f, old.Get(f))
		}
		now, has := Key(f, r.Get(f))
		if had == has && was == now {
			continue
		}
		if had {
			idx[was] = drop(idx[was], p)
			if len(idx[was]) == 0 {
				delete(idx, was)
			}
		}
		if has {
			idx[now] = insert(idx[now], p)
		}
	}
	return old
}

func drop(l []int32, p int32) []int32 {
	if n, ok := slices.BinarySearch(l, p); ok {
		return slices.Delete(slices.Clone(l), n, n+1)
	}
	return l
}

func insert(l []int32, p int32) []int32 {
	if len(l) == 0 || l[len(l)-1] < p {
		return append(l, p)
	}
	n, ok := slices.BinarySearch(l, p)
	if ok {
		return l
	}
	return slices.Insert(l, n, p)
}

// Mark is the present point of the running transaction, for RollbackTo.
func (s *Store) Mark() int { return len(s.changes) }

// RollbackTo undoes everything Put after the mark.
func (s *Store) RollbackTo(mark int) {
	for i := len(s.changes) - 1; i >= mark; i-- {
		c := s.changes[i]
		if c.Old != nil {
			s.put(c.Old)
			continue
		}
		s.unput(c.New)
	}
	s.changes = s.changes[:mark]
}

// unput removes the newest row of a table; only rollback does, in reverse order, so that it always is the newest.
func (s *Store) unput(r *Record) {
	t := s.tables[r.Object]
	p := t.pos[r.ID]
	for f, idx := range t.index {
		if key, ok := Key(f, r.Get(f)); ok {
			idx[key] = drop(idx[key], p)
			if len(idx[key]) == 0 {
				delete(idx, key)
			}
		}
	}
	delete(t.pos, r.ID)
	t.rows = slices.Delete(t.rows, int(p), int(p)+1)
}

// Commit ends the running transaction and returns what it did.
func (s *Store) Commit() []Change {
	c := s.changes
	s.changes = nil
	return c
}
