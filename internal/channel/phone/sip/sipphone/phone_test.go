package sipphone_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"cordboard/internal/channel/phone/media"
	"cordboard/internal/channel/phone/sip/sipphone"
	"cordboard/internal/fault"
)

func made(t *testing.T, opts sipphone.Options) *sipphone.Phone {
	t.Helper()
	p, err := sipphone.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// TestPhonesCallEachOther: without any switch between, over both transports and laws, both hear each other.
func TestPhonesCallEachOther(t *testing.T) {
	for _, opts := range []sipphone.Options{{}, {Transport: "tcp"}, {Law: media.ALaw}} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		opts.Tone = 700
		caller, callee := made(t, opts), made(t, sipphone.Options{Tone: 1100, Delay: 20 * time.Millisecond})
		c, err := caller.Call(ctx, sipphone.Request{Server: callee.Addr().String(), To: "1", From: "2"})
		if err != nil {
			t.Fatal(err)
		}
		in := <-callee.Incoming()
		<-in.Acked()
		for _, err := range []error{c.Ear.Wait(ctx, 1100), in.Ear.Wait(ctx, 700), c.Hangup(ctx), c.Hangup(ctx)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		<-in.Done()
		<-c.Done()
		if callee.Seen("BYE") != 1 {
			t.Errorf("%d BYE", callee.Seen("BYE"))
		}
		cancel()
	}
}

func TestCallsThatFail(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	caller := made(t, sipphone.Options{})
	var refused *sipphone.Refused
	_, err := caller.Call(ctx, sipphone.Request{Server: made(t, sipphone.Options{Mode: sipphone.Busy}).Addr().String(), To: "1"})
	if !errors.As(err, &refused) || refused.Code != 486 || !strings.Contains(err.Error(), "486 Busy Here") {
		t.Errorf("a busy phone: %v", err)
	}
	// One that rings on is given up, properly.
	callee := made(t, sipphone.Options{Mode: sipphone.Never})
	patience, giveUp := context.WithCancel(ctx)
	go func() { <-callee.Incoming(); giveUp() }()
	_, err = caller.Call(patience, sipphone.Request{Server: callee.Addr().String(), To: "1"})
	if !errors.As(err, &refused) || refused.Code != 487 {
		t.Errorf("a call given up: %v", err)
	}
	if err := callee.Saw(ctx, "CANCEL", 1); err != nil {
		t.Error(err)
	}
}

// TestGivingUpOnNobody: a server that says nothing isn't waited for beyond the caller's patience.
func TestGivingUpOnNobody(t *testing.T) {
	hole, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = hole.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	p := made(t, sipphone.Options{})
	begun := time.Now()
	if _, err := p.Call(ctx, sipphone.Request{Server: hole.LocalAddr().String(), To: "1"}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("calling nobody: %v", err)
	}
	if err := p.Register(ctx, hole.LocalAddr().String()); !fault.Is(err, "NO_ANSWER") {
		t.Errorf("registering with nobody: %v", err)
	}
	if d := time.Since(begun); d > 10*time.Second {
		t.Errorf("it took %v", d)
	}
}

func TestTakenAddress(t *testing.T) {
	p := made(t, sipphone.Options{})
	if _, err := sipphone.New(sipphone.Options{Listen: p.Addr().String()}); !fault.Is(err, "PHONE_LISTEN") || !strings.Contains(err.Error(), p.Addr().String()) {
		t.Errorf("a taken address: %v", err)
	}
}
