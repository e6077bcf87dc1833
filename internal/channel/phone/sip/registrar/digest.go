package registrar

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"sync"
	"time"

	"github.com/icholy/digest"
)

const (
	nonceLife = 5 * time.Minute
	maxNonces = 20_000 // in use at once; the oldest are forgotten, which costs their phones one more round trip
)

// Authenticator challenges and verifies by digest (RFC 8760's MD5, which every phone speaks; secrets are random and
// long, so that MD5's weakness doesn't help). A nonce is its time of birth, sealed; what is kept per nonce is only the
// highest count seen, so that no credentials work twice.
type Authenticator struct {
	realm string
	key   [32]byte
	mu    sync.Mutex
	used  map[string]use
}

type use struct {
	count int
	born  time.Time
}

// Verdict of a verification.
type Verdict int

// The verdicts.
const (
	Wrong Verdict = iota
	Stale         // right, but with a nonce that is over or was used up: ask again, not a failure
	Right
)

// NewAuthenticator makes one for a realm; nonces of another process are stale to it.
func NewAuthenticator(realm string) *Authenticator {
	a := &Authenticator{realm: realm, used: map[string]use{}}
	_, _ = rand.Read(a.key[:])
	return a
}

// Challenge is the value of a WWW-Authenticate header.
func (a *Authenticator) Challenge(now time.Time, stale bool) string {
	c := digest.Challenge{Realm: a.realm, Nonce: a.nonce(now), Algorithm: "MD5", QOP: []string{"auth"}, Stale: stale}
	return c.String()
}

func (a *Authenticator) nonce(now time.Time) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	b := make([]byte, 16, 48)
	binary.BigEndian.PutUint64(b, uint64(now.UnixNano()))
	_, _ = rand.Read(b[8:16])
	return base64.RawURLEncoding.EncodeToString(a.seal(b))
}

// seal appends the proof that b is ours. The lock is held.
func (a *Authenticator) seal(b []byte) []byte {
	m := hmac.New(sha256.New, a.key[:])
	m.Write(b)
	return m.Sum(b)
}

// born is when a nonce of ours was made. The lock is held.
func (a *Authenticator) born(nonce string) (time.Time, bool) {
	b, err := base64.RawURLEncoding.DecodeString(nonce)
	if err != nil || len(b) != 16+sha256.Size {
		return time.Time{}, false
	}
	if !hmac.Equal(b, a.seal(b[:16:16])) {
		return time.Time{}, false
	}
	return time.Unix(0, int64(binary.BigEndian.Uint64(b))), true
}

// Verify checks an Authorization header for the user. secret is "" when there is no such user; the work done is the
// same, so that time doesn't tell who exists.
func (a *Authenticator) Verify(header, method, user, secret string, now time.Time) Verdict {
	cred, err := digest.ParseCredentials(header)
	if err != nil {
		return Wrong
	}
	switch strings.ToUpper(cred.Algorithm) {
	case "", "MD5":
	default:
		return Wrong
	}
	want, err := digest.Digest(
		&digest.Challenge{Realm: a.realm, Nonce: cred.Nonce, Algorithm: cred.Algorithm, QOP: []string{"auth"}},
		digest.Options{Method: method, URI: cred.URI, Username: user, Password: secret, Cnonce: cred.Cnonce, Count: cred.Nc},
	)
	if err != nil || cred.Nc <= 0 || cred.QOP != "auth" || cred.Cnonce == "" ||
		subtle.ConstantTimeCompare([]byte(want.Response), []byte(strings.ToLower(cred.Response))) != 1 ||
		cred.Username != user || cred.Realm != a.realm || secret == "" {
		return Wrong
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	born, ours := a.born(cred.Nonce)
	if !ours || now.Sub(born) > nonceLife || now.Before(born.Add(-time.Second)) {
		return Stale
	}
	if u, ok := a.used[cred.Nonce]; ok && cred.Nc <= u.count {
		return Stale
	}
	a.prune(now)
	a.used[cred.Nonce] = use{cred.Nc, born}
	return Right
}

func (a *Authenticator) prune(now time.Time) {
	if len(a.used) < maxNonces {
		return
	}
	for n, u := range a.used {
		if now.Sub(u.born) > nonceLife {
			delete(a.used, n)
		}
	}
	if len(a.used) >= maxNonces {
		// A new key makes every nonce out there stale, the used ones included, so forgetting them is safe.
		_, _ = rand.Read(a.key[:])
		clear(a.used)
	}
}
