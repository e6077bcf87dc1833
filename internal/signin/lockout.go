package signin

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"cordboard/internal/fault"
)

// Lockout (SEC-2): so many refusals of one user from one source within the window lock this pair for a while. Other
// sources of the same user stay open, so that an outsider cannot lock an agent out.
const (
	maxFailures = 10
	failWindow  = 15 * time.Minute
	lockFor     = 15 * time.Minute
)

// sourceOf is what failures are counted by: an IPv4 address, or an IPv6 network of 64 bits, which one customer of a
// provider has to himself.
func sourceOf(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is4() {
		return ip.String()
	}
	p, err := ip.Prefix(64)
	if err != nil {
		return ip.String()
	}
	return p.String()
}

// clean is a sign-in name as accounts are stored. What cannot be one keeps its place, so that it fails as any other.
func clean(userID string) string { return cut(strings.ToLower(strings.TrimSpace(userID)), 64) }

func (g *Guard) locked(ctx context.Context, userID, source string, now time.Time) error {
	f, err := g.store.Failures(ctx, userID, source)
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return err
	}
	if err == nil && f.LockedUntil.After(now) {
		return errLocked(f.LockedUntil, now)
	}
	return nil
}

func errLocked(until, now time.Time) error {
	return fault.Newf(fault.TooMany, "LOCKED", "Too many tries. Signing in with this user ID from here is locked until %s UTC.", until.UTC().Format("15:04:05")).
		Judge(fault.Unjudged, until.Sub(now))
}

// refuse counts a refusal and gives the answer: the same for users that exist and for those that do not.
func (g *Guard) refuse(ctx context.Context, a Account, userID, source string, now time.Time) error {
	g.counting.Lock()
	defer g.counting.Unlock()
	f, err := g.store.Failures(ctx, userID, source)
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return err
	}
	locked := !f.LockedUntil.IsZero()
	if locked && f.LockedUntil.After(now) {
		return errLocked(f.LockedUntil, now) // evaluated while the lock fell
	}
	if f.Count == 0 || locked || now.Sub(f.Since) > failWindow {
		f = Failures{Since: now}
	}
	f.UserID, f.Source = userID, source
	f.Count++
	if f.Count >= maxFailures {
		f.LockedUntil = now.Add(lockFor)
	}
	if err := g.store.PutFailures(ctx, f); err != nil {
		return err
	}
	g.note(ctx, a.Tenant, "system", "sign_in_refused", userID, map[string]string{"source": source})
	g.log.Info("sign-in refused", "tenant", a.Tenant, "count", f.Count)
	if !f.LockedUntil.IsZero() {
		return errLocked(f.LockedUntil, now)
	}
	return ErrRefused()
}
