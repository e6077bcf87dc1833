// Command bench measures the product from outside and prints a table: from a caller's INVITE to the ringing card painted
// in Chromium, with the CRM answering at once and after 150 ms; to the offer on the agent's stream; calls per second
// through the embedded SIP switch; durable interactions per second; starting, sizes. Every figure stands beside a control
// of the same run (the disk's flush, an empty HTTP request, the browser's frame), because absolutes of a busy machine mean
// little and ratios of one run much. No part of the product knows that it is measured.
//
// It writes the same figures to a file, one JSON object a line.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"
)

// settings of a run.
type settings struct {
	program string
	out     string
	rings   int
	offers  int
	delay   time.Duration
	inside  bool
	limit   time.Duration
}

func main() {
	var s settings
	flag.StringVar(&s.program, "program", "build/cordboard", "the program under test")
	flag.StringVar(&s.out, "out", "build/bench.jsonl", "where the figures go")
	flag.IntVar(&s.rings, "rings", 100, "calls of each arm that ring in Chromium; 0 leaves the browser out")
	flag.IntVar(&s.offers, "offers", 300, "calls that are watched on the agent's stream")
	flag.DurationVar(&s.delay, "delay", 150*time.Millisecond, "injected delay of the CRM in the slow arm")
	flag.BoolVar(&s.inside, "inside", true, "also run the benchmarks of single rooms (needs the source and Go)")
	flag.DurationVar(&s.limit, "limit", 8*time.Minute, "give up after")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	var r report
	err := run(ctx, s, &r)
	r.print(os.Stdout)
	if e := r.write(s.out); err == nil {
		err = e
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, s settings, r *report) error {
	if _, err := os.Stat(s.program); err != nil {
		return errors.New("the program is not built; run make build first")
	}
	dir, err := os.MkdirTemp("", "cordboard-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	for _, part := range []func(context.Context, settings, string, *report) error{living, starting, inside} {
		if err := part(ctx, s, dir, r); err != nil {
			return err
		}
	}
	return nil
}

// living measures what goes on in one running world.
func living(ctx context.Context, s settings, dir string, r *report) error {
	w, err := start(ctx, s, dir+"/demo")
	if err != nil {
		return err
	}
	defer w.stop()
	if err := firstLoad(ctx, w, r); err != nil {
		return fmt.Errorf("first load: %w", err)
	}
	if err := disk(dir, r); err != nil {
		return fmt.Errorf("the disk: %w", err)
	}
	if err := health(ctx, w, r); err != nil {
		return fmt.Errorf("health: %w", err)
	}
	if err := offers(ctx, s, w, r); err != nil {
		return fmt.Errorf("offers: %w", err)
	}
	if s.rings == 0 {
		return nil
	}
	if err := rings(ctx, s, w, r); err != nil {
		return fmt.Errorf("rings: %w", err)
	}
	return nil
}
