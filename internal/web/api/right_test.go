package api

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"cordboard/internal/delivery"
	"cordboard/internal/interaction"
	"cordboard/internal/tenant"
	"cordboard/internal/web/gate"
)

var update = flag.Bool("update", false, "write golden files anew")

// filled puts real ids of tenant acme into a route's path.
func filled(w *world, path string) string {
	r := w.rooms["acme"]
	id := "1"
	switch {
	case strings.Contains(path, "/interactions/"):
		id = "int-1"
	case strings.Contains(path, "/users/"):
		id = r.ids["bert"]
	case strings.Contains(path, "/channels/"):
		id = "2"
	case strings.Contains(path, "/code-lists/"):
		id = "3"
	case strings.Contains(path, "/trunks/"):
		id = "4"
	case strings.Contains(path, "/queues/"):
		id = "5"
	}
	return strings.NewReplacer("{id}", id, "{key}", "k1", "{kind}", "Contact").Replace(path)
}

// TestRights sends every route as everybody, and compares who got through with the golden matrix. Each person gets a fresh
// world, so that one request cannot help another.
func TestRights(t *testing.T) {
	people := []string{"", "anna.acme", "boss.acme", "admin.acme", "all.other"}
	routes := gate.Routes()
	order := "GET POST PUT DELETE"
	slices.SortFunc(routes, func(a, b string) int { // what removes comes last
		return cmp.Or(cmp.Compare(strings.Index(order, a[:3]), strings.Index(order, b[:3])), cmp.Compare(a, b))
	})
	answers := map[string][]string{}
	for _, p := range people {
		w := newWorld(t)
		r := w.rooms["acme"]
		r.call("int-1", interaction.Offered)
		r.deliveries = []delivery.Delivery{{Key: "k1", Interaction: "int-1", Agent: r.ids["anna"], State: delivery.Parked}}
		furnish(t, r)
		if w.api.gate.Served() != len(routes) {
			t.Fatalf("%d routes are served, %d have rights", w.api.gate.Served(), len(routes))
		}
		for _, route := range routes {
			b := w.browser()
			if p != "" {
				b = w.as(p)
			}
			r.take()
			method, path, _ := strings.Cut(route, " ")
			body := "{}"
			if method == "GET" {
				body = ""
			}
			res := b.send(method, filled(w, path), body, nil)
			answers[route] = append(answers[route], fmt.Sprint(res.StatusCode))
			if did := r.take(); p == "all.other" && len(did) > 0 {
				t.Errorf("%s by another tenant's user reached the desk: %v", route, did)
			}
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%-62s %5s %5s %5s %5s %5s\n", "route", "anon", "agent", "super", "admin", "other")
	for _, route := range routes {
		fmt.Fprintf(&b, "%-62s %5s %5s %5s %5s %5s\n", route, answers[route][0], answers[route][1], answers[route][2], answers[route][3], answers[route][4])
	}
	golden(t, "testdata/rights.golden", b.String())
}

// furnish adds channel 2, code list 3, trunk 4 and queue 5, which only this tenant has.
func furnish(t *testing.T, r *rooms) {
	t.Helper()
	_, err := r.book.SaveChannel(t.Context(), "system", tenant.Channel{Name: "Main", Number: "+14155550100", Queue: 1})
	must(t, err)
	_, err = r.book.SaveCodeList(t.Context(), "system", tenant.CodeList{Name: "Outcome", Items: []tenant.CodeItem{{Text: "Sold", ReportText: "SOLD"}}})
	must(t, err)
	_, err = r.book.SaveTrunk(t.Context(), "system", tenant.Trunk{Name: "Provider", Addresses: []string{"203.0.113.0/28"}})
	must(t, err)
	q := tenant.DefaultQueue()
	q.Name = "Sales"
	q, err = r.book.SaveQueue(t.Context(), "system", q)
	must(t, err)
	if q.ID != 5 {
		t.Fatalf("the queue is %d", q.ID)
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		must(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	must(t, err)
	if got != string(want) {
		t.Errorf("differs from %s; if that is right, run with -update\n%s", file, got)
	}
}
