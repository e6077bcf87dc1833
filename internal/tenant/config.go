package tenant

import (
	"cmp"
	"slices"

	"cordboard/internal/fault"
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
		t.CodesRequired = t.CodesRequired || l.Required
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

// Pick names one code of one list.
type Pick struct {
	List int64 `json:"list"`
	Item int64 `json:"item"`
}

// MaxCodes is how many codes an interaction may have (INT-13).
const MaxCodes = 6

// Codes turns what an agent picked into codes with their report texts. Texts of codes he had picked before stay as they
// were then (now), even when the list has changed since.
func (c *Config) Codes(queue int64, now []interaction.Code, picks []Pick) ([]interaction.Code, error) {
	var faults fault.Fields
	if len(picks) > MaxCodes {
		faults.Addf("codes", "TOO_MANY", "Choose at most %d codes; you chose %d.", MaxCodes, len(picks))
	}
	out := []interaction.Code{}
	perList := map[int64]int{}
	for _, p := range picks {
		if slices.ContainsFunc(out, func(x interaction.Code) bool { return x.List == p.List && x.Item == p.Item }) {
			continue
		}
		perList[p.List]++
		if at := slices.IndexFunc(now, func(x interaction.Code) bool { return x.List == p.List && x.Item == p.Item }); at >= 0 {
			out = append(out, now[at])
			continue
		}
		l, ok := c.CodeLists[p.List]
		at := slices.IndexFunc(l.Items, func(i CodeItem) bool { return i.ID == p.Item })
		if !ok || at < 0 || !slices.Contains(c.Queues[queue].CodeLists, p.List) {
			faults.Addf("codes", "UNKNOWN", "Code %d of list %d does not belong to this queue. Choose from the lists shown.", p.Item, p.List)
			continue
		}
		out = append(out, interaction.Code{List: p.List, Item: p.Item, ReportText: l.Items[at].ReportText})
	}
	for list, n := range perList {
		if l, ok := c.CodeLists[list]; ok && n > 1 && !l.Multiple {
			faults.Addf("codes", "ONE_ONLY", "List %q takes one code; you chose %d.", l.Name, n)
		}
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	return out, nil
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
