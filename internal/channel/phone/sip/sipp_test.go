package sip_test

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"cordboard/internal/channel/phone"
	"cordboard/internal/channel/phone/media"
	"cordboard/internal/channel/phone/sip"
)

// tally is what SIPp counted.
type tally struct{ good, failed, retransmitted int }

// sipp runs SIPp from dir until it ends by itself.
func sipp(ctx context.Context, dir, name string, args ...string) (tally, error) {
	args = append(args, "-i", "127.0.0.1", "-nostdin", "-trace_stat", "-stf", name+".csv", "-fd", "1", "-timeout_error")
	cmd := exec.CommandContext(ctx, "sipp", args...)
	cmd.Dir = dir
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	out, runErr := cmd.CombinedOutput()
	f, err := os.Open(filepath.Join(dir, name+".csv"))
	if err != nil {
		return tally{}, fmt.Errorf("sipp %v: %w\n%s", args, errors.Join(err, runErr), out)
	}
	defer func() { _ = f.Close() }()
	r := csv.NewReader(f)
	r.Comma, r.FieldsPerRecord = ';', -1
	rows, err := r.ReadAll()
	if err != nil || len(rows) < 2 {
		return tally{}, fmt.Errorf("sipp's statistics: %w", errors.Join(err, runErr))
	}
	column := func(name string) int {
		for i, h := range rows[0] {
			if h == name {
				n, _ := strconv.Atoi(rows[len(rows)-1][i])
				return n
			}
		}
		return -1
	}
	return tally{column("SuccessfulCall(C)"), column("FailedCall(C)"), column("Retransmissions(C)")}, nil
}

func needSIPp(t testing.TB) {
	if _, err := exec.LookPath("sipp"); err != nil {
		t.Skip("sipp isn't installed (Debian: apt-get install sip-tester): the independent SIP load is left out")
	}
}

// freePort is a port that is free for UDP and TCP, and the next one too.
func freePort(t testing.TB) string {
	for range 100 {
		first, err := net.ListenPacket("udp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		n := first.LocalAddr().(*net.UDPAddr).Port
		free := true
		for _, port := range []int{n, n + 1} {
			c, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
			if free = free && err == nil; err == nil {
				_ = c.Close()
			}
		}
		_ = first.Close()
		if free {
			return strconv.Itoa(n)
		}
	}
	t.Fatal("no free pair of ports")
	return ""
}

// load has SIPp place calls at the rate through a switch to another SIPp, each as two bridged legs with audio ports, as
// the product does it.
func load(t testing.TB, transport string, rate, calls int) (caller, callee tally) {
	needSIPp(t)
	dir, answering := t.TempDir(), freePort(t)
	port, _ := strconv.Atoi(answering)
	pool, err := media.NewPool(netip.MustParseAddr("127.0.0.1"), netip.Addr{}, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	sw, err := sip.New(sip.Options{Listen: "127.0.0.1:0", Media: pool, MaxCalls: 10_000, Trunks: func() []sip.Trunk {
		return []sip.Trunk{{Name: "both", Allow: loopback, Host: "127.0.0.1", Port: port}}
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	ran := make(chan struct{})
	go func() {
		defer close(ran)
		_ = sw.Run(ctx, (&joiner{sw: sw, peer: map[phone.LegID]phone.LegID{}}).handle)
	}()
	type result struct {
		tally
		err error
	}
	answers, asks := make(chan result, 1), make(chan result, 1)
	calleeCtx, stopCallee := context.WithCancel(ctx)
	go func() {
		n, err := sipp(calleeCtx, dir, "uas", "-sn", "uas", "-p", answering, "-m", strconv.Itoa(calls))
		answers <- result{n, err}
	}()
	go func() {
		n, err := sipp(ctx, dir, "uac", "-sn", "uac", "-p", freePort(t), "-t", transport, "-s", "18005550100",
			"-r", strconv.Itoa(rate), "-m", strconv.Itoa(calls), "-d", "500", sw.Addr().String())
		asks <- result{n, err}
	}()
	a := <-asks
	// SIPp keeps an answered call for 4 s after its BYE; then it ends by itself, unless calls were lost.
	time.AfterFunc(10*time.Second, stopCallee)
	b := <-answers
	stopCallee()
	legs, _ := sw.Legs(ctx)
	cancel()
	<-ran
	if err := sw.Close(); err != nil {
		t.Fatal(err)
	}
	if a.err != nil || b.err != nil {
		t.Fatal(errors.Join(a.err, b.err))
	}
	if len(legs) != 0 {
		t.Logf("%d legs are left, such as %+v", len(legs), legs[0])
		caller.failed += len(legs)
	}
	caller.good, caller.retransmitted, callee = a.good, a.retransmitted, b.tally
	caller.failed += a.failed
	return caller, callee
}

// joiner answers each call by dialling on and bridging, as the phone channel does.
type joiner struct {
	sw   *sip.Switch
	peer map[phone.LegID]phone.LegID // touched by Run's goroutine only
	n    int
}

func (j *joiner) handle(e phone.Event) {
	ctx := context.Background()
	switch e.Kind {
	case phone.Arrived:
		j.n++
		out := phone.LegID(fmt.Sprintf("%032x", j.n))
		j.peer[e.Leg], j.peer[out] = out, e.Leg
		_ = j.sw.Ring(ctx, e.Leg)
		_ = j.sw.Dial(ctx, phone.Dial{Leg: out, To: phone.Target{Kind: phone.TargetNumber, Address: e.To}, CallerID: e.From, Timeout: 20 * time.Second})
	case phone.Answered:
		if peer, ok := j.peer[e.Leg]; ok && strings.HasPrefix(string(e.Leg), "0000") {
			_ = j.sw.Answer(ctx, peer)
			_ = j.sw.Bridge(ctx, phone.BridgeID(e.Leg), peer, e.Leg)
		}
	case phone.Ended:
		if peer, ok := j.peer[e.Leg]; ok {
			delete(j.peer, e.Leg)
			delete(j.peer, peer)
			_ = j.sw.Hangup(ctx, peer, phone.CauseNormal)
		}
	}
}

// TestSIPp has an independent SIP implementation at both ends.
func TestSIPp(t *testing.T) {
	for _, transport := range []string{"u1", "t1"} {
		t.Run(transport, func(t *testing.T) {
			const calls = 100
			caller, callee := load(t, transport, 50, calls)
			if caller.good != calls || callee.good != calls || caller.failed+callee.failed != 0 {
				t.Errorf("of %d calls: caller %+v, callee %+v", calls, caller, callee)
			}
			if n := caller.retransmitted + callee.retransmitted; n > calls/2 {
				// On an idle machine there are none, which BenchmarkSIPCalls measures; a busy one may well keep a
				// message waiting for half a second.
				t.Errorf("%d retransmissions: caller %+v, callee %+v", n, caller, callee)
			}
		})
	}
}

// BenchmarkSIPCalls finds the highest rate of whole calls (two legs each, audio ports opened) that go through without a
// failure or a retransmission, in steps of two seconds each. Its figure is calls/s.
func BenchmarkSIPCalls(b *testing.B) {
	needSIPp(b)
	best := 0
	for _, rate := range []int{50, 100, 150, 200, 300, 400, 600, 800} {
		caller, callee := load(b, "u1", rate, 2*rate)
		if caller.good != 2*rate || caller.failed+callee.failed+caller.retransmitted+callee.retransmitted > 0 {
			b.Logf("at %d/s: caller %+v, callee %+v", rate, caller, callee)
			break
		}
		best = rate
	}
	b.ReportMetric(float64(best), "calls/s")
	b.ReportMetric(0, "ns/op")
}
