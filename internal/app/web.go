package app

import (
	"context"
	"net"
	"net/http"
	"time"

	"cordboard/internal/channel/phone"
	"cordboard/internal/channel/phone/browser"
	"cordboard/internal/crm/salesforce/setup"
	"cordboard/internal/delivery"
	"cordboard/internal/fault"
	"cordboard/internal/interaction"
	"cordboard/internal/store"
	"cordboard/internal/tenant"
	"cordboard/internal/web"
	"cordboard/internal/web/api"
)

// openWeb makes the web out of the tenants' rooms.
func (a *App) openWeb() error {
	o := web.Options{
		PublicURL: a.listen.public.String(), Guard: a.Doors, Doors: a.bus, Version: a.opts.Version, Extra: a.opts.Extra, TrustedProxies: a.listen.proxies, Ready: a.ready, Log: a.opts.Logger, Now: a.opts.Clock,
	}
	for _, t := range a.all() {
		o.Tenants = append(o.Tenants, web.Tenant{
			Name: t.Name, Bus: t.Bus, Settings: t.Settings, Trail: t.Trail, Desk: t.Desk, History: history{t.Store}, Pops: t.Pop, Drafts: t.AutoLog,
			Phone: agentPhone{t.Phone, a.browser}, Browser: a.browser, SIP: sipAccounts{t}, SignOns: t.Salesforce,
			Org:        org{t.Org},
			Deliveries: deliveries{t.Deliveries, t.Store},
		})
	}
	if len(o.Tenants) == 0 {
		return fault.New(fault.Invalid, "NO_TENANT", "There is no tenant yet. Make one first: cordboard tenant add NAME --data DIR --region US --admin USERID")
	}
	var err error
	if a.web, err = web.New(o); err != nil {
		return err
	}
	a.http = &http.Server{Handler: a.web.Handler(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
	return nil
}

// listenWeb opens the web's address.
func (a *App) listenWeb(ctx context.Context) (net.Listener, error) {
	var c net.ListenConfig
	ln, err := c.Listen(ctx, "tcp", a.opts.Listen)
	if err != nil {
		return nil, fault.Newf(fault.Unavailable, "PORT_TAKEN", "The web address %s cannot be listened on. Choose another with --listen.", a.opts.Listen).With(err)
	}
	if a.opts.PublicURL == "" {
		a.listen.public.Host = ln.Addr().String()
	}
	return ln, nil
}

// serveWeb serves until the server is shut down, by https when there is a certificate.
func (a *App) serveWeb(srv *http.Server, ln net.Listener) error {
	if a.opts.TLSCert != "" {
		return srv.ServeTLS(ln, a.opts.TLSCert, a.opts.TLSKey)
	}
	return srv.Serve(ln)
}

// ready says whether the house is open: for whoever watches over the server.
func (a *App) ready() error {
	if !a.open.Load() {
		return fault.New(fault.Unavailable, "STARTING", "The server is starting.")
	}
	return nil
}

// phoneOwner passes on which tab holds an agent's browser phone now.
func (a *App) phoneOwner(agentID, _ string) {
	for _, t := range a.all() {
		if _, ok := t.Settings.Config().Users[agentID]; ok {
			a.web.PhoneChanged(t.Name, agentID)
		}
	}
}

// The types below fit a room's own methods to what the web asks for; none decides anything.

type history struct{ s *store.Tenant }

func (h history) History(ctx context.Context, agentID string, before time.Time, limit int) ([]interaction.Interaction, error) {
	return h.s.Interactions(ctx, store.InteractionFilter{Agent: agentID, To: before, Limit: limit})
}

type agentPhone struct {
	*phone.Channel
	browser *browser.Switch
}

func (p agentPhone) Owner(agentID string) (string, time.Time) { return p.browser.Owner(agentID) }

type sipAccounts struct{ t *Tenant }

func (s sipAccounts) Issue(ctx context.Context, u tenant.User) (string, string, error) {
	return s.t.newSIPSecret(ctx, u)
}

type org struct{ s *setup.Setup }

func (o org) Certificate(ctx context.Context) (string, error) { return o.s.Certificate(ctx) }
func (o org) NewKey(ctx context.Context) (string, error)      { return o.s.NewKey(ctx) }

func (o org) Probe(ctx context.Context, c tenant.Connection) (api.OrgTest, error) {
	newest, err := o.s.Probe(ctx, c.LoginBase())
	if err != nil {
		return api.OrgTest{Message: fault.Of(err).Message, Kinds: []tenant.SignOn{}}, nil
	}
	return api.OrgTest{Reachable: true, Message: "The org answers. Its newest API version is " + newest + ".", Kinds: c.SignOns, APIVersion: newest}, nil
}

type deliveries struct {
	*delivery.Pump
	s *store.Tenant
}

func (d deliveries) Retry(ctx context.Context, key string) (delivery.Delivery, error) {
	if err := d.Pump.Retry(ctx, key); err != nil {
		return delivery.Delivery{}, err
	}
	return d.s.Delivery(ctx, key)
}

func (d deliveries) Drop(ctx context.Context, key, reason string) (delivery.Delivery, error) {
	if err := d.Pump.Drop(ctx, key, reason); err != nil {
		return delivery.Delivery{}, err
	}
	return d.s.Delivery(ctx, key)
}
