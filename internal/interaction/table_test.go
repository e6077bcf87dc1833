package interaction

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/states.md anew")

// order of chapters and rows, as in SPEC INT-1 and signal.go.
var (
	allStates = []State{New, Queued, Diverted, Offered, Dialing, Accepted, Wrapup, Closed, Abandoned, Left, Rejected, Failed}
	inUse     = slices.DeleteFunc(slices.Clone(allStates), func(s State) bool { return slices.Contains(notEntered, s) })
	all       = []SignalKind{Enqueue, MakeOffer, Refuse, Accept, AgentAnswered, Reject, AgentRefused, AgentUnreachable, OfferDue,
		CustomerLeft, End, AgentEnded, Write, WrapupDue, EndWrapup, StopWrapup, AgentGone, AgentLost, ChannelLost, ChannelFailed}
)

func TestEverySignalHasASource(t *testing.T) {
	if got := slices.Sorted(maps.Keys(sources)); !slices.Equal(got, slices.Sorted(slices.Values(all))) {
		t.Errorf("sources know %v", got)
	}
}

// Every state in use can be reached from new, and the others cannot: whoever makes one of them reachable must take it off
// the list.
func TestReachableStates(t *testing.T) {
	reached := map[State]bool{New: true}
	for grew := true; grew; {
		grew = false
		for from := range maps.Keys(reached) {
			for _, r := range table[from] {
				for _, to := range r.to {
					grew = grew || !reached[to]
					reached[to] = true
				}
			}
		}
	}
	for _, s := range inUse {
		if !reached[s] {
			t.Errorf("no way leads to %s", s)
		}
	}
	for _, s := range notEntered {
		if reached[s] || table[s] != nil {
			t.Errorf("%s is listed as not entered, but the table has it", s)
		}
	}
}

// What follows a state is what SPEC INT-1 allows.
func TestMayBecome(t *testing.T) {
	may := map[State][]State{
		New:      {Queued, Diverted, Dialing, Offered, Rejected, Abandoned, Failed},
		Queued:   {Offered, Abandoned, Diverted, Failed},
		Offered:  {Accepted, Dialing, Queued, Abandoned, Failed},
		Accepted: {Wrapup, Queued, Failed, Closed}, // closed: wrap-up with 0 seconds (INT-2)
		Wrapup:   {Closed},
	}
	for from, rules := range table {
		for kind, r := range rules {
			for _, to := range r.to {
				if to != from && !slices.Contains(may[from], to) {
					t.Errorf("%s on %s leads to %s, which INT-1 does not know", from, kind, to)
				}
			}
			if from.Final() && (len(r.to) > 0 || len(r.events) > 0) {
				t.Errorf("%s is final, but %s changes it", from, kind)
			}
		}
	}
}

func TestStatesDocument(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "states.md")
	want := render()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/states.md is not the table any more: run `go test ./internal/interaction -run States -update` and read what changed")
	}
}

// render writes the table for people.
func render() string {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	p("# The states of an interaction\n")
	p("Rendered from the table in `internal/interaction/table.go` by its test (`-update` writes it); SPEC INT-1, INT-2.\nAn empty cell (–) under *becomes* means that the state stays.\n")
	p("```mermaid\nstateDiagram-v2\n    direction LR\n    [*] --> new")
	for _, from := range inUse {
		ways := map[State][]string{}
		for _, k := range all {
			for _, to := range table[from][k].to {
				if to != from {
					ways[to] = append(ways[to], string(k))
				}
			}
		}
		for _, to := range inUse {
			if len(ways[to]) > 0 {
				p("    %s --> %s: %s", from, to, strings.Join(ways[to], ", "))
			}
		}
	}
	p("```\n")
	for _, from := range inUse {
		if from.Final() {
			continue
		}
		p("## %s\n", from)
		p("| signal | from | becomes | events | effects | |\n|---|---|---|---|---|---|")
		for _, k := range all {
			if r, ok := table[from][k]; ok {
				p("| %s | %s | %s | %s | %s | %s |", k, sources[k], join(r.to), join(r.events), join(r.effects), r.says)
			}
		}
		p("")
	}
	var final []State
	for _, s := range inUse {
		if s.Final() {
			final = append(final, s)
		}
	}
	p("## Final\n")
	p("%s: nothing follows. %s\n", join(final), "A device that answers now is let go again (effect unalert, why `late`).")
	p("## What does not fit\n")
	p("A signal without a row is late. What a channel or a timer reports late or twice does nothing. What was asked for gets a fault:\n")
	p("| asked | kind | code | when |\n|---|---|---|---|")
	p("| accept, reject | conflict | %s | another agent has it |", CodeTaken)
	p("| accept, reject | conflict | %s | the offer ran out, passed on, or the customer left |", CodeWithdrawn)
	p("| accept, reject | forbidden | %s | it was never offered to him |", CodeNotYours)
	p("| reject | conflict | %s | he has accepted it |", CodeAccepted)
	p("| end, end_wrapup, stop_wrapup, write | forbidden | %s | another agent's |", CodeNotYours)
	p("| end, end_wrapup, stop_wrapup, write | gone | %s | his part of it, or all of it, is over |", CodeEnded)
	p("| end_wrapup, stop_wrapup | conflict | %s | during the conversation |", CodeTalking)
	p("| enqueue, make_offer, refuse | conflict | %s | routing was late |", CodeNotWaits)
	p("\nAccepting twice what one has accepted is no fault, nor is ending what has ended while wrap-up lasts.\n")
	p("## Not entered yet\n")
	p("%s are declared for closed hours, outbound and voicemail; no rule leads to them.", join(notEntered))
	return b.String()
}

func join[S ~string](list []S) string {
	out := make([]string, len(list))
	for n, s := range list {
		out[n] = string(s)
	}
	return cmp.Or(strings.Join(out, ", "), "–")
}
