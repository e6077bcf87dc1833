// Package simorg is a simulated Salesforce org: an HTTP server that answers as Salesforce's documentation says it would.
//
// It stands in for Salesforce in the demo, in tests and in benchmarks, and it is a product of its own
// (docs/guide/simorg.md). This package is its door: options, listening, faults on request, the ledger. Behind it,
// protocol faces (rest, soap, oauth, page, control) stand over one engine and none knows another. It is built from
// Salesforce's documented behaviour, never from what our own client sends, and shares no code with crm/salesforce. It
// keeps nothing secret from whoever reaches /_sim/, which is served to loopback only.
package simorg

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"cordboard/internal/simorg/control"
	"cordboard/internal/simorg/engine"
	"cordboard/internal/simorg/oauth"
	"cordboard/internal/simorg/page"
	"cordboard/internal/simorg/rest"
	"cordboard/internal/simorg/seed"
	"cordboard/internal/simorg/soap"
)

// Options are what an org is started with. The zero value is the demo seed, kept in memory.
type Options struct {
	Seed      fs.FS            // a seed folder; nil: SeedName
	SeedName  string           // a seed that comes with the program: demo (default) or private
	StateDir  string           // keeps the org between runs; "": in memory
	Logger    *slog.Logger     // nil: silent
	Clock     func() time.Time // nil: time.Now
	BaseURL   string           // scheme and host in absolute addresses; "": that of each request
	OpenPages bool             // pages are shown, as an administrator sees them, to browsers that are not signed in
}

// Org is a running org.
type Org struct {
	engine  *engine.Engine
	control *control.Face
	log     *slog.Logger
	base    string
	handler http.Handler

	mu     sync.Mutex
	server *http.Server
	addr   net.Addr
	done   chan struct{}
}

// New reads the seed and makes the org. A bad seed is a Problem SEED_INVALID that says file, line and reason; a state
// folder that cannot be used is STATE_UNUSABLE.
func New(opt Options) (*Org, error) {
	if opt.Logger == nil {
		opt.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	if opt.Clock == nil {
		opt.Clock = time.Now
	}
	from := opt.Seed
	if from == nil {
		var err error
		if from, err = seed.Named(opt.SeedName); err != nil {
			return nil, badSeed(err)
		}
	}
	s, err := seed.Read(from)
	if err != nil {
		return nil, badSeed(err)
	}
	cfg, err := s.Config(opt.Clock)
	if err != nil {
		return nil, badSeed(err)
	}
	e := engine.New(cfg)
	for _, v := range cfg.Validations {
		if err := e.CheckRule(v); err != nil {
			return nil, badSeed(err)
		}
	}
	var seedErr error
	boot := s.Boot(e)
	err = e.Boot(opt.StateDir, func(w *engine.SeedWorld) error { seedErr = boot(w); return seedErr })
	switch {
	case seedErr != nil:
		return nil, badSeed(seedErr)
	case err != nil:
		return nil, problem("STATE_UNUSABLE", "The state folder of the simulated org cannot be used: %v. Nothing in it was changed; give another folder or repair it.", err)
	}
	o := &Org{engine: e, log: opt.Logger, base: strings.TrimSuffix(opt.BaseURL, "/")}
	o.control = control.New(e)
	o.handler = o.door(map[string]http.Handler{
		"data":  &rest.Face{Engine: e, Base: o.baseOf},
		"soap":  &soap.Face{Engine: e, Base: o.baseOf},
		"oauth": &oauth.Face{Engine: e, Base: o.baseOf},
		"page":  page.New(e, o.baseOf, opt.OpenPages),
	})
	return o, nil
}

func badSeed(err error) error {
	return problem("SEED_INVALID", "The seed of the simulated org is not usable: %v. The org was not started.", err)
}

// baseOf is the scheme and host that a request's answer uses in absolute addresses.
func (o *Org) baseOf(r *http.Request) string {
	if o.base != "" {
		return o.base
	}
	return "http://" + r.Host
}

// Handler serves the org's HTTP.
func (o *Org) Handler() http.Handler { return o.handler }

// Start listens on a TCP address, for example 127.0.0.1:0, and serves until Stop. A taken port is ADDRESS_TAKEN.
func (o *Org) Start(addr string) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return problem("ADDRESS_TAKEN", "The simulated org cannot listen on %s. Is the port in use? Give another address.", addr)
	}
	o.Serve(l)
	return nil
}

// Serve serves on a listener of the caller's until Stop.
func (o *Org) Serve(l net.Listener) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.server = &http.Server{Handler: o.handler, ReadHeaderTimeout: 30 * time.Second, ErrorLog: slog.NewLogLogger(o.log.Handler(), slog.LevelWarn)}
	o.addr, o.done = l.Addr(), make(chan struct{})
	srv, done := o.server, o.done
	go func() {
		defer close(done)
		if err := srv.Serve(l); err != nil && !errors.Is(err, http.ErrServerClosed) {
			o.log.Error("the simulated org stopped serving", "error", err)
		}
	}()
}

// Addr is host:port while the org listens, "" otherwise.
func (o *Org) Addr() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.addr == nil {
		return ""
	}
	return o.addr.String()
}

// URL is the org's address while it listens.
func (o *Org) URL() string {
	if o.base != "" {
		return o.base
	}
	return "http://" + o.Addr()
}

// Stop ends serving, lets running requests finish until ctx ends, and closes the state.
func (o *Org) Stop(ctx context.Context) error {
	o.mu.Lock()
	srv, done := o.server, o.done
	o.server, o.addr = nil, nil
	o.mu.Unlock()
	var err error
	if srv != nil {
		if err = srv.Shutdown(ctx); err != nil {
			err = errors.Join(err, srv.Close())
		}
		<-done
	}
	return errors.Join(err, o.engine.Close())
}
