package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// room is a benchmark that a package has of itself, and what its figures are called here.
type room struct {
	pkg, bench, time string
	lines            []line
}

// line is one benchmark's result.
type line struct {
	bench          string // as go test prints it, without Benchmark and the number of processors
	name, control  string
	unit, p50, p99 string // the metric that counts, or those of its quantiles; p50 means milliseconds
	hold           string
}

var rooms = []room{
	{"./internal/channel/phone/sip", "^BenchmarkSIPCalls$", "1x", []line{
		{bench: "SIPCalls", name: "SIP calls without retransmission", unit: "calls/s"},
	}},
	{"./internal/channel/phone/media", "^BenchmarkRelay$", "1s", []line{
		{bench: "Relay/udp", name: "a packet of sound sent", unit: "ns/op"},
		{bench: "Relay/same-law", name: "a packet of sound through the relay", unit: "ns/op"},
		{bench: "Relay/transcoding", name: "the same, µ-law to A-law", unit: "ns/op", control: "a packet of sound through the relay"},
	}},
	{"./internal/store", "^Benchmark(OneByOne|Grouped)$", "2s", []line{
		{bench: "OneByOne", name: "durable interactions, one at a time", unit: "interactions/s"},
		{bench: "Grouped", name: "durable interactions, 64 at once", unit: "interactions/s", control: "durable interactions, one at a time", hold: "≥ 5 × one at a time"},
		{bench: "Grouped", name: "durable interaction, 64 at once", p50: "p50-ms", p99: "p99-ms"},
	}},
	{"./internal/store", "^BenchmarkSteady$", "6000x", []line{
		{bench: "Steady", name: "durable interaction, 2,000/s", p50: "p50-ms", p99: "p99-ms", hold: "p99 ≤ 5"},
	}},
	{"./internal/crm/pop", "^BenchmarkDecide$", "1s", []line{
		{bench: "Decide", name: "pop decision", unit: "ns/op", hold: "≤ 1000"},
		{bench: "Decide", name: "pop decision, memory", unit: "allocs/op"},
	}},
}

// inside runs the benchmarks of single rooms. A room without its partner (SIPp) is named and left out.
func inside(ctx context.Context, s settings, _ string, r *report) error {
	if !s.inside {
		return nil
	}
	for _, x := range rooms {
		out, err := benchmark(ctx, x)
		if err != nil {
			return err
		}
		for _, l := range x.lines {
			m, ok := out[l.bench]
			if !ok {
				fmt.Fprintf(os.Stderr, "bench: %s of %s was left out\n", l.bench, x.pkg)
				continue
			}
			f := figure{Name: l.name, Unit: l.unit, Control: l.control, Hold: l.hold, N: int(m["n"])}
			if l.p50 != "" {
				f.Unit, f.P50, f.P99 = "ms", ptr(m[l.p50]), ptr(m[l.p99])
			} else {
				f.Value = ptr(m[l.unit])
			}
			r.add(f)
		}
	}
	return nil
}

// benchmark runs one room's benchmarks and returns their metrics by name.
func benchmark(ctx context.Context, x room) (map[string]map[string]float64, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "test", "-run=^$", "-bench="+x.bench, "-benchtime="+x.time, "-benchmem", x.pkg)
	text, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", x.pkg, err, text)
	}
	out := map[string]map[string]float64{}
	for row := range strings.Lines(string(text)) {
		parts := strings.Fields(row)
		name, ok := strings.CutPrefix(row, "Benchmark")
		if !ok || len(parts) < 4 {
			continue
		}
		name = strings.Fields(name)[0]
		if at := strings.LastIndexByte(name, '-'); at > 0 {
			if _, err := strconv.Atoi(name[at+1:]); err == nil {
				name = name[:at]
			}
		}
		m := map[string]float64{}
		m["n"], _ = strconv.ParseFloat(parts[1], 64)
		for k := 2; k+1 < len(parts); k += 2 {
			m[parts[k+1]], _ = strconv.ParseFloat(parts[k], 64)
		}
		out[name] = m
	}
	return out, nil
}
