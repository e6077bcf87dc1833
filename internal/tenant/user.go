package tenant

import (
	"net/mail"
	"regexp"
	"slices"
	"strings"

	"cordboard/internal/fault"
)

// userIDForm is what a sign-in name is made of (CFG-14: 3–64), lower case.
var userIDForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._@+-]{2,63}$`)

// UserID is a sign-in name as it is stored and compared: trimmed, lower case.
func UserID(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// CheckUser checks a user (CFG-14). What the server gives (agent id, SIP user) stays as stored; a user ID stays for ever,
// because history names it. The last active administrator keeps his role (SEC-5).
func (c *Config) CheckUser(u User) (User, error) {
	var f check
	old, known := c.Users[u.ID]
	u.UserID = UserID(u.UserID)
	switch {
	case u.UserID == "":
		f.Add("userId", "REQUIRED", "This is needed.")
	case !userIDForm.MatchString(u.UserID):
		f.Addf("userId", "BAD_USER_ID", "3 to 64 letters, digits or . _ - @ +, beginning with a letter or digit; this has %d.", len(u.UserID))
	case known && u.UserID != old.UserID:
		f.Add("userId", "FIXED", "A user ID cannot be changed. Add a new user instead and deactivate this one.")
	}
	for _, o := range c.Users {
		f.unique(o.ID != u.ID && o.UserID == u.UserID, "userId", u.UserID)
	}
	u.FirstName = f.text("firstName", u.FirstName, true, 40)
	u.LastName = f.text("lastName", u.LastName, true, 80)
	u.Email = f.text("email", u.Email, true, 254)
	if a, err := mail.ParseAddress(u.Email); u.Email != "" && (err != nil || a.Address != u.Email) {
		f.Add("email", "BAD_EMAIL", "Give one address such as maria@example.com.")
	}
	f.roles(c, &u, old)
	f.work(c, &u)
	if known {
		u.SIPUser = old.SIPUser
	}
	u.LoginID = f.text("loginId", u.LoginID, false, 80)
	return u, f.Err()
}

func (f *check) roles(c *Config, u *User, old User) {
	u.Roles = once(u.Roles)
	if len(u.Roles) == 0 {
		f.Add("roles", "REQUIRED", "Choose at least one role.")
	}
	for _, r := range u.Roles {
		if !slices.Contains([]Role{RoleAdmin, RoleSupervisor, RoleAgent}, r) {
			f.Addf("roles", "UNKNOWN", "%q is not a role.", r)
		}
	}
	if old.Active(RoleAdmin) && !u.Active(RoleAdmin) && c.Admins() == 1 {
		field := "roles"
		if u.Inactive {
			field = "inactive"
		}
		f.Add(field, "LAST_ADMIN", "This is the last administrator. Make somebody else administrator first.")
	}
}

func (f *check) work(c *Config, u *User) {
	queues := map[int64]int{}
	for id, skill := range u.Queues {
		q, ok := c.Queues[id]
		switch {
		case !ok:
			f.Addf("queues", "UNKNOWN", "There is no queue %d.", id)
		case skill < 1 || skill > 10:
			f.Addf("queues", "OUT_OF_RANGE", "Skill in queue %q must be from 1 to 10; this is %d.", q.Name, skill)
		}
		queues[id] = skill
	}
	u.Queues = queues
	if u.OfferSeconds == 0 {
		u.OfferSeconds = 30
	}
	f.between("offerSeconds", u.OfferSeconds, 15, 60)
	if u.Endpoint == "" {
		u.Endpoint = EndpointBrowser
	}
	if u.Endpoint != EndpointBrowser && u.Endpoint != EndpointSIP {
		f.Addf("endpoint", "UNKNOWN", "%q is not a kind of phone.", u.Endpoint)
	}
	if limit := c.Profile.SalesforceUsers; limit > 0 && u.Seat && !u.Inactive {
		seats := c.Seats() + 1
		if old := c.Users[u.ID]; old.Seat && !old.Inactive {
			seats--
		}
		if seats > limit {
			f.Addf("seat", "NO_SEAT_LEFT", "%d users would have a Salesforce seat; the Salesforce users limit is %d. Free a seat first.", seats, limit)
		}
	}
}

// InUse is the refusal to remove what others need; uses names them (CFG-15).
func InUse(what string, uses []string) error {
	if len(uses) == 0 {
		return nil
	}
	shown := uses
	more := ""
	if len(uses) > 10 {
		shown, more = uses[:10], " and others"
	}
	return fault.Newf(fault.Conflict, "IN_USE", "This %s is in use by %s%s. Nothing was removed; change those first.", what, strings.Join(shown, ", "), more)
}
