package signon

import (
	"time"

	"cordboard/internal/simorg/engine/refusal"
)

// Open starts a session. Its id is the 15-character org id, an exclamation mark, and letters, digits, _ and . only.
func (g *Registry) Open(s Session) Session {
	g.mu.Lock()
	defer g.mu.Unlock()
	s.ID = g.Rules.OrgID[:15] + "!AQ0AQ" + secret(58)
	s.Used = g.Now()
	g.sessions[s.ID] = &s
	g.Save("session", s.ID, &s)
	return s
}

// Use looks a session up for a request from an address and keeps it alive. The refusal is 401 INVALID_SESSION_ID.
func (g *Registry) Use(id, ip string) (Session, *refusal.Error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.sessions[id]
	if s == nil {
		return Session{}, refusal.InvalidSession()
	}
	now := g.Now()
	if now.Sub(s.Used) > g.Rules.SessionTimeout {
		delete(g.sessions, id)
		g.Save("session", id, nil)
		return Session{}, refusal.InvalidSession()
	}
	if g.Rules.LockSessionToIP && s.IP != "" && s.IP != ip {
		return Session{}, refusal.InvalidSession()
	}
	if now.Sub(s.Used) > g.Rules.SessionTimeout/2 { // as Salesforce: the clock starts anew only past half time
		s.Used = now
		g.Save("session", id, s)
	}
	return *s, nil
}

// Peek looks a session up without keeping it alive.
func (g *Registry) Peek(id string) (Session, time.Time, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.sessions[id]
	if s == nil || g.Now().Sub(s.Used) > g.Rules.SessionTimeout {
		return Session{}, time.Time{}, false
	}
	return *s, s.Used.Add(g.Rules.SessionTimeout), true
}

// Close ends a session and says whether there was one.
func (g *Registry) Close(id string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.sessions[id] == nil {
		return false
	}
	delete(g.sessions, id)
	g.Save("session", id, nil)
	return true
}

// Expire ends the sessions of a user, of everybody when userID is empty, and says how many.
func (g *Registry) Expire(userID string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := 0
	for id, s := range g.sessions {
		if userID == "" || s.UserID == userID {
			delete(g.sessions, id)
			g.Save("session", id, nil)
			n++
		}
	}
	return n
}

// Once makes a code that opens the session in a browser a single time.
func (g *Registry) Once(sessionID string) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	code := secret(40)
	g.once[code] = sessionID
	return code
}

// Redeem spends a code of Once.
func (g *Registry) Redeem(code string) (sessionID string, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	sessionID, ok = g.once[code]
	delete(g.once, code)
	return sessionID, ok
}

// NewRefresh gives out a refresh token.
func (g *Registry) NewRefresh(r Refresh) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	r.Token = "5Aep861" + secret(80)
	g.refresh[r.Token] = &r
	g.Save("refresh", r.Token, &r)
	return r.Token
}

// Refresh looks a refresh token up.
func (g *Registry) Refresh(token string) (Refresh, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	r := g.refresh[token]
	if r == nil {
		return Refresh{}, false
	}
	return *r, true
}

// DropRefresh makes a refresh token worthless and says whether it was known.
func (g *Registry) DropRefresh(token string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.refresh[token] == nil {
		return false
	}
	delete(g.refresh, token)
	g.Save("refresh", token, nil)
	return true
}

// Restore puts back what Save was told in an earlier life.
func (g *Registry) Restore(credentials map[string]*Credential, sessions map[string]*Session, refresh map[string]*Refresh) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for k, v := range credentials {
		g.credentials[k] = v
	}
	for k, v := range sessions {
		g.sessions[k] = v
	}
	for k, v := range refresh {
		g.refresh[k] = v
	}
}
