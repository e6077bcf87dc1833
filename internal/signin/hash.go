package signin

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"

	"cordboard/internal/fault"
)

// cost is what a hash costs to make. A stored hash of another cost is checked as it is and made anew at the next sign-in.
type cost struct {
	memory  uint32 // KiB
	time    uint32
	threads uint8
}

// standard is above OWASP's minimum (19 MiB, t=2) and takes some 0.1 s.
var standard = cost{memory: 64 * 1024, time: 2, threads: 1}

const (
	saltBytes = 16
	keyBytes  = 32
	// atOnce bounds the memory that sign-ins can take: 4 × 64 MiB.
	atOnce = 4
	// patience is how long a sign-in waits for its turn.
	patience = 10 * time.Second
)

// hasher makes and checks argon2id hashes. Whoever does either takes a turn first: there are a few at a time.
type hasher struct {
	cost  cost
	turns chan struct{}
	dummy string // a hash of nothing anyone knows: unknown users cost the same time as known ones
}

func newHasher(c cost) *hasher {
	h := &hasher{cost: c, turns: make(chan struct{}, atOnce)}
	h.dummy = encode(c, randomBytes(saltBytes), randomBytes(keyBytes))
	return h
}

// turn waits until one of the few places is free.
func (h *hasher) turn(ctx context.Context) (done func(), err error) {
	t := time.NewTimer(patience)
	defer t.Stop()
	select {
	case h.turns <- struct{}{}:
		return func() { <-h.turns }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-t.C:
		return nil, fault.New(fault.TooMany, "BUSY", "Very many people are signing in at this moment. Try again in a minute.").Judge(fault.Unjudged, time.Minute)
	}
}

// make hashes a password into a PHC string.
func (h *hasher) make(password string) string {
	salt := randomBytes(saltBytes)
	return encode(h.cost, salt, h.cost.key(password, salt))
}

// check reports whether the password is the one that phc was made of, and whether phc should be made anew. An empty or
// unreadable phc costs as much time as a good one and never fits.
func (h *hasher) check(phc, password string) (ok, stale bool) {
	c, salt, key, readable := decode(phc)
	if !readable {
		c, salt, key, _ = decode(h.dummy)
	}
	same := subtle.ConstantTimeCompare(c.key(password, salt), key) == 1
	return same && readable, c != h.cost
}

func (c cost) key(password string, salt []byte) []byte {
	return argon2.IDKey([]byte(password), salt, c.time, c.memory, c.threads, keyBytes)
}

var b64 = base64.RawStdEncoding.Strict()

// encode writes the PHC string format: $argon2id$v=19$m=65536,t=2,p=1$salt$key.
func encode(c cost, salt, key []byte) string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.memory, c.time, c.threads, b64.EncodeToString(salt), b64.EncodeToString(key))
}

// decode reads what encode wrote, and refuses costs that would hurt the server.
func decode(phc string) (c cost, salt, key []byte, ok bool) {
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return c, nil, nil, false
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.memory, &c.time, &c.threads); err != nil {
		return c, nil, nil, false
	}
	salt, err1 := b64.DecodeString(parts[4])
	key, err2 := b64.DecodeString(parts[5])
	ok = err1 == nil && err2 == nil && len(salt) >= 8 && len(key) == keyBytes &&
		c.memory >= 8 && c.memory <= 1<<20 && c.time >= 1 && c.time <= 10 && c.threads >= 1 && c.threads <= 8
	return c, salt, key, ok
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails (Go 1.24)
	return b
}
