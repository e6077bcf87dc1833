package main

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"os"
	"strings"

	"cordboard/internal/app"
	"cordboard/internal/fault"
	"cordboard/internal/signin"
	"cordboard/internal/tenant"
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
	// Everything is checked before anything is made (GEN-4).
	p := tenant.Profile{Label: cmp.Or(c.Label, c.Name), Region: strings.ToUpper(c.Region), TimeZone: c.TimeZone}
	u := tenant.User{UserID: c.Admin, FirstName: c.First, LastName: c.Last, Email: c.Email, Roles: []tenant.Role{tenant.RoleAdmin}, Endpoint: tenant.EndpointBrowser, OfferSeconds: 30}
	empty := &tenant.Config{Name: c.Name}
	if _, err := empty.CheckProfile(p); err != nil {
		return err
	}
	if _, err := empty.CheckUser(u); err != nil {
		return err
	}
	a, err := app.New(ctx, app.Options{Data: c.Data, Database: c.Database, KeyFile: c.KeyFile, Allow: c.Allow, Version: version, Logger: logger("warn")})
	if err != nil {
		return err
	}
	defer a.Stop(ctx)
	for _, name := range a.Tenants() {
		if name != c.Name {
			continue
		}
		// One without users is what an earlier try left half-made: it is finished now.
		if t, err := a.Tenant(ctx, name); err != nil || len(t.Settings.Config().Users) > 0 {
			return cmp.Or(err, error(fault.Newf(fault.Conflict, "EXISTS", "The tenant %s exists already; nothing was changed.", c.Name)))
		}
	}
	t, err := a.Tenant(ctx, c.Name)
	if err != nil {
		return err
	}
	now := t.Settings.Config().Profile
	now.Region, now.TimeZone, now.Label = p.Region, p.TimeZone, p.Label
	if _, err := t.Settings.SaveProfile(ctx, "system", now); err != nil {
		return err
	}
	if _, err := t.Settings.SaveUser(ctx, "system", u); err != nil {
		return err
	}
	if err := t.SetPassword(ctx, c.Admin, password); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "Tenant %s is made. Start the server and sign in to the Configuration Manager as %s.\nKeep a copy of the master key: without it saved credentials must be entered again.\n", c.Name, c.Admin)
	return nil
}
