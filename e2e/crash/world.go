package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"cordboard/internal/app"
	"cordboard/internal/channel/phone/sip/sipphone"
	"cordboard/internal/demo"
	"cordboard/internal/simorg"
	"cordboard/internal/tenant"
)

// world is everything around the program under test; it outlives each kill.
type world struct {
	settings
	data       string
	web, sip   string // host:port
	org        *simorg.Org
	orgURL     string
	agents     []*agent
	number     string // that customers call
	server     *server
	mu         sync.Mutex
	answered   map[string]bool // customers' numbers whose call was heard answered
	held       int             // conversations that ended as people end them
	kills      int
	nextCaller int
	refused    error // the latest call that was not answered
}

// agent is an agent with a SIP telephone that answers by itself.
type agent struct {
	userID, sipUser, secret string
	phone                   *sipphone.Phone
}

// prepare starts the org, fills a data folder as an administrator would, and starts the agents' telephones.
func prepare(ctx context.Context, s settings, data string) (*world, error) {
	w := &world{settings: s, data: data, answered: map[string]bool{}}
	quiet := slog.New(slog.DiscardHandler)
	var err error
	if w.org, err = simorg.New(simorg.Options{SeedName: "demo", Logger: quiet}); err != nil {
		return nil, err
	}
	if err = w.org.Start("127.0.0.1:0"); err != nil {
		return nil, err
	}
	w.orgURL = w.org.URL()
	if w.web, err = freePort("tcp"); err != nil {
		return nil, err
	}
	if w.sip, err = freePort("udp"); err != nil {
		return nil, err
	}
	a, err := app.New(ctx, app.Options{Data: data, Allow: []string{w.org.Addr()}, Logger: quiet})
	if err != nil {
		return nil, err
	}
	defer a.Stop(ctx)
	t, err := demo.Settle(ctx, a, w.orgURL)
	if err != nil {
		return nil, err
	}
	if err := w.furnish(ctx, t); err != nil {
		return nil, err
	}
	return w, nil
}

// furnish adds a queue without wrap-up, its number, and agents whose phones answer by themselves.
func (w *world) furnish(ctx context.Context, t *app.Tenant) error {
	q, err := t.Settings.SaveQueue(ctx, "system", tenant.Queue{Name: "Crash", Priority: 5, AnnounceSeconds: 120, WrapupSeconds: 0, Media: demo.PhoneOnly})
	if err != nil {
		return err
	}
	w.number = "+18665550177"
	if _, err := t.Settings.SaveChannel(ctx, "system", tenant.Channel{Medium: demo.PhoneOnly[0], Name: "Crash line", Number: w.number, Queue: q.ID, Region: "US"}); err != nil {
		return err
	}
	for n := range w.settings.agents {
		org := demo.People[n%3]
		u := tenant.User{UserID: fmt.Sprintf("crash%d", n), FirstName: "Agent", LastName: fmt.Sprint(n), Email: "crash@acme.example",
			Roles: []tenant.Role{tenant.RoleAgent}, Queues: map[int64]int{q.ID: 5}, OfferSeconds: 15, Endpoint: tenant.EndpointSIP, Seat: true}
		saved, err := t.Settings.SaveUser(ctx, "system", u)
		if err != nil {
			return err
		}
		if err := t.SetPassword(ctx, u.UserID, demo.Password); err != nil {
			return err
		}
		if err := demo.SignOn(ctx, t, saved.ID, org); err != nil {
			return err
		}
		ag := &agent{userID: u.UserID}
		if ag.sipUser, ag.secret, err = t.NewSIPSecret(ctx, "system", saved.ID); err != nil {
			return err
		}
		ag.phone, err = sipphone.New(sipphone.Options{User: ag.sipUser, Secret: ag.secret, Mode: sipphone.Answer, Delay: 20 * time.Millisecond})
		if err != nil {
			return err
		}
		w.agents = append(w.agents, ag)
	}
	return nil
}

func (w *world) close() {
	if w.server != nil {
		w.server.kill()
	}
	for _, a := range w.agents {
		_ = a.phone.Close()
	}
	ctx, done := context.WithTimeout(context.Background(), 3*time.Second)
	defer done()
	_ = w.org.Stop(ctx)
}

// freePort finds a port that is free now, for both transports.
func freePort(network string) (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	if network == "udp" {
		p, err := net.ListenPacket("udp", l.Addr().String())
		if err != nil {
			return freePort(network)
		}
		p.Close()
	}
	return l.Addr().String(), nil
}

func complain(format string, args ...any) { fmt.Fprintf(os.Stderr, "crash: "+format+"\n", args...) }
