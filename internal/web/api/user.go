package api

import (
	"cmp"
	"context"
	"slices"

	"cordboard/internal/agent"
	"cordboard/internal/fault"
	"cordboard/internal/setting"
	"cordboard/internal/signin"
	"cordboard/internal/tenant"
	"cordboard/internal/web/problem"
)

type usersShown struct {
	Users []tenant.User `json:"users"`
}

type userShown struct {
	User   tenant.User `json:"user"`
	Secret string      `json:"secret"` // shown once
}

type newUserInput struct {
	Body newUser
}

type newUser struct {
	tenant.User
	Password string `json:"password"`
}

type userInput struct {
	IDInput
	Body tenant.User
}

type userPasswordInput struct {
	IDInput
	Body struct {
		Password string `json:"password"`
	}
}

func (a *API) userRoutes() {
	route(a, "GET /api/v1/manager/users", "All users", func(_ context.Context, c *caller, _ *none) (*reply[usersShown], error) {
		out := usersShown{Users: make([]tenant.User, 0, len(c.Config.Users))}
		for _, u := range c.Config.Users {
			out.Users = append(out.Users, u)
		}
		slices.SortFunc(out.Users, func(x, y tenant.User) int {
			return cmp.Or(cmp.Compare(x.LastName, y.LastName), cmp.Compare(x.FirstName, y.FirstName), cmp.Compare(x.ID, y.ID))
		})
		return &reply[usersShown]{out}, nil
	})
	route(a, "GET /api/v1/manager/users/{id}", "One user", func(_ context.Context, c *caller, in *IDInput) (*reply[tenant.User], error) {
		u, err := c.userOf(in.ID)
		return &reply[tenant.User]{u}, err
	})
	route(a, "POST /api/v1/manager/users", "Add a user", a.addUser)
	route(a, "PUT /api/v1/manager/users/{id}", "Change a user", a.changeUser)
	route(a, "POST /api/v1/manager/users/{id}/password", "Set a user's password", func(ctx context.Context, c *caller, in *userPasswordInput) (*none, error) {
		u, err := c.userOf(in.ID)
		if err != nil {
			return nil, err
		}
		keep := ""
		if u.ID == c.User.ID {
			keep = c.Session.Hash
		}
		return &none{}, a.Guard.SetPassword(ctx, u.UserID, in.Body.Password, c.User.ID, keep)
	})
	route(a, "POST /api/v1/manager/users/{id}/sip-secret", "Make a new secret for a SIP phone", a.issueSIP)
}

func (c *caller) userOf(id string) (tenant.User, error) {
	u, ok := c.Config.Users[id]
	if !ok {
		return u, fault.New(fault.NotFound, "NOT_FOUND", "This user does not exist.")
	}
	return u, nil
}

// addUser checks the user and his first password together, so that all faults come at once (GEN-4).
func (a *API) addUser(ctx context.Context, c *caller, in *newUserInput) (*reply[tenant.User], error) {
	u := in.Body.User
	u.ID, u.Version = "", 0
	var f fault.Fields
	for _, err := range []error{c.tenant.Settings.CheckUser(u), signin.CheckPassword("password", u.UserID, in.Body.Password)} {
		if err != nil {
			f = append(f, fault.Of(err).Fields...)
		}
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	u, err := c.tenant.Settings.SaveUser(ctx, c.User.ID, u)
	if err != nil {
		return nil, err
	}
	if err := a.Guard.SetPassword(ctx, u.UserID, in.Body.Password, c.User.ID, ""); err != nil {
		return nil, err
	}
	return &reply[tenant.User]{u}, nil
}

// changeUser saves a user. One who is deactivated, or is no agent any more, is logged out at once (SEC-6).
func (a *API) changeUser(ctx context.Context, c *caller, in *userInput) (*reply[tenant.User], error) {
	before, err := c.userOf(in.ID)
	if err != nil {
		return nil, err
	}
	u := in.Body
	u.ID = in.ID
	u, err = c.tenant.Settings.SaveUser(ctx, c.User.ID, u)
	if err != nil {
		return nil, conflict(ctx, err, c.tenant.Settings, func(n *tenant.Config) any { return n.Users[in.ID] })
	}
	if before.Active(tenant.RoleAgent) && !u.Active(tenant.RoleAgent) {
		if _, err := c.tenant.Desk.SignOut(ctx, u.ID, agent.ReasonRemoved); err != nil {
			return nil, err
		}
	}
	if before.Is(tenant.RoleAgent) && !u.Is(tenant.RoleAgent) && !u.Inactive {
		// his console's stream must not outlive the role
		if err := a.Guard.End(ctx, c.tenant.Name, u.ID, c.Session.Hash, signin.EndRevoked); err != nil {
			return nil, err
		}
	}
	return &reply[tenant.User]{u}, nil
}

func (a *API) issueSIP(ctx context.Context, c *caller, in *struct {
	IDInput
	Body emptyBody
}) (*reply[userShown], error) {
	u, err := c.userOf(in.ID)
	if err != nil {
		return nil, err
	}
	name, secret, err := c.tenant.SIP.Issue(ctx, u)
	if err != nil {
		return nil, err
	}
	if u, err = c.tenant.Settings.SetSIPUser(ctx, c.User.ID, u.ID, name); err != nil {
		return nil, err
	}
	a.note(ctx, c, "sip_secret_issued", u.UserID, map[string]string{"sipUser": name})
	return &reply[userShown]{userShown{User: u, Secret: secret}}, nil
}

// conflict adds to a CHANGED fault the document as the other one saved it (CFG-2).
func conflict(ctx context.Context, err error, book *setting.Book, current func(*tenant.Config) any) error {
	if !fault.Is(err, "CHANGED") {
		return err
	}
	p := problem.Of(ctx, err)
	p.Current = current(book.Config())
	return p
}
