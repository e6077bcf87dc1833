package browser_test

import (
	"context"
	"fmt"
	"testing"

	"cordboard/internal/channel/phone"
	"cordboard/internal/channel/phone/browser"
	"cordboard/internal/channel/phone/phonetest"
)

// The browser phone plays every story that a switch without callers can.
func TestConformance(t *testing.T) {
	phonetest.Run(t, func(t *testing.T) phonetest.Rig {
		sw, err := browser.New(browser.Options{})
		must(t, err)
		t.Cleanup(func() { must(t, sw.Close()) })
		n := 0
		return phonetest.Rig{
			Switch: sw,
			Device: func(b phonetest.Behaviour) phonetest.Instrument {
				if b != phonetest.Answers && b != phonetest.RingsOn {
					return nil // it has one line and is answered by us: neither busy nor late
				}
				n++
				a := agent{openTab(t, "tab", float64(300+220*n)), fmt.Sprint("agent-", n)}
				a.connected(sw, a.id)
				eventually(t, func() bool { return sw.Reachable(a.Target()) }) // the server may learn of it after the page
				return a
			},
			Nobody:   phone.Target{Kind: phone.TargetBrowser, Address: "nobody"},
			ByAnswer: true,
		}
	})
}

// agent is an agent at his browser.
type agent struct {
	tab
	id string
}

func (a agent) Target() phone.Target {
	return phone.Target{Kind: phone.TargetBrowser, Address: a.id}
}
func (a agent) Rung(context.Context) (phonetest.Person, error)  { return a, nil }
func (a agent) HangUp()                                         {}
func (a agent) Wait(_ context.Context, _ phonetest.State) error { return nil }
func (a agent) Hears(ctx context.Context, o phonetest.Person) error {
	return a.Page.Hears(ctx, o.(agent).Tone)
}
