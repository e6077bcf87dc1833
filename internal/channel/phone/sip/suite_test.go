package sip_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"cordboard/internal/channel/phone"
	"cordboard/internal/channel/phone/phonetest"
	"cordboard/internal/channel/phone/sip"
	"cordboard/internal/channel/phone/sip/sipphone"
)

// TestSuite plays the stories that every switch must pass, with a telephone at each end.
func TestSuite(t *testing.T) {
	phonetest.Run(t, func(t *testing.T) phonetest.Rig {
		sw, err := sip.New(sip.Options{
			Listen: "127.0.0.1:0", Media: pool(t), Trunks: trunks, Accounts: func(string) (string, bool) { return secret, true },
		})
		if err != nil {
			t.Fatal(err)
		}
		var phones []*sipphone.Phone // closed after the switch, so that they can confirm its BYEs
		t.Cleanup(func() {
			_ = sw.Close()
			for _, p := range phones {
				_ = p.Close()
			}
		})
		server := sw.Addr().String()
		tone := 500.0
		made := func(opts sipphone.Options) *sipphone.Phone {
			tone += 200
			opts.Tone, opts.Secret = tone, secret
			p, err := sipphone.New(opts)
			if err != nil {
				t.Fatal(err)
			}
			phones = append(phones, p)
			return p
		}
		return phonetest.Rig{
			Switch: sw, From: "+14155550123", To: "+18005550100", Nobody: phone.Target{Kind: phone.TargetSIP, Address: "nobody"},
			Call: func(ctx context.Context) (phonetest.Person, error) {
				p := made(sipphone.Options{})
				ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
				t.Cleanup(cancel)
				c, err := p.Start(ctx, sipphone.Request{Server: server, To: "+18005550100", From: "+14155550123"})
				return &person{call: c, tone: tone, giveUp: cancel}, err
			},
			Device: func(b phonetest.Behaviour) phonetest.Instrument {
				mode := map[phonetest.Behaviour]sipphone.Mode{
					phonetest.Answers: sipphone.Answer, phonetest.RingsOn: sipphone.Never,
					phonetest.SaysBusy: sipphone.Busy, phonetest.AnswersOnCancel: sipphone.AnswerOnCancel,
				}[b]
				user := fmt.Sprintf("user%.0f", tone)
				p := made(sipphone.Options{User: user, Mode: mode, Delay: 50 * time.Millisecond})
				if err := p.Register(t.Context(), server); err != nil {
					t.Fatal(err)
				}
				return &instrument{p, user, tone}
			},
		}
	})
}

type instrument struct {
	phone *sipphone.Phone
	user  string
	tone  float64
}

func (i *instrument) Target() phone.Target {
	return phone.Target{Kind: phone.TargetSIP, Address: i.user}
}

func (i *instrument) Rung(ctx context.Context) (phonetest.Person, error) {
	select {
	case c := <-i.phone.Incoming():
		return &person{call: c, tone: i.tone}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type person struct {
	call   *sipphone.Call
	tone   float64
	giveUp context.CancelFunc
}

func (p *person) HangUp() {
	select {
	case <-p.call.Answered():
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		defer cancel()
		// When both hang up at once this one may find the call gone, which is what it wants.
		_ = p.call.Hangup(ctx)
	default:
		p.giveUp()
	}
}

func (p *person) Wait(ctx context.Context, s phonetest.State) error {
	ch := map[phonetest.State]<-chan struct{}{phonetest.Ringing: p.call.Ringing(), phonetest.Up: p.call.Answered(), phonetest.Over: p.call.Done()}[s]
	select {
	case <-ch:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting for %q: %w", s, ctx.Err())
	}
}

func (p *person) Hears(ctx context.Context, other phonetest.Person) error {
	return p.call.Ear.Wait(ctx, other.(*person).tone)
}
