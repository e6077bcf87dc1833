package interaction

import (
	"slices"

	"cordboard/internal/fault"
)

// Codes of the faults that Apply gives to people's commands and to routing.
const (
	CodeTaken     = "OFFER_TAKEN"      // Conflict: another agent has it (INT-5)
	CodeWithdrawn = "OFFER_WITHDRAWN"  // Conflict: the offer is over (INT-5)
	CodeAccepted  = "ALREADY_ACCEPTED" // Conflict: rejecting what he accepted
	CodeEnded     = "ENDED"            // Gone: the handling or the interaction is over
	CodeNotYours  = "NOT_YOURS"        // Forbidden: another agent's
	CodeTalking   = "STILL_TALKING"    // Conflict: wrap-up commands during the conversation
	CodeNotWaits  = "NOT_WAITING"      // Conflict: routing was late
)

// refusal is what a signal gets that does not fit (any more): nothing when it was a report, a fault when it was asked for.
func refusal(i *Interaction, s Signal) error {
	switch sources[s.Kind] {
	case fromPerson:
	case fromDesk:
		return fault.Newf(fault.Conflict, CodeNotWaits, "The interaction is %s and cannot be %s.", i.State, done[s.Kind])
	default:
		return nil
	}
	if s.Kind == Accept || s.Kind == Reject {
		return noOffer(i, s)
	}
	h := i.open()
	switch {
	case h == nil && handled(i, s.Agent):
		return fault.New(fault.Gone, CodeEnded, "This interaction has ended. What you had saved was kept.")
	case h == nil || h.Agent != s.Agent:
		return fault.New(fault.Forbidden, CodeNotYours, "This interaction is not yours, so nothing was changed.")
	case h.State == Accepted:
		return fault.New(fault.Conflict, CodeTalking, "The conversation is still going on. End it first; nothing was changed.")
	}
	return fault.New(fault.Gone, CodeEnded, "That part of the interaction has ended. What you had saved was kept.")
}

var done = map[SignalKind]string{Enqueue: "queued", MakeOffer: "offered", Refuse: "refused"}

// noOffer is the loser's answer (INT-5). Accepting twice what one has is no loss: a double click, or the device and the
// screen at once.
func noOffer(i *Interaction, s Signal) error {
	h := i.open()
	switch {
	case !slices.Contains(i.Asked, s.Agent):
		return fault.New(fault.Forbidden, CodeNotYours, "This interaction was not offered to you.")
	case h != nil && h.Agent == s.Agent && s.Offer == i.Offers && s.Kind == Accept:
		return nil
	case h != nil && h.Agent == s.Agent && s.Offer == i.Offers:
		return fault.New(fault.Conflict, CodeAccepted, "You have accepted this interaction already.")
	case len(i.Handling) > 0 && i.State != Queued && i.State != Offered && i.Current().Agent != s.Agent:
		return fault.New(fault.Conflict, CodeTaken, "No longer available – taken by another agent")
	}
	return fault.New(fault.Conflict, CodeWithdrawn, "No longer available – withdrawn")
}

func handled(i *Interaction, agent string) bool {
	return slices.ContainsFunc(i.Handling, func(h Handling) bool { return h.Agent == agent })
}
