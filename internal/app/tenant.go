package app

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"cordboard/internal/agent"
	"cordboard/internal/audit"
	"cordboard/internal/bus"
	"cordboard/internal/channel/phone"
	"cordboard/internal/crm/autolog"
	"cordboard/internal/crm/pop"
	"cordboard/internal/crm/salesforce"
	"cordboard/internal/crm/salesforce/setup"
	"cordboard/internal/delivery"
	"cordboard/internal/desk"
	"cordboard/internal/egress"
	"cordboard/internal/fault"
	"cordboard/internal/interaction"
	"cordboard/internal/seal"
	"cordboard/internal/setting"
	"cordboard/internal/store"
	"cordboard/internal/tenant"
)

// Tenant is one organisation's house: its own store, settings, desk, phone channel and CRM wing (DESIGN §4.10).
type Tenant struct {
	Name       string
	Store      *store.Tenant
	Settings   *setting.Book
	Bus        *bus.Bus
	Desk       *desk.Desk
	Phone      *phone.Channel
	Salesforce *salesforce.Salesforce
	Org        *setup.Setup
	Pop        *pop.Service
	AutoLog    *autolog.AutoLog
	Deliveries *delivery.Pump
	Vault      *seal.Vault
	Trail      *audit.Log

	app  *App
	log  *slog.Logger
	stop []func()

	ctx    context.Context // of what runs in the background; ends with close
	cancel context.CancelFunc
	work   sync.WaitGroup
}

// lateDesk is the desk as the phone channel knows it: each needs the other to be made.
type lateDesk struct{ t *Tenant }

func (l lateDesk) Arrive(ctx context.Context, a interaction.Arrival) (interaction.Interaction, error) {
	return l.t.Desk.Arrive(ctx, a)
}
func (l lateDesk) Signal(ctx context.Context, id string, s interaction.Signal) error {
	return l.t.Desk.Signal(ctx, id, s)
}
func (l lateDesk) Reached(agentID string) { l.t.Desk.Reached(agentID) }

// newTenant makes what a tenant has even when nobody telephones: settings, secrets, the CRM and the promises to it.
func (a *App) newTenant(ctx context.Context, name string) (*Tenant, error) {
	t := &Tenant{Name: name, app: a, Bus: bus.New(), log: a.opts.Logger.With("tenant", name)}
	t.ctx, t.cancel = context.WithCancel(context.Background())
	var err error
	if t.Store, err = a.store.Tenant(ctx, name); err != nil {
		return nil, err
	}
	t.Trail = audit.New(t.Store, a.opts.Clock)
	t.Vault = seal.NewVault(a.box, name, t.Store)
	t.Settings, err = setting.Open(ctx, setting.Options{
		Tenant: name, Store: t.Store, Trail: t.Trail, Bus: t.Bus, Accounts: a.Doors, OrgHosts: a.opts.Allow, Log: t.log, Now: a.opts.Clock,
		Claim: func(ctx context.Context, number string, channel int64) error {
			return a.store.Control().ReserveNumber(ctx, store.Number{Number: number, Tenant: name, Channel: channel})
		},
	})
	if err != nil {
		return nil, err
	}
	t.Salesforce = salesforce.New(salesforce.Options{
		Config: t.Settings.Config, SignOns: t.Store, Vault: t.Vault, HTTP: a.egress.Client(egress.Salesforce), Clock: a.opts.Clock, Logger: t.log,
		OnSignOn: t.signedOn,
	})
	t.Org = &setup.Setup{Tenant: name, Vault: t.Vault, HTTP: a.egress.Client(egress.Salesforce), Clock: a.opts.Clock}
	t.AutoLog = autolog.New(autolog.Options{
		Config: t.Settings.Config, Interaction: t.Store.One, ScreenPop: t.Settings.ScreenPopAt, Finder: t.Salesforce, Logger: t.Salesforce,
		Lane: t.Salesforce.LaneOf,
	})
	t.Deliveries = delivery.New(delivery.Options{
		Store: t.Store, Workers: map[string]delivery.Worker{autolog.Kind: t.AutoLog}, Bus: t.Bus, Clock: a.opts.Clock, Logger: t.log,
	})
	return t, nil
}

// fit adds the desk and what stands around it, on the installation's switch.
func (t *Tenant) fit() {
	a := t.app
	t.Phone = phone.New(phone.Options{Desk: lateDesk{t}, Switch: a.board.view(t.Name), Config: t.Settings.Config, Logger: t.log,
		OnReach: func(agentID string) { a.web.PhoneChanged(t.Name, agentID) }})
	t.Desk = desk.New(desk.Options{
		Store: t.Store, Bus: t.Bus, Config: t.Settings.Config, OnClose: t.AutoLog.OnClose, Clock: a.opts.Clock, Logger: t.log,
		Channels: map[interaction.Medium]desk.Channel{interaction.Phone: t.Phone},
	})
	t.Pop = pop.New(pop.Options{Desk: t.Desk, CRM: t.Salesforce, Config: t.Settings.Config, Bus: t.Bus, Clock: a.opts.Clock, Logger: t.log})
}

// start opens the tenant: what listens first, then the desk, then the telephones.
func (t *Tenant) start(ctx context.Context) error {
	t.stop = append(t.stop,
		bus.Subscribe(t.Bus, func(c desk.Changed) {
			for _, e := range c.Events {
				if e.Kind == interaction.EventClosed {
					t.Deliveries.Wake()
				}
			}
			for _, a := range c.Agents {
				if a.Reason == agent.ReasonSignIn && a.Since.Equal(c.At) {
					t.connect(a.ID)
				}
			}
		}),
		bus.Subscribe(t.Bus, func(c setting.Changed) {
			if c.Kind == setting.KindChannel {
				if err := t.reserve(context.Background()); err != nil {
					t.log.Error("a number could not be reserved", "err", err)
				}
			}
			t.Desk.Reconsider()
		}),
	)
	if err := t.reserve(ctx); err != nil {
		return err
	}
	if err := t.Deliveries.Start(ctx); err != nil {
		return err
	}
	if err := t.Desk.Start(ctx); err != nil {
		return err
	}
	open, err := t.Store.Open(ctx) // as the desk has left it: what was lost with the process is over now
	if err != nil {
		return err
	}
	t.Pop.Start(open)
	t.Phone.Start(open)
	return nil
}

// close ends the tenant in the opposite order.
func (t *Tenant) close(ctx context.Context) {
	t.Phone.Stop()
	t.Pop.Stop()
	if err := t.Desk.Stop(ctx); err != nil {
		t.log.Warn("the desk was stopped before everything was finished; it goes on at the next start", "err", err)
	}
	if err := t.Deliveries.Stop(ctx); err != nil {
		t.log.Warn("deliveries under way were broken off; they are repeated at the next start", "err", err)
	}
	for _, stop := range t.stop {
		stop()
	}
	t.cancel()
	t.work.Wait()
}

// connect signs an agent on to Salesforce as soon as he is signed in here (SF-11), so that his first call need not pay for
// it. What comes of it is stored and shown to him by the sign-on itself.
func (t *Tenant) connect(agentID string) {
	if !t.Settings.Config().Users[agentID].Seat {
		return
	}
	t.work.Go(func() {
		ctx, done := context.WithTimeout(t.ctx, time.Minute)
		defer done()
		if _, err := t.Salesforce.SignIn(ctx, agentID); err != nil {
			t.log.Info("an agent is not signed on to Salesforce", "agent", agentID, "code", fault.Of(err).Code)
		}
	})
}

// signedOn lets an agent's parked logs go as soon as his sign-on works again (LOG-18).
func (t *Tenant) signedOn(s salesforce.SignOn) {
	if s.Result == salesforce.Connected {
		if err := t.Deliveries.ReleaseLane(context.Background(), t.Salesforce.LaneOf(s.Agent)); err != nil {
			t.log.Error("parked deliveries could not be released", "agent", s.Agent, "err", err)
		}
	}
	if t.app.web != nil {
		t.app.web.SignOnChanged(t.Name, s.Agent)
	}
}

// reserve keeps the installation's table of numbers in step with the tenant's channels.
func (t *Tenant) reserve(ctx context.Context) error {
	control := t.app.store.Control()
	had, err := control.Numbers(ctx, t.Name)
	if err != nil {
		return err
	}
	want := map[string]int64{}
	for _, c := range t.Settings.Config().Channels {
		if c.Number != "" {
			want[c.Number] = c.ID
		}
	}
	for _, n := range had {
		if want[n.Number] == 0 {
			if err := control.ReleaseNumber(ctx, n.Number, t.Name); err != nil {
				return err
			}
		}
	}
	for number, channel := range want {
		if err := control.ReserveNumber(ctx, store.Number{Number: number, Tenant: t.Name, Channel: channel}); err != nil {
			return err
		}
	}
	return t.app.numbers(ctx)
}

// SetPassword gives a user a password without asking for the old one: for the operator's verbs and the demo.
func (t *Tenant) SetPassword(ctx context.Context, userID, password string) error {
	return t.app.Doors.SetPassword(ctx, userID, password, "system", "")
}

// sipSecret is the vault's name of an agent's SIP phone secret.
const sipSecret = "sip.secret"

// NewSIPSecret gives an agent's SIP phone a name, if it has none, and a new secret, which is shown once (CH-1).
func (t *Tenant) NewSIPSecret(ctx context.Context, by, agentID string) (user, secret string, err error) {
	u, ok := t.Settings.Config().Users[agentID]
	if !ok {
		return "", "", fault.New(fault.NotFound, "NOT_FOUND", "This user does not exist.")
	}
	if user, secret, err = t.newSIPSecret(ctx, u); err == nil {
		_, err = t.Settings.SetSIPUser(ctx, by, agentID, user)
	}
	return user, secret, err
}

func (t *Tenant) newSIPSecret(ctx context.Context, u tenant.User) (user, secret string, err error) {
	if user = u.SIPUser; user == "" {
		user = fmt.Sprintf("%s-%s", t.Name, strings.ToLower(rand.Text()[:8]))
		if err := t.app.store.Control().ReserveSIPAccount(ctx, store.SIPAccount{Name: user, Tenant: t.Name, Agent: u.ID}); err != nil {
			return "", "", err
		}
	}
	var random [18]byte
	rand.Read(random[:])
	secret = base64.RawURLEncoding.EncodeToString(random[:]) // 24 characters
	return user, secret, t.Vault.Put(ctx, u.ID, sipSecret, []byte(secret))
}
