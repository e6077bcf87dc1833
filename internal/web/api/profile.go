package api

import (
	"context"
	"slices"
	"strings"

	"cordboard/internal/crm/salesforce"
	"cordboard/internal/fault"
	"cordboard/internal/tenant"
	"cordboard/internal/web/view"
)

type signOnInput struct {
	Body struct {
		Kind     tenant.SignOn `json:"kind"`
		LoginID  string        `json:"loginId"`
		Password string        `json:"password"`
		Token    string        `json:"token,omitempty"` // appended to the password (SF-6)
	}
}

type emptyInput struct{ Body emptyBody }

type passwordInput struct {
	Body struct {
		Current string `json:"current"`
		Next    string `json:"next"`
	}
}

func (a *API) profileRoutes() {
	route(a, "GET /api/v1/profile/crm", "The CRM sign-on", func(ctx context.Context, c *caller, _ *none) (*reply[view.SignOn], error) {
		s, err := c.tenant.SignOns.Status(ctx, c.User.ID)
		return c.signOn(s, err)
	})
	route(a, "PUT /api/v1/profile/crm", "Save the CRM sign-on and sign in", a.saveSignOn)
	route(a, "POST /api/v1/profile/crm/test", "Sign in to the CRM again", func(ctx context.Context, c *caller, _ *emptyInput) (*reply[view.SignOn], error) {
		s, err := c.tenant.SignOns.Test(ctx, c.User.ID)
		c.tenant.Live.SignOn(c.User.ID)
		return c.signOn(s, err)
	})
	route(a, "DELETE /api/v1/profile/crm", "Remove the CRM sign-on", func(ctx context.Context, c *caller, _ *none) (*reply[view.SignOn], error) {
		if err := c.tenant.SignOns.Disconnect(ctx, c.User.ID); err != nil {
			return nil, err
		}
		a.note(ctx, c, "credential_removed", c.User.UserID, nil)
		c.tenant.Live.SignOn(c.User.ID)
		s, err := c.tenant.SignOns.Status(ctx, c.User.ID)
		return c.signOn(s, err)
	})
	route(a, "PUT /api/v1/profile/password", "Change the password", func(ctx context.Context, c *caller, in *passwordInput) (*none, error) {
		return &none{}, a.Guard.ChangePassword(ctx, c.Session, in.Body.Current, in.Body.Next)
	})
}

func (c *caller) signOn(s salesforce.SignOn, err error) (*reply[view.SignOn], error) {
	if err != nil {
		return nil, err
	}
	s.Agent = c.User.ID
	return &reply[view.SignOn]{view.SignOnOf(c.Config, s)}, nil
}

// saveSignOn saves credentials and shows at once what they are worth (SF-9). With JWT the login id is the administrator's
// word, never the agent's, or he could act as anyone (SF-4).
func (a *API) saveSignOn(ctx context.Context, c *caller, in *signOnInput) (*reply[view.SignOn], error) {
	if !c.User.Seat {
		return nil, fault.New(fault.Forbidden, "NO_SEAT", "You have no Salesforce seat. Ask your administrator to assign one.")
	}
	b := in.Body
	var f fault.Fields
	login, password, token := strings.TrimSpace(b.LoginID), b.Password, strings.TrimSpace(b.Token)
	switch {
	case !slices.Contains(c.Config.ScreenPop.Connection.SignOns, b.Kind):
		f.Add("kind", "NOT_PERMITTED", "Your administrator has not permitted this kind of sign-on.")
	case b.Kind == tenant.SignOnJWT:
		login, password, token = c.User.LoginID, "", ""
		if login == "" {
			f.Add("loginId", "NOT_SET", "Your administrator has not set your Salesforce Login ID yet.")
		}
	default:
		if login == "" {
			f.Add("loginId", "REQUIRED", "Give the user name that you sign in to Salesforce with.")
		} else if n := len([]rune(login)); n > 80 {
			f.Addf("loginId", "TOO_LONG", "At most 80 characters; this has %d.", n)
		}
		if b.Password == "" {
			f.Add("password", "REQUIRED", "Give your Salesforce password with the security token appended.")
		} else if n := len([]rune(password + token)); n > 400 {
			f.Addf("password", "TOO_LONG", "At most 400 characters with the token; this has %d.", n)
		}
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	s, err := c.tenant.SignOns.Save(ctx, c.User.ID, b.Kind, login, password, token)
	c.tenant.Live.SignOn(c.User.ID)
	if err == nil {
		a.note(ctx, c, "credential_saved", c.User.UserID, map[string]string{"kind": string(b.Kind), "loginId": login, "result": string(s.Result)})
	}
	return c.signOn(s, err)
}

// note writes down what the caller did (CFG-19). A log that cannot be written is said in the server's log: what was done
// is done.
func (a *API) note(ctx context.Context, c *caller, what, about string, details map[string]string) {
	if err := c.tenant.Trail.Write(context.WithoutCancel(ctx), c.User.ID, what, about, details); err != nil {
		a.Log.Error("an audit entry could not be written", "what", what, "err", err)
	}
}
