package desk

import (
	"cmp"
	"slices"
	"time"

	"cordboard/internal/interaction"
)

// Waiter is an interaction waiting in a queue.
type Waiter struct {
	ID       string
	Medium   interaction.Medium
	Queue    int64
	Priority int       // the queue's, 10 first
	AtHead   bool      // back at the head of its queue (INT-6, INT-16)
	Since    time.Time // waiting since
}

// Candidate is an agent who could be asked now.
type Candidate struct {
	ID        string
	Skills    map[int64]int // queue → skill
	IdleSince time.Time
}

// Pair is an interaction and the agent who is to be asked.
type Pair struct{ Interaction, Agent string }

// Assign says who is to be asked what (INT-4): interactions by queue priority, then those back at the head, then the
// longest waiting; for each the reachable member of its queue with the highest skill, then the longest idle. No agent is
// asked twice. It is pure but for reach, which says whether an agent can be asked by a medium now (INT-9).
func Assign(waiting []Waiter, free []Candidate, reach func(m interaction.Medium, agentID string) bool) []Pair {
	waiting = slices.Clone(waiting)
	slices.SortFunc(waiting, func(a, b Waiter) int {
		return cmp.Or(cmp.Compare(b.Priority, a.Priority), head(a)-head(b), a.Since.Compare(b.Since), cmp.Compare(a.ID, b.ID))
	})
	free = slices.Clone(free)
	var out []Pair
	for _, w := range waiting {
		if len(free) == 0 {
			break
		}
		if n := best(w, free, reach); n >= 0 {
			out = append(out, Pair{w.ID, free[n].ID})
			free = slices.Delete(free, n, n+1)
		}
	}
	return out
}

func head(w Waiter) int {
	if w.AtHead {
		return 0
	}
	return 1
}

// best is the index of the agent to ask, or -1.
func best(w Waiter, free []Candidate, reach func(interaction.Medium, string) bool) int {
	found := -1
	for n, c := range free {
		skill, member := c.Skills[w.Queue]
		if !member {
			continue
		}
		if found >= 0 {
			f := free[found]
			if cmp.Or(cmp.Compare(f.Skills[w.Queue], skill), c.IdleSince.Compare(f.IdleSince), cmp.Compare(c.ID, f.ID)) >= 0 {
				continue
			}
		}
		if reach(w.Medium, c.ID) {
			found = n
		}
	}
	return found
}
