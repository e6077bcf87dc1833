package desk

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"cordboard/internal/agent"
	"cordboard/internal/interaction"
	"pgregory.net/rapid"
)

var t0 = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func sec(n int) time.Time { return t0.Add(time.Duration(n) * time.Second) }

func TestAssign(t *testing.T) {
	skill := func(id string, skill, idle int) Candidate { return Candidate{id, map[int64]int{1: skill}, sec(idle)} }
	wait := func(id string, since int) Waiter {
		return Waiter{ID: id, Medium: interaction.Phone, Queue: 1, Priority: 5, Since: sec(since)}
	}
	for _, c := range []struct {
		name    string
		waiting []Waiter
		free    []Candidate
		deaf    []string
		want    string
	}{
		{"nobody waits", nil, []Candidate{skill("ada", 5, 0)}, nil, "[]"},
		{"nobody is free", []Waiter{wait("a", 0)}, nil, nil, "[]"},
		{"longest waiting first", []Waiter{wait("b", 2), wait("a", 1)}, []Candidate{skill("ada", 5, 0)}, nil, "[{a ada}]"},
		{"head before longest", []Waiter{wait("a", 1), {ID: "b", Queue: 1, Priority: 5, AtHead: true, Since: sec(9)}}, []Candidate{skill("ada", 5, 0)}, nil, "[{b ada}]"},
		{"priority before head", []Waiter{{ID: "b", Queue: 1, Priority: 5, AtHead: true, Since: sec(1)}, {ID: "a", Queue: 1, Priority: 6, Since: sec(9)}}, []Candidate{skill("ada", 5, 0)}, nil, "[{a ada}]"},
		{"longest idle", []Waiter{wait("a", 1)}, []Candidate{skill("ada", 5, 7), skill("ben", 5, 3)}, nil, "[{a ben}]"},
		{"skill before idle", []Waiter{wait("a", 1)}, []Candidate{skill("ben", 5, 3), skill("ada", 6, 7)}, nil, "[{a ada}]"},
		{"same in all: by id", []Waiter{wait("a", 1)}, []Candidate{skill("ben", 5, 3), skill("ada", 5, 3)}, nil, "[{a ada}]"},
		{"unreachable is skipped", []Waiter{wait("a", 1)}, []Candidate{skill("ada", 9, 3), skill("ben", 1, 7)}, []string{"ada"}, "[{a ben}]"},
		{"not a member", []Waiter{{ID: "a", Queue: 2}}, []Candidate{skill("ada", 9, 3)}, nil, "[]"},
		{"one each", []Waiter{wait("a", 1), wait("b", 2), wait("c", 3)}, []Candidate{skill("ada", 5, 3), skill("ben", 5, 4)}, nil, "[{a ada} {b ben}]"},
		{"who cannot be served holds nobody up", []Waiter{{ID: "a", Queue: 2, Priority: 9}, wait("b", 2)}, []Candidate{skill("ada", 5, 3)}, nil, "[{b ada}]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := Assign(c.waiting, c.free, func(_ interaction.Medium, id string) bool { return !slices.Contains(c.deaf, id) })
			if fmt.Sprint(got) != c.want {
				t.Errorf("got %v, want %s", got, c.want)
			}
		})
	}
}

// Nobody gets two, nobody who could be served is left over beside a free agent, and what came in does not change.
func TestAssignLeavesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var waiting []Waiter
		for n := range rapid.IntRange(0, 12).Draw(t, "waiting") {
			waiting = append(waiting, Waiter{ID: fmt.Sprint("i", n), Queue: rapid.Int64Range(1, 3).Draw(t, "queue"),
				Priority: rapid.IntRange(1, 3).Draw(t, "priority"), AtHead: rapid.Bool().Draw(t, "head"), Since: sec(rapid.IntRange(0, 5).Draw(t, "since"))})
		}
		var free []Candidate
		deaf := map[string]bool{}
		for n := range rapid.IntRange(0, 6).Draw(t, "free") {
			c := Candidate{ID: fmt.Sprint("a", n), Skills: map[int64]int{}, IdleSince: sec(rapid.IntRange(0, 3).Draw(t, "idle"))}
			for q := range int64(3) {
				if rapid.Bool().Draw(t, "member") {
					c.Skills[q+1] = rapid.IntRange(1, 3).Draw(t, "skill")
				}
			}
			deaf[c.ID] = rapid.IntRange(0, 4).Draw(t, "deaf") == 0
			free = append(free, c)
		}
		before := fmt.Sprint(waiting, free)
		pairs := Assign(waiting, free, func(_ interaction.Medium, id string) bool { return !deaf[id] })
		if fmt.Sprint(waiting, free) != before {
			t.Fatal("its arguments were changed")
		}
		asked := map[string]string{}
		for _, p := range pairs {
			if asked[p.Agent] != "" || asked[p.Interaction] != "" || deaf[p.Agent] {
				t.Fatalf("%v asks twice or asks the deaf", pairs)
			}
			asked[p.Agent], asked[p.Interaction] = p.Interaction, p.Agent
		}
		for _, w := range waiting {
			for _, c := range free {
				if _, member := c.Skills[w.Queue]; member && !deaf[c.ID] && asked[w.ID] == "" && asked[c.ID] == "" {
					t.Fatalf("%s waits while %s is free: %v", w.ID, c.ID, pairs)
				}
			}
		}
	})
}

// Commits of different interactions may be seen in another order than they were made: the newest of an agent counts.
func TestRouterKnowsTheNewest(t *testing.T) {
	r := newRouter(&Desk{})
	r.know(agent.Agent{ID: "ada", Status: agent.Available, Version: 2})
	r.know(agent.Agent{ID: "ada", Status: agent.OnBreak, Version: 1})
	if !r.reserve(Pair{"i", "ada"}) || r.reserve(Pair{"j", "ada"}) || r.reserve(Pair{"i", "ben"}) {
		t.Error("she is free and can be asked once")
	}
	r.release(Pair{"i", "ada"})
	r.know(agent.Agent{ID: "ada", Status: agent.Busy, Version: 3})
	if r.reserve(Pair{"i", "ada"}) {
		t.Error("she is busy by now")
	}
}

func BenchmarkAssign(b *testing.B) {
	var waiting []Waiter
	for n := range 2000 {
		waiting = append(waiting, Waiter{ID: fmt.Sprint(n), Queue: int64(n % 3), Since: sec(n)})
	}
	free := []Candidate{{ID: "ada", Skills: map[int64]int{1: 5}}, {ID: "ben", Skills: map[int64]int{9: 5}}}
	for b.Loop() {
		Assign(waiting, free, func(interaction.Medium, string) bool { return true })
	}
}
