package delivery

import (
	"fmt"
	"math/rand/v2"
	"time"

	"cordboard/internal/fault"
)

// Rates are the waits of LOG-18; zero fields take its figures.
type Rates struct {
	First    time.Duration // before the second try, default 1 s; doubled each time
	Most     time.Duration // default 15 min
	Patience time.Duration // since made or released, then parked, default 72 h
	Probe    time.Duration // between probes of a paused org, default 5 min
	LaneMost time.Duration // longest rest of a lane whose far end does not answer, default 1 min
}

func (r Rates) filled() Rates {
	return Rates{
		First: or(r.First, time.Second), Most: or(r.Most, 15*time.Minute), Patience: or(r.Patience, 72*time.Hour),
		Probe: or(r.Probe, 5*time.Minute), LaneMost: or(r.LaneMost, time.Minute),
	}
}

// backoff is First doubled with each try, give or take a fifth, and never more than most.
func (r Rates) backoff(tries int, most time.Duration) time.Duration {
	return spread(r.First, tries, most)
}

func spread(first time.Duration, tries int, most time.Duration) time.Duration {
	d := most
	if tries < 30 {
		d = min(most, first<<max(0, tries-1))
	}
	return min(most, time.Duration(float64(d)*(0.8+0.4*rand.Float64())))
}

// keptAttempts is how many attempts a delivery remembers.
const keptAttempts = 20

// rowLocked is the code of Salesforce whose cause passes in seconds (LOG-18).
const rowLocked = "UNABLE_TO_LOCK_ROW"

// verdict is what a try means for its lane.
type verdict struct {
	good   bool          // the far end answered
	silent bool          // the far end did not answer
	pause  time.Duration // the whole org rests
	lane   bool          // the credential is broken: the lane parks
	code   string        // with lane
	reason string
}

// judge writes the outcome of a try into the delivery, as LOG-18 says, and tells what it means for the lane.
func judge(d *Delivery, err error, began, now time.Time, r Rates) verdict {
	f := fault.Of(err)
	a := Attempt{At: began, Took: int(now.Sub(began).Milliseconds()), Code: "OK"}
	if f != nil {
		a.Code, a.Text = f.Code, f.Message
	}
	d.Attempts = append(d.Attempts, a)
	d.Attempts = d.Attempts[max(0, len(d.Attempts)-keptAttempts):]
	d.Tries++
	d.Next, d.Finished = time.Time{}, time.Time{}
	if f == nil || f.Verdict == fault.AlreadyDid {
		d.State, d.Code, d.Reason, d.Finished = Done, "", "", now
		return verdict{good: true}
	}
	d.Code, d.Reason = f.Code, f.Message
	switch opinion(f) {
	case fault.Retry:
		d.State, d.Next = Waiting, now.Add(wait(f, d.Tries, r)).Truncate(time.Millisecond)
		if now.Sub(d.Since) >= r.Patience {
			d.State, d.Next, d.Finished = Parked, time.Time{}, now
			d.Reason = fmt.Sprintf("%s It was tried for %d hours and is parked now: retry it when the cause is gone.", f.Message, int(r.Patience/time.Hour))
		}
		silent := f.Code != rowLocked && (f.Kind == fault.Unavailable || f.Kind == fault.TooMany)
		return verdict{silent: silent, good: f.Code == rowLocked}
	case fault.PauseLane:
		pause := or(f.After, r.Probe)
		d.State, d.Next = Waiting, now.Add(pause).Truncate(time.Millisecond)
		return verdict{pause: pause}
	case fault.ParkLane:
		d.State, d.Finished = Parked, now
		return verdict{lane: true, code: f.Code, reason: f.Message}
	}
	d.State, d.Finished = Parked, now // Park, GiveUp: a person must look
	return verdict{good: true}
}

// opinion is the fault's verdict, or what its kind suggests.
func opinion(f *fault.Error) fault.Verdict {
	if f.Verdict != fault.Unjudged {
		return f.Verdict
	}
	if f.Kind == fault.Unavailable || f.Kind == fault.Internal {
		return fault.Retry
	}
	return fault.Park
}

// wait is how long a delivery waits before its next try.
func wait(f *fault.Error, tries int, r Rates) time.Duration {
	if f.Code == rowLocked {
		return or(f.After, spread(625*time.Millisecond, tries, 8*time.Second))
	}
	return max(f.After, r.backoff(tries, r.Most))
}
