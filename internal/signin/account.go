package signin

import (
	"context"
	"time"

	"cordboard/internal/fault"
)

// Reserve gives a sign-in name to an agent. When the name is held already, holder is whose it is and taken is true: the
// caller decides whether that is the rest of an interrupted addition of its own, or somebody else.
func (g *Guard) Reserve(ctx context.Context, tenant, agent, userID string) (holder Account, taken bool, err error) {
	a := Account{UserID: clean(userID), Tenant: tenant, Agent: agent}
	err = g.store.PutAccount(ctx, a)
	if fault.KindOf(err) != fault.Conflict {
		return a, false, err
	}
	holder, err = g.store.Account(ctx, a.UserID)
	return holder, true, err
}

// SetPassword sets a user's password after checking it against the policy, and ends his other sign-ins.
// keep is the hash of a session that stays (the person's own), or empty. by is who did it, for the audit log.
func (g *Guard) SetPassword(ctx context.Context, userID, next, by, keep string) error {
	if err := CheckPassword("password", userID, next); err != nil {
		return err
	}
	a, err := g.store.Account(ctx, clean(userID))
	if err != nil {
		return err
	}
	done, err := g.hash.turn(ctx)
	if err != nil {
		return err
	}
	a.Hash = g.hash.make(next)
	done()
	if err := g.store.PutAccount(ctx, a); err != nil {
		return err
	}
	g.note(ctx, a.Tenant, by, "password_set", a.UserID, nil)
	return g.End(ctx, a.Tenant, a.Agent, keep, EndPassword)
}

// ChangePassword is SetPassword by the person himself, who must know the current one. Wrong guesses count as refused
// sign-ins do, so that an open session cannot be used to guess.
func (g *Guard) ChangePassword(ctx context.Context, s Session, current, next string) error {
	now := g.now().UTC()
	source := sourceOf(s.Address)
	if err := g.known(ctx, s.UserID, current, source, now); err != nil {
		return err
	}
	if err := g.SetPassword(ctx, s.UserID, next, s.Agent, s.Hash); err != nil {
		return rename(err, "password", "next")
	}
	return nil
}

// known refuses a current password that is not the user's.
func (g *Guard) known(ctx context.Context, userID, current, source string, now time.Time) error {
	done, err := g.hash.turn(ctx)
	if err != nil {
		return err
	}
	defer done()
	if err := g.locked(ctx, userID, source, now); err != nil {
		return err
	}
	a, err := g.store.Account(ctx, userID)
	if err != nil {
		return err
	}
	if ok, _ := g.hash.check(a.Hash, current); ok {
		return nil
	}
	if err := g.refuse(ctx, a, userID, source, now); !fault.Is(err, "SIGN_IN_REFUSED") {
		return err
	}
	return (fault.Fields{{Field: "current", Code: "WRONG", Message: "This is not your current password."}}).Err()
}

// SetInactive closes or opens an account. Closing ends every sign-in at once (SEC-6).
func (g *Guard) SetInactive(ctx context.Context, userID string, inactive bool) error {
	a, err := g.store.Account(ctx, clean(userID))
	if err != nil {
		return err
	}
	if a.Inactive != inactive {
		a.Inactive = inactive
		if err := g.store.PutAccount(ctx, a); err != nil {
			return err
		}
	}
	if !inactive {
		return nil
	}
	return g.End(ctx, a.Tenant, a.Agent, "", EndInactive)
}

// renew stores a hash of today's cost, within the caller's turn; a failure only means that the old one stays.
func (g *Guard) renew(ctx context.Context, a Account, password string) {
	a.Hash = g.hash.make(password)
	if err := g.store.PutAccount(ctx, a); err != nil {
		g.log.Warn("a password hash could not be renewed", "err", err)
	}
}

// rename moves a fault's field to the name that the form uses.
func rename(err error, from, to string) error {
	f := fault.Of(err)
	for i := range f.Fields {
		if f.Fields[i].Field == from {
			f.Fields[i].Field = to
		}
	}
	return f
}
