package web

import (
	"log/slog"
	"net/http"
	"strconv"

	"cordboard/internal/fault"
	"cordboard/internal/web/problem"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// counts are the server's own figures: few series, and nothing about a person (GEN-10).
type counts struct {
	answers *prometheus.CounterVec
	handler http.Handler
}

func newCounts(streams map[string]func() int) counts {
	r := prometheus.NewRegistry()
	c := counts{answers: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "cordboard_http_requests_total", Help: "Answered requests by class of status."}, []string{"class"})}
	r.MustRegister(c.answers, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for tenant, open := range streams {
		r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "cordboard_streams", Help: "Open console streams.", ConstLabels: prometheus.Labels{"tenant": tenant},
		}, func() float64 { return float64(open()) }))
	}
	c.handler = promhttp.HandlerFor(r, promhttp.HandlerOpts{})
	return c
}

// note counts an answer; a status out of range is one that was broken off.
func (c *counts) note(status int) {
	class := "broken"
	if status >= 100 && status < 600 {
		class = strconv.Itoa(status/100) + "xx"
	}
	c.answers.WithLabelValues(class).Inc()
}

// metrics are for the machine's own collector: to loopback only.
func (s *Server) metrics(w http.ResponseWriter, r *http.Request) {
	if !peerOf(r).IsLoopback() || r.Header.Get("X-Forwarded-For") != "" {
		problem.Write(w, r, fault.New(fault.NotFound, "NO_SUCH_PAGE", "There is nothing at this address."))
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	s.count.handler.ServeHTTP(w, r)
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
