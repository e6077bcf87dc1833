package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"time"

	"cordboard/e2e/person"
	"cordboard/internal/demo"
)

// world is a running demo.
type world struct {
	cmd     *exec.Cmd
	log     bytes.Buffer
	base    string // http://host:port of the web
	Console string `json:"console"`
	Org     string `json:"org"`
	SIP     string `json:"sip"`
	Lines   []demo.Line
}

// start starts the demo on free ports and waits for its word that it is up.
func start(ctx context.Context, s settings, data string) (*world, error) {
	web, err := freePort()
	if err != nil {
		return nil, err
	}
	org, err := freePort()
	if err != nil {
		return nil, err
	}
	sip, err := freePort()
	if err != nil {
		return nil, err
	}
	w := &world{base: "http://" + web}
	w.cmd = exec.CommandContext(ctx, s.program, "demo", "--json", "--listen", web, "--org-listen", org, "--sip-listen", sip, "--data", data)
	w.cmd.Cancel = func() error { return w.cmd.Process.Signal(os.Interrupt) }
	w.cmd.WaitDelay = 5 * time.Second
	w.cmd.Stderr = &w.log
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := w.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, w)
	}
	if err != nil {
		w.stop()
		return nil, fmt.Errorf("the demo didn't start: %w: %s", err, w.log.String())
	}
	return w, nil
}

func (w *world) stop() {
	_ = w.cmd.Process.Signal(os.Interrupt)
	_ = w.cmd.Wait()
}

// delay has the org wait before each answer; 0 ends that.
func (w *world) delay(ctx context.Context, d time.Duration) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodDelete, w.Org+"/_sim/faults", nil)
	if err == nil {
		err = done(http.DefaultClient, req)
	}
	if err != nil || d == 0 {
		return err
	}
	body, err := json.Marshal(map[string]any{"kind": "delay", "delay_ms": d.Milliseconds()})
	if err != nil {
		return err
	}
	if req, err = http.NewRequestWithContext(ctx, http.MethodPost, w.Org+"/_sim/faults", bytes.NewReader(body)); err != nil {
		return err
	}
	return done(http.DefaultClient, req)
}

func done(c *http.Client, req *http.Request) error {
	r, err := c.Do(req)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	if r.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s", req.Method, req.URL.Path, r.Status)
	}
	return nil
}

// signIn signs a sample user in; his requests are unbounded, as the stream needs it.
func (w *world) signIn(ctx context.Context, userID string) (*person.Person, error) {
	return person.SignIn(ctx, w.base, userID, demo.Password, 0)
}

// freePort finds a port of this machine that is free now, for TCP and UDP.
func freePort() (string, error) {
	for range 100 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return "", err
		}
		addr := l.Addr().String()
		p, err := net.ListenPacket("udp", addr)
		l.Close()
		if err == nil {
			p.Close()
			return addr, nil
		}
	}
	return "", fmt.Errorf("no free port")
}
