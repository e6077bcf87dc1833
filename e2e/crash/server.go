package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"time"

	"cordboard/e2e/person"
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

// signIn signs a user in; the sign-in survives the kills, as the cookie does in a browser.
func (w *world) signIn(ctx context.Context, userID string) (*person.Person, error) {
	return person.SignIn(ctx, "http://"+w.web, userID, demo.Password, 5*time.Second)
}
