// Command crash proves that nothing is lost and nothing doubled: it starts the program with a real SIP switch against a
// simulated org that loses replies, lets customers call agents who answer by SIP telephones, kills the program again and
// again with SIGKILL, and at the end counts the Tasks in the org's ledger against every handling that was closed and
// every call that a customer heard answered.
//
// It ends with one line, "crash: interactions=N kills=K lost=0 doubled=0", and exits non-zero when that is not so.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"
)

// settings of a run.
type settings struct {
	program      string
	interactions int
	kills        int
	loss         float64
	agents       int
	callers      int
	keep         bool
	limit        time.Duration
}

func main() {
	var s settings
	flag.StringVar(&s.program, "program", "build/cordboard", "the program under test")
	flag.IntVar(&s.interactions, "interactions", 500, "conversations to hold")
	flag.IntVar(&s.kills, "kills", 20, "times to kill the program")
	flag.Float64Var(&s.loss, "loss", 0.03, "share of the org's replies that are lost after the write")
	flag.IntVar(&s.agents, "agents", 6, "agents with SIP telephones")
	flag.IntVar(&s.callers, "callers", 8, "customers who call at once")
	flag.BoolVar(&s.keep, "keep", false, "keep the data folder")
	flag.DurationVar(&s.limit, "limit", 10*time.Minute, "give up after")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	verdict, err := run(ctx, s)
	if err != nil {
		fmt.Fprintln(os.Stderr, "crash:", err)
	}
	if verdict != nil {
		for _, line := range verdict.details {
			fmt.Fprintln(os.Stderr, "crash:", line)
		}
		fmt.Printf("crash: interactions=%d kills=%d lost=%d doubled=%d\n", verdict.interactions, verdict.kills, verdict.lost, verdict.doubled)
	}
	if err != nil || verdict.lost > 0 || verdict.doubled > 0 || verdict.interactions < s.interactions || verdict.kills < s.kills {
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings) (*verdict, error) {
	if _, err := os.Stat(s.program); err != nil {
		return nil, errors.New("the program is not built; run make build first")
	}
	dir, err := os.MkdirTemp("", "cordboard-crash-")
	if err != nil {
		return nil, err
	}
	if s.keep {
		fmt.Fprintln(os.Stderr, "crash: data in", dir)
	} else {
		defer os.RemoveAll(dir)
	}
	w, err := prepare(ctx, s, filepath.Join(dir, "data"))
	if err != nil {
		return nil, fmt.Errorf("preparing: %w", err)
	}
	defer w.close()
	if err := w.play(ctx); err != nil {
		return nil, err
	}
	if err := w.drain(ctx); err != nil {
		return nil, err
	}
	return w.judge(ctx)
}
