// Package guard counts what each network source did wrong and bans it after 20 failures (SEC-10). It takes the instant
// as an argument and remembers a bounded number of sources; it never decides what a failure is.
package guard

import (
	"net/netip"
	"sync"
	"time"
)

const (
	maxFailures = 20               // SEC-10
	failureSpan = 10 * time.Minute // failures older than this are forgiven
	banTime     = time.Hour
	maxSources  = 50_000 // remembered; more come only from forged addresses
)

// Guard counts what each source did wrong and bans it. IPv6 sources count by their /64, which is one customer.
type Guard struct {
	mu      sync.Mutex
	sources map[netip.Addr]*record
}

type record struct {
	failures int
	since    time.Time
	banned   time.Time // until
}

// New makes one that knows nobody.
func New() *Guard { return &Guard{sources: map[netip.Addr]*record{}} }

func sourceKey(a netip.Addr) netip.Addr {
	a = a.Unmap().WithZone("")
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return a
}

// Fail notes one failure and reports whether it has just led to a ban.
func (g *Guard) Fail(a netip.Addr, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	key := sourceKey(a)
	r := g.sources[key]
	if r == nil {
		if len(g.sources) >= maxSources {
			return false
		}
		r = &record{since: now}
		g.sources[key] = r
	}
	if now.Sub(r.since) > failureSpan {
		r.failures, r.since = 0, now
	}
	r.failures++
	if r.failures < maxFailures || now.Before(r.banned) {
		return false
	}
	r.banned = now.Add(banTime)
	return true
}

// Banned reports whether a source is to be ignored.
func (g *Guard) Banned(a netip.Addr, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	r := g.sources[sourceKey(a)]
	return r != nil && now.Before(r.banned)
}

// Forgive forgets a source's failures, when it has proven who it is.
func (g *Guard) Forgive(a netip.Addr) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.sources, sourceKey(a))
}

// Sweep drops what is over.
func (g *Guard) Sweep(now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for a, r := range g.sources {
		if now.Sub(r.since) > failureSpan && !now.Before(r.banned) {
			delete(g.sources, a)
		}
	}
}
