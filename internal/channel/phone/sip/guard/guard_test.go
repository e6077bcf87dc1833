package guard

import (
	"net/netip"
	"testing"
	"time"
)

var t0 = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func TestBanAfterTwentyFailures(t *testing.T) {
	g := New()
	scanner, other := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	for n := 1; n <= maxFailures; n++ {
		if g.Banned(scanner, t0) {
			t.Fatalf("banned after %d", n-1)
		}
		if led := g.Fail(scanner, t0); led != (n == maxFailures) {
			t.Fatalf("failure %d led to a ban: %v", n, led)
		}
	}
	if g.Fail(scanner, t0) {
		t.Error("banned twice")
	}
	if !g.Banned(netip.MustParseAddr("::ffff:192.0.2.1"), t0.Add(banTime-time.Second)) || g.Banned(other, t0) {
		t.Error("the wrong one is banned")
	}
	g.Sweep(t0.Add(banTime - time.Second))
	if !g.Banned(scanner, t0) {
		t.Error("swept while banned")
	}
	if g.Banned(scanner, t0.Add(banTime)) {
		t.Error("banned for ever")
	}
	g.Sweep(t0.Add(banTime))
	if len(g.sources) != 0 {
		t.Error("remembered for ever")
	}
}

func TestFailuresAreForgiven(t *testing.T) {
	g := New()
	a := netip.MustParseAddr("192.0.2.1")
	for range 5 { // a phone with a typo, mended each time
		for range maxFailures - 1 {
			g.Fail(a, t0)
		}
		g.Forgive(a)
	}
	at := t0
	for range 100 { // one failure a minute isn't a scanner
		g.Fail(a, at)
		at = at.Add(time.Minute)
		if g.Banned(a, at) {
			t.Fatal("banned for slow failures")
		}
	}
}

func TestIPv6CountsByNetwork(t *testing.T) {
	g := New()
	a := netip.MustParseAddr("2001:db8::1")
	for range maxFailures {
		g.Fail(a, t0)
		a = a.Next()
	}
	if !g.Banned(netip.MustParseAddr("2001:db8::ffff"), t0) || g.Banned(netip.MustParseAddr("2001:db8:0:1::1"), t0) {
		t.Error("the /64 doesn't count as one")
	}
}

func TestSourcesAreBounded(t *testing.T) {
	g := New()
	a := netip.MustParseAddr("10.0.0.0")
	for range maxSources + 10 {
		g.Fail(a, t0)
		a = a.Next()
	}
	if len(g.sources) > maxSources {
		t.Errorf("%d sources remembered", len(g.sources))
	}
}
