package media

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"cordboard/internal/channel/phone"
)

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestBridgePassesSoundBothWays(t *testing.T) {
	d, p := desk(t, ULaw, ULaw, ULaw)
	ok(t, d.Bridge("x", "a", "b"))
	ok(t, d.Bridge("x", "a", "b")) // again is harmless
	in := Frame{Payload: []byte{1, 2, 3}, Stream: 9, Seq: 8, Timestamp: 7, Marker: true}
	p[0].says(in)
	p[1].says(in)
	for _, f := range p[:2] {
		got := f.take()
		if len(got) != 1 || !bytes.Equal(got[0].Payload, in.Payload) || got[0].Seq != 8 || got[0].Timestamp != 7 || got[0].Stream != 9 || !got[0].Marker {
			t.Fatalf("heard %+v", got)
		}
	}
	// b goes on to c: a hears and reaches nobody.
	ok(t, d.Bridge("y", "b", "c"))
	p[0].says(in)
	p[1].says(in)
	if len(p[0].take())+len(p[1].take()) != 0 || len(p[2].take()) != 1 {
		t.Fatal("a parted leg still talks")
	}
	d.Remove("c")
	p[1].says(in)
	if !p[2].closed.Load() || len(p[2].take()) != 0 {
		t.Fatal("a removed leg still hears")
	}
	if err := d.Bridge("z", "b", "c"); !errors.Is(err, phone.ErrGone) {
		t.Fatalf("bridging a removed leg: %v", err)
	}
	if err := d.Bridge("z", "b", "b"); !errors.Is(err, phone.ErrGone) {
		t.Fatalf("bridging a leg with itself: %v", err)
	}
}

func TestBridgeReusedForOthers(t *testing.T) {
	d, p := desk(t, ULaw, ULaw, ULaw, ULaw)
	ok(t, d.Bridge("x", "a", "b"))
	ok(t, d.Bridge("x", "c", "d"))
	p[0].says(Frame{Payload: []byte{1}})
	p[2].says(Frame{Payload: []byte{1}})
	if len(p[1].take()) != 0 || len(p[3].take()) != 1 {
		t.Fatal("a bridge holds more than its two legs")
	}
}

func TestBridgeTranscodes(t *testing.T) {
	d, p := desk(t, ULaw, ALaw)
	ok(t, d.Bridge("x", "a", "b"))
	p[0].says(Frame{Payload: []byte{silentU, encodeU(8000)}})
	p[1].says(Frame{Payload: []byte{silentA, encodeA(-8000)}})
	if got := p[1].take()[0].Payload; got[0] != silentA || got[1] != encodeA(decodeU(encodeU(8000))) {
		t.Errorf("µ to A: % x", got)
	}
	if got := p[0].take()[0].Payload; decodeU(got[0]) > 16 || got[1] != encodeU(decodeA(encodeA(-8000))) {
		t.Errorf("A to µ: % x", got)
	}
	// Keys aren't sound.
	p[0].says(Frame{Payload: []byte{5, 10, 0, 160}, Event: true})
	if got := p[1].take()[0]; !got.Event || !bytes.Equal(got.Payload, []byte{5, 10, 0, 160}) {
		t.Errorf("key became %+v", got)
	}
}

func TestMuteIsSilenceInTheListenersLaw(t *testing.T) {
	for _, listener := range []Law{ULaw, ALaw} {
		d, p := desk(t, ULaw, listener)
		ok(t, d.Bridge("x", "a", "b"))
		ok(t, d.Mute("a", true))
		said := []byte{1, 2, 3}
		p[0].says(Frame{Payload: said, Seq: 4})
		got := p[1].take()
		if len(got) != 1 || !bytes.Equal(got[0].Payload, bytes.Repeat([]byte{listener.Silence()}, 3)) || got[0].Seq != 4 {
			t.Fatalf("%v hears %+v of a muted party", listener, got)
		}
		if !bytes.Equal(said, []byte{1, 2, 3}) {
			t.Error("the speaker's own buffer was overwritten")
		}
		p[1].says(Frame{Payload: []byte{9}})
		if len(p[0].take()) != 1 {
			t.Error("muting also deafens")
		}
		ok(t, d.Mute("a", false))
		p[0].says(Frame{Payload: []byte{1}})
		if got := p[1].take()[0].Payload[0]; got == listener.Silence() {
			t.Error("unmuted is still silent")
		}
	}
	d, _ := desk(t, ULaw)
	if err := d.Mute("nobody", true); !errors.Is(err, phone.ErrGone) {
		t.Errorf("muting nobody: %v", err)
	}
}

// TestPromptsKeepTheClock: an hour of music is an hour long, each frame follows the last, and nothing is left running.
func TestPromptsKeepTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, p := desk(t, ULaw)
		start := time.Now()
		ok(t, d.Play("a", phone.Prompt{Kind: phone.PromptHold}))
		time.Sleep(time.Hour)
		synctest.Wait()
		got := p[0].take()
		if n := len(got); n < 180_000 || n > 180_002 {
			t.Fatalf("an hour has %d frames", n)
		}
		for i, f := range got {
			if want := start.Add(time.Duration(i) * frameTime); f.at.Sub(want).Abs() > time.Millisecond {
				t.Fatalf("frame %d came %v late", i, f.at.Sub(want))
			}
			if i > 0 && (f.Seq != got[i-1].Seq+1 || f.Timestamp != got[i-1].Timestamp+FrameSamples || len(f.Payload) != FrameSamples) {
				t.Fatalf("frame %d doesn't follow: %+v", i, f.Frame)
			}
		}
		d.Remove("a")
		// synctest fails the test if the pacer's goroutine stays.
	})
}

func TestPromptsSoundAsTheyShould(t *testing.T) {
	for _, tc := range []struct {
		kind  phone.PromptKind
		after time.Duration // listen from
		freqs []float64
	}{
		{phone.PromptRingback, 500 * time.Millisecond, []float64{440, 480}},
		{phone.PromptRingback, 3 * time.Second, nil},
		{phone.PromptRingback, 6500 * time.Millisecond, []float64{440, 480}},
		{phone.PromptBusy, 100 * time.Millisecond, []float64{480, 620}},
		{phone.PromptBusy, 2100 * time.Millisecond, []float64{480, 620}},
		{phone.PromptBusy, 3200 * time.Millisecond, nil},
		{phone.PromptBeep, 50 * time.Millisecond, []float64{1000}},
		{phone.PromptBeep, time.Second, nil},
		{phone.PromptSilence, time.Second, nil},
		{phone.PromptAnnouncement, 100 * time.Millisecond, []float64{659.25}},
	} {
		for _, law := range []Law{ULaw, ALaw} {
			synctest.Test(t, func(t *testing.T) {
				d, p := desk(t, law)
				ok(t, d.Play("a", phone.Prompt{Kind: tc.kind}))
				time.Sleep(tc.after)
				p[0].take()
				time.Sleep(250 * time.Millisecond)
				var sound []int16
				for _, f := range p[0].take() {
					sound = law.Decode(sound, f.Payload)
				}
				if len(sound) < 1600 {
					t.Fatalf("%s: the stream stopped: %d samples", tc.kind, len(sound))
				}
				sum := 0.0
				for _, f := range tc.freqs {
					sum += Measure(sound[:1600], f)
				}
				if len(tc.freqs) > 0 && sum < 0.75 {
					t.Errorf("%s in %v after %v: %.2f at %v", tc.kind, law, tc.after, sum, tc.freqs)
				}
				if len(tc.freqs) == 0 && Measure(sound[:1600], 440) > 0.05 {
					t.Errorf("%s in %v after %v isn't silent", tc.kind, law, tc.after)
				}
				d.Remove("a")
			})
		}
	}
}

func TestHoldMusicIsMusic(t *testing.T) {
	s := synthesise(phone.PromptHold)
	if len(s.loop)%FrameSamples != 0 || len(s.loop) < Samples(10*time.Second) {
		t.Fatalf("the loop has %d samples", len(s.loop))
	}
	for at := 0; at+8000 <= len(s.loop); at += 8000 {
		top := int16(0)
		for _, v := range s.loop[at : at+8000] {
			top = max(top, v)
		}
		if top < 500 || top > 12000 {
			t.Errorf("second %d peaks at %d", at/8000, top)
		}
	}
	// No click where the end meets the beginning.
	if step := int(s.loop[0]) - int(s.loop[len(s.loop)-1]); step > 600 || step < -600 {
		t.Errorf("the loop jumps by %d", step)
	}
}

// TestPlayReplacesAndReturns: a prompt hides the peer, Bridge ends it, and a short prompt is followed by the peer.
func TestPlayReplacesAndReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, p := desk(t, ULaw, ULaw)
		ok(t, d.Bridge("x", "a", "b"))
		ok(t, d.Play("a", phone.Prompt{Kind: phone.PromptHold}))
		time.Sleep(100 * time.Millisecond)
		p[0].take()
		p[1].says(Frame{Payload: []byte{1}, Stream: 5})
		p[0].says(Frame{Payload: []byte{2}, Stream: 6})
		if n := len(p[0].take()); n != 0 {
			t.Error("the peer talks into the prompt")
		}
		if n := len(p[1].take()); n != 1 {
			t.Error("a party who hears a prompt isn't heard")
		}
		ok(t, d.Bridge("x", "a", "b"))
		time.Sleep(100 * time.Millisecond)
		if n := len(p[0].take()); n != 0 {
			t.Error("the prompt outlives the bridge")
		}
		ok(t, d.Play("a", phone.Prompt{Kind: phone.PromptBeep}))
		time.Sleep(time.Second)
		p[0].take()
		p[1].says(Frame{Payload: []byte{1}, Stream: 5})
		if n := len(p[0].take()); n != 1 {
			t.Error("after the beep the peer isn't heard")
		}
	})
}

func TestAnnouncementFile(t *testing.T) {
	dir := t.TempDir()
	good, bad := filepath.Join(dir, "good.wav"), filepath.Join(dir, "bad.wav")
	ok(t, os.WriteFile(good, wav(1, 16, 1, 8000, tonePCM(900)), 0o600))
	ok(t, os.WriteFile(bad, []byte("RIFF"), 0o600))
	for file, freq := range map[string]float64{good: 900, bad: 659.25, filepath.Join(dir, "none.wav"): 659.25} {
		synctest.Test(t, func(t *testing.T) {
			d, p := desk(t, ULaw)
			ok(t, d.Play("a", phone.Prompt{Kind: phone.PromptAnnouncement, File: file}))
			time.Sleep(300 * time.Millisecond)
			var sound []int16
			for _, f := range p[0].take() {
				sound = ULaw.Decode(sound, f.Payload)
			}
			if Measure(sound, freq) < 0.7 {
				t.Errorf("%s: %.2f at %g Hz", filepath.Base(file), Measure(sound, freq), freq)
			}
			d.Remove("a")
		})
	}
}

// late is a port that keeps the pacer waiting once.
type late struct {
	fake
	stall time.Duration
}

func (l *late) Send(f Frame) error {
	stall := l.stall
	l.stall = 0
	time.Sleep(stall)
	return l.fake.Send(f)
}

// TestStalledPromptSkips: after a stall of the machine the prompt is where the clock is, and its timestamps say so.
func TestStalledPromptSkips(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := NewDesk(nil)
		l := &late{fake: fake{law: ULaw}, stall: time.Second}
		d.Add("a", l)
		ok(t, d.Play("a", phone.Prompt{Kind: phone.PromptHold}))
		time.Sleep(3 * time.Second)
		got := l.take()
		if n := len(got); n > 105 {
			t.Errorf("%d frames in 3 s with one lost: the stall was made up for by a burst", n)
		}
		last := got[len(got)-1]
		if samples := last.Timestamp - got[0].Timestamp; samples < 8000*29/10 || samples > 8000*31/10 {
			t.Errorf("after 3 s the timestamp has moved by %d", samples)
		}
		d.Close()
	})
}
