package tenant

import (
	"cmp"
	"slices"

	"cordboard/internal/interaction"
)

// ChannelByNumber finds the phone channel with this E.164 number (CH-2).
func (c *Config) ChannelByNumber(e164 string) (Channel, bool) {
	for _, ch := range c.Channels {
		if ch.Medium == interaction.Phone && ch.Number == e164 {
			return ch, true
		}
	}
	return Channel{}, false
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

// MembersOf are the active agents of a queue, higher skill first, then by agent id so that the order is stable.
func (c *Config) MembersOf(queue int64) []User {
	var out []User
	for _, u := range c.Users {
		if _, in := u.Queues[queue]; in && u.Active(RoleAgent) {
			out = append(out, u)
		}
	}
	slices.SortFunc(out, func(a, b User) int {
		return cmp.Or(cmp.Compare(b.Queues[queue], a.Queues[queue]), cmp.Compare(a.ID, b.ID))
	})
	return out
}

// Active reports whether the user may work in the role now.
func (u User) Active(r Role) bool { return !u.Inactive && u.Is(r) }

// UserByUserID finds a user by the name he signs in with.
func (c *Config) UserByUserID(userID string) (User, bool) {
	for _, u := range c.Users {
		if u.UserID == userID {
			return u, true
		}
	}
	return User{}, false
}

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
