package sip

import "cordboard/internal/channel/phone"

// status is a SIP status line.
type status struct {
	code   int
	reason string
}

// refusal is what a caller is told who hasn't been answered.
func refusal(c phone.Cause) status {
	switch c {
	case phone.CauseBusy:
		return status{486, "Busy Here"}
	case phone.CauseRefused:
		return status{603, "Decline"}
	case phone.CauseForbidden:
		return status{403, "Forbidden"}
	case phone.CauseUnallocated:
		return status{404, "Not Found"}
	case phone.CauseCapacity:
		return status{503, "Service Unavailable"}
	case phone.CauseTrunk, phone.CauseLost:
		return status{500, "Server Internal Error"}
	case phone.CauseCancelled:
		return status{487, "Request Terminated"}
	default:
		return status{480, "Temporarily Unavailable"}
	}
}

// causeOf is what a final refusal of our INVITE means.
func causeOf(code int, number bool) phone.Cause {
	switch {
	case code == 486, code == 600:
		return phone.CauseBusy
	case code == 603, code == 403, code == 406, code == 488, code == 606, code == 415, code == 420, code >= 300 && code < 400:
		return phone.CauseRefused
	case code == 404, code == 410, code == 484, code == 485, code == 604:
		return phone.CauseUnallocated
	case code == 487:
		return phone.CauseCancelled
	case code == 408:
		return phone.CauseNoAnswer
	case number && (code >= 500 || code == 401 || code == 407):
		return phone.CauseTrunk
	default:
		return phone.CauseUnreachable
	}
}

// worse orders the causes of several phones of one user: what the most responsive of them said counts.
func worse(a, b phone.Cause) phone.Cause {
	rank := func(c phone.Cause) int {
		switch c {
		case phone.CauseRefused:
			return 4
		case phone.CauseBusy:
			return 3
		case phone.CauseNoAnswer:
			return 2
		case "":
			return 0
		default:
			return 1
		}
	}
	if rank(b) > rank(a) {
		return b
	}
	return a
}
