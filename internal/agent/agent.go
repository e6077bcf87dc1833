// Package agent is an agent at work: his status, the offer put to him, what he handles, and the pure rules by which these
// change (SPEC AGT-2…AGT-5, INT-4…INT-12).
//
// It promises that an agent never has two offers, never a negative time, and that every status knows since when, why and
// by whom. It never looks at a clock, a channel or a screen: the instant is an argument.
package agent

import "time"

// Status is an agent's status; the numbers are the API's codes (AGT-3).
type Status int

// The statuses.
const (
	LoggedOut   Status = 1
	OnBreak     Status = 3
	Available   Status = 4
	WorkOffline Status = 5
	Offered     Status = 6
	Busy        Status = 7
	WrapUp      Status = 8
)

// String is the status's name for people.
func (s Status) String() string {
	switch s {
	case LoggedOut:
		return "Logged out"
	case OnBreak:
		return "On Break"
	case Available:
		return "Available"
	case WorkOffline:
		return "Work Offline"
	case Offered:
		return "Offered"
	case Busy:
		return "Busy"
	case WrapUp:
		return "Wrap-up"
	}
	return "Unknown"
}

// Why an agent's status changed by itself.
const (
	ReasonSignIn   = "sign-in"
	ReasonSignOut  = "sign-out"
	ReasonChoice   = "choice"
	ReasonMissed   = "missed"
	ReasonRejected = "rejected"
	ReasonLost     = "lost" // device and console gone (INT-16), or no connection for 15 min (INT-12)
	ReasonGone     = "gone" // an offer's end only: he logged out meanwhile
	ReasonOffer    = "offer"
	ReasonAccept   = "accept"
	ReasonWrapUp   = "wrap-up"
	ReasonDone     = "done"       // wrap-up ended, or the offer went away
	ReasonRemoved  = "removed"    // user deactivated
	ReasonExpired  = "time limit" // 12 h
)

// Offer is the one interaction put to an agent.
type Offer struct {
	Interaction string    `json:"interaction"`
	Number      int       `json:"number"`
	Deadline    time.Time `json:"deadline"`
}

// Agent is the stored state of an agent at work. Its Version is raised by one in every transaction that changes him or
// anything his console shows, and is the number of his live stream's deltas (DESIGN §4.4).
type Agent struct {
	ID       string    `json:"id"`
	Status   Status    `json:"status"`
	Since    time.Time `json:"since"`
	Reason   string    `json:"reason"`
	By       string    `json:"by"`                 // who: his own id, an administrator's, or "system"
	Before   Status    `json:"before,omitempty"`   // the status an offer interrupted (INT-8)
	Offer    *Offer    `json:"offer,omitempty"`    // open offer
	Handling []string  `json:"handling,omitempty"` // interactions accepted and not closed, oldest first
	// IdleSince is when he last finished or became Available: the longest idle is asked first (INT-4).
	IdleSince time.Time `json:"idleSince"`
	Version   int64     `json:"version"`
}
