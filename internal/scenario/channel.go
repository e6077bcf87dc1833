package scenario

import (
	"fmt"
	"sync"

	"cordboard/internal/interaction"
)

// channel is a medium's double: it writes effects down, and does what the story says of its agents.
type channel struct {
	w      *World
	medium interaction.Medium

	mu     sync.Mutex
	cannot map[string]bool // agents who cannot be reached, as the channel knows
	dead   map[string]bool // agents of whom it finds out only when it asks them
}

func newChannel(w *World, m interaction.Medium) *channel {
	return &channel{w: w, medium: m, cannot: map[string]bool{}, dead: map[string]bool{}}
}

// Do implements desk.Channel.
func (c *channel) Do(i interaction.Interaction, e interaction.Effect) {
	c.w.mu.Lock()
	number := ""
	if e.Offer > 0 {
		number = fmt.Sprintf("#%d", e.Offer)
	}
	c.w.write(c.w.names[i.ID], i.Ref, 1, "!"+string(e.Kind), e.Agent, number, e.Why)
	c.w.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	if e.Kind == interaction.Alert && c.dead[e.Agent] {
		d := c.w.Desk // a signal may not be sent from within Do: it would wait for itself
		go func() {
			_ = d.Signal(c.w.ctx, i.ID, interaction.Signal{Kind: interaction.AgentUnreachable, Agent: e.Agent, Offer: e.Offer})
		}()
	}
}

// Reachable implements desk.Channel.
func (c *channel) Reachable(agentID string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.cannot[agentID]
}

// Unplug takes an agent's device away: the channel knows at once.
func (c *channel) Unplug(agentID string) {
	c.mu.Lock()
	c.cannot[agentID] = true
	c.mu.Unlock()
}

// Plug gives it back, and says so.
func (c *channel) Plug(agentID string) {
	c.mu.Lock()
	delete(c.cannot, agentID)
	delete(c.dead, agentID)
	c.mu.Unlock()
	c.w.Desk.Reached(agentID)
	c.w.settle()
}

// Break makes an agent's device fail whenever it is asked, without the channel knowing beforehand.
func (c *channel) Break(agentID string) {
	c.mu.Lock()
	c.dead[agentID] = true
	c.mu.Unlock()
}

// Mend makes it work again, without a word.
func (c *channel) Mend(agentID string) {
	c.mu.Lock()
	delete(c.dead, agentID)
	c.mu.Unlock()
}

// Phone is a telephone's double: its calls die with the desk.
type Phone struct{ *channel }

// Chat is a chat's double: its conversations outlive the desk.
type Chat struct{ *channel }

// Alive implements desk.Adopter.
func (c *Chat) Alive(interaction.Interaction) bool { return true }
