package simorg

import (
	"crypto/rsa"
	"fmt"
	"io/fs"
	"os"
	"time"

	"cordboard/internal/simorg/control"
	"cordboard/internal/simorg/engine/ledger"
	"cordboard/internal/simorg/engine/signon"
	"cordboard/internal/simorg/seed"
)

// Fault is a fault on request; see package control for its fields.
type Fault = control.Fault

// Match says which requests a fault is for.
type Match = control.Match

// AddFault makes the org misbehave. It returns the fault's number.
func (o *Org) AddFault(f Fault) (int, error) { return o.control.Add(f) }

// ClearFaults ends all faults.
func (o *Org) ClearFaults() { o.control.Clear() }

// Entry is one raw write.
type Entry = ledger.Entry

// Ledger is every raw write of an object so far, of all objects when it is empty.
func (o *Org) Ledger(object string) []Entry { return o.engine.Ledger.List(object, 0) }

// Records is every record of an object as kept, deleted ones included, whatever its security.
func (o *Org) Records(object string) []map[string]any {
	rows, _ := o.engine.Dump(object)
	return rows
}

// ExpireSessions ends the sessions of a user, of everybody when username is empty, and says how many.
func (o *Org) ExpireSessions(username string) int {
	if username == "" {
		return o.engine.SignOn.Expire("")
	}
	p, ok := o.engine.Person(username)
	if !ok {
		return 0
	}
	return o.engine.SignOn.Expire(p.ID)
}

// UserChange is what SetUser changes; nil parts stay.
type UserChange struct {
	APIEnabled      *bool
	PasswordExpired *bool
	LoginFault      *string // a login fault's code, for example PASSWORD_LOCKOUT; "": none
	Token           *string
}

// SetPassword gives a user a new password; his security token stays.
func (o *Org) SetPassword(username, password string) error {
	return o.credential(username, func(c *signon.Credential) { c.Digest, c.Expired = signon.Digest(password), false })
}

func (o *Org) credential(username string, change func(*signon.Credential)) error {
	p, ok := o.engine.Person(username)
	if !ok {
		return problem("NO_SUCH_USER", "The simulated org has no user %s.", username)
	}
	c, _ := o.engine.SignOn.Credential(p.ID)
	change(&c)
	o.engine.SignOn.SetCredential(p.ID, c)
	return nil
}

// SetUser changes what a user may do and how his next login goes. APIEnabled is not kept in the state folder.
func (o *Org) SetUser(username string, ch UserChange) error {
	err := o.credential(username, func(c *signon.Credential) {
		if ch.PasswordExpired != nil {
			c.Expired = *ch.PasswordExpired
		}
		if ch.LoginFault != nil {
			c.Fault = *ch.LoginFault
		}
		if ch.Token != nil {
			c.Token = *ch.Token
		}
	})
	if err == nil && ch.APIEnabled != nil {
		p, _ := o.engine.Person(username)
		o.engine.SetPermission(p.ID, "ApiEnabled", *ch.APIEnabled)
	}
	return err
}

// App is a connected app for SetApp.
type App struct {
	Name, ConsumerKey, ConsumerSecret string
	PublicKey                         *rsa.PublicKey // for JWT bearer
	Users                             []string       // pre-authorised user names; "*": everyone
	RunAs                             string         // user name for client credentials
}

// SetApp registers a connected app while the org runs.
func (o *Org) SetApp(a App) error {
	out := signon.App{Name: a.Name, Key: a.ConsumerKey, Secret: a.ConsumerSecret, Public: a.PublicKey, Users: a.Users, Scope: "api refresh_token"}
	if a.RunAs != "" {
		p, ok := o.engine.Person(a.RunAs)
		if !ok {
			return problem("NO_SUCH_USER", "The simulated org has no user %s.", a.RunAs)
		}
		out.RunAs = p.ID
	}
	o.engine.SignOn.SetApp(out)
	return nil
}

// ShiftClock moves the org's clock ahead of the real one.
func (o *Org) ShiftClock(d time.Duration) { o.engine.Shift(d) }

// OpenSeed returns the seed of a folder, or one that comes with the program (demo, private; "" is demo). A folder wins
// over a name; something that is neither is SEED_INVALID.
func OpenSeed(nameOrDir string) (fs.FS, error) {
	if info, err := os.Stat(nameOrDir); err == nil && info.IsDir() {
		return os.DirFS(nameOrDir), nil
	}
	fsys, err := seed.Named(nameOrDir)
	if err != nil {
		return nil, badSeed(err)
	}
	return fsys, nil
}

// Problem is why an org cannot be started or changed from outside: a stable code (SEED_INVALID, STATE_UNUSABLE,
// ADDRESS_TAKEN, NO_SUCH_USER) and a sentence for people. It is the simulator's own type: the simulator shares no code
// with those who use it.
type Problem struct{ Code, Message string }

func (p *Problem) Error() string { return p.Code + ": " + p.Message }

func problem(code, format string, args ...any) error {
	return &Problem{code, fmt.Sprintf(format, args...)}
}
