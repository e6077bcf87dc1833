package delivery

import (
	"strings"
	"sync"
	"time"
)

// lanes knows what is going on in each lane and org of this pump. Nothing here must survive a restart: a pause is found
// again by the next try, a parked lane is the store's.
type lanes struct {
	mu      sync.Mutex
	perLane int
	rates   Rates
	running int
	lane    map[string]*lane
	org     map[string]*org
}

type lane struct {
	running int
	proven  bool      // the latest answer was good; until there is one, one try at a time: a sign-in is not stampeded
	fails   int       // tries in a row that the far end did not answer
	rest    time.Time // nothing before
	// parking: its credential was found broken and the store is being told.
	parking      bool
	parks        int // how often that was; a try that began before is parked likewise, it knows no better
	code, reason string
}

type org struct {
	running int
	paused  bool      // one probe at a time until one gets an answer
	rest    time.Time // nothing before
}

func newLanes(perLane int, r Rates) *lanes {
	return &lanes{perLane: perLane, rates: r, lane: map[string]*lane{}, org: map[string]*org{}}
}

// orgOf is a lane's org with its "/", or the lane itself.
func orgOf(name string) string {
	if before, _, found := strings.Cut(name, "/"); found {
		return before + "/"
	}
	return name
}

func (l *lanes) of(name string) (*lane, *org) {
	ln, o := l.lane[name], l.org[orgOf(name)]
	if ln == nil {
		ln = &lane{}
		l.lane[name] = ln
	}
	if o == nil {
		o = &org{}
		l.org[orgOf(name)] = o
	}
	return ln, o
}

func (l *lanes) busy() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.running
}

// begin takes note of a try and returns how often the lane had parked by then.
func (l *lanes) begin(name string) (parks int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	ln, o := l.of(name)
	ln.running++
	o.running++
	l.running++
	return ln.parks
}

// end takes note of how a try in a lane ended. When the lane was parked since it began, it says with what.
func (l *lanes) end(name string, parks int, v verdict, now time.Time) (code, reason string, parked bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	ln, o := l.of(name)
	ln.running--
	o.running--
	l.running--
	switch {
	case v.good:
		ln.proven, ln.fails, ln.rest, o.paused = true, 0, time.Time{}, false
	case v.silent:
		ln.proven = false
		ln.fails++
		ln.rest = now.Add(l.rates.backoff(ln.fails, l.rates.LaneMost))
	case v.pause > 0:
		ln.proven, o.paused = false, true
		if until := now.Add(v.pause); until.After(o.rest) {
			o.rest = until
		}
	case v.lane:
		ln.proven, ln.parking, ln.code, ln.reason, o.paused = false, true, v.code, v.reason, false
		ln.parks++
	}
	return ln.code, ln.reason, ln.parks != parks
}

// parked says that the store has parked the lane.
func (l *lanes) parked(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if ln := l.lane[name]; ln != nil {
		ln.parking = false
	}
}

// wake ends a lane's rest, because a person wants to see a try. An org's pause stays: it is the org that has no room.
func (l *lanes) wake(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if ln := l.lane[name]; ln != nil {
		ln.rest, ln.fails = time.Time{}, 0
	}
}

// resting lists the lanes and orgs in which nothing may begin now, and when the first rest ends.
func (l *lanes) resting(now time.Time) (names []string, until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	note := func(name string, rest time.Time, full bool) {
		if rest.After(now) {
			if until.IsZero() || rest.Before(until) {
				until = rest
			}
			full = true
		}
		if full {
			names = append(names, name)
		}
	}
	for name, o := range l.org {
		note(name, o.rest, o.paused && o.running > 0)
	}
	for name, ln := range l.lane {
		most := 1
		if ln.proven {
			most = l.perLane
		}
		note(name, ln.rest, ln.parking || ln.running >= most)
	}
	return names, until
}
