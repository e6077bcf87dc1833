package browser_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"cordboard/internal/channel/phone"
	"cordboard/internal/channel/phone/browser"
	"cordboard/internal/fault"
)

var ctx = context.Background()

// Two agents' browsers are rung, answered and joined: each hears the other's tone, and an idle phone hears nothing.
func TestTalk(t *testing.T) {
	w := newWorld(t, browser.Options{})
	ada := openTab(t, "tab-a", 440).connected(w.sw, "ada")
	ben := openTab(t, "tab-b", 880).connected(w.sw, "ben")
	w.reach("ada", true)
	w.reach("ben", true)
	// Half a second of an idle phone: it may hum, but is sent nothing.
	eventually(t, func() bool { return w.sw.Quality("ada").Received >= 25 })
	if n := ada.Packets(); n > 0 {
		t.Errorf("an idle phone was sent %d packets", n)
	}
	w.call("leg-a", "ada")
	w.call("leg-b", "ben")
	must(t, w.sw.Bridge(ctx, "bridge", "leg-a", "leg-b"))
	ada.hears(880)
	ben.hears(440)

	must(t, w.sw.Mute(ctx, "leg-a", true))
	ada.hears(880)
	must(t, w.sw.Mute(ctx, "leg-a", false))
	ben.hears(440)
	if q := w.sw.Quality("ada"); !q.Connected || q.Lost > 0 || q.FarLost > 0 {
		t.Errorf("on one machine the quality is %+v", q)
	}

	must(t, w.sw.Hangup(ctx, "leg-b", phone.CauseNormal))
	if e := w.want("leg-b", phone.Ended); e.Cause != phone.CauseNormal {
		t.Fatalf("ended by %s", e.Cause)
	}
	must(t, w.sw.Play(ctx, "leg-a", phone.Prompt{Kind: phone.PromptBeep}))
	ada.hears(1000)
	if err := w.sw.Bridge(ctx, "bridge", "leg-a", "leg-b"); !errors.Is(err, phone.ErrGone) {
		t.Fatalf("joined with a leg that has ended: %v", err)
	}
	must(t, w.sw.Hangup(ctx, "leg-a", phone.CauseNormal))
	w.want("leg-a", phone.Ended)
	// The connections outlive the call: the next one is up at once, on the same streams.
	w.call("leg-c", "ada")
	w.call("leg-d", "ben")
	must(t, w.sw.Bridge(ctx, "bridge", "leg-c", "leg-d"))
	ada.hears(880)
	ben.hears(440)
	if legs, _ := w.sw.Legs(ctx); len(legs) != 2 || !legs[0].Answered {
		t.Fatalf("legs %+v", legs)
	}
}

// Reloading the page during a call: the same tab comes back and is in the call where it was, muted as it was.
func TestReload(t *testing.T) {
	w := newWorld(t, browser.Options{})
	page := openTab(t, "tab-a", 440).connected(w.sw, "ada")
	ben := openTab(t, "tab-b", 880).connected(w.sw, "ben")
	w.reach("ada", true)
	w.reach("ben", true)
	w.call("leg-a", "ada")
	w.call("leg-b", "ben")
	must(t, w.sw.Bridge(ctx, "bridge", "leg-a", "leg-b"))
	page.hears(880)
	page.Close()
	w.reach("ada", false)
	again := openTab(t, "tab-a", 660).connected(w.sw, "ada")
	w.reach("ada", true)
	again.hears(880)
	ben.hears(660)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.events {
		if e.Kind == phone.Ended {
			t.Fatalf("the reload ended %+v", e)
		}
	}
	if len(w.owners) != 2 {
		t.Fatalf("a reload changed the owner: %v", w.owners)
	}
}

// A reload that is faster than our noticing: the new connection replaces the old one and nothing else happens.
func TestReconnectBeforeTheOldOneIsGone(t *testing.T) {
	w := newWorld(t, browser.Options{})
	old := openTab(t, "tab-a", 440).connected(w.sw, "ada")
	w.reach("ada", true)
	w.call("leg-a", "ada")
	again := openTab(t, "tab-a", 660).connected(w.sw, "ada")
	must(t, w.sw.Play(ctx, "leg-a", phone.Prompt{Kind: phone.PromptBeep}))
	again.hears(1000)
	w.mu.Lock()
	for _, e := range w.events {
		if e.Kind == phone.Ended || e.Kind == phone.Reach && !e.Up {
			t.Errorf("unwanted %+v", e)
		}
	}
	w.mu.Unlock()
	old.Close()
	if tab, _ := w.sw.Owner("ada"); tab != "tab-a" {
		t.Fatalf("owner %q", tab)
	}
}

// A browser that doesn't come back: its call ends as lost, its ring as unreachable, and the phone is anybody's.
func TestLoss(t *testing.T) {
	short := browser.Options{Reattach: 300 * time.Millisecond, RingReattach: 100 * time.Millisecond}
	t.Run("up", func(t *testing.T) {
		w := newWorld(t, short)
		page := openTab(t, "tab-a", 440).connected(w.sw, "ada")
		w.reach("ada", true)
		w.call("leg-a", "ada")
		gone := time.Now()
		page.Close()
		if e := w.want("leg-a", phone.Ended); e.Cause != phone.CauseLost {
			t.Fatalf("ended by %s", e.Cause)
		}
		if d := time.Since(gone); d < short.Reattach {
			t.Fatalf("ended after %v, before its time", d)
		}
		w.owner("ada:")
		openTab(t, "tab-z", 440).connected(w.sw, "ada")
		w.owner("ada:tab-z")
	})
	t.Run("the machine crashes", func(t *testing.T) {
		dead := short
		dead.Disconnected = 500 * time.Millisecond
		w := newWorld(t, dead)
		page := openTab(t, "tab-a", 440).connected(w.sw, "ada")
		w.reach("ada", true)
		w.call("leg-a", "ada")
		page.Crash()
		w.reach("ada", false)
		if e := w.want("leg-a", phone.Ended); e.Cause != phone.CauseLost {
			t.Fatalf("ended by %s", e.Cause)
		}
	})
	t.Run("ringing", func(t *testing.T) {
		w := newWorld(t, short)
		page := openTab(t, "tab-a", 440).connected(w.sw, "ada")
		w.reach("ada", true)
		w.dial("leg-a", "ada")
		page.Close()
		if e := w.want("leg-a", phone.Ended); e.Cause != phone.CauseUnreachable {
			t.Fatalf("ended by %s", e.Cause)
		}
	})
	t.Run("accepted while away", func(t *testing.T) {
		w := newWorld(t, browser.Options{})
		page := openTab(t, "tab-a", 440).connected(w.sw, "ada")
		w.reach("ada", true)
		w.dial("leg-a", "ada")
		page.Close()
		w.reach("ada", false)
		must(t, w.sw.Answer(ctx, "leg-a"))
		openTab(t, "tab-a", 440).connected(w.sw, "ada")
		w.want("leg-a", phone.Answered)
	})
	t.Run("signed out", func(t *testing.T) {
		w := newWorld(t, short)
		openTab(t, "tab-a", 440).connected(w.sw, "ada")
		w.reach("ada", true)
		w.sw.Release("ada", "tab-other")
		w.sw.Release("ada", "tab-a")
		w.owner("ada:")
		w.dial("leg-a", "ada")
		if e := w.want("leg-a", phone.Ended); e.Cause != phone.CauseUnreachable {
			t.Fatalf("ended by %s", e.Cause)
		}
	})
}

// A second tab is refused until it says "Use here"; then the call is its, and the first one is cut off.
func TestSecondTab(t *testing.T) {
	w := newWorld(t, browser.Options{})
	first := openTab(t, "tab-1", 440).connected(w.sw, "ada")
	ben := openTab(t, "tab-b", 880).connected(w.sw, "ben")
	w.reach("ada", true)
	w.reach("ben", true)
	w.call("leg-a", "ada")
	w.call("leg-b", "ben")
	must(t, w.sw.Bridge(ctx, "bridge", "leg-a", "leg-b"))
	first.hears(880)

	second := openTab(t, "tab-2", 660)
	if err := second.connect(w.sw, "ada"); !fault.Is(err, "PHONE_ELSEWHERE") {
		t.Fatalf("a second tab was let in: %v", err)
	}
	if err := w.sw.Take("ada", "tab-2", false); !fault.Is(err, "PHONE_ELSEWHERE") {
		t.Fatalf("a second tab took over without being asked: %v", err)
	}
	second.Close()
	must(t, w.sw.Take("ada", "tab-2", true))
	w.owner("ada:tab-2")
	second = openTab(t, "tab-2", 660).connected(w.sw, "ada")
	second.hears(880)
	ben.hears(660)
	if err := openTab(t, "tab-1", 440).connect(w.sw, "ada"); !fault.Is(err, "PHONE_ELSEWHERE") {
		t.Fatalf("the first tab came back by itself: %v", err)
	}
	if tab, since := w.sw.Owner("ada"); tab != "tab-2" || since.IsZero() {
		t.Fatalf("owner %q since %v", tab, since)
	}
}

// Many tabs ask at once for a phone that nobody holds: exactly one gets it, and everybody agrees who.
func TestOneOwner(t *testing.T) {
	w := newWorld(t, browser.Options{})
	names := []string{"tab-1", "tab-2", "tab-3", "tab-4", "tab-5", "tab-6", "tab-7", "tab-8"}
	var (
		mu   sync.Mutex
		won  []string
		wg   sync.WaitGroup
		gate = make(chan struct{})
	)
	for _, n := range names {
		wg.Go(func() {
			<-gate
			if w.sw.Take("ada", n, false) == nil {
				mu.Lock()
				won = append(won, n)
				mu.Unlock()
			}
		})
	}
	close(gate)
	wg.Wait()
	if len(won) != 1 {
		t.Fatalf("%v all own the phone", won)
	}
	w.owner("ada:" + won[0])
	// Everybody insists: the last one told is the owner.
	for _, n := range names {
		wg.Go(func() { _ = w.sw.Take("ada", n, true) })
	}
	wg.Wait()
	tab, _ := w.sw.Owner("ada")
	w.owner("ada:" + tab)
}

func TestBadOffers(t *testing.T) {
	w := newWorld(t, browser.Options{})
	for name, sdp := range map[string]string{
		"nothing":    "",
		"noise":      "\x00\xff\r\nv=0",
		"too long":   "v=0\r\n" + string(make([]byte, 70_000)),
		"no audio":   "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n",
		"Opus only":  offerWith("111", "a=rtpmap:111 opus/48000/2\r\n"),
		"no ICE":     "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\nc=IN IP4 0.0.0.0\r\na=rtpmap:0 PCMU/8000\r\na=mid:0\r\na=sendrecv\r\n",
		"truncation": offerWith("0", "a=rtpmap:0 PCMU/8000\r\n")[:180],
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.sw.Connect(ctx, "ada", "tab-1", sdp)
			if !fault.Is(err, "BAD_OFFER") {
				t.Fatalf("got %v", err)
			}
		})
	}
	if _, err := w.sw.Connect(ctx, "ada", "", "v=0"); !fault.Is(err, "BAD_TAB") {
		t.Errorf("without a tab: %v", err)
	}
	openTab(t, "tab-1", 440).connected(w.sw, "ada") // none of it did harm
}

func offerWith(formats, attributes string) string {
	return "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF " + formats +
		"\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=fingerprint:sha-256 " +
		"00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF\r\n" +
		"a=setup:actpass\r\na=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\n" + attributes
}

// GEN-15: behind NAT, browsers are told the operator's address and no other.
func TestMediaAddress(t *testing.T) {
	for _, listen := range []string{"127.0.0.1:0", "0.0.0.0:0"} {
		w := newWorld(t, browser.Options{Listen: listen, MediaAddress: "192.0.2.10"})
		_, port, err := net.SplitHostPort(w.sw.Addr().String())
		must(t, err)
		offer, err := openTab(t, "tab-1", 440).Offer()
		must(t, err)
		answer, err := w.sw.Connect(ctx, "ada", "tab-1", offer)
		must(t, err)
		n := 0
		for line := range strings.Lines(answer) {
			if !strings.HasPrefix(line, "a=candidate:") {
				continue
			}
			n++
			if f := strings.Fields(line); f[4] != "192.0.2.10" || f[5] != port {
				t.Errorf("listening on %s the browser is told %s", listen, line)
			}
		}
		if n == 0 || !strings.Contains(answer, "a=ice-lite") {
			t.Errorf("listening on %s the answer is %s", listen, answer)
		}
	}
}

func TestOptions(t *testing.T) {
	for _, o := range []browser.Options{{Listen: "localhost"}, {Listen: "127.0.0.1"}, {MediaAddress: "example.com"}, {MediaAddress: "0.0.0.0"}} {
		if _, err := browser.New(o); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%+v: %v", o, err)
		}
	}
	w := newWorld(t, browser.Options{})
	if _, err := browser.New(browser.Options{Listen: w.sw.Addr().String()}); !fault.Is(err, "BROWSER_PORT") {
		t.Errorf("a port in use: %v", err)
	}
}
