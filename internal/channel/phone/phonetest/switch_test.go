package phonetest_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"cordboard/internal/channel/phone"
	"cordboard/internal/channel/phone/phonetest"
)

func TestSimulatedSwitch(t *testing.T) {
	for _, kind := range []phone.TargetKind{phone.TargetSIP, phone.TargetBrowser} {
		t.Run(string(kind), func(t *testing.T) {
			phonetest.Run(t, func(*testing.T) phonetest.Rig { return rig(phonetest.New(), kind) })
		})
	}
}

// A switch made of parts is a switch like any other.
func TestComposedSwitch(t *testing.T) {
	phonetest.Run(t, func(*testing.T) phonetest.Rig {
		sw := phonetest.New()
		r := rig(sw, phone.TargetSIP)
		r.Switch = phone.Compose(map[phone.TargetKind]phone.Switch{
			phone.TargetSIP: sw, phone.TargetNumber: sw, phone.TargetBrowser: phonetest.New(),
		})
		return r
	})
}

func rig(sw *phonetest.Switch, kind phone.TargetKind) phonetest.Rig {
	n := 0
	return phonetest.Rig{
		Switch: sw, From: "+14155550123", To: "+18665550100",
		Call: func(context.Context) (phonetest.Person, error) {
			return person{sw.Caller("+14155550123", "+18665550100")}, nil
		},
		Device: func(b phonetest.Behaviour) phonetest.Instrument {
			n++
			d := sw.Device(phone.Target{Kind: kind, Address: fmt.Sprint("agent-", n)})
			switch b {
			case phonetest.Answers:
				if kind != phone.TargetBrowser {
					d.AnswersAfter(time.Millisecond)
				}
			case phonetest.SaysBusy:
				d.Busy(true)
			case phonetest.AnswersOnCancel:
				d.AnswersOnCancel(true)
			}
			return device{d}
		},
		Nobody:   phone.Target{Kind: kind, Address: "nobody"},
		ByAnswer: kind == phone.TargetBrowser,
	}
}

type device struct{ *phonetest.Device }

func (d device) Rung(context.Context) (phonetest.Person, error) { return person{d.Line()}, nil }

type person struct{ *phonetest.Party }

func (p person) Wait(ctx context.Context, s phonetest.State) error {
	for p.State() != s {
		select {
		case <-ctx.Done():
			return fmt.Errorf("he is %s, not %s: %w", p.State(), s, ctx.Err())
		case <-time.After(time.Millisecond):
		}
	}
	return nil
}

func (p person) Hears(_ context.Context, other phonetest.Person) error {
	if want := "peer " + string(other.(person).Leg()); p.Party.Hears() != want {
		return fmt.Errorf("he hears %q, want %q", p.Party.Hears(), want)
	}
	return nil
}
