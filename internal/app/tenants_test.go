package app_test

import (
	"errors"
	"strings"
	"testing"

	"cordboard/internal/app"
	"cordboard/internal/channel/phone/sip/sipphone"
	"cordboard/internal/demo"
	"cordboard/internal/fault"
	"cordboard/internal/interaction"
	"cordboard/internal/tenant"
)

// second adds a tenant globex with an administrator gus, an agent zoe and a number, in the half-open installation.
func second(t *testing.T, s *site) {
	t.Helper()
	s.close()
	s.open(func(a *app.App) {
		g, err := a.Tenant(s.ctx, "globex")
		if err != nil {
			t.Fatal(err)
		}
		q, err := g.Settings.SaveQueue(s.ctx, "system", tenant.Queue{Name: "Sales", Priority: 5, WrapupSeconds: 30, Media: demo.PhoneOnly})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := g.Settings.SaveChannel(s.ctx, "system", tenant.Channel{Medium: interaction.Phone, Name: "Main", Number: "+18005550100", Queue: q.ID}); err != nil {
			t.Fatal(err)
		}
		for user, role := range map[string]tenant.Role{"gus": tenant.RoleAdmin, "zoe": tenant.RoleAgent} {
			u := tenant.User{UserID: user, FirstName: "Z", LastName: "Z", Email: user + "@globex.example", Roles: []tenant.Role{role}, Endpoint: tenant.EndpointSIP,
				OfferSeconds: 30, Queues: map[int64]int{q.ID: 5}}
			if _, err := g.Settings.SaveUser(s.ctx, "system", u); err != nil {
				t.Fatal(err)
			}
			if err := g.SetPassword(s.ctx, user, demo.Password); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// GEN-2: two tenants in one installation: numbers, names, people and interactions of the one do not exist for the other.
func TestTwoTenants(t *testing.T) {
	on(t, func(t *testing.T, s *site) {
		second(t, s)
		mia, gus := s.signIn("mia"), s.signIn("gus")
		s.withDesk(mia, "ada", sipphone.Options{})
		s.withDesk(gus, "zoe", sipphone.Options{})
		ada, zoe := s.signIn("ada").console(), s.signIn("zoe").console()
		ada.must("POST", "/api/v1/console/status", object{"status": 4})
		zoe.must("POST", "/api/v1/console/status", object{"status": 4})

		// Each number rings in its own house.
		hers := s.call(sipphone.Request{To: "+18005550100", From: "+14155550123"})
		z := zoe.find("globex's call", in("accepted"))
		his := s.call(sipphone.Request{To: "+18661231234", From: "+14155550123"})
		i := ada.find("acme's call", in("accepted"))
		zoe.until("only her own", func() bool { return len(zoe.items) == 1 })
		ada.until("only her own", func() bool { return len(ada.items) == 1 })

		// What is the other's does not exist, whatever is asked of it.
		for _, command := range []string{"end", "end-wrapup", "work-offline", "mute", "pop/search", "log/retry"} {
			body := object{}
			if command == "mute" {
				body["on"] = true
			}
			zoe.refused(404, "", "POST", "/api/v1/console/interactions/"+text(i, "id")+"/"+command, body)
		}
		zoe.refused(404, "", "GET", "/api/v1/console/interactions/"+text(i, "id"), nil)
		zoe.refused(404, "", "PUT", "/api/v1/console/interactions/"+text(i, "id")+"/write", object{"notes": "x"})
		users, _ := mia.must("GET", "/api/v1/manager/users", nil)["users"].([]any)
		for _, u := range users {
			gus.refused(404, "", "GET", "/api/v1/manager/users/"+text(u, "id"), nil)
			if text(u, "userId") == "zoe" {
				t.Error("acme's administrator sees zoe")
			}
		}
		if l, _ := gus.must("GET", "/api/v1/manager/users", nil)["users"].([]any); len(l) != 2 {
			t.Errorf("globex's administrator sees %d users", len(l))
		}

		// A number or a name that the other tenant has is refused before anything is saved.
		channels, _ := gus.must("GET", "/api/v1/manager/channels", nil)["channels"].([]any)
		taken := object{"medium": "phone", "name": "Stolen", "number": "+18661231234", "queue": at(channels, 0, "queue"), "region": "US"}
		if m := gus.refused(422, "", "POST", "/api/v1/manager/channels", taken); !strings.Contains(m, "in use on this server") {
			t.Errorf("a number of acme's: %q", m)
		}
		if l, _ := gus.must("GET", "/api/v1/manager/channels", nil)["channels"].([]any); len(l) != 1 {
			t.Errorf("globex has %d channels", len(l))
		}
		newUser := object{"userId": "ada", "firstName": "A", "lastName": "A", "email": "a@globex.example", "roles": []string{"agent"}, "queues": object{},
			"offerSeconds": 30, "endpoint": "browser", "password": "seven wet otters sing"}
		if m := gus.refused(422, "", "POST", "/api/v1/manager/users", newUser); m == "" || strings.Contains(m, "acme") {
			t.Errorf("a name of acme's: %q", m)
		}

		// A number given up is free for the other.
		path := "/api/v1/manager/channels/" + text(channels, 0, "id")
		mine, _ := at(channels, 0).(object)
		mine["number"] = "+18005550101"
		gus.must("PUT", path, mine)
		chs, _ := mia.must("GET", "/api/v1/manager/channels", nil)["channels"].([]any)
		mia.must("POST", "/api/v1/manager/channels", object{"medium": "phone", "name": "Inherited", "number": "+18005550100", "queue": at(chs, 0, "queue"), "region": "US"})

		for _, c := range []*sipphone.Call{hers, his} {
			if err := c.Hangup(s.ctx); err != nil {
				t.Error(err)
			}
		}
		ada.find("acme's wrap-up", in("wrapup"))
		ada.post(i, "end-wrapup", nil)
		zoe.find("globex's wrap-up", in("wrapup"))
		zoe.post(z, "end-wrapup", nil)
		ada.find("acme's log", func(i object) bool { return text(i, "log", "state") == "done" })
		s.task(1) // globex has no CRM

		// A number that nobody has is refused, as one is that is no number.
		for _, to := range []string{"+18005550199", "999", "x'or'1'"} {
			_, err := s.phone(sipphone.Options{}).Call(s.ctx, sipphone.Request{Server: s.app.SIPAddr().String(), To: to, From: "+14155550123"})
			var refused *sipphone.Refused
			if !errors.As(err, &refused) {
				t.Errorf("a call to %s: %v", to, err)
			}
		}
	})
}

// Of an installation that cannot start whole, nothing is left running or locked.
func TestStartIsWholeOrNot(t *testing.T) {
	s := newSite(t, app.Options{})
	busyWeb, busySIP := strings.TrimPrefix(s.app.URL(), "http://"), s.app.SIPAddr().String()
	for _, c := range []struct {
		name, flag string
		change     func(*app.Options)
	}{
		{"web", "--listen", func(o *app.Options) { o.Listen = busyWeb }},
		{"sip", "--sip-listen", func(o *app.Options) { o.SIPListen = busySIP }},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := app.Options{Data: t.TempDir(), Listen: "127.0.0.1:0", SIPListen: "127.0.0.1:0", Allow: s.opts.Allow}
			free := o
			c.change(&o)
			a, err := app.New(s.ctx, o)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := demo.Settle(s.ctx, a, s.orgURL); err != nil {
				t.Fatal(err)
			}
			err = a.Start(s.ctx)
			if f := fault.Of(err); f == nil || f.Code != "PORT_TAKEN" || !strings.Contains(f.Message, c.flag+".") {
				t.Errorf("a taken port: %v", err)
			}
			if err := a.Stop(s.ctx); err != nil { // once more does no harm
				t.Error(err)
			}
			if a, err = app.New(s.ctx, free); err != nil {
				t.Fatal("the folder is still held:", err)
			}
			if err := a.Start(s.ctx); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if err := a.Stop(s.ctx); err != nil {
					t.Error(err)
				}
			}
		})
	}
	t.Run("no tenant", func(t *testing.T) {
		a, err := app.New(s.ctx, app.Options{Data: t.TempDir(), Listen: "127.0.0.1:0", SIPListen: "127.0.0.1:0"})
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Start(s.ctx); !fault.Is(err, "NO_TENANT") {
			t.Errorf("without a tenant: %v", err)
		}
	})
}
