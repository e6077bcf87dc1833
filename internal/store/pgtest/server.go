package pgtest

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	osuser "os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

type server struct {
	dir  string
	port int
	cmd  *exec.Cmd
	log  bytes.Buffer
	done chan struct{}
}

// start makes a database cluster and a server for it; bin is where PostgreSQL's programs are.
func start(bin string) (*server, error) {
	dir, err := os.MkdirTemp("", "cordboard-pg-")
	if err != nil {
		return nil, err
	}
	s := &server{dir: dir, done: make(chan struct{})}
	who, err := someone(dir)
	if err == nil {
		err = s.initdb(bin, who)
	}
	if err == nil {
		err = s.serve(bin, who)
	}
	if err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

// someone is the system user that PostgreSQL runs as: it refuses root. nil is ourselves.
func someone(dir string) (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil //nolint:nilnil // nil means: ourselves
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := osuser.Lookup(name)
		if err != nil {
			continue
		}
		uid, _ := strconv.Atoi(u.Uid)                                                           //nolint:errcheck // a number on every unix
		gid, _ := strconv.Atoi(u.Gid)                                                           //nolint:errcheck // likewise
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, os.Chown(dir, uid, gid) //nolint:gosec // ids are small
	}
	return nil, fmt.Errorf("pgtest: PostgreSQL refuses to run as root, and there is no user postgres or nobody to run it as")
}

func (s *server) initdb(bin string, who *syscall.Credential) error {
	secret := filepath.Join(s.dir, "secret")
	if err := os.WriteFile(secret, []byte(password), 0o644); err != nil { //nolint:gosec // another user reads it
		return err
	}
	c := exec.Command(filepath.Join(bin, "initdb"), "-D", filepath.Join(s.dir, "data"), "-U", user, "--pwfile", secret, //nolint:gosec,noctx // our own paths
		"-A", "scram-sha-256", "-E", "UTF8", "--locale=C", "--no-sync")
	c.Dir, c.SysProcAttr = s.dir, &syscall.SysProcAttr{Credential: who}
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("pgtest: initdb: %w\n%s", err, out)
	}
	return nil
}

func (s *server) serve(bin string, who *syscall.Credential) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.port = l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		return err
	}
	s.cmd = exec.Command(filepath.Join(bin, "postgres"), "-D", filepath.Join(s.dir, "data"), "-p", strconv.Itoa(s.port), "-h", "127.0.0.1", //nolint:gosec,noctx // our own paths
		"-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off",
		"-c", "max_connections=200", "-c", "shared_buffers=64MB")
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = s.dir, &s.log, &s.log
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: who, Pdeathsig: syscall.SIGQUIT}
	started := make(chan error, 1)
	go func() {
		// The kernel counts the thread that starts a process as its parent: this one stays as long as the server.
		runtime.LockOSThread()
		defer close(s.done)
		err := s.cmd.Start()
		started <- err
		if err == nil {
			s.cmd.Wait() //nolint:errcheck,gosec // ended by a signal
		}
	}()
	if err := <-started; err != nil {
		return err
	}
	return s.ready()
}

// ready waits until the server answers.
func (s *server) ready() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := s.run(ctx, "SELECT 1")
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-s.done:
			return fmt.Errorf("pgtest: postgres ended\n%s", s.log.Bytes())
		case <-ctx.Done():
			return fmt.Errorf("pgtest: postgres does not answer: %w", err)
		}
	}
}

// stop ends the server at once and takes its files away.
func (s *server) stop() {
	if s.cmd != nil && s.cmd.Process != nil {
		s.cmd.Process.Signal(syscall.SIGQUIT) //nolint:errcheck,gosec // it may be gone
		<-s.done
	}
	os.RemoveAll(s.dir) //nolint:errcheck,gosec // a temporary folder
}
