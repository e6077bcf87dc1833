// Package settingtest keeps a tenant's documents and audit log in memory, for tests of rooms that need settings.
//
// It promises what setting.Store promises, except that nothing survives the process.
package settingtest

import (
	"context"
	"slices"
	"sync"
	"time"

	"cordboard/internal/fault"
	"cordboard/internal/setting"
)

// Store is a setting.Store. The zero value is ready.
type Store struct {
	mu       sync.Mutex
	docs     []setting.Doc // every version
	last     int64
	revision int64
}

type key struct {
	kind string
	id   int64
	name string
}

func keyOf(d setting.Doc) key { return key{d.Kind, d.ID, d.Name} }

func (s *Store) current() map[key]setting.Doc {
	m := map[key]setting.Doc{}
	for _, d := range s.docs {
		if d.Body == nil {
			delete(m, keyOf(d))
		} else {
			m[keyOf(d)] = d
		}
	}
	return m
}

// Load implements setting.Store.
func (s *Store) Load(context.Context) ([]setting.Doc, int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []setting.Doc
	for _, d := range s.current() {
		out = append(out, d)
	}
	return out, s.revision, nil
}

func changed(d setting.Doc) error {
	f := fault.New(fault.Conflict, "CHANGED", "Someone was faster.")
	f.Fields = []fault.Field{{Field: "version", Code: d.By, Message: d.At.Format(time.RFC3339)}}
	return f
}

// Put implements setting.Store.
func (s *Store) Put(_ context.Context, d setting.Doc, expect int64) (setting.Doc, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := s.current()[keyOf(d)]; now.Version != expect {
		return d, changed(now)
	}
	if d.ID == 0 && d.Name == "" && d.Kind != "profile" && d.Kind != "screenpop" {
		s.last++
		d.ID = s.last
	}
	s.revision++
	d.Version = expect + 1
	d.Body = slices.Clone(d.Body)
	s.docs = append(s.docs, d)
	return d, nil
}

// Delete implements setting.Store.
func (s *Store) Delete(_ context.Context, kind string, id int64, name string, expect int64, by string, at time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := setting.Doc{Kind: kind, ID: id, Name: name}
	now, ok := s.current()[keyOf(d)]
	if !ok {
		return fault.New(fault.NotFound, "NOT_FOUND", "There is no such document.")
	}
	if now.Version != expect {
		return changed(now)
	}
	s.revision++
	d.By, d.At = by, at
	s.docs = append(s.docs, d)
	return nil
}

// At implements setting.Store.
func (s *Store) At(_ context.Context, kind string, id int64, name string, version int64) (setting.Doc, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.docs {
		if d.Kind == kind && d.ID == id && d.Name == name && d.Version == version {
			return d, nil
		}
	}
	return setting.Doc{}, fault.New(fault.NotFound, "NOT_FOUND", "There is no such version.")
}

// Trail is an audit log that only remembers. The zero value is ready.
type Trail struct {
	mu      sync.Mutex
	entries []string
}

// Write implements setting.Trail.
func (t *Trail) Write(_ context.Context, who, what, about string, _ map[string]string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.entries = append(t.entries, who+" "+what+" "+about)
	return nil
}

// Entries lists what was written, as "who what about", in order.
func (t *Trail) Entries() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.entries)
}
