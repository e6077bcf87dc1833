package sip

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	wire "github.com/emiago/sipgo/sip"
)

const (
	maxBindings   = 8 // phones of one user
	maxUsers      = 20_000
	minExpiry     = 60 * time.Second
	maxExpiry     = time.Hour
	defaultExpiry = 30 * time.Minute
)

// binding is one phone of one user: where it can be rung until expires.
type binding struct {
	contact   wire.Uri
	key       string // contact in one spelling
	callID    string
	cseq      uint32
	source    string // host:port its REGISTER came from: the way back through NAT
	transport string
	expires   time.Time
	silent    bool // it was rung and said nothing; until it speaks again it isn't there (INT-9)
}

// registrar knows who is where. It takes the instant as an argument and does no I/O.
type registrar struct {
	mu    sync.Mutex
	users map[string][]binding
}

func newRegistrar() *registrar { return &registrar{users: map[string][]binding{}} }

// contactKey makes one spelling of a contact.
func contactKey(u *wire.Uri) string {
	c := u.Clone()
	c.Headers, c.UriParams = nil, nil
	return c.String()
}

// bind adds or refreshes a binding and reports whether the user became reachable. A binding belongs to its contact and
// Call-ID: only a newer REGISTER of the same registration changes it, except that a phone which comes back after a
// reboot (same contact, same address, new Call-ID) replaces its old self, lest it be rung twice. ok is false when the
// request is older than what we know, or there are too many.
func (r *registrar) bind(user string, b binding, now time.Time) (up, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	old := r.live(user, now)
	kept := make([]binding, 0, len(old)+1)
	for _, have := range old {
		switch {
		case have.key == b.key && have.callID == b.callID:
			if b.cseq <= have.cseq {
				return false, false
			}
		case have.key == b.key && host(have.source) == host(b.source):
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

// unbind removes one registration (contact and Call-ID), or with key "*" all of this Call-ID, and reports whether the
// user became unreachable. Other phones' bindings stay, whatever the contact says.
func (r *registrar) unbind(user, key, callID string, now time.Time) (down bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	old := r.live(user, now)
	kept := make([]binding, 0, len(old))
	for _, have := range old {
		if have.callID != callID || (key != "*" && have.key != key) {
			kept = append(kept, have)
		}
	}
	r.set(user, kept)
	return speaks(old) && !speaks(kept)
}

// bindings lists where a user is registered, newest last.
func (r *registrar) bindings(user string, now time.Time) []binding {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.live(user, now)
}

// reachable reports whether some phone of the user is there as far as we know.
func (r *registrar) reachable(user string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return speaks(r.live(user, now))
}

func speaks(all []binding) bool {
	return slices.ContainsFunc(all, func(b binding) bool { return !b.silent })
}

// hush notes that a phone said nothing when it was rung, or that it speaks again, and reports whether the user's being
// reachable changed by that.
func (r *registrar) hush(user, key, callID string, silent bool, now time.Time) (changed bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.live(user, now)
	before := speaks(all)
	for i := range all {
		if all[i].key == key && all[i].callID == callID {
			all[i].silent = silent
		}
	}
	r.set(user, all)
	return before != speaks(all)
}

// silent lists the phones that said nothing, by user.
func (r *registrar) silent(now time.Time) map[string][]binding {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := map[string][]binding{}
	for user := range r.users {
		for _, b := range r.live(user, now) {
			if b.silent {
				out[user] = append(out[user], b)
			}
		}
	}
	return out
}

// known reports whether some phone is registered from the address.
func (r *registrar) known(a netip.Addr, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for user := range r.users {
		for _, b := range r.live(user, now) {
			if host(b.source) == a.String() {
				return true
			}
		}
	}
	return false
}

// sweep removes what has expired and returns the users who became unreachable by it.
func (r *registrar) sweep(now time.Time) (down []string) {
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

func (r *registrar) live(user string, now time.Time) []binding {
	var out []binding
	for _, b := range r.users[user] {
		if now.Before(b.expires) {
			out = append(out, b)
		}
	}
	return out
}

func (r *registrar) set(user string, b []binding) {
	if len(b) == 0 {
		delete(r.users, user)
		return
	}
	r.users[user] = b
}

// host is the address part of "address:port", unmapped.
func host(hostport string) string {
	ap, err := netip.ParseAddrPort(hostport)
	if err != nil {
		return hostport
	}
	return ap.Addr().Unmap().String()
}
