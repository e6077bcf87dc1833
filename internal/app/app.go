package app

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"cordboard/internal/bus"
	"cordboard/internal/channel/phone"
	"cordboard/internal/channel/phone/browser"
	"cordboard/internal/channel/phone/media"
	"cordboard/internal/channel/phone/sip"
	"cordboard/internal/egress"
	"cordboard/internal/fault"
	"cordboard/internal/seal"
	"cordboard/internal/signin"
	"cordboard/internal/store"
	"cordboard/internal/web"
)

// App is a running installation. Make it with New, open it with Start, end it with Stop.
type App struct {
	opts    Options
	listen  listeners
	store   *store.Installation
	box     *seal.Box
	egress  *egress.Egress
	bus     *bus.Bus // the installation's
	Doors   *signin.Guard
	sip     *sip.Switch
	browser *browser.Switch
	board   *switchboard
	web     *web.Server
	http    *http.Server
	ln      net.Listener

	open    atomic.Bool                       // every tenant works
	owners  atomic.Pointer[map[string]string] // reserved number → tenant
	mu      sync.Mutex
	tenants map[string]*Tenant
	run     context.CancelFunc
	wg      sync.WaitGroup
	undo    []func() // closes what was opened, last first
}

// New opens the data and makes every tenant; nothing listens yet.
func New(ctx context.Context, o Options) (_ *App, err error) {
	a := &App{opts: o, bus: bus.New(), tenants: map[string]*Tenant{}}
	if a.listen, err = a.opts.check(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			a.unwind()
		}
	}()
	if a.store, err = store.Open(ctx, store.Options{DataDir: o.Data, DatabaseURL: o.Database, Logger: a.opts.Logger, Now: a.opts.Clock}); err != nil {
		return nil, err
	}
	a.later(func() { _ = a.store.Close() })
	names, err := a.store.Control().Tenants(ctx)
	if err != nil {
		return nil, err
	}
	key := o.KeyFile
	if key == "" {
		key = filepath.Join(o.Data, "master.key")
	}
	if a.box, err = seal.Open(key, len(names) > 0); err != nil {
		return nil, err
	}
	if err = a.box.Prove(ctx, a.store.Control()); err != nil {
		return nil, err
	}
	if a.egress, err = egress.New(egress.Options{Allow: o.Allow}); err != nil {
		return nil, err
	}
	a.later(a.egress.Close)
	a.Doors = signin.New(signin.Options{Store: a.store.Control(), Bus: a.bus, Trail: a.trail, Log: a.opts.Logger, Now: a.opts.Clock})
	for _, name := range names {
		if _, err := a.Tenant(ctx, name); err != nil {
			return nil, fmt.Errorf("tenant %s: %w", name, err)
		}
	}
	return a, nil
}

// Tenant returns a tenant's value, making it (and, if need be, its store) at first.
func (a *App) Tenant(ctx context.Context, name string) (*Tenant, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if t := a.tenants[name]; t != nil {
		return t, nil
	}
	t, err := a.newTenant(ctx, name)
	if err == nil {
		a.tenants[name] = t
	}
	return t, err
}

// Tenants lists the tenants' names.
func (a *App) Tenants() []string {
	var names []string
	for _, t := range a.all() {
		names = append(names, t.Name)
	}
	return names
}

func (a *App) all() []*Tenant {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []*Tenant
	for _, t := range a.tenants {
		out = append(out, t)
	}
	slices.SortFunc(out, func(x, y *Tenant) int { return strings.Compare(x.Name, y.Name) })
	return out
}

// tenant is a tenant that exists, or nil.
func (a *App) tenant(name string) *Tenant {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.tenants[name]
}

// Start opens the phones and the web, and returns when calls and browsers are served.
func (a *App) Start(ctx context.Context) (err error) {
	defer func() {
		if err != nil {
			_ = a.Stop(context.WithoutCancel(ctx))
		}
	}()
	if err := a.phones(); err != nil {
		return err
	}
	ln, err := a.listenWeb(ctx)
	if err != nil {
		return err
	}
	a.ln = ln
	a.later(func() { _ = ln.Close() })
	for _, t := range a.all() {
		t.fit()
	}
	if err := a.openWeb(); err != nil {
		return err
	}
	background, cancel := context.WithCancel(context.WithoutCancel(ctx))
	a.run = cancel
	for _, t := range a.all() {
		a.later(func() {
			stop, done := context.WithTimeout(context.Background(), 10*time.Second)
			defer done()
			t.close(stop)
		})
		if err := t.start(ctx); err != nil {
			return fmt.Errorf("tenant %s: %w", t.Name, err)
		}
	}
	a.wg.Go(func() { a.board.run(background) })
	a.open.Store(true)
	a.wg.Go(func() {
		if err := a.serveWeb(a.http, ln); err != nil && !errors.Is(err, http.ErrServerClosed) {
			a.opts.Logger.Error("the web server ended", "err", err)
		}
	})
	return nil
}

// phones opens the SIP switch and the browsers' audio, and joins them to one switch.
func (a *App) phones() error {
	o, l := &a.opts, &a.listen
	pool, err := media.NewPool(l.mediaListen, l.mediaTold, l.low, l.high)
	if err != nil {
		return err
	}
	joint := media.NewDesk(o.Logger)
	a.later(joint.Close)
	if a.sip, err = sip.New(sip.Options{Listen: o.SIPListen, Advertise: l.advertise, Media: pool, Desk: joint, Accounts: a.sipAccount, Trunks: a.trunks, Log: o.Logger}); err != nil {
		if fault.KindOf(err) == fault.Unavailable {
			err = fault.Newf(fault.Unavailable, "PORT_TAKEN", "The SIP address %s cannot be listened on. Choose another with --sip-listen.", o.SIPListen).With(err)
		}
		return err
	}
	a.later(func() { _ = a.sip.Close() })
	a.browser, err = browser.New(browser.Options{Listen: o.BrowserMedia, MediaAddress: o.MediaAddress, Desk: joint, OnOwner: a.phoneOwner, Log: o.Logger})
	if err != nil {
		return err
	}
	a.later(func() { _ = a.browser.Close() })
	a.board = newSwitchboard(phone.Compose(map[phone.TargetKind]phone.Switch{
		phone.TargetSIP: a.sip, phone.TargetNumber: a.sip, phone.TargetBrowser: a.browser,
	}), a.owner, o.Logger)
	return nil
}

// Stop ends everything: no new calls and requests, then the tenants, then the store.
func (a *App) Stop(ctx context.Context) error {
	a.open.Store(false)
	if a.http != nil {
		a.web.Close()
		short, done := context.WithTimeout(ctx, 3*time.Second)
		if err := a.http.Shutdown(short); err != nil {
			_ = a.http.Close()
		}
		done()
	}
	if a.run != nil {
		a.run()
	}
	a.unwind()
	a.wg.Wait()
	return nil
}

func (a *App) later(f func()) { a.undo = append(a.undo, f) }

func (a *App) unwind() {
	for _, f := range slices.Backward(a.undo) {
		f()
	}
	a.undo = nil
}

// Addr is where the web listens.
func (a *App) Addr() net.Addr { return a.ln.Addr() }

// URL is the address that browsers use.
func (a *App) URL() string { return a.listen.public.String() }

// SIPAddr is where the SIP switch listens.
func (a *App) SIPAddr() netip.AddrPort { return a.sip.Addr() }

// trail is a tenant's audit log; one that does not exist writes nowhere.
func (a *App) trail(name string) signin.Trail {
	if t := a.tenant(name); t != nil {
		return t.Trail
	}
	return nil
}

// owner tells whose a called number is: the tenant's who reserved it, also when it is dialled as in his own country.
func (a *App) owner(called string) (string, bool) {
	m := a.owners.Load()
	if m == nil {
		return "", false
	}
	for _, t := range a.all() {
		if ch, ok := t.Settings.Config().ChannelByNumber(called); ok && (*m)[ch.Number] == t.Name {
			return t.Name, true
		}
	}
	return "", false
}

// numbers reads the installation's table of numbers anew.
func (a *App) numbers(ctx context.Context) error {
	all, err := a.store.Control().Numbers(ctx, "")
	if err != nil {
		return err
	}
	m := make(map[string]string, len(all))
	for _, n := range all {
		m[n.Number] = n.Tenant
	}
	a.owners.Store(&m)
	return nil
}

// sipAccount is the secret of a SIP user.
func (a *App) sipAccount(user string) (string, bool) {
	ctx, done := context.WithTimeout(context.Background(), 2*time.Second)
	defer done()
	acc, err := a.store.Control().SIPAccount(ctx, user)
	if err != nil {
		return "", false
	}
	t := a.tenant(acc.Tenant)
	if t == nil || t.Settings.Config().Users[acc.Agent].Inactive {
		return "", false
	}
	secret, err := t.Vault.Get(ctx, acc.Agent, sipSecret)
	if err != nil || len(secret) == 0 {
		return "", false
	}
	return string(secret), true
}

// trunks lists every tenant's trunks.
func (a *App) trunks() []sip.Trunk {
	var out []sip.Trunk
	for _, t := range a.all() {
		for _, x := range t.Settings.Config().Trunks {
			trunk := sip.Trunk{Name: t.Name + "/" + x.Name}
			for _, s := range x.Addresses {
				if p, err := prefix(s); err == nil {
					trunk.Allow = append(trunk.Allow, p)
				}
			}
			out = append(out, trunk)
		}
	}
	return out
}
