package sip_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"cordboard/internal/channel/phone"
	"cordboard/internal/channel/phone/sip"
	"cordboard/internal/channel/phone/sip/sipphone"
)

// TestCrossedCancel: the phone answers in the very moment of our CANCEL, whatever it says to the CANCEL itself. It must
// get ACK and BYE, ten times of ten, or an agent sits in a call with nobody (telephony facts §3.2).
func TestCrossedCancel(t *testing.T) {
	for _, mode := range []sipphone.Mode{sipphone.AnswerOnCancel, sipphone.AnswerOnCancel481} {
		t.Run(string(mode), func(t *testing.T) {
			w := newWorld(t)
			agent := w.agent(sipphone.Options{Mode: mode})
			for n := 1; n <= 5; n++ {
				leg := w.dial(byte('0'+n), limit)
				w.want(leg, phone.Ringing)
				call := <-agent.Incoming()
				w.ok(w.sw.Hangup(w.ctx, leg, phone.CauseNoAnswer))
				// The leg is over for us at once; the wire is tidied up behind it.
				if e := w.want(leg, phone.Ended); e.Cause != phone.CauseNoAnswer {
					t.Fatalf("ended with %v", e.Cause)
				}
				w.ok(agent.Saw(w.ctx, "CANCEL", n))
				w.ok(agent.Saw(w.ctx, "ACK", n))
				w.ok(agent.Saw(w.ctx, "BYE", n))
				<-call.Done()
			}
			w.noLegs()
		})
	}
}

// TestCallerGoneWhileAgentRings: the usual CANCEL, taken properly.
func TestCallerGoneWhileAgentRings(t *testing.T) {
	w := newWorld(t)
	agent := w.agent(sipphone.Options{Mode: sipphone.Never})
	leg := w.dial('1', limit)
	w.want(leg, phone.Ringing)
	call := <-agent.Incoming()
	w.ok(w.sw.Hangup(w.ctx, leg, phone.CauseCancelled))
	<-call.Done()
	w.want(leg, phone.Ended)
	if agent.Seen("BYE") != 0 || agent.Seen("CANCEL") != 1 {
		t.Fatalf("%d BYE, %d CANCEL", agent.Seen("BYE"), agent.Seen("CANCEL"))
	}
}

func TestUnansweredDials(t *testing.T) {
	for _, tc := range []struct {
		mode  sipphone.Mode
		cause phone.Cause
	}{
		{sipphone.Never, phone.CauseNoAnswer},
		{sipphone.Busy, phone.CauseBusy},
		{sipphone.Dead, phone.CauseUnreachable},
	} {
		t.Run(string(tc.mode), func(t *testing.T) {
			w := newWorld(t, func(o *sip.Options) { o.FirstReply = 300 * time.Millisecond })
			w.agent(sipphone.Options{Mode: tc.mode})
			leg := w.dial('1', 600*time.Millisecond)
			if e := w.want(leg, phone.Ended); e.Cause != tc.cause {
				t.Fatalf("ended with %v, want %v", e.Cause, tc.cause)
			}
		})
	}
	t.Run("not registered", func(t *testing.T) {
		w := newWorld(t)
		to := phone.Target{Kind: phone.TargetSIP, Address: "ada"}
		if w.sw.Reachable(to) {
			t.Fatal("a phone that isn't registered counts as reachable")
		}
		if e := w.want(w.dial('1', limit), phone.Ended); e.Cause != phone.CauseUnreachable {
			t.Fatalf("ended with %v", e.Cause)
		}
		w.agent(sipphone.Options{})
		if !w.sw.Reachable(to) {
			t.Fatal("a registered phone counts as unreachable")
		}
	})
}

// TestSilentPhoneIsSkipped: a registered phone that says nothing is unreachable until it speaks again (INT-9).
func TestSilentPhoneIsSkipped(t *testing.T) {
	w := newWorld(t, func(o *sip.Options) { o.FirstReply, o.Probe = 200*time.Millisecond, 100*time.Millisecond })
	to := phone.Target{Kind: phone.TargetSIP, Address: "ada"}
	agent := w.agent(sipphone.Options{Mode: sipphone.Dead})
	w.want("", phone.Reach)
	agent.Deaf(true)
	if e := w.want(w.dial('1', limit), phone.Ended); e.Cause != phone.CauseUnreachable {
		t.Fatalf("ended with %v", e.Cause)
	}
	if e := w.want("", phone.Reach); e.Up || w.sw.Reachable(to) {
		t.Fatalf("a phone that says nothing counts as reachable: %+v", e)
	}
	agent.Deaf(false)
	if e := w.want("", phone.Reach); !e.Up || !w.sw.Reachable(to) {
		t.Fatalf("a phone that is back counts as unreachable: %+v", e)
	}
}

// TestManyProvisionals: the eleventh 180 is no reason to give up.
func TestManyProvisionals(t *testing.T) {
	w := newWorld(t)
	agent := w.agent(sipphone.Options{Mode: sipphone.ManyRinging, Delay: 100 * time.Millisecond})
	leg := w.dial('1', limit)
	w.want(leg, phone.Answered)
	<-(<-agent.Incoming()).Acked()
}

// TestForkFirstWins: all phones of a user ring, the first to answer has the call, the others are told so.
func TestForkFirstWins(t *testing.T) {
	w := newWorld(t)
	slow := w.agent(sipphone.Options{Mode: sipphone.Never})
	fast := w.agent(sipphone.Options{Delay: 300 * time.Millisecond})
	leg := w.dial('1', limit)
	waiting := <-slow.Incoming()
	w.want(leg, phone.Answered)
	<-waiting.Done()
	w.ok(slow.Saw(w.ctx, "CANCEL", 1))
	talking := <-fast.Incoming()
	w.ok(w.sw.Hangup(w.ctx, leg, phone.CauseNormal))
	<-talking.Done()
	w.want(leg, phone.Ended)
	if kinds := fmt.Sprint(w.all(leg)); kinds != "[ringing answered ended]" {
		t.Fatalf("events were %s", kinds)
	}
}

// TestForkBothAnswer: two phones answer at once; one has the call, the other is hung up.
func TestForkBothAnswer(t *testing.T) {
	w := newWorld(t)
	one, two := w.agent(sipphone.Options{}), w.agent(sipphone.Options{})
	for n := range 5 {
		leg := w.dial(byte('1'+n), limit)
		w.want(leg, phone.Answered)
		a, b := <-one.Incoming(), <-two.Incoming()
		select {
		case <-a.Done():
		case <-b.Done():
		case <-w.ctx.Done():
			t.Fatal("both phones keep the call")
		}
		w.ok(w.sw.Hangup(w.ctx, leg, phone.CauseNormal))
		<-a.Done()
		<-b.Done()
	}
}

// TestLostAck: a caller who never acknowledges gets a BYE, and the leg ends as lost.
func TestLostAck(t *testing.T) {
	w := newWorld(t, func(o *sip.Options) { o.AckWait = 700 * time.Millisecond })
	caller := w.phone(sipphone.Options{})
	c, err := caller.Start(w.ctx, sipphone.Request{Server: w.server(), To: "1", From: "2", NoAck: true})
	w.ok(err)
	in := w.want("", phone.Arrived)
	w.ok(w.sw.Answer(w.ctx, in.Leg))
	if e := w.want(in.Leg, phone.Ended); e.Cause != phone.CauseLost {
		t.Fatalf("ended with %v", e.Cause)
	}
	<-c.Done()
	w.ok(caller.Saw(w.ctx, "BYE", 1))
	if kinds := fmt.Sprint(w.all(in.Leg)); kinds != "[arrived ended]" {
		t.Fatalf("events were %s", kinds)
	}
}

// TestSilentCaller: no audio for too long ends the leg, unless the caller has put us on hold.
func TestSilentCaller(t *testing.T) {
	w := newWorld(t, func(o *sip.Options) { o.SilenceFirst, o.SilenceLater = 400*time.Millisecond, 400*time.Millisecond })
	talker := w.phone(sipphone.Options{Tone: 700})
	c, talking := w.answered(talker)
	_, err := c.Reinvite(w.ctx, "inactive")
	w.ok(err)
	_ = talker.Close() // not a packet more
	mute := w.phone(sipphone.Options{})
	m, silent := w.answered(mute)
	m.Silence()
	if e := w.want(silent, phone.Ended); e.Cause != phone.CauseMedia {
		t.Fatalf("ended with %v", e.Cause)
	}
	w.ok(mute.Saw(w.ctx, "BYE", 1))
	legs, err := w.sw.Legs(w.ctx)
	w.ok(err)
	if len(legs) != 1 || legs[0].Leg != talking {
		t.Fatalf("legs left: %+v", legs)
	}
}

// TestBothHangUp: the agent's phone and we hang up at the same time; both are content.
func TestBothHangUp(t *testing.T) {
	w := newWorld(t)
	agent := w.agent(sipphone.Options{})
	for n := range 5 {
		leg := w.dial(byte('1'+n), limit)
		w.want(leg, phone.Answered)
		call := <-agent.Incoming()
		done := make(chan error, 1)
		go func() { done <- call.Hangup(w.ctx) }()
		w.ok(w.sw.Hangup(w.ctx, leg, phone.CauseNormal))
		w.ok(<-done)
		w.want(leg, phone.Ended)
	}
}

// TestByeDoesNotOvertakeAck: hung up in the moment of the answer, a caller still sees answer, ACK, BYE in this order.
func TestByeDoesNotOvertakeAck(t *testing.T) {
	w := newWorld(t)
	r := w.raw()
	r.send(withSDP(r.request("INVITE", "sip:1@cordboard", "early", 1, ""), "m=audio 4000 RTP/AVP 0\n"))
	in := w.want("", phone.Arrived)
	w.ok(w.sw.Answer(w.ctx, in.Leg))
	w.ok(w.sw.Hangup(w.ctx, in.Leg, phone.CauseNormal))
	w.want(in.Leg, phone.Ended)
	var answer string
	for !strings.HasPrefix(answer, "SIP/2.0 200") {
		answer = r.receive(limit)
	}
	if early := r.receive(100 * time.Millisecond); early != "" {
		t.Fatalf("before the ACK came %q", early)
	}
	r.send(r.request("ACK", "sip:cordboard@"+w.server(), "early", 1, param(header(answer, "To"), "tag")))
	if bye := r.receive(limit); !strings.HasPrefix(bye, "BYE ") {
		t.Fatalf("after the ACK came %q", bye)
	}
}

func TestAnswerAgainstCancel(t *testing.T) {
	w := newWorld(t)
	for range 20 {
		caller := w.phone(sipphone.Options{})
		ctx, cancel := contextOf(w)
		c, err := caller.Start(ctx, sipphone.Request{Server: w.server(), To: "1", From: "2"})
		w.ok(err)
		in := w.want("", phone.Arrived)
		w.ok(w.sw.Ring(w.ctx, in.Leg))
		<-c.Ringing()
		go cancel()
		answered := w.sw.Answer(w.ctx, in.Leg)
		if answered == nil {
			// Whether our 200 or the CANCEL was first, one end or the other ends it and both agree.
			_ = w.sw.Hangup(w.ctx, in.Leg, phone.CauseNormal)
		}
		w.want(in.Leg, phone.Ended)
		<-c.Done()
		cancel()
	}
	w.noLegs()
}

func TestCloseHangsUp(t *testing.T) {
	w := newWorld(t)
	agent := w.agent(sipphone.Options{})
	leg := w.dial('1', limit)
	w.want(leg, phone.Answered)
	call := <-agent.Incoming()
	<-call.Acked()
	w.ok(w.sw.Close())
	<-call.Done()
	if err := w.sw.Dial(w.ctx, phone.Dial{Leg: w.legID('2'), To: phone.Target{Kind: phone.TargetSIP, Address: "ada"}}); err == nil {
		t.Fatal("a closed switch dials")
	}
}

// TestNothingIsLeftRunning: a switch that has carried calls leaves no goroutine behind.
func TestNothingIsLeftRunning(t *testing.T) {
	round := func() {
		sw, err := sip.New(sip.Options{Listen: "127.0.0.1:0", Media: pool(t), Trunks: trunks})
		if err != nil {
			t.Fatal(err)
		}
		caller, err := sipphone.New(sipphone.Options{Transport: "tcp"})
		if err != nil {
			t.Fatal(err)
		}
		arrived := make(chan phone.LegID, 1)
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		ran := make(chan struct{})
		go func() {
			defer close(ran)
			_ = sw.Run(ctx, func(e phone.Event) {
				if e.Kind == phone.Arrived {
					arrived <- e.Leg
				}
			})
		}()
		c, err := caller.Start(ctx, sipphone.Request{Server: sw.Addr().String(), To: "1", From: "2"})
		if err != nil {
			t.Fatal(err)
		}
		leg := <-arrived
		if err := errors.Join(sw.Answer(ctx, leg), sw.Play(ctx, leg, phone.Prompt{Kind: phone.PromptHold})); err != nil {
			t.Fatal(err)
		}
		<-c.Answered()
		if err := errors.Join(sw.Close(), caller.Close()); err != nil {
			t.Fatal(err)
		}
		cancel()
		<-ran
	}
	round()
	before := runtime.NumGoroutine()
	for range 5 {
		round()
	}
	for deadline := time.Now().Add(limit); runtime.NumGoroutine() > before+2; {
		if time.Now().After(deadline) {
			buf := make([]byte, 1<<20)
			t.Fatalf("%d goroutines before, %d after:\n%s", before, runtime.NumGoroutine(), buf[:runtime.Stack(buf, true)])
		}
		runtime.Gosched()
	}
}
