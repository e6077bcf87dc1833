package main

import (
	"context"
	"fmt"
	"os"

	"cordboard/internal/fault"
	"cordboard/internal/simorg"
)

type simorgCmd struct {
	Listen    string `help:"Address, host:port." default:"127.0.0.1:8090"`
	Seed      string `help:"Seed folder, or the name of a built-in seed: demo, private." default:"demo"`
	State     string `help:"Folder that keeps the org between runs. Default: in memory." type:"path"`
	OpenPages bool   `help:"Show the record pages to browsers that are not signed in, as an administrator sees them."`
	LogLevel  string `help:"debug, info, warn or error." default:"warn" enum:"debug,info,warn,error"`
}

func (c *simorgCmd) Run(ctx context.Context) error {
	seed, err := simorg.OpenSeed(c.Seed)
	if err != nil {
		return err
	}
	org, err := simorg.New(simorg.Options{Seed: seed, StateDir: c.State, OpenPages: c.OpenPages, Logger: logger(c.LogLevel)})
	if err != nil {
		return err
	}
	if err := org.Start(c.Listen); err != nil {
		_ = org.Stop(ctx)
		return fault.Newf(fault.Unavailable, "PORT_TAKEN", "The address %s cannot be listened on. Choose another with --listen.", c.Listen)
	}
	fmt.Fprintf(os.Stderr, "simorg %s\n  org      %s/\n  control  %s/_sim/\n", version, org.URL(), org.URL())
	<-ctx.Done()
	stop, done := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer done()
	return org.Stop(stop)
}
