package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"cordboard/internal/bus"
	"cordboard/internal/desk"
	"cordboard/internal/setting"
	"cordboard/internal/tenant"
	"cordboard/internal/web/api"
	"cordboard/internal/web/assets"
	"cordboard/internal/web/live"
	"cordboard/internal/web/view"

	agents "cordboard/internal/agent"
)

// Options are what a Server is made of.
type Options struct {
	// PublicURL is where people reach the server, e.g. https://cc.example.com (GEN-14). Requests for another host are
	// refused. With http the host must be loopback: then localhost, 127.0.0.1 and [::1] are served at any port.
	PublicURL string
	// TrustedProxies are the addresses whose X-Forwarded-For counts (GEN-13); default none.
	TrustedProxies []netip.Prefix
	// Guard is the installation's door, usually *signin.Guard.
	Guard interface {
		api.Guard
		live.Sessions
	}
	// Doors is the installation's bus, which carries signin.Ended.
	Doors *bus.Bus
	// Tenants are the tenants served, at least one.
	Tenants []Tenant
	// Version is the product's version, shown to people.
	Version string
	// Static is the built user interface; default: what is embedded.
	Static fs.FS
	// Extra are further handlers by ServeMux pattern, mounted behind the same walls: the demo's customer page.
	Extra map[string]http.Handler
	// Ready says whether the house is open, for /healthz; nil: always.
	Ready func() error
	Log   *slog.Logger     // default: nowhere
	Now   func() time.Time // default: time.Now
}

// Desk is what the web needs of a tenant's desk; *desk.Desk is one.
type Desk interface {
	api.Desk
	live.Store // Snapshot and One
	Present(agentID string, connected bool)
	Waiting() desk.Waiting
}

// Tenant is one tenant's rooms as the web works with them. All are needed but Drafts.
type Tenant struct {
	Name       string
	Bus        *bus.Bus // the tenant's: desk.Changed, desk.Waiting, delivery.Changed, setting.Changed
	Settings   *setting.Book
	Trail      setting.Trail // *audit.Log
	Desk       Desk
	History    api.History      // usually the store
	Pops       api.Pops         // *pop.Service
	Drafts     view.Drafts      // *autolog.AutoLog; nil: no drafts are shown
	Phone      Phone            // *phone.Channel and the browser switch
	Browser    api.BrowserPhone // *browser.Switch
	SIP        api.SIPAccounts
	SignOns    api.SignOns
	Org        api.Org
	Deliveries api.Deliveries // delivery's pump and store
}

// Phone is what the console shows and does of the agent's phone.
type Phone interface {
	api.PhoneDesk
	// Muted says whether the agent is muted in the interaction. It must be quick.
	Muted(interactionID, agentID string) bool
	// Abilities names what the switch can do for the agent (AGT-6). Quick.
	Abilities() []string
	// Reachable says whether the agent's phone could be rung now (INT-9). Quick.
	Reachable(agentID string) bool
	// Owner is the tab that holds the agent's browser phone, "" when none does. Quick.
	Owner(agentID string) (tab string, since time.Time)
}

// Server serves the pages, the API and the streams.
type Server struct {
	o       Options
	public  *url.URL
	api     *api.API
	hubs    map[string]*live.Hub
	handler http.Handler
	packs   packs
	count   counts
	stop    func()
}

// New makes a server and begins to listen to the buses; make it before the desks start. Close it after the listeners.
func New(o Options) (*Server, error) {
	u, err := publicURL(o.PublicURL)
	if err != nil {
		return nil, err
	}
	if len(o.Tenants) == 0 {
		return nil, errors.New("web: there is no tenant to serve")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Static == nil {
		o.Static = assets.Static()
	}
	s := &Server{o: o, public: u, hubs: map[string]*live.Hub{}}
	tenants := map[string]*api.Tenant{}
	for _, t := range o.Tenants {
		tenants[t.Name] = s.tenant(t)
	}
	s.api = api.New(api.Options{
		Guard:   o.Guard,
		Tenant:  func(name string) (*api.Tenant, bool) { t, ok := tenants[name]; return t, ok },
		Secure:  u.Scheme == "https",
		Version: o.Version, Address: s.address, Now: o.Now, Log: o.Log,
	})
	streams := map[string]func() int{}
	for name, h := range s.hubs {
		streams[name] = h.Open
	}
	s.count = newCounts(streams)
	s.handler = s.walls(s.routes())
	s.stop = sync.OnceFunc(func() {
		for _, h := range s.hubs {
			h.Close()
		}
	})
	return s, nil
}

// Handler serves everything. Give it to an http.Server with ReadHeaderTimeout set and WriteTimeout unset: streams set their
// own deadlines.
func (s *Server) Handler() http.Handler { return s.handler }

// Close ends every stream, so that http.Server.Shutdown need not wait for them: call it first.
func (s *Server) Close() { s.stop() }

// PhoneChanged tells an agent's tabs that his phone came, went, or is held by another tab. Unknown tenants are ignored.
func (s *Server) PhoneChanged(tenantName, agentID string) {
	if h := s.hubs[tenantName]; h != nil {
		h.Phone(agentID)
	}
}

// SignOnChanged tells an agent's tabs that his CRM sign-on changed by itself: it works again, or was refused.
func (s *Server) SignOnChanged(tenantName, agentID string) {
	if h := s.hubs[tenantName]; h != nil {
		h.SignOn(agentID)
	}
}

// tenant puts one tenant's eye, stream and API together.
func (s *Server) tenant(t Tenant) *api.Tenant {
	eye := &view.Eye{Config: t.Settings.Config, Logs: t.Deliveries, Drafts: t.Drafts, Muted: t.Phone.Muted, Now: s.o.Now}
	phone := func(agentID, tab string) view.Phone {
		u := t.Settings.Config().Users[agentID]
		v := view.Phone{Endpoint: u.Endpoint, Reachable: t.Phone.Reachable(agentID), Abilities: t.Phone.Abilities()}
		if v.Abilities == nil {
			v.Abilities = []string{}
		}
		if u.Endpoint == tenant.EndpointBrowser {
			v.Owner, _ = t.Phone.Owner(agentID)
			v.Mine = v.Owner != "" && v.Owner == tab
		}
		return v
	}
	hub := live.New(live.Options{
		Tenant: t.Name, Bus: t.Bus, Doors: s.o.Doors, Store: t.Desk, Desk: t.Desk, Sessions: s.o.Guard, Eye: eye,
		Me: func(agentID string) view.Me {
			c := t.Settings.Config()
			return view.MeOf(c, c.Users[agentID], s.o.Version, s.o.Now())
		},
		Phone: phone,
		SignOn: func(ctx context.Context, agentID string) (view.SignOn, error) {
			so, err := t.SignOns.Status(ctx, agentID)
			so.Agent = agentID
			return view.SignOnOf(t.Settings.Config(), so), err
		},
		Expired: func(agentID string) {
			if _, err := t.Desk.SignOut(context.Background(), agentID, agents.ReasonExpired); err != nil {
				s.o.Log.Warn("an agent whose sign-in expired could not be logged out", "tenant", t.Name, "agent", agentID, "err", err)
			}
		},
		Now: s.o.Now, Log: s.o.Log,
	})
	s.hubs[t.Name] = hub
	return &api.Tenant{
		Name: t.Name, Settings: t.Settings, Trail: t.Trail, Desk: t.Desk, History: t.History, Pops: t.Pops, Phone: t.Phone,
		Browser: t.Browser, SIP: t.SIP, SignOns: t.SignOns, Org: t.Org, Deliveries: t.Deliveries, Live: hub, Eye: eye, PhoneOf: phone,
	}
}

// publicURL checks the operator's word about where the server is reached.
func publicURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || cmp.Or(u.Path, "/") != "/" {
		return nil, fmt.Errorf("the public URL %q is not of the form https://host: give scheme and host only", s)
	}
	switch {
	case u.Scheme == "https", u.Scheme == "http" && loopbackHost(u.Hostname()):
		return u, nil
	case u.Scheme == "http":
		return nil, fmt.Errorf("the public URL %q is http: that is allowed on loopback only; give https, with a certificate or behind a proxy", s)
	}
	return nil, fmt.Errorf("the public URL %q must begin with https://", s)
}
