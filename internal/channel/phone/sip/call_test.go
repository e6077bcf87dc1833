package sip_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"cordboard/internal/channel/phone"
	"cordboard/internal/channel/phone/media"
	"cordboard/internal/channel/phone/sip/sipphone"
)

// TestCallIsBridged is the main job: a call comes by a trunk, an agent's phone is rung and answers, the caller is
// answered, and each hears the other's tone; then either side hangs up. Over both transports and across laws.
func TestCallIsBridged(t *testing.T) {
	for _, tc := range []struct {
		name          string
		caller, agent sipphone.Options
		callerHangsUp bool
		withheld      bool
		wantFrom      string
	}{
		{name: "udp", callerHangsUp: true, wantFrom: "+14155550123"},
		{name: "tcp caller", caller: sipphone.Options{Transport: "tcp"}, wantFrom: "+14155550123"},
		{name: "tcp agent", agent: sipphone.Options{Transport: "tcp"}, callerHangsUp: true, wantFrom: "+14155550123"},
		{name: "a-law caller", caller: sipphone.Options{Law: media.ALaw}, wantFrom: "+14155550123"},
		{name: "withheld", withheld: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t)
			tc.caller.Tone, tc.agent.Tone, tc.agent.Delay = 700, 1100, 200*time.Millisecond
			caller, agent := w.phone(tc.caller), w.agent(tc.agent)
			if e := w.want("", phone.Reach); !e.Up || e.Target != (phone.Target{Kind: phone.TargetSIP, Address: "ada"}) {
				t.Fatalf("reach event is %+v", e)
			}

			c, err := caller.Start(w.ctx, sipphone.Request{Server: w.server(), To: "+18005550100", From: "+14155550123", Display: "Ann Alvarez", Withheld: tc.withheld})
			w.ok(err)
			in := w.want("", phone.Arrived)
			if in.From != tc.wantFrom || in.To != "+18005550100" || in.Trunk != "carrier" {
				t.Fatalf("arrived as %+v", in)
			}
			w.ok(w.sw.Ring(w.ctx, in.Leg))
			<-c.Ringing()

			out := w.dial('1', limit)
			w.want(out, phone.Ringing)
			w.want(out, phone.Answered)
			w.ok(w.sw.Answer(w.ctx, in.Leg))
			w.want(in.Leg, phone.Answered)
			<-c.Answered()
			w.ok(w.sw.Bridge(w.ctx, "b", in.Leg, out))

			a := <-agent.Incoming()
			w.ok(c.Ear.Wait(w.ctx, 1100))
			w.ok(a.Ear.Wait(w.ctx, 700))
			if from := a.Invite().From(); from.Address.User != "+14155550123" || from.DisplayName != "Ann 'A' Alvarez" {
				t.Fatalf("the agent's phone was shown %v", from)
			}

			w.ok(w.sw.Mute(w.ctx, out, true))
			w.ok(c.Ear.Wait(w.ctx, 0))
			w.ok(w.sw.Mute(w.ctx, out, false))
			w.ok(c.Ear.Wait(w.ctx, 1100))
			if _, gaps := c.Ear.Packets(); gaps > 0 {
				t.Errorf("%d gaps in the numbers of what the caller heard", gaps)
			}

			if tc.callerHangsUp {
				w.ok(c.Hangup(w.ctx))
				if e := w.want(in.Leg, phone.Ended); e.Cause != phone.CauseNormal {
					t.Fatalf("ended with %v", e.Cause)
				}
				w.ok(w.sw.Hangup(w.ctx, out, phone.CauseNormal))
				w.want(out, phone.Ended)
				<-a.Done()
			} else {
				w.ok(a.Hangup(w.ctx))
				w.want(out, phone.Ended)
				w.ok(w.sw.Hangup(w.ctx, in.Leg, phone.CauseNormal))
				w.want(in.Leg, phone.Ended)
				<-c.Done()
			}
			w.noLegs()
			w.ok(w.sw.Hangup(w.ctx, in.Leg, phone.CauseNormal))
			if err := w.sw.Bridge(w.ctx, "b", in.Leg, out); err != phone.ErrGone {
				t.Fatalf("bridging ended legs gives %v", err)
			}
		})
	}
}

func TestPromptsAreHeard(t *testing.T) {
	w := newWorld(t)
	caller := w.phone(sipphone.Options{Tone: 700})
	c, in := w.answered(caller)
	w.ok(w.sw.Play(w.ctx, in, phone.Prompt{Kind: phone.PromptBeep}))
	w.ok(c.Ear.Wait(w.ctx, 1000))
	w.ok(w.sw.Play(w.ctx, in, phone.Prompt{Kind: phone.PromptAnnouncement}))
	w.ok(c.Ear.Wait(w.ctx, 659.25))
	w.ok(w.sw.Play(w.ctx, in, phone.Prompt{Kind: phone.PromptSilence}))
	w.ok(c.Ear.Wait(w.ctx, 0))
	if _, gaps := c.Ear.Packets(); gaps > 0 {
		t.Errorf("%d gaps between prompts", gaps)
	}
	if err := w.sw.Play(w.ctx, "nobody", phone.Prompt{Kind: phone.PromptBeep}); err != phone.ErrGone {
		t.Fatalf("playing to nobody gives %v", err)
	}
}

// answered is a call that has been answered and not yet bridged.
func (w *world) answered(caller *sipphone.Phone) (*sipphone.Call, phone.LegID) {
	w.t.Helper()
	c, err := caller.Start(w.ctx, sipphone.Request{Server: w.server(), To: "+18005550100", From: "+14155550123"})
	w.ok(err)
	in := w.want("", phone.Arrived)
	w.ok(w.sw.Answer(w.ctx, in.Leg))
	w.want(in.Leg, phone.Answered)
	<-c.Answered()
	return c, in.Leg
}

func TestCallerGivesUpWhileQueued(t *testing.T) {
	w := newWorld(t)
	caller := w.phone(sipphone.Options{})
	ctx, cancel := context.WithCancel(w.ctx)
	c, err := caller.Start(ctx, sipphone.Request{Server: w.server(), To: "+18005550100", From: "+14155550123"})
	w.ok(err)
	in := w.want("", phone.Arrived)
	w.ok(w.sw.Ring(w.ctx, in.Leg))
	<-c.Ringing()
	cancel()
	<-c.Done()
	if e := w.want(in.Leg, phone.Ended); e.Cause != phone.CauseCancelled {
		t.Fatalf("ended with %v", e.Cause)
	}
	if err := w.sw.Answer(w.ctx, in.Leg); err != phone.ErrGone {
		t.Fatalf("answering a cancelled call gives %v", err)
	}
	w.noLegs()
}

func TestRefusals(t *testing.T) {
	for cause, code := range map[phone.Cause]int{
		phone.CauseBusy: 486, phone.CauseRefused: 603, phone.CauseUnallocated: 404, phone.CauseCapacity: 503, phone.CauseNoAnswer: 480,
	} {
		t.Run(string(cause), func(t *testing.T) {
			w := newWorld(t)
			caller := w.phone(sipphone.Options{})
			go func() {
				in := w.want("", phone.Arrived)
				w.ok(w.sw.Hangup(w.ctx, in.Leg, cause))
			}()
			_, err := caller.Call(w.ctx, sipphone.Request{Server: w.server(), To: "1", From: "2"})
			refusedWith(t, err, code)
			if e := w.want("", phone.Ended); e.Cause != cause {
				t.Fatalf("ended with %v", e.Cause)
			}
		})
	}
}

func TestHoldByReinvite(t *testing.T) {
	w := newWorld(t)
	caller := w.phone(sipphone.Options{Tone: 700})
	c, in := w.answered(caller)
	w.ok(w.sw.Play(w.ctx, in, phone.Prompt{Kind: phone.PromptHold}))
	for _, step := range []struct{ offer, answer string }{{"sendonly", "recvonly"}, {"inactive", "inactive"}, {"sendrecv", "sendrecv"}} {
		sdp, err := c.Reinvite(w.ctx, step.offer)
		w.ok(err)
		if !strings.Contains(sdp, "a="+step.answer) {
			t.Fatalf("offered %s, answered\n%s", step.offer, sdp)
		}
	}
	before, _ := c.Ear.Packets()
	for {
		if n, _ := c.Ear.Packets(); n > before+5 {
			break
		}
		w.ok(c.Ear.More(w.ctx))
	}
	w.ok(c.Hangup(w.ctx))
	w.want(in, phone.Ended)
}

func TestKeysAreHeard(t *testing.T) {
	w := newWorld(t)
	c, in := w.answered(w.phone(sipphone.Options{}))
	for _, key := range "4#A" {
		c.Press(byte(key))
		if e := w.want(in, phone.Digit); e.Text != string(key) {
			t.Fatalf("pressed %c, heard %q", key, e.Text)
		}
	}
}

func TestDelayedOffer(t *testing.T) {
	w := newWorld(t)
	caller := w.phone(sipphone.Options{Tone: 700})
	c, err := caller.Start(w.ctx, sipphone.Request{Server: w.server(), To: "1", From: "2", NoSDP: true})
	w.ok(err)
	in := w.want("", phone.Arrived)
	w.ok(w.sw.Answer(w.ctx, in.Leg))
	w.want(in.Leg, phone.Answered)
	w.ok(w.sw.Play(w.ctx, in.Leg, phone.Prompt{Kind: phone.PromptBeep}))
	w.ok(c.Ear.Wait(w.ctx, 1000))
}
