package pop

import "cordboard/internal/agent"

func agentsAtWork(ids ...string) []agent.Agent {
	var out []agent.Agent
	for _, id := range ids {
		out = append(out, agent.Agent{ID: id, Status: agent.Busy, Version: 1})
	}
	return out
}
