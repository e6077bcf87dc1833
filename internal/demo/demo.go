package demo

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"sync/atomic"

	"cordboard/internal/app"
	"cordboard/internal/fault"
	"cordboard/internal/simorg"
)

// Options are what a demo is started with.
type Options struct {
	App       app.Options // Data, Listen, SIPListen, …; Allow and Extra are the demo's own
	OrgListen string      // host:port of the simulated org; default 127.0.0.1:8090
}

// Demo is a running world.
type Demo struct {
	App    *app.App
	Tenant *app.Tenant
	Org    *simorg.Org
	page   atomic.Pointer[Customers] // the customer page; its switch's address is known only when it listens
}

// Start builds the world and returns when it can be used.
func Start(ctx context.Context, o Options) (_ *Demo, err error) {
	d := &Demo{}
	defer func() {
		if err != nil {
			_ = d.Stop(context.WithoutCancel(ctx))
		}
	}()
	if o.App.Logger == nil {
		o.App.Logger = slog.New(slog.DiscardHandler)
	}
	if o.OrgListen == "" {
		o.OrgListen = "127.0.0.1:8090"
	}
	ln, err := net.Listen("tcp", o.OrgListen)
	if err != nil {
		return nil, fault.Newf(fault.Unavailable, "PORT_TAKEN", "The simulated org's address %s cannot be listened on. Choose another with --org-listen.", o.OrgListen).With(err)
	}
	defer func() {
		if d.Org == nil {
			_ = ln.Close()
		}
	}()
	o.App.Allow = append(o.App.Allow, ln.Addr().String())
	o.App.Extra = map[string]http.Handler{"/demo/": http.HandlerFunc(d.customer)}
	// First the data folder, which it locks; then what the org keeps in it.
	if d.App, err = app.New(ctx, o.App); err != nil {
		return nil, err
	}
	org, err := simorg.New(simorg.Options{SeedName: "demo", StateDir: filepath.Join(o.App.Data, "org"), Logger: o.App.Logger, OpenPages: true})
	if err != nil {
		return nil, err
	}
	d.Org = org
	d.Org.Serve(ln)
	if d.Tenant, err = Settle(ctx, d.App, d.Org.URL()); err != nil {
		return nil, err
	}
	if err = approve(ctx, d.Tenant, d.Org); err != nil {
		return nil, err
	}
	if err = d.App.Start(ctx); err != nil {
		return nil, err
	}
	d.page.Store(NewCustomers(d.App.SIPAddr().String(), Samples, Lines, o.App.Logger))
	return d, nil
}

func (d *Demo) customer(w http.ResponseWriter, r *http.Request) {
	if c := d.page.Load(); c != nil {
		c.Handler().ServeHTTP(w, r)
		return
	}
	http.Error(w, "The demo is still starting. Try again in a moment.", http.StatusServiceUnavailable)
}

// Stop ends the world: the customers hang up, then the product, then the org.
func (d *Demo) Stop(ctx context.Context) error {
	var err error
	if c := d.page.Load(); c != nil {
		c.Close()
	}
	if d.App != nil {
		err = d.App.Stop(ctx)
	}
	if d.Org != nil {
		if e := d.Org.Stop(ctx); err == nil {
			err = e
		}
	}
	return err
}
