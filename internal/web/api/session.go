package api

import (
	"context"
	"net/http"
	"time"

	"cordboard/internal/agent"
	"cordboard/internal/fault"
	"cordboard/internal/signin"
	"cordboard/internal/tenant"
	"cordboard/internal/web/view"
)

// cookie is the name of the session's cookie. The prefix makes browsers insist on Secure and Path=/ and refuse a Domain.
func (a *API) cookie() string {
	if a.Secure {
		return "__Host-sid"
	}
	return "sid"
}

func (a *API) setCookie(id string, expires time.Time) string {
	c := http.Cookie{Name: a.cookie(), Value: id, Path: "/", Secure: a.Secure, HttpOnly: true, SameSite: http.SameSiteLaxMode, Expires: expires}
	if id == "" {
		c.MaxAge = -1
	}
	return c.String()
}

type meReply struct {
	SetCookie string `header:"Set-Cookie"`
	Body      view.Me
}

type leaveReply struct {
	SetCookie string `header:"Set-Cookie"`
}

type signInInput struct {
	Body struct {
		UserID   string `json:"userId"`
		Password string `json:"password"`
	}
}

func (a *API) sessionRoutes() {
	route(a, "POST /api/v1/session", "Sign in", a.signIn)
	route(a, "GET /api/v1/session", "Who is signed in", func(_ context.Context, c *caller, _ *none) (*meReply, error) {
		return &meReply{Body: view.MeOf(c.Config, c.User, a.Version, a.Now())}, nil
	})
	route(a, "DELETE /api/v1/session", "Sign out", a.signOut)
}

func (a *API) signIn(ctx context.Context, c *caller, in *signInInput) (*meReply, error) {
	var f fault.Fields
	if in.Body.UserID == "" {
		f.Add("userId", "REQUIRED", "Give your user ID.")
	}
	if in.Body.Password == "" {
		f.Add("password", "REQUIRED", "Give your password.")
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	id, s, err := a.Guard.SignIn(ctx, in.Body.UserID, in.Body.Password, c.From)
	if err != nil {
		return nil, err
	}
	me, err := a.welcome(ctx, s)
	if err != nil { // nobody holds the id: the session must not stay behind
		if e := a.Guard.SignOut(context.WithoutCancel(ctx), s); e != nil {
			a.Log.Warn("a session that nobody holds could not be ended", "err", e)
		}
		return nil, err
	}
	return &meReply{SetCookie: a.setCookie(id, s.Expires), Body: me}, nil
}

// welcome opens an agent's work (AGT-2) and says who has signed in.
func (a *API) welcome(ctx context.Context, s signin.Session) (view.Me, error) {
	t, ok := a.Tenant(s.Tenant)
	if !ok {
		return view.Me{}, signin.ErrRefused()
	}
	config := t.Settings.Config()
	u, ok := config.Users[s.Agent]
	if !ok || u.Inactive {
		return view.Me{}, signin.ErrRefused()
	}
	if u.Is(tenant.RoleAgent) {
		if _, err := t.Desk.SignIn(ctx, u.ID); err != nil {
			return view.Me{}, err
		}
	}
	return view.MeOf(config, u, a.Version, a.Now()), nil
}

// signOut logs an agent out, with every sign-in of his: a forgotten one elsewhere must not keep him at work. Others end
// just this sign-in.
func (a *API) signOut(ctx context.Context, c *caller, _ *none) (*leaveReply, error) {
	if c.User.Is(tenant.RoleAgent) {
		if _, err := c.tenant.Desk.SignOut(ctx, c.User.ID, agent.ReasonSignOut); err != nil {
			return nil, err
		}
		if err := a.Guard.End(ctx, c.tenant.Name, c.User.ID, c.Session.Hash, signin.EndSignOut); err != nil {
			return nil, err
		}
	}
	if err := a.Guard.SignOut(ctx, c.Session); err != nil {
		return nil, err
	}
	return &leaveReply{SetCookie: a.setCookie("", time.Unix(1, 0))}, nil
}
