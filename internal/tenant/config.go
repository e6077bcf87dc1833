package tenant

import (
	"cmp"
	"slices"
	"strings"

	"cordboard/internal/interaction"
	"cordboard/internal/number"
)

// ChannelByNumber finds the phone channel of a called number (CH-2): the same digits, or the same number as it is dialled
// in the channel's own country.
func (c *Config) ChannelByNumber(called string) (Channel, bool) {
	want := dialled(called)
	if want == "" {
		return Channel{}, false
	}
	var national *Channel
	for _, ch := range c.Channels {
		if ch.Medium != interaction.Phone {
			continue
		}
		if dialled(ch.Number) == want {
			return ch, true
		}
		if e, ok := number.E164(called, cmp.Or(ch.Region, c.Profile.Region)); ok && e == ch.Number {
			national = &ch
		}
	}
	if national == nil {
		return Channel{}, false
	}
	return *national, true
}

// dialled is a number's digits without the international prefix, as carriers send it now with and now without.
func dialled(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
	return strings.TrimPrefix(s, "00")
}

// RegionOf is the region by which a channel's numbers are read: its own, else its queue's, else the tenant's (MAT-4).
func (c *Config) RegionOf(channel int64) string {
	ch := c.Channels[channel]
	return cmp.Or(ch.Region, c.Queues[ch.Queue].Region, c.Profile.Region)
}

// QueueTerms is what a queue lays down for its interactions; false when there is no such queue.
func (c *Config) QueueTerms(queue int64) (interaction.QueueTerms, bool) {
	q, ok := c.Queues[queue]
	if !ok {
		return interaction.QueueTerms{}, false
	}
	t := interaction.QueueTerms{ID: q.ID, Name: q.Name, WrapupSeconds: q.WrapupSeconds}
	for _, l := range c.CodeListsOf(queue) {
		if l.Required {
			t.CodesRequired, t.RequiredLists = true, append(t.RequiredLists, l.ID)
		}
	}
	return t, true
}

// CodeListsOf are the lists that apply to a queue's interactions, in the queue's order.
func (c *Config) CodeListsOf(queue int64) []CodeList {
	out := []CodeList{}
	for _, id := range c.Queues[queue].CodeLists {
		if l, ok := c.CodeLists[id]; ok {
			out = append(out, l)
		}
	}
	return out
}

// Active reports whether the user may work in the role now.
func (u User) Active(r Role) bool { return !u.Inactive && u.Is(r) }

// NameOf is an agent's full name for people; his id when he is unknown, "the system" for the system itself.
func (c *Config) NameOf(agentID string) string {
	if u, ok := c.Users[agentID]; ok {
		return u.Name()
	}
	if agentID == "system" || agentID == "" {
		return "the system"
	}
	return agentID
}

// Admins counts the active administrators.
func (c *Config) Admins() int {
	n := 0
	for _, u := range c.Users {
		if u.Active(RoleAdmin) {
			n++
		}
	}
	return n
}

// Seats counts the active users with a Salesforce seat (CFG-5).
func (c *Config) Seats() int {
	n := 0
	for _, u := range c.Users {
		if u.Seat && !u.Inactive {
			n++
		}
	}
	return n
}

// UsesOfQueue says what stops a queue from being removed, in words: the channels that lead to it and the users assigned to it.
func (c *Config) UsesOfQueue(id int64) []string {
	var out []string
	for _, ch := range c.Channels {
		if ch.Queue == id {
			out = append(out, "channel "+ch.Name)
		}
	}
	for _, u := range c.Users {
		if _, in := u.Queues[id]; in {
			out = append(out, "user "+u.Name())
		}
	}
	slices.Sort(out)
	return out
}

// UsesOfCodeList names the queues that a list is assigned to.
func (c *Config) UsesOfCodeList(id int64) []string {
	var out []string
	for _, q := range c.Queues {
		if slices.Contains(q.CodeLists, id) {
			out = append(out, "queue "+q.Name)
		}
	}
	slices.Sort(out)
	return out
}
