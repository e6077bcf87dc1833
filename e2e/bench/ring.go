package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"time"

	"cordboard/internal/channel/phone/sip/sipphone"
	"cordboard/internal/demo"
)

// witness is Chromium with the Agent Console in it, driven by page.mjs. It says what it sees and when, by this machine's
// clock.
type witness struct {
	cmd  *exec.Cmd
	says <-chan seen
}

// seen is one sight. Kinds: ready; ring (a card rings, its title in Title); name (the ringing card's title became a
// record's name); quiet (no card rings); frame (a control: a bare change of the page, painted, after Took milliseconds).
type seen struct {
	Kind    string
	Title   string
	Written float64 // Unix milliseconds: the page's document was changed
	Painted float64 // Unix milliseconds: the change was painted
	Took    float64
}

// watch opens the console as an agent of the demo, ready to work.
func watch(ctx context.Context, w *world) (*witness, error) {
	cmd := exec.CommandContext(ctx, "node", "page.mjs", w.Console, "ada", demo.Password)
	for _, dir := range []string{"e2e/bench", "bench", "."} {
		if _, err := os.Stat(dir + "/page.mjs"); err == nil {
			cmd.Dir = dir
			break
		}
	}
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 5 * time.Second
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	says := make(chan seen, 1024)
	go hear(out, says)
	return &witness{cmd: cmd, says: says}, nil
}

func hear(out io.Reader, says chan<- seen) {
	defer close(says)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var s seen
		if json.Unmarshal(lines.Bytes(), &s) == nil && s.Kind != "" {
			says <- s
		}
	}
}

func (x *witness) close() {
	_ = x.cmd.Process.Signal(os.Interrupt)
	_ = x.cmd.Wait()
}

// await is the next sight of a kind.
func (x *witness) await(ctx context.Context, kind string) (seen, error) {
	for {
		select {
		case s, ok := <-x.says:
			if !ok {
				return s, errors.New("the browser ended")
			}
			if s.Kind == kind {
				return s, nil
			}
		case <-ctx.Done():
			return seen{}, fmt.Errorf("waiting to see %q: %w", kind, ctx.Err())
		}
	}
}

// arm is one way in which the org answers.
type arm struct {
	label                       string
	delay                       time.Duration
	offer, written, card, named []time.Duration
}

// rings measures from a caller's INVITE to the ringing card painted in Chromium, and to the record's name painted. The
// arms take turns call by call, so that whatever else the machine does hits both.
func rings(ctx context.Context, s settings, w *world, r *report) error {
	x, err := watch(ctx, w)
	if err != nil {
		return err
	}
	defer x.close()
	opening, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if _, err := x.await(opening, "ready"); err != nil {
		return err
	}
	var frames []time.Duration
	for range 60 {
		f, err := x.await(opening, "frame")
		if err != nil {
			return err
		}
		frames = append(frames, time.Duration(f.Took*float64(time.Millisecond)))
	}
	r.add(figure{Name: "change of a page → painted", Note: "control: a bare change of the same page, so the frame's share of what follows"}.spread(frames))
	agent, err := w.signIn(ctx, "ada")
	if err != nil {
		return err
	}
	stream, err := listen(ctx, agent, "bench")
	if err != nil {
		return err
	}
	if err := agent.Ask(ctx, http.MethodPost, "/api/v1/console/status", map[string]int{"status": available}, nil); err != nil {
		return err
	}
	customer, err := sipphone.New(sipphone.Options{})
	if err != nil {
		return err
	}
	defer customer.Close()
	arms := []*arm{{label: "CRM at once"}, {label: fmt.Sprintf("CRM after %s", s.delay), delay: s.delay}}
	const warmUp = 5
	for n := range s.rings + warmUp {
		for turn := range arms {
			a := arms[(turn+n)%len(arms)]
			if err := w.delay(ctx, a.delay); err != nil {
				return err
			}
			if err := a.ring(ctx, w, x, customer, stream, n >= warmUp); err != nil {
				return fmt.Errorf("call %d, %s: %w", n+1, a.label, err)
			}
		}
	}
	for _, a := range arms {
		r.add(figure{Name: "INVITE → offer, beside Chromium, " + a.label, Control: "INVITE → offer on the stream"}.spread(a.offer))
		r.add(figure{Name: "INVITE → card written, " + a.label, Control: "INVITE → offer, beside Chromium, " + a.label}.spread(a.written))
	}
	for n, a := range arms {
		f := figure{Name: "INVITE → card painted, " + a.label, Control: "change of a page → painted", Hold: "p50 ≤ 10, p99 ≤ 50 on a quiet machine"}
		if n > 0 {
			f.Control = "INVITE → card painted, " + arms[0].label
			f.Note = "the ratio should be 1: the card does not wait for the CRM"
		}
		r.add(f.spread(a.card))
	}
	for n, a := range arms {
		f := figure{Name: "INVITE → record's name painted, " + a.label, Control: "INVITE → card painted, " + a.label}
		if n > 0 {
			f.Control = "INVITE → record's name painted, " + arms[0].label
			f.Note = "the delay is injected into each answer of the simulated org"
		}
		r.add(f.spread(a.named))
	}
	return w.delay(ctx, 0)
}

// ring is one call of a customer whom the org knows.
func (a *arm) ring(ctx context.Context, w *world, x *witness, customer *sipphone.Phone, stream <-chan news, counts bool) error {
	ctx, cancel := context.WithTimeout(ctx, each)
	defer cancel()
	if _, err := until(ctx, stream, func(n news) bool { return n.status == available }); err != nil {
		return fmt.Errorf("waiting for the agent to be free: %w", err)
	}
	unrhythmic(ctx)
	call, hangUp := context.WithCancel(ctx)
	defer hangUp()
	from := demo.Samples[0].Number
	began := time.Now()
	c, err := customer.Start(call, sipphone.Request{Server: w.SIP, To: w.Lines[1].Number, From: from})
	if err != nil {
		return err
	}
	offered, err := until(ctx, stream, func(n news) bool { return n.offer == from })
	if err != nil {
		return fmt.Errorf("waiting for the offer: %w", err)
	}
	card, err := x.await(ctx, "ring")
	if err != nil {
		return err
	}
	named, err := x.await(ctx, "name")
	if err != nil {
		return err
	}
	hangUp()
	select {
	case <-c.Done():
	case <-ctx.Done():
		return ctx.Err()
	}
	if _, err := x.await(ctx, "quiet"); err != nil {
		return err
	}
	if counts {
		a.offer = append(a.offer, offered.at.Sub(began))
		a.written = append(a.written, since(began, card.Written))
		a.card = append(a.card, since(began, card.Painted))
		a.named = append(a.named, since(began, named.Painted))
	}
	return nil
}

func since(began time.Time, unixMS float64) time.Duration {
	return time.Duration(unixMS*float64(time.Millisecond)) - time.Duration(began.UnixNano())
}
