package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"
)

// starting measures how long the server takes until it serves, on the folder that the demo left, and how large the
// program is.
func starting(ctx context.Context, s settings, dir string, r *report) error {
	st, err := os.Stat(s.program)
	if err != nil {
		return err
	}
	r.add(figure{Name: "program", Unit: "MB", Value: ptr(float64(st.Size()) / 1e6), Hold: "≤ 40"})
	var took []time.Duration
	for range 5 {
		d, err := serveOnce(ctx, s, dir+"/demo")
		if err != nil {
			return err
		}
		took = append(took, d)
	}
	r.add(figure{Name: "start to serving", Hold: "≤ 1000"}.spread(took))
	return nil
}

func serveOnce(ctx context.Context, s settings, data string) (time.Duration, error) {
	web, err := freePort()
	if err != nil {
		return 0, err
	}
	sip, err := freePort()
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var log bytes.Buffer
	cmd := exec.CommandContext(ctx, s.program, "serve", "--data", data, "--listen", web, "--sip-listen", sip)
	cmd.Stderr = &log
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	dead := make(chan struct{})
	go func() { _ = cmd.Wait(); close(dead) }()
	defer func() {
		_ = cmd.Process.Signal(os.Interrupt)
		<-dead
	}()
	for {
		if get(ctx, "http://"+web+"/healthz") == nil {
			return time.Since(began), nil
		}
		select {
		case <-dead:
			return 0, fmt.Errorf("the server ended: %s", log.String())
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
			return 0, fmt.Errorf("the server didn't start: %s", log.String())
		}
	}
}

var linked = regexp.MustCompile(`(?:src|href)="(/[^"]+\.(?:js|css))"`)

// firstLoad counts what a browser fetches before a page can be used, as it comes over the wire and as gzip would make it.
func firstLoad(ctx context.Context, w *world, r *report) error {
	for _, entry := range []string{"console", "manager"} {
		page, wire, packed, err := fetch(ctx, w.base+"/"+entry+"/")
		if err != nil {
			return err
		}
		for _, m := range linked.FindAllStringSubmatch(page, -1) {
			_, a, b, err := fetch(ctx, w.base+m[1])
			if err != nil {
				return err
			}
			wire, packed = wire+a, packed+b
		}
		r.add(figure{Name: "first load of the " + entry + ", gzip", Unit: "kB", Value: ptr(float64(packed) / 1000), Hold: "≤ 150", Note: "page, scripts and styles; the font is not counted"})
		r.add(figure{Name: "first load of the " + entry + ", on the wire", Unit: "kB", Value: ptr(float64(wire) / 1000), Control: "first load of the " + entry + ", gzip"})
	}
	return nil
}

// fetch gets a page as a browser does and returns its text, its size as sent and its size as gzip.
func fetch(ctx context.Context, url string) (text string, wire, packed int, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", 0, 0, err
	}
	req.Header.Set("Accept-Encoding", "gzip")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", 0, 0, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return "", 0, 0, err
	}
	if res.StatusCode != http.StatusOK {
		return "", 0, 0, fmt.Errorf("GET %s: %s", url, res.Status)
	}
	wire = len(body)
	if strings.EqualFold(res.Header.Get("Content-Encoding"), "gzip") {
		plain, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return "", 0, 0, err
		}
		if body, err = io.ReadAll(plain); err != nil {
			return "", 0, 0, err
		}
		return string(body), wire, wire, nil
	}
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, _ = z.Write(body)
	_ = z.Close()
	return string(body), wire, out.Len(), nil
}
