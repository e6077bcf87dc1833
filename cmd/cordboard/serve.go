package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"cordboard/internal/app"
	"cordboard/internal/store"
)

// where says where an installation's data is; every verb that touches it has these.
type where struct {
	Data     string `help:"Data folder." default:"./data" type:"path"`
	Database string `help:"Keep the data in PostgreSQL: postgres://user:password@host:port/database. Default: SQLite files in the data folder."`
	KeyFile  string `help:"Master key that seals secrets. Default: master.key in the data folder." type:"path"`
	LogLevel string `help:"debug, info, warn or error." default:"info" enum:"debug,info,warn,error"`
}

// network says where the server listens.
type network struct {
	Listen       string   `help:"Address of the web, host:port." default:"127.0.0.1:8080"`
	PublicURL    string   `name:"public-url" help:"Address that browsers use. Default: the one listened on."`
	TLSCert      string   `name:"tls-cert" help:"Certificate file (PEM)." type:"path"`
	TLSKey       string   `name:"tls-key" help:"Key file (PEM)." type:"path"`
	TrustedProxy []string `name:"trusted-proxy" help:"Address or range of a proxy whose forwarded headers count."`
	SIPListen    string   `name:"sip-listen" help:"Address of the SIP switch, UDP and TCP." default:"127.0.0.1:5060"`
	MediaListen  string   `help:"IP address on which sound is received. Default: that of --sip-listen."`
	MediaAddress string   `help:"IP address that phones and browsers send sound to. Default: the one listened on."`
	MediaPorts   string   `help:"UDP ports for the sound of SIP phones." default:"10000-19999"`
	BrowserMedia string   `help:"UDP address for the sound of all browsers. Default: a free port of --media-listen."`
	Allow        []string `name:"allow-host" help:"Host or range that the tenant's addresses may lead to although it is not public (a simulated org, for instance)."`
}

type serveCmd struct {
	where
	network
}

func (c *serveCmd) options() app.Options {
	return app.Options{
		Data: c.Data, Database: c.Database, KeyFile: c.KeyFile,
		Listen: c.Listen, PublicURL: c.PublicURL, TLSCert: c.TLSCert, TLSKey: c.TLSKey, TrustedProxies: c.TrustedProxy,
		SIPListen: c.SIPListen, MediaListen: c.MediaListen, MediaAddress: c.MediaAddress, MediaPorts: c.MediaPorts, BrowserMedia: c.BrowserMedia,
		Allow: c.Allow, Version: version, Logger: logger(c.LogLevel),
	}
}

// patience is how long a stop may take before what is under way is broken off.
const patience = 20 * time.Second

func (c *serveCmd) Run(ctx context.Context) error {
	a, err := app.New(ctx, c.options())
	if err != nil {
		return err
	}
	if len(a.Tenants()) == 0 {
		err := a.FirstRun(ctx, func(code, url string, until time.Time) {
			fmt.Fprintf(os.Stderr, "There is no tenant yet. Open %s and enter this set-up code (good until %s):\n\n    %s\n\n", url, until.Format("15:04"), code)
		})
		if err != nil {
			return errors.Join(err, a.Stop(context.WithoutCancel(ctx)))
		}
	}
	if err := a.Start(ctx); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "cordboard %s\n  Agent Console          %s/console/\n  Configuration Manager  %s/manager/\n  SIP switch             %s\n", version, a.URL(), a.URL(), a.SIPAddr())
	<-ctx.Done()
	stop, done := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer done()
	return a.Stop(stop)
}

type migrateCmd struct{ where }

func (c *migrateCmd) Run(ctx context.Context) error {
	in, err := store.Open(ctx, store.Options{DataDir: c.Data, DatabaseURL: c.Database, Logger: logger(c.LogLevel)})
	if err != nil {
		return err
	}
	defer in.Close()
	names, err := in.Control().Tenants(ctx)
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, err := in.Tenant(ctx, name); err != nil {
			return err
		}
	}
	fmt.Fprintf(os.Stderr, "The databases are at this program's version: the installation's own and %d tenants.\n", len(names))
	return nil
}
