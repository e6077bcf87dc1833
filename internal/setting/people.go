package setting

import (
	"context"
	"crypto/rand"
	"encoding/base64"

	"cordboard/internal/fault"
	"cordboard/internal/tenant"
)

// CheckUser says what SaveUser would refuse, without saving: a form that also holds a password shows all faults at once.
func (b *Book) CheckUser(u tenant.User) error {
	_, err := b.Config().CheckUser(u)
	return err
}

// SaveUser saves a user (CFG-14). A new one (ID "") gets an agent id, and his sign-in name is reserved in the installation
// before he is stored; he has no password yet and cannot sign in. What a crash left between the two is taken up by the
// next try. Deactivating ends his sign-ins.
func (b *Book) SaveUser(ctx context.Context, by string, u tenant.User) (tenant.User, error) {
	b.saving.Lock()
	defer b.saving.Unlock()
	c := b.Config()
	old, exists := c.Users[u.ID]
	if u.ID != "" && !exists {
		return u, missing("user")
	}
	u, err := c.CheckUser(u)
	if err != nil {
		return u, err
	}
	var before any
	if exists {
		before = old
	} else {
		u.SIPUser = ""
		if u.ID, err = b.reserve(ctx, u.UserID); err != nil {
			return u, err
		}
	}
	if _, err = b.put(ctx, by, Doc{Kind: kindUser, Name: u.ID}, u.Version, before, u); err != nil {
		return u, err
	}
	if u.Inactive || old.Inactive { // again for one who is: an earlier try may have ended half-way
		err = b.o.Accounts.SetInactive(ctx, u.UserID, u.Inactive)
	}
	return b.Config().Users[u.ID], err
}

// reserve takes the sign-in name for a new agent and returns the agent's id.
func (b *Book) reserve(ctx context.Context, userID string) (string, error) {
	id := NewAgentID()
	holder, taken, err := b.o.Accounts.Reserve(ctx, b.o.Tenant, id, userID)
	if err != nil {
		return "", err
	}
	if !taken {
		return id, nil
	}
	if _, used := b.Config().Users[holder.Agent]; holder.Tenant == b.o.Tenant && !used {
		return holder.Agent, nil
	}
	var f fault.Fields
	f.Addf("userId", "TAKEN", "%q is in use already. Choose another.", userID)
	return "", f.Err()
}

// SetSIPUser notes the name that an agent's SIP phone registers with; it is generated, never typed.
func (b *Book) SetSIPUser(ctx context.Context, by, agentID, sipUser string) (tenant.User, error) {
	b.saving.Lock()
	defer b.saving.Unlock()
	old, ok := b.Config().Users[agentID]
	if !ok {
		return old, missing("user")
	}
	if old.SIPUser == sipUser {
		return old, nil
	}
	u := old
	u.SIPUser = sipUser
	_, err := b.put(ctx, by, Doc{Kind: kindUser, Name: agentID}, old.Version, old, u)
	return b.Config().Users[agentID], err
}

// NewAgentID makes an agent id: "ag" and 22 characters (GEN-7).
func NewAgentID() string {
	var r [16]byte
	rand.Read(r[:]) // never fails (Go 1.24)
	return "ag" + base64.RawURLEncoding.EncodeToString(r[:])
}
