package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"time"

	"cordboard/internal/demo"
)

// server is one life of the program under test.
type server struct {
	cmd  *exec.Cmd
	dead chan struct{}
	log  bytes.Buffer
}

// start starts the program on the same data and ports as before and waits until it serves.
func (w *world) start(ctx context.Context) error {
	s := &server{dead: make(chan struct{})}
	s.cmd = exec.Command(w.program, "serve", "--data", w.data, "--listen", w.web, "--sip-listen", w.sip, "--media-ports", "20000-24999",
		"--allow-host", w.org.Addr(), "--log-level", "warn")
	s.cmd.Stderr = &s.log
	if err := s.cmd.Start(); err != nil {
		return err
	}
	go func() { _ = s.cmd.Wait(); close(s.dead) }()
	w.server = s
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+w.web+"/healthz", nil)
		if err != nil {
			return err
		}
		if r, err := http.DefaultClient.Do(req); err == nil {
			r.Body.Close()
			if r.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-s.dead:
			return fmt.Errorf("the program ended by itself: %s", s.log.String())
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// kill ends it as a power cut would.
func (s *server) kill() {
	_ = s.cmd.Process.Signal(os.Kill)
	<-s.dead
}

// session is a person's sign-in; it survives the kills, as the cookie does in a browser.
type session struct {
	base   string
	client *http.Client
}

func (w *world) signIn(ctx context.Context, userID string) (*session, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	s := &session{base: "http://" + w.web, client: &http.Client{Jar: jar, Timeout: 5 * time.Second}}
	return s, s.ask(ctx, http.MethodPost, "/api/v1/session", map[string]string{"userId": userID, "password": demo.Password}, nil)
}

// ask makes one request; out may be nil.
func (s *session) ask(ctx context.Context, method, path string, in, out any) error {
	var body bytes.Buffer
	if in != nil {
		if err := json.NewEncoder(&body).Encode(in); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, s.base+path, &body)
	if err != nil {
		return err
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	r, err := s.client.Do(req)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	if r.StatusCode >= 300 {
		var p struct{ Code, Message string }
		_ = json.NewDecoder(r.Body).Decode(&p)
		return fmt.Errorf("%s %s: %d %s %s", method, path, r.StatusCode, p.Code, p.Message)
	}
	if out != nil {
		return json.NewDecoder(r.Body).Decode(out)
	}
	return nil
}
