package web

import (
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"

	"cordboard/internal/fault"
	"cordboard/internal/web/problem"
)

// counts are the server's own figures.
type counts struct {
	answers [6]atomic.Int64 // by status class, 0 = broken off
}

func (c *counts) note(status int) {
	class := status / 100
	if class < 0 || class > 5 {
		class = 0
	}
	c.answers[class].Add(1)
}

// metrics are for the machine's own collector (GEN-10): to loopback only, and without anything about a person. The text is
// Prometheus' exposition format 0.0.4.
func (s *Server) metrics(w http.ResponseWriter, r *http.Request) {
	if !peerOf(r).IsLoopback() || r.Header.Get("X-Forwarded-For") != "" {
		problem.Write(w, r, fault.New(fault.NotFound, "NO_SUCH_PAGE", "There is nothing at this address."))
		return
	}
	var b strings.Builder
	b.WriteString("# HELP cordboard_http_requests_total Answered requests by class of status.\n# TYPE cordboard_http_requests_total counter\n")
	for class := 1; class < len(s.count.answers); class++ {
		fmt.Fprintf(&b, "cordboard_http_requests_total{class=\"%dxx\"} %d\n", class, s.count.answers[class].Load())
	}
	b.WriteString("# HELP cordboard_streams Open console streams.\n# TYPE cordboard_streams gauge\n")
	for name, h := range s.hubs {
		fmt.Fprintf(&b, "cordboard_streams{tenant=%q} %d\n", name, h.Open())
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	s.write(w, []byte(b.String()))
	if s.o.Metrics != nil {
		s.o.Metrics.ServeHTTP(w, r)
	}
}

func attr(key string, v any) slog.Attr { return slog.Any(key, v) }

// levelOf keeps what is only looked at out of the log's way.
func levelOf(method string, status int) slog.Level {
	switch {
	case status >= 500:
		return slog.LevelWarn
	case method == http.MethodGet || method == http.MethodHead:
		return slog.LevelDebug
	}
	return slog.LevelInfo
}
