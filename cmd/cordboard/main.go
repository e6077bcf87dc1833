// Command cordboard is the whole program: the server, the demo, the simulated org, a customer's telephone, and the verbs
// that look after an installation (SPEC GEN-12). Each verb is a struct in a file of its own; what it prints for people
// goes to stderr, what it answers to stdout.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"cordboard/internal/fault"
	"cordboard/internal/simorg"

	"github.com/alecthomas/kong"
)

// version is set by the linker (Makefile).
var version = "dev"

type cli struct {
	Serve    serveCmd    `cmd:"" help:"Run the server."`
	Demo     demoCmd     `cmd:"" help:"Start a complete world to try: server, phones and a simulated Salesforce org."`
	Simorg   simorgCmd   `cmd:"" help:"Run the simulated Salesforce org alone."`
	Customer customerCmd `cmd:"" help:"Be a customer: place a real SIP call with sound."`
	Tenant   tenantCmd   `cmd:"" help:"Look after tenants."`
	Migrate  migrateCmd  `cmd:"" help:"Bring the databases to this program's version."`
	OpenAPI  openAPICmd  `cmd:"" name:"openapi" help:"Print the API's description (OpenAPI 3.1)."`
	Version  versionCmd  `cmd:"" help:"Print the version."`
}

type versionCmd struct{}

func (versionCmd) Run() error {
	fmt.Println("cordboard", version)
	return nil
}

func main() {
	var c cli
	parser, err := kong.New(&c,
		kong.Name("cordboard"),
		kong.Description("A self-hosted contact centre whose agents see the right Salesforce record before the phone is heard to ring."),
		kong.DefaultEnvars("CORDBOARD"),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err != nil {
		panic(err)
	}
	k, err := parser.Parse(os.Args[1:])
	if err != nil {
		misunderstood(err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	k.BindTo(ctx, (*context.Context)(nil))
	if err := k.Run(); err != nil && !errors.Is(err, context.Canceled) {
		complain(err)
		os.Exit(1)
	}
}

// misunderstood says what is wrong with the command line, and where to read on.
func misunderstood(err error) {
	verb := ""
	var p *kong.ParseError
	if errors.As(err, &p) && p.Context != nil && p.Context.Selected() != nil {
		verb = " " + p.Context.Selected().Path()
	}
	what := err.Error()
	if flag, _, ok := strings.Cut(what, ": expected "); ok && strings.HasSuffix(what, `"EOL" (<EOL>)`) {
		what = flag + " needs a value"
	}
	fmt.Fprintf(os.Stderr, "cordboard: %s. See: cordboard%s --help\n", strings.TrimSuffix(what, "."), verb)
}

// complain says what went wrong in words, every fault of it, and never a stack trace.
func complain(err error) {
	var f *fault.Error
	var p *simorg.Problem
	switch {
	case errors.As(err, &f):
	case errors.As(err, &p):
		fmt.Fprintln(os.Stderr, "cordboard:", p.Message)
		return
	default:
		fmt.Fprintln(os.Stderr, "cordboard:", err)
		return
	}
	fmt.Fprintln(os.Stderr, "cordboard:", f.Message)
	for _, x := range f.Fields {
		fmt.Fprintf(os.Stderr, "  %s: %s\n", x.Field, x.Message)
	}
	if f.Cause == nil {
		return
	}
	label := "cause"
	if f.Kind == fault.Internal {
		label = "details"
	}
	fmt.Fprintf(os.Stderr, "  %s: %s\n", label, strings.Join(strings.Fields(f.Cause.Error()), " "))
}

// logger writes JSON to stderr at the level asked for.
func logger(level string) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(strings.ToUpper(level))); err != nil {
		l = slog.LevelInfo
	}
	return slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: l}))
}
