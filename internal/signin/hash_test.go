package signin

import (
	"strings"
	"testing"
)

func FuzzDecode(f *testing.F) {
	good := encode(cost{64, 1, 1}, make([]byte, saltBytes), make([]byte, keyBytes))
	for _, s := range []string{good, "", "$argon2id$", strings.Replace(good, "m=64", "m=4294967295", 1), strings.Replace(good, "t=1", "t=0", 1), good + "$"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, salt, key, ok := decode(s)
		if !ok {
			return
		}
		if c.memory > 1<<20 || c.time > 10 || c.threads > 8 || c.time == 0 || c.threads == 0 {
			t.Fatalf("a cost that hurts was taken: %+v", c)
		}
		if again := encode(c, salt, key); again != s {
			if c2, _, _, ok := decode(again); !ok || c2 != c {
				t.Fatalf("%q became %q", s, again)
			}
		}
	})
}

func TestDecodeRefusesWhatHurts(t *testing.T) {
	good := encode(standard, make([]byte, saltBytes), make([]byte, keyBytes))
	if _, _, _, ok := decode(good); !ok {
		t.Fatal("our own is refused")
	}
	for _, s := range []string{
		strings.Replace(good, "m=65536", "m=16777216", 1), strings.Replace(good, "t=2", "t=100", 1), strings.Replace(good, "p=1", "p=0", 1),
		strings.Replace(good, "argon2id", "argon2i", 1), strings.Replace(good, "v=19", "v=16", 1), good[:len(good)-5],
	} {
		if _, _, _, ok := decode(s); ok {
			t.Errorf("%s was taken", s)
		}
	}
}
