package access

import (
	"cmp"
	"context"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"cordboard/internal/crm/salesforce/login"
	"cordboard/internal/crm/salesforce/query"
	"cordboard/internal/crm/salesforce/wire"
	"cordboard/internal/fault"
	"cordboard/internal/tenant"
)

// Session is a signed-in agent. It is never stored.
type Session struct {
	wire.Session
	UserID, UserName string
	OrgID, OrgName   string
	made             string      // conn.id and login id it was made with
	worked           atomic.Bool // Salesforce has taken it at least once
}

// patience is how long signing in may take; whoever waits has his own, often shorter, limit.
const patience = 20 * time.Second

// Session returns the agent's session, signing him in when there is none. One sign-in at a time per agent, however many
// wait for it (SF-11); a circuit that is open answers at once (SF-10).
func (s *Access) Session(ctx context.Context, agent string) (*Session, error) {
	st, made := s.seat(agent), s.made(agent)
	st.mu.Lock()
	cur := st.session
	st.mu.Unlock()
	if cur != nil && strings.HasPrefix(cur.made, made) {
		return cur, nil
	}
	return s.enter(ctx, agent, false)
}

// made identifies what a session must have been made with: the connection, and the Login ID that an administrator set.
func (s *Access) made(agent string) string {
	return s.conn().id() + "|" + s.o.Config().Users[agent].LoginID + "|"
}

// enter signs in, joining a sign-in that is under way. force also tries what is blocked: new credentials or Test.
func (s *Access) enter(ctx context.Context, agent string, force bool) (*Session, error) {
	flight := agent
	if force {
		flight += "!" // never satisfied by an attempt that was not forced
	}
	ch := s.flights.DoChan(flight, func() (any, error) {
		// The attempt outlives an impatient asker: its result serves the next one.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		return s.signIn(ctx, agent, force)
	})
	select {
	case r := <-ch:
		if r.Err != nil {
			return nil, r.Err
		}
		return r.Val.(*Session), nil
	case <-ctx.Done():
		return nil, &wire.Lost{Cause: ctx.Err()}
	}
}

// signIn makes one attempt and stores what it came to.
func (s *Access) signIn(ctx context.Context, agent string, force bool) (*Session, error) {
	st, made := s.seat(agent), s.made(agent)
	so, ready, err := s.effective(ctx, agent)
	if err != nil {
		return nil, err
	}
	if !ready {
		return nil, so.asFault()
	}
	st.mu.Lock()
	if st.session != nil && strings.HasPrefix(st.session.made, made) && !force {
		defer st.mu.Unlock()
		return st.session, nil // someone was faster
	}
	if st.refused != nil && st.refused.LoginID == so.LoginID && st.refused.SavedAt.Equal(so.SavedAt) {
		so = *st.refused
	}
	st.mu.Unlock()
	if blocked(so.Result) && !force {
		return nil, so.asFault()
	}

	grant, err := s.ask(ctx, agent, so)
	if f := asOurs(err); f != nil {
		return nil, f
	}
	if err == nil {
		if grant.PasswordExpired {
			err = &login.Refusal{Code: "INVALID_OPERATION_WITH_EXPIRED_PASSWORD"}
		} else if strings.HasPrefix(s.conn().LoginURL, "https://") && !strings.HasPrefix(grant.Instance, "https://") {
			err = &login.Refusal{Code: "invalid_client", Text: "The org's address is not https"}
		}
	}
	so.CheckedAt = s.o.Clock().UTC()
	var sess *Session
	if err != nil {
		var detail string
		so.Result, detail = outcome(err)
		so.Message = sentence(so, detail)
	} else {
		sess = s.identify(ctx, grant)
		sess.made = made + so.LoginID
		so.Result, so.Worked = Connected, true
		so.UserID, so.UserName, so.OrgID, so.OrgName, so.Instance = sess.UserID, sess.UserName, sess.OrgID, sess.OrgName, sess.Instance
		so.Message = sentence(so, "")
	}
	st.mu.Lock()
	st.session, st.refused = sess, nil
	if blocked(so.Result) {
		st.refused = &so
	}
	if sess == nil || force || sess.UserID != st.user {
		st.objects = map[string]*Object{} // a session renewed in mid-work sees what the last one saw, until it turns out otherwise
	}
	if sess != nil {
		st.user = sess.UserID
	}
	st.mu.Unlock()
	s.record(ctx, so)
	if sess == nil {
		return nil, so.asFault()
	}
	return sess, nil
}

// record stores and tells what an attempt came to.
func (s *Access) record(ctx context.Context, so SignOn) {
	if err := s.o.SignOns.PutSignOn(ctx, so); err != nil {
		s.o.Logger.ErrorContext(ctx, "a sign-on's result could not be stored", "agent", so.Agent, "result", so.Result, "error", err)
	}
	s.o.Logger.InfoContext(ctx, "tried to sign on to Salesforce", "agent", so.Agent, "kind", so.Kind, "result", so.Result)
	s.o.OnSignOn(so)
}

// ask sends the credentials.
func (s *Access) ask(ctx context.Context, agent string, so SignOn) (login.Grant, error) {
	c := s.conn()
	if so.Kind == tenant.SignOnJWT {
		pem, err := s.o.Vault.Get(ctx, TenantOwner, SecretJWTKey)
		if err != nil {
			return login.Grant{}, err
		}
		if c.ConsumerKey == "" || len(pem) == 0 {
			return login.Grant{}, &login.Refusal{Code: "invalid_client_id", Text: "The consumer key or the private key is not set up on the Screen Pop page"}
		}
		key, err := login.ParseKey(pem)
		if err != nil {
			return login.Grant{}, &login.Refusal{Code: "invalid_client", Text: "The private key on the Screen Pop page cannot be read"}
		}
		return login.JWT(ctx, s.wire.HTTP(), c.LoginURL, login.Assertion{
			Key: key, Issuer: c.ConsumerKey, Subject: so.LoginID, Audience: c.Audience, Now: s.o.Clock(),
		})
	}
	secret, err := s.o.Vault.Get(ctx, agent, SecretPassword)
	if err != nil {
		return login.Grant{}, err
	}
	if len(secret) == 0 {
		return login.Grant{}, &login.Refusal{Code: "INVALID_LOGIN", Text: "No password is saved"}
	}
	return login.SOAP(ctx, s.wire.HTTP(), c.LoginURL, c.APIVersion, so.LoginID, string(secret))
}

// identify completes a grant with the names of user and org; names are for showing, so their absence fails nothing.
func (s *Access) identify(ctx context.Context, g login.Grant) *Session {
	sess := &Session{
		Session: wire.Session{Token: g.Token, Instance: g.Instance, Version: s.conn().APIVersion},
		UserID:  g.UserID, UserName: g.FullName, OrgID: g.OrgID, OrgName: g.OrgName,
	}
	if sess.UserName == "" {
		if a, err := s.wire.Do(ctx, sess.Session, wire.Request{Method: "GET", Path: "/services/oauth2/userinfo"}); err == nil {
			var u struct {
				UserID string `json:"user_id"`
				Name   string `json:"name"`
				Login  string `json:"preferred_username"`
			}
			if a.Into(&u) == nil {
				sess.UserName = cmp.Or(u.Name, u.Login)
			}
		}
	}
	if sess.OrgName == "" {
		q := query.Select{Fields: []string{"Name"}, From: "Organization", Limit: 1}
		if a, err := s.wire.Do(ctx, sess.Session, wire.Request{Method: "GET", Path: "/query", Query: url.Values{"q": {q.String()}}}); err == nil {
			var p wire.Page
			if a.Into(&p) == nil && len(p.Records) > 0 {
				sess.OrgName = p.Records[0].Text("Name")
			}
		}
	}
	sess.UserName = cmp.Or(sess.UserName, "your user")
	sess.OrgName = cmp.Or(sess.OrgName, strings.TrimPrefix(strings.TrimPrefix(g.Instance, "https://"), "http://"))
	return sess
}

// asOurs is a fault of our own (store, seal) among the errors of signing in; nil for what Salesforce or the network said.
func asOurs(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := wire.IsLost(err); ok {
		return nil
	}
	if _, ok := login.IsRefusal(err); ok {
		return nil
	}
	return fault.Of(err)
}
