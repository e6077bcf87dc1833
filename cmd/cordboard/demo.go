package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"cordboard/internal/app"
	"cordboard/internal/demo"
)

type demoCmd struct {
	Listen    string `help:"Address of the web, host:port." default:"127.0.0.1:8080"`
	OrgListen string `help:"Address of the simulated Salesforce org." default:"127.0.0.1:8090"`
	SIPListen string `name:"sip-listen" help:"Address of the SIP switch, UDP and TCP." default:"127.0.0.1:5060"`
	Data      string `help:"Keep the world in this folder. Default: a new one that is removed at the end." type:"path"`
	JSON      bool   `help:"When it is up, print one line of JSON to stdout instead of the table."`
	LogLevel  string `help:"debug, info, warn or error." default:"warn" enum:"debug,info,warn,error"`
}

func (c *demoCmd) Run(ctx context.Context) error {
	data := c.Data
	if data == "" {
		dir, err := os.MkdirTemp("", "cordboard-demo-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		data = dir
	}
	d, err := demo.Start(ctx, demo.Options{OrgListen: c.OrgListen, App: app.Options{
		Data: data, Listen: c.Listen, SIPListen: c.SIPListen, Version: version, Logger: logger(c.LogLevel),
	}})
	if err != nil {
		return err
	}
	if c.JSON {
		err = json.NewEncoder(os.Stdout).Encode(map[string]any{
			"ready": true, "console": d.App.URL() + "/console/", "manager": d.App.URL() + "/manager/", "customer": d.App.URL() + "/demo/",
			"org": d.Org.URL(), "sip": d.App.SIPAddr().String(), "users": demo.People, "lines": demo.Lines,
		})
	} else {
		err = c.table(os.Stdout, d)
	}
	if err != nil {
		return err
	}
	<-ctx.Done()
	fmt.Fprintln(os.Stderr, "\nstopping…")
	stop, done := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer done()
	return d.Stop(stop)
}

func (c *demoCmd) table(out io.Writer, d *demo.Demo) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	url := d.App.URL()
	fmt.Fprintf(w, "\nCordboard %s is up.\n\n", version)
	fmt.Fprintf(w, "  Agent Console\t%s/console/\n", url)
	fmt.Fprintf(w, "  Customer page\t%s/demo/\tpress a caller, and the phone rings\n", url)
	fmt.Fprintf(w, "  Configuration Manager\t%s/manager/\n", url)
	fmt.Fprintf(w, "  Simulated Salesforce org\t%s/\n", d.Org.URL())
	fmt.Fprintf(w, "  SIP switch\t%s\tany softphone may call %s\n\n", d.App.SIPAddr(), demo.Lines[0].Number)
	fmt.Fprintf(w, "  Sign in as\tpassword\twho\n")
	for _, p := range demo.People {
		fmt.Fprintf(w, "  %s\t%s\t%s, %s; in the org %s\n", p.UserID, p.Password, p.Name, p.Role, p.OrgUser)
	}
	fmt.Fprintf(w, "\nSign in as ada in the console, allow the microphone, press Ready to work, and call from the customer page. Ctrl+C ends it.\n")
	return w.Flush()
}
