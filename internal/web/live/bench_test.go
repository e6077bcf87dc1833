package live

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"cordboard/internal/agent"
	"cordboard/internal/bus"
	"cordboard/internal/desk"
	"cordboard/internal/signin"
)

// meter is a socket that notes when a delta was written to it.
type meter struct{ wrote chan time.Time }

func (m *meter) Header() http.Header { return http.Header{} }
func (m *meter) WriteHeader(int)     {}
func (m *meter) Flush()              {}
func (m *meter) Write(b []byte) (int, error) {
	if b[7] == 'd' { // event: delta
		m.wrote <- time.Now()
	}
	return len(b), nil
}

// BenchmarkOfferToSocket is the way of one offer from the bus to the socket of one among 10,000 open consoles. It reports
// the median and the 99th percentile besides the mean.
func BenchmarkOfferToSocket(b *testing.B) {
	const consoles = 10_000
	h := newHouse()
	defer h.hub.Close()
	m := &meter{wrote: make(chan time.Time, 1)}
	for n := range consoles {
		id := fmt.Sprintf("a%d", n)
		if n == 0 {
			id = "a"
		}
		r := httptest.NewRequestWithContext(b.Context(), "GET", "/", nil)
		go h.hub.Serve(m, r, signin.Session{Hash: id, Tenant: "acme", Agent: id, Expires: time.Now().Add(time.Hour)}, "t")
	}
	for h.hub.Open() < consoles {
		time.Sleep(time.Millisecond)
	}
	i := offered("int-1")
	var took []time.Duration
	version := int64(10)
	for b.Loop() {
		version++
		began := time.Now()
		bus.Publish(h.bus, desk.Changed{At: began, Interaction: i, Agents: []agent.Agent{{ID: "a", Status: agent.Offered, Version: version}}})
		took = append(took, (<-m.wrote).Sub(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}
