package browser_test

import (
	"context"
	"crypto/rand"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"cordboard/internal/channel/phone"
	"cordboard/internal/channel/phone/browser"
	"cordboard/internal/channel/phone/media"
)

// tab is a page of the console, with pion in the browser's place.
type tab struct {
	t     *testing.T
	name  string
	pc    *webrtc.PeerConnection
	track *webrtc.TrackLocalStaticRTP
	up    chan struct{}
	quit  chan struct{}
	wg    sync.WaitGroup

	mu    sync.Mutex
	heard []int16
	count int // packets
	ext   bool
	more  chan struct{}
}

// openTab makes a page with a microphone that hums at freq.
func openTab(t *testing.T, name string, freq float64) *tab {
	t.Helper()
	m := &webrtc.MediaEngine{}
	// As a browser does: more than we take, and a header extension of its own.
	for i, mime := range []string{webrtc.MimeTypeOpus, webrtc.MimeTypePCMU, webrtc.MimeTypePCMA} {
		c := webrtc.RTPCodecParameters{PayloadType: []webrtc.PayloadType{111, 0, 8}[i]}
		c.MimeType, c.ClockRate = mime, 8000
		if i == 0 {
			c.ClockRate, c.Channels = 48000, 2
		}
		must(t, m.RegisterCodec(c, webrtc.RTPCodecTypeAudio))
	}
	must(t, m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: "urn:ietf:params:rtp-hdrext:ssrc-audio-level"}, webrtc.RTPCodecTypeAudio))
	e := webrtc.SettingEngine{}
	e.SetIncludeLoopbackCandidate(true)
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithSettingEngine(e)).NewPeerConnection(webrtc.Configuration{})
	must(t, err)
	b := &tab{t: t, name: name, pc: pc, up: make(chan struct{}), quit: make(chan struct{}), more: make(chan struct{}, 1)}
	b.track, err = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypePCMU, ClockRate: 8000}, "mic", "page")
	must(t, err)
	sender, err := pc.AddTrack(b.track)
	must(t, err)
	b.wg.Go(func() {
		for {
			if _, _, err := sender.ReadRTCP(); err != nil {
				return
			}
		}
	})
	pc.OnTrack(func(tr *webrtc.TrackRemote, _ *webrtc.RTPReceiver) { b.listen(tr) })
	var once sync.Once
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateConnected {
			once.Do(func() { close(b.up); b.wg.Go(func() { b.hum(freq) }) })
		}
	})
	t.Cleanup(b.close)
	return b
}

// close is the tab's closing: nothing is said to anybody.
func (b *tab) close() {
	select {
	case <-b.quit:
		return
	default:
	}
	close(b.quit)
	_ = b.pc.Close()
	b.wg.Wait()
}

// connect is what the page does to own its phone.
func (b *tab) connect(s *browser.Switch, agent string) error {
	b.t.Helper()
	offer, err := b.pc.CreateOffer(nil)
	must(b.t, err)
	gathered := webrtc.GatheringCompletePromise(b.pc)
	must(b.t, b.pc.SetLocalDescription(offer))
	<-gathered
	answer, err := s.Connect(context.Background(), agent, b.name, b.pc.LocalDescription().SDP)
	if err != nil {
		return err
	}
	return b.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer})
}

// connected connects and waits until sound could flow.
func (b *tab) connected(s *browser.Switch, agent string) *tab {
	b.t.Helper()
	must(b.t, b.connect(s, agent))
	select {
	case <-b.up:
	case <-time.After(10 * time.Second):
		b.t.Fatal("the browser did not connect")
	}
	return b
}

// hum sends a tone, 50 packets a second, with a header extension such as browsers send.
func (b *tab) hum(freq float64) {
	tone := media.ULaw.Encode(nil, media.Tone(2*time.Second, 0.3, freq))
	clock := time.NewTicker(20 * time.Millisecond)
	defer clock.Stop()
	var seed [1]byte
	_, _ = rand.Read(seed[:])
	p := rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: uint16(seed[0])}}
	for at := 0; ; at = (at + media.FrameSamples) % (len(tone) - media.FrameSamples) {
		select {
		case <-b.quit:
			return
		case <-clock.C:
		}
		p.SequenceNumber++
		p.Timestamp += media.FrameSamples
		p.Payload = tone[at : at+media.FrameSamples]
		_ = p.SetExtension(1, []byte{0x90})
		if err := b.track.WriteRTP(&p); err != nil {
			return
		}
	}
}

func (b *tab) listen(t *webrtc.TrackRemote) {
	b.wg.Go(func() {
		for {
			p, _, err := t.ReadRTP()
			if err != nil {
				return
			}
			b.mu.Lock()
			b.count++
			b.ext = b.ext || p.Extension
			b.heard = media.ULaw.Decode(b.heard, p.Payload)
			if n := len(b.heard); n > media.SampleRate {
				b.heard = b.heard[n-media.SampleRate:]
			}
			b.mu.Unlock()
			select {
			case b.more <- struct{}{}:
			default:
			}
		}
	})
}

// hears waits until the last quarter of a second that came is a tone of freq.
func (b *tab) hears(freq float64) {
	b.t.Helper()
	b.mu.Lock()
	b.heard = nil
	b.mu.Unlock()
	const window = media.SampleRate / 4
	late := time.After(10 * time.Second)
	for {
		b.mu.Lock()
		n, share := len(b.heard), 0.0
		if n >= window {
			share = media.Measure(b.heard[n-window:], freq)
		}
		ext := b.ext
		b.mu.Unlock()
		if ext {
			b.t.Fatal("a header extension of the other browser came through")
		}
		if share > 0.9 {
			return
		}
		select {
		case <-b.more:
		case <-late:
			b.t.Fatalf("tab %s does not hear %v Hz: %d samples, share %.2f", b.name, freq, n, share)
		}
	}
}

// world is a browser switch with its events.
type world struct {
	t  *testing.T
	sw *browser.Switch

	mu     sync.Mutex
	events []phone.Event
	owners []string
	news   chan struct{}
}

func newWorld(t *testing.T, o browser.Options) *world {
	t.Helper()
	w := &world{t: t, news: make(chan struct{}, 1)}
	o.OnOwner = func(agent, tab string) {
		w.mu.Lock()
		w.owners = append(w.owners, agent+":"+tab)
		w.mu.Unlock()
		w.wake()
	}
	sw, err := browser.New(o)
	must(t, err)
	w.sw = sw
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		_ = sw.Run(ctx, func(e phone.Event) {
			w.mu.Lock()
			w.events = append(w.events, e)
			w.mu.Unlock()
			w.wake()
		})
	})
	t.Cleanup(func() {
		must(t, sw.Close())
		stop()
		wg.Wait()
	})
	return w
}

func (w *world) wake() {
	select {
	case w.news <- struct{}{}:
	default:
	}
}

// until waits for something to come true.
func (w *world) until(what string, f func() bool) {
	w.t.Helper()
	late := time.After(10 * time.Second)
	for {
		w.mu.Lock()
		ok := f()
		w.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-w.news:
		case <-late:
			w.mu.Lock()
			defer w.mu.Unlock()
			w.t.Fatalf("waited for %s; events %+v, owners %v", what, w.events, w.owners)
		}
	}
}

// want waits for a leg's event.
func (w *world) want(leg phone.LegID, kind phone.EventKind) phone.Event {
	w.t.Helper()
	var got phone.Event
	w.until(string(leg)+" "+string(kind), func() bool {
		for _, e := range w.events {
			if e.Leg == leg && e.Kind == kind {
				got = e
				return true
			}
		}
		return false
	})
	return got
}

func (w *world) reach(agent string, up bool) {
	w.t.Helper()
	w.until("reach "+agent, func() bool {
		for i := len(w.events) - 1; i >= 0; i-- {
			if e := w.events[i]; e.Kind == phone.Reach && e.Target.Address == agent {
				return e.Up == up
			}
		}
		return false
	})
}

func (w *world) owner(want string) {
	w.t.Helper()
	w.until("owner "+want, func() bool { return len(w.owners) > 0 && w.owners[len(w.owners)-1] == want })
}

// dial rings an agent's browser.
func (w *world) dial(leg phone.LegID, agent string) {
	w.t.Helper()
	must(w.t, w.sw.Dial(context.Background(), phone.Dial{
		Leg: leg, To: phone.Target{Kind: phone.TargetBrowser, Address: agent}, CallerID: "+14155550123", Timeout: time.Minute,
	}))
}

// call rings and answers.
func (w *world) call(leg phone.LegID, agent string) {
	w.t.Helper()
	w.dial(leg, agent)
	w.want(leg, phone.Ringing)
	must(w.t, w.sw.Answer(context.Background(), leg))
	w.want(leg, phone.Answered)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
