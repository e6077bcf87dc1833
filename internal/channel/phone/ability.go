package phone

import (
	"context"
	"errors"

	"cordboard/internal/fault"
)

// What a switch may be able to do besides carrying calls; the console shows only these controls (AGT-6).
const (
	AbilityMute   = "mute"
	AbilityHold   = "hold"
	AbilityDigits = "digits"
)

// Abilities names what the switch can do, in the order of the console's controls.
func (ch *Channel) Abilities() []string {
	var out []string
	if _, ok := ch.sw.(Muter); ok {
		out = append(out, AbilityMute)
	}
	if _, ok := ch.sw.(Holder); ok {
		out = append(out, AbilityHold)
	}
	if _, ok := ch.sw.(DigitSender); ok {
		out = append(out, AbilityDigits)
	}
	return out
}

// Mute silences what the agent says in his call, or lets him be heard again. A fault says when the agent isn't in that
// call, or the switch can't do it.
func (ch *Channel) Mute(ctx context.Context, interactionID, agentID string, on bool) error {
	m, ok := ch.sw.(Muter)
	if !ok {
		return fault.New(fault.Invalid, "CANNOT_MUTE", "This phone system can't mute. Use the mute button of your phone or headset.")
	}
	gone := fault.New(fault.Gone, "CALL_GONE", "You are no longer in this call, so it can't be muted.")
	ch.mu.Lock()
	c := ch.calls[interactionID]
	ch.mu.Unlock()
	if c == nil {
		return gone
	}
	reply := make(chan error, 1)
	c.put(func(k *core) []order {
		a := k.agent
		if a == nil || a.id != agentID || !a.up {
			reply <- gone
			return nil
		}
		err := m.Mute(ctx, a.leg, on)
		if errors.Is(err, ErrGone) {
			err = gone
		}
		switch {
		case err != nil:
		case on:
			c.muted.Store(&mutedLeg{agentID, a.leg})
		default:
			c.muted.Store(nil)
		}
		reply <- err
		return nil
	})
	select {
	case err := <-reply:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-ch.ctx.Done():
		return gone
	}
}

// Muted says whether the agent is muted in his call. It never waits.
func (ch *Channel) Muted(interactionID, agentID string) bool {
	ch.mu.Lock()
	c := ch.calls[interactionID]
	ch.mu.Unlock()
	if c == nil {
		return false
	}
	m := c.muted.Load()
	return m != nil && m.agent == agentID
}

// mutedLeg is who is muted, and on which leg.
type mutedLeg struct {
	agent string
	leg   LegID
}
