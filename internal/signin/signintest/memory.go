// Package signintest keeps accounts and sessions in memory, for tests of rooms that need people to sign in.
//
// It promises what signin.Store promises, except that nothing survives the process.
package signintest

import (
	"context"
	"sync"
	"time"

	"cordboard/internal/fault"
	"cordboard/internal/signin"
)

// Store is a signin.Store; see New.
type Store struct {
	mu       sync.Mutex
	accounts map[string]signin.Account
	sessions map[string]signin.Session
	failures map[[2]string]signin.Failures
	Touched  int // how often a session's Seen was written
}

// New makes an empty store.
func New() *Store {
	return &Store{accounts: map[string]signin.Account{}, sessions: map[string]signin.Session{}, failures: map[[2]string]signin.Failures{}}
}

func missing() error { return fault.New(fault.NotFound, "NOT_FOUND", "There is none.") }

// Account implements signin.Store.
func (s *Store) Account(_ context.Context, userID string) (signin.Account, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.accounts[userID]
	if !ok {
		return a, missing()
	}
	return a, nil
}

// PutAccount implements signin.Store.
func (s *Store) PutAccount(_ context.Context, a signin.Account) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o, ok := s.accounts[a.UserID]; ok && (o.Agent != a.Agent || o.Tenant != a.Tenant) {
		return fault.New(fault.Conflict, "TAKEN", "The name is taken.")
	}
	s.accounts[a.UserID] = a
	return nil
}

// AddSession implements signin.Store.
func (s *Store) AddSession(_ context.Context, x signin.Session) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions[x.Hash] = x
	return nil
}

// Session implements signin.Store.
func (s *Store) Session(_ context.Context, hash string, now time.Time) (signin.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	x, ok := s.sessions[hash]
	if !ok || !x.Expires.After(now) {
		return signin.Session{}, missing()
	}
	return x, nil
}

// TouchSession implements signin.Store.
func (s *Store) TouchSession(_ context.Context, hash string, seen time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Touched++
	x := s.sessions[hash]
	x.Seen = seen
	s.sessions[hash] = x
	return nil
}

// EndSession implements signin.Store.
func (s *Store) EndSession(_ context.Context, hash string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, hash)
	return nil
}

// EndSessions implements signin.Store.
func (s *Store) EndSessions(_ context.Context, tenant, agent, keep string) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for h, x := range s.sessions {
		if x.Tenant == tenant && x.Agent == agent && h != keep {
			delete(s.sessions, h)
			out = append(out, h)
		}
	}
	return out, nil
}

// Sessions implements signin.Store.
func (s *Store) Sessions(_ context.Context, tenant, agent string, now time.Time) ([]signin.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []signin.Session
	for _, x := range s.sessions {
		if x.Tenant == tenant && x.Agent == agent && x.Expires.After(now) {
			out = append(out, x)
		}
	}
	return out, nil
}

// Failures implements signin.Store.
func (s *Store) Failures(_ context.Context, userID, source string) (signin.Failures, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.failures[[2]string{userID, source}], nil
}

// PutFailures implements signin.Store.
func (s *Store) PutFailures(_ context.Context, f signin.Failures) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failures[[2]string{f.UserID, f.Source}] = f
	return nil
}
