// Package store keeps everything that Cordboard has confirmed: one control store for what an installation has once, and
// one store per tenant, on SQLite files in a data folder or on schemas of one PostgreSQL database, by one SQL text.
//
// *Tenant is what desk, delivery, setting, seal, audit and the Salesforce wing call their Store, *Control is sign-in's; each
// file here holds one of them, its SQL beside the code that scans it. It promises that what was confirmed survives kill and
// power loss (GEN-3), that no table of a tenant knows that there are other tenants (GEN-2), that a folder serves one
// server at a time, and that a database which can't be used is refused at the start with a sentence that says why. It
// never decides anything: rules live in the rooms whose interfaces it implements.
package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	"cordboard/internal/fault"
	"cordboard/internal/store/engine"
)

//go:embed migrations
var migrations embed.FS

// Options says where an installation's data is.
type Options struct {
	// DataDir is the data folder (GEN-19), made with mode 0700 and locked while open. Without DatabaseURL the SQLite
	// files are in it: control.db and tenant/<name>/tenant.db. It may be empty when DatabaseURL is given.
	DataDir string
	// DatabaseURL is postgres://user:password@host:port/database; schemas cordboard and tenant_<name> are made in it.
	DatabaseURL string
	// Conns is how many PostgreSQL connections each schema may use; default 8.
	Conns  int
	Logger *slog.Logger
	// Now is the clock of the units of change; default time.Now.
	Now func() time.Time
}

// Installation is the open data of one installation.
type Installation struct {
	o       Options
	lock    *os.File
	control *Control
	tenants []engine.Migration

	mu     sync.Mutex
	open   map[string]*Tenant
	closed bool
}

// Open locks and opens an installation, making and migrating what is missing.
func Open(ctx context.Context, o Options) (*Installation, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Conns == 0 {
		o.Conns = 8
	}
	in := &Installation{o: o, open: map[string]*Tenant{}}
	if o.DataDir != "" {
		lock, err := takeFolder(o.DataDir)
		if err != nil {
			return nil, err
		}
		in.lock = lock
	} else if o.DatabaseURL == "" {
		return nil, fault.New(fault.Invalid, "NO_DATA", "Neither a data folder nor a database was named. Start Cordboard with --data FOLDER or --database postgres://….")
	}
	err := in.start(ctx)
	if err != nil {
		in.release()
		return nil, err
	}
	return in, nil
}

func (in *Installation) start(ctx context.Context) error {
	ms, err := engine.Migrations(migrations, "migrations/control")
	if err != nil {
		return err
	}
	if in.tenants, err = engine.Migrations(migrations, "migrations/tenant"); err != nil {
		return err
	}
	db, err := in.database(ctx, "control.db", "cordboard", ms)
	if err != nil {
		return err
	}
	in.control = &Control{db: db}
	in.o.Logger.Info("control store open", "database", db.Name())
	return nil
}

func (in *Installation) database(ctx context.Context, file, schema string, ms []engine.Migration) (*engine.DB, error) {
	if in.o.DatabaseURL != "" {
		return engine.OpenPostgres(ctx, in.o.DatabaseURL, schema, in.o.Conns, ms)
	}
	path := filepath.Join(in.o.DataDir, file)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, unwritable(in.o.DataDir, err)
	}
	return engine.OpenSQLite(ctx, path, ms)
}

// Control is the installation's own store.
func (in *Installation) Control() *Control { return in.control }

var tenantName = regexp.MustCompile(`^[a-z0-9]{3,30}$`)

// Tenant opens a tenant's store, making and migrating it when needed; asked again it returns the same value.
func (in *Installation) Tenant(ctx context.Context, name string) (*Tenant, error) {
	if !tenantName.MatchString(name) {
		return nil, fault.New(fault.Invalid, "TENANT_NAME", "A tenant's name has 3 to 30 characters, small letters and digits only.")
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.closed {
		return nil, fault.New(fault.Unavailable, "STORE_CLOSED", "Cordboard is shutting down. Please try again in a moment.")
	}
	if t := in.open[name]; t != nil {
		return t, nil
	}
	if err := in.control.addTenant(ctx, name, in.o.Now()); err != nil {
		return nil, err
	}
	db, err := in.database(ctx, filepath.Join("tenant", name, "tenant.db"), "tenant_"+name, in.tenants)
	if err != nil {
		return nil, err
	}
	t := &Tenant{db: db, name: name, now: in.o.Now, log: in.o.Logger.With("tenant", name)}
	in.open[name] = t
	t.log.Info("tenant store open", "database", db.Name())
	return t, nil
}

// Close ends every store after the changes under way and gives the folder free.
func (in *Installation) Close() error {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.closed {
		return nil
	}
	in.closed = true
	var errs []error
	for name, t := range in.open {
		if err := t.db.Close(); err != nil {
			errs = append(errs, fmt.Errorf("tenant %s: %w", name, err))
		}
	}
	errs = append(errs, in.control.db.Close())
	in.release()
	return errors.Join(errs...)
}

func (in *Installation) release() {
	if in.lock != nil {
		in.lock.Close() //nolint:errcheck,gosec // closing is what unlocks
	}
}

// Tenant is one tenant's store: the Store of desk, delivery, setting, audit and the Salesforce wing, and seal's Keeper.
type Tenant struct {
	db   *engine.DB
	name string
	now  func() time.Time
	last atomic.Int64
	log  *slog.Logger
}

// Name is the tenant's name.
func (t *Tenant) Name() string { return t.name }

// instant is now in UTC and whole milliseconds, and never before an instant it gave earlier: a clock set back must not
// make negative times (GEN-6).
func (t *Tenant) instant() time.Time {
	ms := t.now().UnixMilli()
	for {
		last := t.last.Load()
		if ms <= last {
			return engine.Time(last)
		}
		if t.last.CompareAndSwap(last, ms) {
			return engine.Time(ms)
		}
	}
}
