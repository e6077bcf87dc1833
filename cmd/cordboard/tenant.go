package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"

	"cordboard/internal/app"
	"cordboard/internal/fault"
	"cordboard/internal/signin"
	"cordboard/internal/tenant"
	"cordboard/internal/web/firstrun"
)

type tenantCmd struct {
	Add tenantAddCmd `cmd:"" help:"Make a tenant and its first administrator."`
}

type tenantAddCmd struct {
	where
	Name     string   `arg:"" help:"The tenant's name: 3 to 30 of a-z and 0-9."`
	Region   string   `help:"Country of the tenant's numbers, ISO 3166 alpha-2." default:"US"`
	TimeZone string   `help:"The tenant's time zone, an IANA name." default:"UTC"`
	Label    string   `help:"The name that people see. Default: the tenant's name."`
	Admin    string   `help:"User ID of the first administrator." required:""`
	First    string   `help:"His first name." default:"First"`
	Last     string   `help:"His last name." default:"Administrator"`
	Email    string   `help:"His e-mail address." default:"admin@example.com"`
	Allow    []string `name:"allow-host" hidden:""`
}

// Run reads the password from standard input, so that it stands in no process list and no shell history.
func (c *tenantAddCmd) Run(ctx context.Context) error {
	if err := tenant.CheckName(c.Name); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "Password for %s (12 to 128 characters): ", c.Admin)
	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	password := strings.TrimRight(line, "\r\n")
	fmt.Fprintln(os.Stderr)
	if password == "" {
		return fault.New(fault.Invalid, "NO_PASSWORD", "No password was given; nothing was made. Type it, or pipe it in.").With(err)
	}
	if err := signin.CheckPassword("password", c.Admin, password); err != nil {
		return err
	}
	a, err := app.New(ctx, app.Options{Data: c.Data, Database: c.Database, KeyFile: c.KeyFile, Allow: c.Allow, Version: version, Logger: logger("warn")})
	if err != nil {
		return err
	}
	defer a.Stop(ctx)
	err = a.Found(ctx, firstrun.Founding{Tenant: c.Name, Label: c.Label, Region: strings.ToUpper(c.Region), TimeZone: c.TimeZone,
		UserID: c.Admin, First: c.First, Last: c.Last, Email: c.Email, Password: password})
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "Tenant %s is made. Start the server and sign in to the Configuration Manager as %s.\nKeep a copy of the master key: without it saved credentials must be entered again.\n", c.Name, c.Admin)
	return nil
}
