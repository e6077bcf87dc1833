package app

import (
	"context"
	"errors"
	"net/http"
	"time"

	"cordboard/internal/fault"
	"cordboard/internal/signin"
	"cordboard/internal/tenant"
	"cordboard/internal/web/firstrun"
)

// Found makes a tenant and its first administrator. Everything is checked before anything is made, and every fault told at
// once (GEN-4); a tenant that an earlier try left without users is finished now.
func (a *App) Found(ctx context.Context, f firstrun.Founding) error {
	if f.Label == "" {
		f.Label = f.Tenant
	}
	profile := tenant.DefaultProfile()
	profile.Label, profile.Region, profile.TimeZone = f.Label, f.Region, f.TimeZone
	admin := tenant.DefaultUser()
	admin.UserID, admin.FirstName, admin.LastName, admin.Email, admin.Roles = f.UserID, f.First, f.Last, f.Email, []tenant.Role{tenant.RoleAdmin}
	var faults fault.Fields
	collect := func(err error) {
		var x *fault.Error
		if errors.As(err, &x) && len(x.Fields) > 0 {
			faults = append(faults, x.Fields...)
		}
	}
	if err := tenant.CheckName(f.Tenant); err != nil {
		faults.Add("tenant", "TENANT_NAME", fault.Of(err).Message)
	}
	empty := tenant.New(f.Tenant)
	_, err := empty.CheckProfile(profile)
	collect(err)
	_, err = empty.CheckUser(admin)
	collect(err)
	collect(signin.CheckPassword("password", f.UserID, f.Password))
	if err := faults.Err(); err != nil {
		return err
	}
	if t := a.tenant(f.Tenant); t != nil && len(t.Settings.Config().Users) > 0 {
		return fault.Newf(fault.Conflict, "EXISTS", "The tenant %s exists already; nothing was changed.", f.Tenant)
	}
	t, err := a.Tenant(ctx, f.Tenant)
	if err != nil {
		return err
	}
	profile.Version = t.Settings.Config().Profile.Version
	if _, err := t.Settings.SaveProfile(ctx, "system", profile); err != nil {
		return err
	}
	if _, err := t.Settings.SaveUser(ctx, "system", admin); err != nil {
		return err
	}
	return t.SetPassword(ctx, f.UserID, f.Password)
}

// FirstRun serves the set-up page until a tenant is made or ctx ends (SEC-7). say tells the operator the code.
func (a *App) FirstRun(ctx context.Context, say func(code, url string, until time.Time)) error {
	ln, err := a.listenWeb(ctx)
	if err != nil {
		return err
	}
	url := a.listen.public.Scheme + "://" + a.listen.public.Host + "/"
	p := firstrun.New(firstrun.Options{
		Found: a.Found, Now: a.opts.Clock, Log: a.opts.Logger,
		Say: func(code string, until time.Time) { say(code, url, until) },
	})
	srv := &http.Server{Handler: p.Handler(), ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan error, 1)
	go func() { ended <- a.serveWeb(srv, ln) }()
	select {
	case <-p.Done():
	case <-ctx.Done():
	case err := <-ended:
		return err
	}
	short, done := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer done()
	if err := srv.Shutdown(short); err != nil {
		return err
	}
	return ctx.Err()
}
