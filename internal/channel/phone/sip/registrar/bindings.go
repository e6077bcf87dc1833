// Package registrar is who is where: the phones that are registered, for how long, and whether they prove their secret.
//
// Registrar holds bindings (RFC 3261 §10), one per phone, so that one phone's leaving never takes another away (INT-9
// needs to know who can be rung). Authenticator challenges and verifies by digest; no credentials work twice. Both take
// the instant as an argument, do no I/O and start no goroutine. They never see a request: the switch reads it for them.
package registrar

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	wire "github.com/emiago/sipgo/sip"
)

// How long a registration lives: shorter ones are refused, longer ones cut, and this is what silence means.
const (
	MinExpiry     = 60 * time.Second
	MaxExpiry     = time.Hour
	DefaultExpiry = 30 * time.Minute
)

const (
	maxBindings = 8 // phones of one user
	maxUsers    = 20_000
)

// Binding is one phone of one user: where it can be rung until Expires.
type Binding struct {
	Contact   wire.Uri
	Key       string // contact in one spelling
	CallID    string
	CSeq      uint32
	Source    string // host:port its REGISTER came from: the way back through NAT
	Transport string
	Expires   time.Time
	Silent    bool // it was rung and said nothing; until it speaks again it isn't there (INT-9)
}

// Registrar knows who is where. It takes the instant as an argument and does no I/O.
type Registrar struct {
	mu    sync.Mutex
	users map[string][]Binding
}

// New makes an empty one.
func New() *Registrar { return &Registrar{users: map[string][]Binding{}} }

// ContactKey makes one spelling of a contact.
func ContactKey(u *wire.Uri) string {
	c := u.Clone()
	c.Headers, c.UriParams = nil, nil
	return c.String()
}

// Bind adds or refreshes a binding and reports whether the user became reachable. A binding belongs to its contact and
// Call-ID: only a newer REGISTER of the same registration changes it, except that a phone which comes back after a
// reboot (same contact, same address, new Call-ID) replaces its old self, lest it be rung twice. ok is false when the
// request is older than what we know, or there are too many.
func (r *Registrar) Bind(user string, b Binding, now time.Time) (up, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	old := r.live(user, now)
	kept := make([]Binding, 0, len(old)+1)
	for _, have := range old {
		switch {
		case have.Key == b.Key && have.CallID == b.CallID:
			if b.CSeq <= have.CSeq {
				return false, false
			}
		case have.Key == b.Key && Host(have.Source) == Host(b.Source):
		default:
			kept = append(kept, have)
		}
	}
	if len(kept) >= maxBindings || (len(old) == 0 && len(r.users) >= maxUsers) {
		return false, false
	}
	r.users[user] = append(kept, b)
	return !speaks(old), true
}

// Unbind removes one registration (contact and Call-ID), or with key "*" all of this Call-ID, and reports whether the
// user became unreachable. Other phones' bindings stay, whatever the contact says.
func (r *Registrar) Unbind(user, key, callID string, now time.Time) (down bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	old := r.live(user, now)
	kept := make([]Binding, 0, len(old))
	for _, have := range old {
		if have.CallID != callID || (key != "*" && have.Key != key) {
			kept = append(kept, have)
		}
	}
	r.set(user, kept)
	return speaks(old) && !speaks(kept)
}

// Bindings lists where a user is registered, newest last.
func (r *Registrar) Bindings(user string, now time.Time) []Binding {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.live(user, now)
}

// Reachable reports whether some phone of the user is there as far as we know.
func (r *Registrar) Reachable(user string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return speaks(r.live(user, now))
}

func speaks(all []Binding) bool {
	return slices.ContainsFunc(all, func(b Binding) bool { return !b.Silent })
}

// Hush notes that a phone said nothing when it was rung, or that it speaks again, and reports whether the user's being
// reachable changed by that.
func (r *Registrar) Hush(user, key, callID string, silent bool, now time.Time) (changed bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.live(user, now)
	before := speaks(all)
	for i := range all {
		if all[i].Key == key && all[i].CallID == callID {
			all[i].Silent = silent
		}
	}
	r.set(user, all)
	return before != speaks(all)
}

// Silent lists the phones that said nothing, by user.
func (r *Registrar) Silent(now time.Time) map[string][]Binding {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := map[string][]Binding{}
	for user := range r.users {
		for _, b := range r.live(user, now) {
			if b.Silent {
				out[user] = append(out[user], b)
			}
		}
	}
	return out
}

// Known reports whether some phone is registered from the address.
func (r *Registrar) Known(a netip.Addr, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for user := range r.users {
		for _, b := range r.live(user, now) {
			if Host(b.Source) == a.String() {
				return true
			}
		}
	}
	return false
}

// Sweep removes what has expired and returns the users who became unreachable by it.
func (r *Registrar) Sweep(now time.Time) (down []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for user, all := range r.users {
		kept := r.live(user, now)
		if len(kept) == len(all) {
			continue
		}
		r.set(user, kept)
		if speaks(all) && !speaks(kept) {
			down = append(down, user)
		}
	}
	return down
}

func (r *Registrar) live(user string, now time.Time) []Binding {
	var out []Binding
	for _, b := range r.users[user] {
		if now.Before(b.Expires) {
			out = append(out, b)
		}
	}
	return out
}

func (r *Registrar) set(user string, b []Binding) {
	if len(b) == 0 {
		delete(r.users, user)
		return
	}
	r.users[user] = b
}

// Host is the address part of "address:port", unmapped.
func Host(hostport string) string {
	ap, err := netip.ParseAddrPort(hostport)
	if err != nil {
		return hostport
	}
	return ap.Addr().Unmap().String()
}
