package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"syscall"
	"time"
)

// disk measures what one flush of a small write costs here: below it no commit can go.
func disk(dir string, r *report) error {
	f, err := os.Create(dir + "/flush")
	if err != nil {
		return err
	}
	defer f.Close()
	block := make([]byte, 4096)
	took := make([]time.Duration, 500)
	for n := range took {
		if _, err := f.Write(block); err != nil {
			return err
		}
		began := time.Now()
		if err := syscall.Fdatasync(int(f.Fd())); err != nil {
			return err
		}
		took[n] = time.Since(began)
	}
	r.add(figure{Name: "disk flush", Note: "control: fdatasync of 4 kB appended"}.spread(took))
	return nil
}

// health measures an HTTP request that does nothing, over one connection.
func health(ctx context.Context, w *world, r *report) error {
	took := make([]time.Duration, 300)
	for n := range took {
		began := time.Now()
		if err := get(ctx, w.base+"/healthz"); err != nil {
			return err
		}
		took[n] = time.Since(began)
	}
	r.add(figure{Name: "GET /healthz", Note: "control: a round trip over one connection"}.spread(took))
	return nil
}

func get(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", url, res.Status)
	}
	return nil
}
