package access

import (
	"context"
	"strings"
	"unicode/utf8"

	"cordboard/internal/crm/salesforce/wire"
	"cordboard/internal/fault"
	"cordboard/internal/tenant"
)

// effective is the sign-on that counts now, and whether it can be tried: what the agent saved, if its kind is still
// permitted, else JWT with the Login ID that an administrator set (SF-4).
func (s *Access) effective(ctx context.Context, agent string) (SignOn, bool, error) {
	so, err := s.o.SignOns.SignOn(ctx, agent)
	if err != nil {
		return SignOn{}, false, err
	}
	c, admin := s.conn(), s.o.Config().Users[agent].LoginID
	if so.Kind == tenant.SignOnPassword && so.LoginID != "" && so.Result != NotSetUp && c.permits(tenant.SignOnPassword) {
		return so, true, nil
	}
	if admin != "" && c.permits(tenant.SignOnJWT) {
		if so.Kind != tenant.SignOnJWT || so.LoginID != admin {
			so = SignOn{Agent: agent, Kind: tenant.SignOnJWT, LoginID: admin, Result: NotSetUp}
			so.Message = sentence(so, "")
		}
		return so, true, nil
	}
	none := SignOn{Agent: agent, Result: NotSetUp, LoginID: so.LoginID}
	none.Message = sentence(none, "")
	if so.Kind != "" && so.Result != NotSetUp && !c.permits(so.Kind) {
		none.Message = "Your administrator no longer permits the kind of sign-on that you saved. Set up another one in External Setup."
	}
	return none, false, nil
}

// Status is an agent's sign-on as it stands, without asking Salesforce.
func (s *Access) Status(ctx context.Context, agent string) (SignOn, error) {
	so, _, err := s.effective(ctx, agent)
	return so, err
}

// SignIn signs an agent in at console sign-in (SF-11) and describes what he may see (SF-3), so that the first search is
// one round trip. What was refused for the credentials' sake is not tried again; what only the org could mend is, once.
func (s *Access) SignIn(ctx context.Context, agent string) (SignOn, error) {
	so, ready, err := s.effective(ctx, agent)
	if err != nil || !ready || blocked(so.Result) && !orgSide(so.Result) {
		return so, err
	}
	s.seat(agent).forget()
	if blocked(so.Result) {
		_, err = s.enter(ctx, agent, true)
	} else {
		_, err = s.Session(ctx, agent)
	}
	if err == nil {
		err = s.warm(ctx, agent)
	}
	return s.report(ctx, agent, err)
}

// Test tries the saved sign-on now, also after a refusal: a person asked for it.
func (s *Access) Test(ctx context.Context, agent string) (SignOn, error) {
	_, err := s.enter(ctx, agent, true)
	if err == nil {
		err = s.warm(ctx, agent)
	}
	return s.report(ctx, agent, err)
}

// report is the sign-on after an attempt. That Salesforce refused is its result, not an error; an error is ours.
func (s *Access) report(ctx context.Context, agent string, err error) (SignOn, error) {
	so, stErr := s.Status(ctx, agent)
	switch {
	case stErr != nil:
		return so, stErr
	case err == nil, fault.Is(err, string(so.Result)):
		return so, nil
	case fault.KindOf(wire.Classify(err)) == fault.Internal:
		return so, err
	}
	if so.Result == Connected || so.Result == NotSetUp { // signed in, but describing or waiting failed
		so.Result = Unreachable
		so.Message = fault.Of(wire.Classify(err)).Message
	}
	return so, nil
}

// maxLogin and maxSecret are Salesforce's own limits, with room for a token.
const (
	maxLogin  = 80
	maxSecret = 255
)

// Save keeps an agent's credentials sealed and signs him in at once (SF-9). With kind password, an empty password keeps
// the saved one; token, when given, is appended (SF-6). With kind JWT nothing is entered: the Login ID is the
// administrator's. Credentials that Salesforce itself calls wrong are not kept; when the fault may be the org's they are.
func (s *Access) Save(ctx context.Context, agent string, kind tenant.SignOn, loginID, password, token string) (SignOn, error) {
	var fs fault.Fields
	old, err := s.o.SignOns.SignOn(ctx, agent)
	if err != nil {
		return SignOn{}, err
	}
	loginID, token = strings.TrimSpace(loginID), strings.TrimSpace(token)
	admin := s.o.Config().Users[agent].LoginID
	saved, err := s.o.Vault.Get(ctx, agent, SecretPassword)
	if err != nil {
		return SignOn{}, err
	}
	switch {
	case !s.conn().permits(kind):
		fs.Add("kind", "NOT_PERMITTED", "Your administrator does not permit this kind of sign-on.")
	case kind == tenant.SignOnJWT:
		if admin == "" {
			fs.Add("loginId", "NOT_SET", "Your administrator has not set a Login ID for you yet.")
		} else if loginID != "" && loginID != admin {
			fs.Add("loginId", "READ_ONLY", "The Login ID is set by your administrator.")
		}
		loginID = admin
	default:
		if loginID == "" {
			fs.Add("loginId", "REQUIRED", "Enter your Salesforce user name.")
		} else if n := utf8.RuneCountInString(loginID); n > maxLogin {
			fs.Addf("loginId", "TOO_LONG", "A Salesforce user name has at most %d characters; this one has %d.", maxLogin, n)
		}
		if password == "" && (len(saved) == 0 || old.LoginID != loginID || token != "") {
			fs.Add("password", "REQUIRED", "Enter your Salesforce password with the security token appended: mycode and xxxxx become mycodexxxxx.")
		} else if n := utf8.RuneCountInString(password + token); n > maxSecret {
			fs.Addf("password", "TOO_LONG", "Password and token have at most %d characters together; these have %d.", maxSecret, n)
		}
	}
	if err := fs.Err(); err != nil {
		return old, err
	}
	if kind == tenant.SignOnPassword && password != "" {
		if err := s.o.Vault.Put(ctx, agent, SecretPassword, []byte(password+token)); err != nil {
			return old, err
		}
	}
	if kind == tenant.SignOnJWT && len(saved) > 0 {
		if err := s.o.Vault.Drop(ctx, agent, SecretPassword); err != nil {
			return old, err
		}
	}
	so := SignOn{
		Agent: agent, Kind: kind, LoginID: loginID, SavedAt: s.o.Clock().UTC(), Result: Unreachable, Message: "Saved; not signed in yet.",
		Worked: old.Worked && old.LoginID == loginID && old.Kind == kind,
	}
	if err := s.o.SignOns.PutSignOn(ctx, so); err != nil {
		return old, err
	}
	s.leave(agent)
	so, err = s.Test(ctx, agent)
	if err == nil && kind == tenant.SignOnPassword && blocked(so.Result) && !orgSide(so.Result) {
		err = s.o.Vault.Drop(ctx, agent, SecretPassword)
	}
	return so, err
}

// Disconnect forgets an agent's credentials and session.
func (s *Access) Disconnect(ctx context.Context, agent string) error {
	s.leave(agent)
	if err := s.o.Vault.Drop(ctx, agent, SecretPassword); err != nil {
		return err
	}
	return s.o.SignOns.DropSignOn(ctx, agent)
}

// leave drops what memory holds of an agent.
func (s *Access) leave(agent string) {
	st := s.seat(agent)
	st.mu.Lock()
	defer st.mu.Unlock()
	st.session, st.refused, st.objects = nil, nil, map[string]*Object{}
}
