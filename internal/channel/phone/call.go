package phone

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strconv"
	"sync/atomic"
	"time"

	"cordboard/internal/fault"
	"cordboard/internal/interaction"
	"cordboard/internal/number"
)

const (
	// commandTime bounds one command to the switch; commands only ask, so this is generous.
	commandTime = 5 * time.Second
	// signalTime bounds one try of a signal to the desk.
	signalTime = 10 * time.Second
)

// call is the actor of one call. What happens comes in through its inbox, one thing at a time; what the core decides is
// carried out there too, except for what the desk must hear: that goes out by post, in order, so that a slow database
// never delays a hang-up.
type call struct {
	ch    *Channel
	core  *core // touched from the inbox only
	inbox mailbox
	post  mailbox
	muted atomic.Pointer[mutedLeg] // nil while the agent is heard

	// guarded by ch.mu
	id     string // the interaction's, "" until the desk has taken the call
	untold bool   // the desk refused the call for good: there is nothing to signal to
	legs   []LegID
	closed bool
}

// AgentLeg is the id of the leg by which an offer rings its agent. It follows from the offer, so that it is known before
// the leg is asked for and again after a restart.
func AgentLeg(interactionID string, offer int) LegID {
	sum := sha256.Sum256([]byte("agent leg\x00" + interactionID + "\x00" + strconv.Itoa(offer)))
	return LegID(hex.EncodeToString(sum[:16]))
}

// put has the core look at one thing that happened and carries out what it orders.
func (c *call) put(what func(*core) []order) {
	c.inbox.put(func() {
		for _, o := range what(c.core) {
			c.carry(o)
		}
		if m := c.muted.Load(); m != nil && (c.core.agent == nil || c.core.agent.leg != m.leg) {
			c.muted.Store(nil) // the next leg begins unmuted
		}
		if c.core.over() {
			// By post: after the last signal has gone out.
			c.post.put(func() { c.ch.forget(c) })
		}
	})
}

// putAfter does the same later.
func (c *call) putAfter(d time.Duration, what func(*core) []order) {
	time.AfterFunc(d, func() { c.put(what) })
}

// arrive begins an inbound call: it rings, the desk hears of it, and after a while it is answered by itself (CH-3).
func (c *call) arrive(a interaction.Arrival, announce time.Duration) {
	c.put(func(*core) []order { return []order{{kind: doRing, leg: LegID(a.Ref)}} })
	c.post.put(func() {
		var i interaction.Interaction
		err := c.persist(func(ctx context.Context) (err error) {
			i, err = c.ch.desk.Arrive(ctx, a)
			return err
		})
		if err == nil {
			c.named(i.ID)
			return
		}
		if c.ch.ctx.Err() != nil {
			return
		}
		c.ch.log.Error("a call could not be taken in; it was turned away", "from", number.Mask(a.ANI), "to", number.Mask(a.DNIS), "err", err)
		c.ch.mu.Lock()
		c.untold = true
		c.ch.mu.Unlock()
		cause := CauseTrunk
		if fault.KindOf(err) == fault.TooMany {
			cause = CauseCapacity
		}
		c.put(func(k *core) []order { return k.hangup(cause) })
	})
	c.putAfter(announce, (*core).announceDue)
}

// named notes the interaction's id, by which the console finds the call.
func (c *call) named(id string) {
	c.ch.mu.Lock()
	defer c.ch.mu.Unlock()
	if c.id == "" && !c.closed {
		c.id = id
		c.ch.calls[id] = c
	}
}

// own has a leg's events come to this call.
func (c *call) own(leg LegID) {
	c.ch.mu.Lock()
	defer c.ch.mu.Unlock()
	c.ch.legs[leg] = c
	c.legs = append(c.legs, leg)
}

// effect turns an effect of the desk into the core's words.
func (c *call) effect(k *core, i *interaction.Interaction, e interaction.Effect) []order {
	switch e.Kind {
	case interaction.Alert:
		to, ok := targetOf(c.ch.config(), e.Agent)
		if !ok {
			return k.unreachable(e.Agent, e.Offer)
		}
		return k.alert(e.Agent, e.Offer, Dial{
			Leg: AgentLeg(i.ID, e.Offer), To: to, CallerID: i.ANI, Display: i.Name,
			Timeout: max(0, time.Until(e.Deadline)) + ringSlack, Interaction: i.ID,
		})
	case interaction.Unalert:
		return k.unalert(e.Offer, CauseCancelled)
	case interaction.Connect:
		return k.connect(e.Agent, e.Offer)
	case interaction.Disconnect:
		return k.disconnect(e.Agent)
	case interaction.Hangup:
		return k.hangup(causeOf(e.Why))
	case interaction.Hold:
		return k.hold()
	}
	c.ch.log.Error("the phone channel doesn't know this effect", "effect", e.Kind, "interaction", i.ID)
	return nil
}

// causeOf is how a caller who was not answered yet hears why.
func causeOf(why string) Cause {
	switch interaction.Reason(why) {
	case interaction.ReasonBlocked:
		return CauseForbidden
	case interaction.ReasonRejected:
		return CauseRefused
	case interaction.ReasonBusy:
		return CauseBusy
	case interaction.ReasonFailed, interaction.ReasonLost:
		return CauseTrunk
	case interaction.ReasonBadAddress:
		return CauseUnallocated
	}
	return CauseNormal
}

// carry carries out one order.
func (c *call) carry(o order) {
	switch o.kind {
	case doTell:
		c.tell(o.signal)
		return
	case doCheck:
		c.checkAfter(o.after, o.suspects)
		return
	case doLinger:
		time.AfterFunc(o.after, func() {
			c.put(func(k *core) []order {
				if !k.lingers() {
					return nil
				}
				return []order{{kind: doCheck}}
			})
		})
		return
	case doEndTone:
		c.putAfter(o.after, func(k *core) []order { return k.toneOver(o.leg) })
		return
	}
	err := c.command(o)
	switch {
	case err == nil:
	case errors.Is(err, ErrGone): // ordinary: its Ended is on its way
		c.checkAfter(goneWait, nil)
	case c.ch.ctx.Err() != nil:
	default:
		c.ch.log.Error("the phone switch could not carry out a command", "command", o.kind, "leg", o.leg, "err", err)
		c.put(func(k *core) []order { return k.failed(o) })
	}
}

func (c *call) command(o order) error {
	ctx, done := context.WithTimeout(c.ch.ctx, commandTime)
	defer done()
	sw := c.ch.sw
	switch o.kind {
	case doRing:
		return sw.Ring(ctx, o.leg)
	case doAnswer:
		return sw.Answer(ctx, o.leg)
	case doBridge:
		return sw.Bridge(ctx, BridgeID(o.leg), o.leg, o.peer)
	case doPlay:
		return sw.Play(ctx, o.leg, o.prompt)
	case doHangup:
		return sw.Hangup(ctx, o.leg, o.cause)
	case doDial:
		c.own(o.leg) // before it is asked for: its events may be faster than the answer
		return sw.Dial(ctx, o.dial)
	}
	return nil
}

// checkAfter asks the switch which legs live, as often as it takes to get an answer.
func (c *call) checkAfter(d time.Duration, suspects map[LegID]bool) {
	c.putAfter(d, func(k *core) []order {
		ctx, done := context.WithTimeout(c.ch.ctx, commandTime)
		defer done()
		legs, err := c.ch.sw.Legs(ctx)
		if err != nil {
			if c.ch.ctx.Err() == nil && !k.over() {
				c.checkAfter(max(goneWait, min(2*d, 30*time.Second)), nil)
			}
			return nil
		}
		live := make(map[LegID]LegInfo, len(legs))
		for _, l := range legs {
			live[l.Leg] = l
		}
		return k.checked(live, suspects)
	})
}

// tell sends a signal to the desk, after those before it.
func (c *call) tell(s interaction.Signal) {
	c.post.put(func() {
		c.ch.mu.Lock()
		id, untold := c.id, c.untold
		c.ch.mu.Unlock()
		if untold || id == "" {
			return
		}
		err := c.persist(func(ctx context.Context) error { return c.ch.desk.Signal(ctx, id, s) })
		if err == nil || c.ch.ctx.Err() != nil {
			return
		}
		c.ch.log.Info("the desk did not take a signal of the phone", "interaction", id, "signal", s.Kind, "err", err)
		c.put(func(k *core) []order { return k.refused(s) })
	})
}

// persist tries until the desk says yes or a final no: what happened on the line must not be lost because a database
// was away for a while.
func (c *call) persist(try func(context.Context) error) error {
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		ctx, done := context.WithTimeout(c.ch.ctx, signalTime)
		err := try(ctx)
		done()
		switch fault.KindOf(err) {
		case fault.Unavailable, fault.Internal:
			if c.ch.sleep(wait) {
				continue
			}
		}
		return err
	}
}

// forget takes a call that is over off the books.
func (ch *Channel) forget(c *call) {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	if c.closed {
		return
	}
	c.closed = true
	for _, leg := range c.legs {
		delete(ch.legs, leg)
	}
	if ch.calls[c.id] == c {
		delete(ch.calls, c.id)
	}
}
