package registrar

import (
	"fmt"
	"testing"
	"time"

	wire "github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"
)

var t0 = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func phone(contact, callID string, cseq uint32, life time.Duration) Binding {
	var u wire.Uri
	if err := wire.ParseUri(contact, &u); err != nil {
		panic(err)
	}
	return Binding{Contact: u, Key: ContactKey(&u), CallID: callID, CSeq: cseq, Source: "192.0.2.1:5060", Transport: "UDP", Expires: t0.Add(life)}
}

func TestBindings(t *testing.T) {
	r := New()
	bind := func(b Binding, up, ok bool) {
		t.Helper()
		if gotUp, gotOK := r.Bind("ada", b, t0); gotUp != up || gotOK != ok {
			t.Fatalf("bind: up %v ok %v, want %v %v", gotUp, gotOK, up, ok)
		}
	}
	have := func(n int, at time.Time) {
		t.Helper()
		if got := r.Bindings("ada", at); len(got) != n {
			t.Fatalf("%d bindings, want %d", len(got), n)
		}
	}
	bind(phone("sip:ada@192.0.2.1", "a", 1, time.Hour), true, true)
	bind(phone("sip:ada@192.0.2.1;x=1", "a", 2, time.Hour), false, true) // refreshed
	bind(phone("sip:ada@192.0.2.1", "a", 2, time.Hour), false, false)    // seen before
	bind(phone("sip:ada@192.0.2.1", "b", 1, 2*time.Hour), false, true)   // the same phone after a reboot
	bind(phone("sip:ada@192.0.2.2", "c", 1, time.Minute), false, true)   // another phone
	have(2, t0)
	if r.Unbind("ada", phone("sip:ada@192.0.2.2", "", 0, 0).Key, "b", t0) {
		t.Error("one phone's leaving makes the user unreachable")
	}
	have(2, t0) // a binding is left by its own registration only
	have(1, t0.Add(time.Minute))
	if down := r.Sweep(t0.Add(time.Hour)); len(down) != 0 {
		t.Errorf("unreachable: %v", down)
	}
	if down := r.Sweep(t0.Add(2 * time.Hour)); len(down) != 1 || down[0] != "ada" {
		t.Errorf("unreachable: %v", down)
	}
	if down := r.Sweep(t0.Add(3 * time.Hour)); len(down) != 0 {
		t.Errorf("unreachable twice: %v", down)
	}
}

func TestTooManyPhones(t *testing.T) {
	r := New()
	for n := range maxBindings + 2 {
		_, ok := r.Bind("ada", phone(fmt.Sprintf("sip:ada@192.0.2.%d", n+1), fmt.Sprint(n), 1, time.Hour), t0)
		if ok != (n < maxBindings) {
			t.Errorf("phone %d: %v", n, ok)
		}
	}
	// One that is there may still refresh itself.
	if _, ok := r.Bind("ada", phone("sip:ada@192.0.2.1", "0", 2, time.Hour), t0); !ok {
		t.Error("a phone can't refresh when there are many")
	}
}

func TestSilentPhones(t *testing.T) {
	r := New()
	one, two := phone("sip:ada@192.0.2.1", "a", 1, time.Hour), phone("sip:ada@192.0.2.2", "b", 1, time.Hour)
	r.Bind("ada", one, t0)
	r.Bind("ada", two, t0)
	if r.Hush("ada", one.Key, "a", true, t0) || !r.Reachable("ada", t0) {
		t.Error("one silent phone of two makes the user unreachable")
	}
	if !r.Hush("ada", two.Key, "b", true, t0) || r.Reachable("ada", t0) {
		t.Error("two silent phones of two don't")
	}
	if n := len(r.Silent(t0)["ada"]); n != 2 {
		t.Errorf("%d silent phones", n)
	}
	if !r.Hush("ada", two.Key, "b", false, t0) || !r.Reachable("ada", t0) {
		t.Error("a phone that speaks again doesn't count")
	}
	r.Hush("ada", two.Key, "b", true, t0)
	two.CSeq = 2
	if up, ok := r.Bind("ada", two, t0); !up || !ok {
		t.Error("a phone that registers again doesn't count")
	}
	if r.Hush("ada", "other", "x", true, t0) {
		t.Error("a stranger's silence counts")
	}
}

func authorization(t *testing.T, a *Authenticator, challenge, user, pass string, nc int) string {
	t.Helper()
	chal, err := digest.ParseChallenge(challenge)
	if err != nil {
		t.Fatal(err)
	}
	cred, err := digest.Digest(chal, digest.Options{Method: "REGISTER", URI: "sip:x", Username: user, Password: pass, Count: nc})
	if err != nil {
		t.Fatal(err)
	}
	return cred.String()
}

func TestNonces(t *testing.T) {
	a := NewAuthenticator("cordboard")
	chal := a.Challenge(t0, false)
	verify := func(h string, at time.Time, want Verdict) {
		t.Helper()
		if got := a.Verify(h, "REGISTER", "ada", "secret", at); got != want {
			t.Fatalf("verdict %d, want %d", got, want)
		}
	}
	first := authorization(t, a, chal, "ada", "secret", 1)
	verify(first, t0, Right)
	verify(first, t0, Stale) // replayed
	verify(authorization(t, a, chal, "ada", "secret", 5), t0.Add(time.Minute), Right)
	verify(authorization(t, a, chal, "ada", "secret", 4), t0.Add(time.Minute), Stale)
	verify(authorization(t, a, chal, "ada", "secret", 6), t0.Add(nonceLife+time.Second), Stale)
	verify(authorization(t, a, a.Challenge(t0.Add(time.Hour), false), "ada", "secret", 1), t0, Stale) // from the future
	verify(authorization(t, a, NewAuthenticator("cordboard").Challenge(t0, false), "ada", "secret", 1), t0, Stale)
	verify(authorization(t, a, a.Challenge(t0, false), "ada", "wrong", 1), t0, Wrong)
	verify(authorization(t, a, NewAuthenticator("elsewhere").Challenge(t0, false), "ada", "secret", 1), t0, Wrong)
	if got := a.Verify(authorization(t, a, a.Challenge(t0, false), "ada", "", 1), "REGISTER", "ada", "", t0); got != Wrong {
		t.Errorf("a user without a secret: %d", got)
	}
}

func TestNoncesAreBounded(t *testing.T) {
	a := NewAuthenticator("cordboard")
	kept := authorization(t, a, a.Challenge(t0, false), "ada", "secret", 1)
	if a.Verify(kept, "REGISTER", "ada", "secret", t0) != Right {
		t.Fatal("refused")
	}
	for n := range maxNonces {
		a.used[fmt.Sprint(n)] = use{1, t0}
	}
	if a.Verify(authorization(t, a, a.Challenge(t0, false), "ada", "secret", 1), "REGISTER", "ada", "secret", t0) != Right {
		t.Fatal("refused when full")
	}
	if len(a.used) > maxNonces {
		t.Error("unbounded")
	}
	// What was forgotten must not work again.
	if got := a.Verify(kept, "REGISTER", "ada", "secret", t0); got == Right {
		t.Error("a forgotten nonce can be replayed")
	}
}

func FuzzVerify(f *testing.F) {
	a := NewAuthenticator("cordboard")
	f.Add(`Digest username="ada", realm="cordboard", nonce="x", uri="sip:x", response="y", qop=auth, nc=00000001, cnonce="z"`)
	f.Add(`Digest ,,="`)
	f.Fuzz(func(t *testing.T, h string) {
		if a.Verify(h, "REGISTER", "ada", "a secret nobody guesses", t0) == Right {
			t.Fatalf("%q opens the door", h)
		}
	})
}
