package access

import (
	"context"
	"strings"

	"cordboard/internal/crm/salesforce/wire"
	"cordboard/internal/fault"
)

// Call sends a request as the agent. A session that has expired is renewed once and the request repeated once (LOG-18);
// Salesforce refuses an expired session before it does anything, so repeating is safe for writes too. Errors are as they
// came: *fault.Error about the sign-on, *wire.Error, *wire.Lost.
func (s *Access) Call(ctx context.Context, agent string, r wire.Request) (wire.Answer, *Session, error) {
	sess, err := s.Session(ctx, agent)
	if err != nil {
		return wire.Answer{}, nil, err
	}
	a, err := s.wire.Do(ctx, sess.Session, r)
	if !expired(err) {
		return a, sess, s.judge(ctx, agent, sess, err)
	}
	s.expire(agent, sess)
	if sess, err = s.Session(ctx, agent); err != nil {
		return wire.Answer{}, nil, err
	}
	a, err = s.wire.Do(ctx, sess.Session, r)
	if expired(err) && sess.worked.Load() {
		// It was good a moment ago: ended by someone else's hand, like the first.
		s.expire(agent, sess)
		return wire.Answer{}, nil, fault.New(fault.Unavailable, "SESSION_ENDED", "Salesforce ended the session while it was in use. It is tried again by itself.").Judge(fault.Retry, 0).With(err)
	}
	if expired(err) {
		s.o.Logger.WarnContext(ctx, "a new session was refused as expired", "agent", agent)
		return wire.Answer{}, nil, s.close(ctx, agent, sess, Restricted, "the session that was just given is refused, as when sessions are locked to an address")
	}
	return a, sess, s.judge(ctx, agent, sess, err)
}

// hazards are the 401 texts after which a new sign-in would only lead to the next 401.
var hazards = []struct {
	text   string
	result Result
}{
	{"This session is not valid for use with the REST API", APIDisabled},
	{"Connected app is not attached to Agent", NotApproved},
}

func hazard(e *wire.Error) (Result, bool) {
	for _, h := range hazards {
		if strings.Contains(e.Message(), h.text) {
			return h.result, true
		}
	}
	return "", false
}

// expired reports whether a new session may help.
func expired(err error) bool {
	e, ok := wire.IsError(err)
	if !ok || e.Status != 401 {
		return false
	}
	_, loop := hazard(e)
	return !loop
}

// judge opens the circuit on answers that speak about the sign-on, and passes the others.
func (s *Access) judge(ctx context.Context, agent string, sess *Session, err error) error {
	e, ok := wire.IsError(err)
	if !ok {
		if err == nil {
			sess.worked.Store(true)
		}
		return err
	}
	if e.Status == 401 {
		if r, loop := hazard(e); loop {
			return s.close(ctx, agent, sess, r, e.Message())
		}
	}
	if _, off := e.Has("API_DISABLED_FOR_ORG"); off {
		return s.close(ctx, agent, sess, APIDisabled, e.Message())
	}
	return err
}

// expire drops a session unless a newer one has taken its place.
func (s *Access) expire(agent string, sess *Session) {
	st := s.seat(agent)
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.session == sess {
		st.session = nil
	}
}

// close opens the agent's circuit: his sign-on works no longer, and is not tried again by itself.
func (s *Access) close(ctx context.Context, agent string, sess *Session, r Result, detail string) error {
	s.expire(agent, sess)
	so, _, err := s.effective(ctx, agent)
	if err != nil {
		return err
	}
	so.Result, so.CheckedAt = r, s.o.Clock().UTC()
	so.Message = sentence(so, detail)
	st := s.seat(agent)
	st.mu.Lock()
	st.refused = &so
	st.mu.Unlock()
	s.record(ctx, so)
	return so.asFault()
}
