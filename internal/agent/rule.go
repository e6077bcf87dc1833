package agent

import (
	"slices"
	"time"

	"cordboard/internal/fault"
)

// System is who changes a status that nobody chose.
const System = "system"

// Codes of the faults that the rules give.
const (
	CodeLocked    = "STATUS_LOCKED"  // Conflict: an offer, a conversation or a wrap-up decides his status now
	CodeSignedOut = "NOT_SIGNED_IN"  // Conflict: he must sign in first
	CodeStatus    = "NO_SUCH_STATUS" // Invalid: not one that can be chosen
	CodeNotFree   = "AGENT_NOT_FREE" // Conflict: routing was late
	CodeStillBusy = "STILL_BUSY"     // Conflict: something is still open
)

// set changes the status; what does not change keeps its since, so a second press starts no clock anew (AGT-2).
func (a *Agent) set(s Status, reason, by string, at time.Time) {
	if at.Before(a.Since) {
		at = a.Since
	}
	if s == Available && a.Status != Available && (a.Status != Offered || a.IdleSince.IsZero()) {
		a.IdleSince = at // an offer that went away by no fault of his costs him no place (INT-4, INT-8)
	}
	if s != a.Status || reason != a.Reason || by != a.By {
		a.Since = at
	}
	a.Status, a.Reason, a.By = s, reason, by
}

// SignIn lands him in On Break (AGT-2). Signing in twice (another tab, another machine) changes nothing.
func (a *Agent) SignIn(at time.Time) (changed bool) {
	if a.Status != LoggedOut && a.Status != 0 {
		return false
	}
	a.set(OnBreak, ReasonSignIn, a.ID, at)
	return true
}

// Choose sets the status that he, or by for him (AGT-20), chose: Available, On Break or Work Offline. While an offer, a
// conversation or a wrap-up lasts it is refused (AGT-4).
func (a *Agent) Choose(s Status, by string, at time.Time) (changed bool, err error) {
	switch {
	case s != Available && s != OnBreak && s != WorkOffline:
		return false, fault.Newf(fault.Invalid, CodeStatus, "%s cannot be chosen; choose Available, On Break or Work Offline.", s)
	case a.Status == LoggedOut || a.Status == 0:
		return false, fault.New(fault.Conflict, CodeSignedOut, "You are signed out. Sign in, then choose a status.")
	case a.Status == Offered, a.Status == Busy, a.Status == WrapUp:
		return false, fault.Newf(fault.Conflict, CodeLocked, "Your status is %s and changes by itself when that is over; it was not changed.", a.Status)
	case a.Status == s:
		return false, nil
	}
	a.set(s, ReasonChoice, by, at)
	return true, nil
}

// SignOut ends his work, which the desk has taken from him before: with something open it is refused.
func (a *Agent) SignOut(reason, by string, at time.Time) (changed bool, err error) {
	if a.Offer != nil || len(a.Handling) > 0 {
		return false, fault.New(fault.Conflict, CodeStillBusy, "An interaction is still open. End it first, then log out.")
	}
	if a.Status == LoggedOut || a.Status == 0 {
		return false, nil
	}
	a.set(LoggedOut, reason, by, at)
	a.Before = 0
	return true, nil
}

// Free reports whether he can be asked now; whether he can be reached is the channel's to say.
func (a *Agent) Free() bool { return a.Status == Available && a.Offer == nil }

// Ask puts an offer to him.
func (a *Agent) Ask(o Offer, at time.Time) error {
	if !a.Free() {
		return fault.Newf(fault.Conflict, CodeNotFree, "The agent is %s and cannot be asked.", a.Status)
	}
	a.Before, a.Offer = a.Status, &o
	a.set(Offered, ReasonOffer, System, at)
	return nil
}

// offered reports whether he is asked just this.
func (a *Agent) offered(interaction string, number int) bool {
	return a.Offer != nil && a.Offer.Interaction == interaction && a.Offer.Number == number
}

// LoseOffer ends his offer. Missed, rejected or logged out he is On Break (INT-6); when it was not his doing he is back in
// his former status (INT-8, INT-9). An offer that is not his any more changes nothing.
func (a *Agent) LoseOffer(interaction string, number int, why string, at time.Time) {
	if !a.offered(interaction, number) {
		return
	}
	a.Offer = nil
	switch why {
	case ReasonMissed, ReasonRejected:
		a.set(OnBreak, why, System, at)
	case ReasonGone:
		a.set(OnBreak, ReasonLost, System, at)
	default:
		a.set(a.Before, ReasonDone, System, at)
	}
	a.Before = 0
}

// Take turns his offer into a conversation.
func (a *Agent) Take(interaction string, number int, at time.Time) error {
	if !a.offered(interaction, number) {
		return fault.New(fault.Conflict, CodeNotFree, "The agent is not asked this.")
	}
	a.Offer, a.Before = nil, 0
	a.Handling = append(slices.Clone(a.Handling), interaction)
	a.set(Busy, ReasonAccept, a.ID, at)
	return nil
}

// Complete ends his conversation: wrap-up begins.
func (a *Agent) Complete(interaction string, at time.Time) {
	if slices.Contains(a.Handling, interaction) {
		a.set(WrapUp, ReasonWrapUp, System, at)
	}
}

// Done closes his handling: with nothing else open he is Available by himself (INT-11).
func (a *Agent) Done(interaction string, at time.Time) {
	if a.drop(interaction) && len(a.Handling) == 0 {
		a.set(Available, ReasonDone, System, at)
	}
}

// Lost closes his handling because he is not there: On Break (INT-12, INT-16).
func (a *Agent) Lost(interaction string, at time.Time) {
	if a.drop(interaction) {
		a.set(OnBreak, ReasonLost, System, at)
	}
}

func (a *Agent) drop(interaction string) bool {
	n := slices.Index(a.Handling, interaction)
	if n < 0 {
		return false
	}
	a.Handling = slices.Delete(slices.Clone(a.Handling), n, n+1)
	return true
}

// Held is what the open interactions say of an agent.
type Held struct {
	Offer    *Offer
	Handling []string
	Talking  bool // one of Handling is accepted, not in wrap-up
}

// Repair makes him agree with the interactions, which are the truth after a restart (GEN-9), and reports whether he did not.
func (a *Agent) Repair(h Held, at time.Time) (changed bool) {
	want := a.Status
	switch {
	case h.Offer != nil:
		want = Offered
	case h.Talking:
		want = Busy
	case len(h.Handling) > 0:
		want = WrapUp
	case a.Status == Offered && a.Before != 0:
		want = a.Before
	case a.Status == Offered, a.Status == Busy, a.Status == WrapUp:
		want = OnBreak
	}
	same := a.Offer == h.Offer || a.Offer != nil && h.Offer != nil && a.Offer.Interaction == h.Offer.Interaction && a.Offer.Number == h.Offer.Number
	if same && want == a.Status && slices.Equal(a.Handling, h.Handling) {
		return false
	}
	if h.Offer != nil && a.Before == 0 {
		a.Before = OnBreak
	}
	a.Offer, a.Handling = h.Offer, h.Handling
	if h.Offer == nil {
		a.Before = 0
	}
	a.set(want, ReasonLost, System, at)
	return true
}
