package phonetest_test

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"cordboard/internal/channel/phone"
	"cordboard/internal/channel/phone/browser"
	"cordboard/internal/channel/phone/browser/page"
	"cordboard/internal/channel/phone/media"
	"cordboard/internal/channel/phone/phonetest"
	"cordboard/internal/channel/phone/sip"
	"cordboard/internal/channel/phone/sip/sipphone"
)

// The house as it is: customers by SIP, agents in their browsers, one switch made of both.
func TestSIPAndBrowser(t *testing.T) {
	phonetest.Run(t, func(t *testing.T) phonetest.Rig {
		w := newWire(t)
		b, err := browser.New(browser.Options{Desk: w.desk})
		must(t, err)
		t.Cleanup(func() { must(t, b.Close()) })
		n := 0
		return phonetest.Rig{
			Switch: w.with(b),
			From:   "+14155550123", To: "+18665550100",
			Call: w.call,
			Device: func(how phonetest.Behaviour) phonetest.Instrument {
				if how != phonetest.Answers && how != phonetest.RingsOn {
					return nil
				}
				n++
				return w.browser(b, fmt.Sprint("agent-", n))
			},
			Nobody:   phone.Target{Kind: phone.TargetBrowser, Address: "nobody"},
			ByAnswer: true,
		}
	})
}

// wire is a SIP switch and telephones on loopback.
type wire struct {
	t     *testing.T
	desk  *media.Desk
	sip   *sip.Switch
	tones int
}

func newWire(t *testing.T) *wire {
	t.Helper()
	loopback := netip.MustParseAddr("127.0.0.1")
	pool, err := media.NewPool(loopback, netip.Addr{}, 0, 0)
	must(t, err)
	w := &wire{t: t, desk: media.NewDesk(nil)}
	w.sip, err = sip.New(sip.Options{
		Listen: "127.0.0.1:0", Media: pool, Desk: w.desk,
		Trunks: func() []sip.Trunk {
			return []sip.Trunk{{Name: "carrier", Allow: []netip.Prefix{netip.PrefixFrom(loopback, 8)}}}
		},
	})
	must(t, err)
	t.Cleanup(func() {
		must(t, w.sip.Close())
		w.desk.Close()
	})
	return w
}

// nextTone gives everybody a voice of his own.
func (w *wire) nextTone() float64 {
	w.tones++
	return 300 + 170*float64(w.tones)
}

func (w *wire) call(ctx context.Context) (phonetest.Person, error) {
	tone := w.nextTone()
	p, err := sipphone.New(sipphone.Options{Tone: tone})
	must(w.t, err)
	w.t.Cleanup(func() { _ = p.Close() })
	ctx, cancel := context.WithCancel(ctx)
	c, err := p.Start(ctx, sipphone.Request{Server: w.sip.Addr().String(), From: "+14155550123", To: "+18665550100"})
	if err != nil {
		cancel()
		return nil, err
	}
	return caller{c, tone, cancel}, nil
}

// with makes one switch of this one and the browsers'.
func (w *wire) with(b *browser.Switch) phone.Switch {
	return phone.Compose(map[phone.TargetKind]phone.Switch{
		phone.TargetSIP: w.sip, phone.TargetNumber: w.sip, phone.TargetBrowser: b,
	})
}

// browser puts an agent at his console.
func (w *wire) browser(b *browser.Switch, id string) agent {
	w.t.Helper()
	p, err := page.Open(w.nextTone())
	must(w.t, err)
	w.t.Cleanup(p.Close)
	ctx, stop := context.WithTimeout(context.Background(), 20*time.Second)
	defer stop()
	a := agent{p, id}
	must(w.t, p.Connect(ctx, func(offer string) (string, error) { return b.Connect(ctx, id, "tab", offer) }))
	for !b.Reachable(a.Target()) { // the server may learn of it a moment after the page
		<-time.After(time.Millisecond)
	}
	return a
}

// caller is one who calls from a SIP telephone.
type caller struct {
	*sipphone.Call
	tone   float64
	cancel func()
}

func (c caller) voice() float64 { return c.tone }

func (c caller) HangUp() {
	select {
	case <-c.Answered():
	default:
		c.cancel()
		select {
		case <-c.Done():
			return
		case <-c.Answered(): // the answer crossed his giving up
		}
	}
	ctx, stop := context.WithTimeout(context.Background(), 20*time.Second)
	defer stop()
	_ = c.Hangup(ctx) // what comes of it, the story asks the switch
}

func (c caller) Wait(ctx context.Context, s phonetest.State) error {
	ch := map[phonetest.State]<-chan struct{}{phonetest.Ringing: c.Ringing(), phonetest.Up: c.Answered(), phonetest.Over: c.Done()}[s]
	select {
	case <-ch:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("he is not %s: %w", s, ctx.Err())
	}
}

type speaker interface{ voice() float64 }

func (c caller) Hears(ctx context.Context, other phonetest.Person) error {
	return c.Ear.Wait(ctx, other.(speaker).voice())
}

// agent is one at his browser.
type agent struct {
	*page.Page
	id string
}

func (a agent) Target() phone.Target {
	return phone.Target{Kind: phone.TargetBrowser, Address: a.id}
}
func (a agent) voice() float64                                  { return a.Tone }
func (a agent) Rung(context.Context) (phonetest.Person, error)  { return a, nil }
func (a agent) HangUp()                                         {}
func (a agent) Wait(_ context.Context, _ phonetest.State) error { return nil }
func (a agent) Hears(ctx context.Context, other phonetest.Person) error {
	return a.Page.Hears(ctx, other.(speaker).voice())
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
