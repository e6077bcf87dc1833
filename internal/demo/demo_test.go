package demo

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"cordboard/internal/app"
	"cordboard/internal/crm"
)

func start(t *testing.T, data string) *Demo {
	t.Helper()
	d, err := Start(t.Context(), Options{OrgListen: "127.0.0.1:0", App: app.Options{Data: data, Listen: "127.0.0.1:0", SIPListen: "127.0.0.1:0"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
	return d
}

// A world kept in a folder goes on, also when the org has another address than last time; the folder may have been there,
// open to others as folders are.
func TestKeptWorld(t *testing.T) {
	data := t.TempDir()
	if err := os.Chmod(data, 0o755); err != nil { //nolint:gosec // that is the test
		t.Fatal(err)
	}
	finds := func(d *Demo) {
		t.Helper()
		for id, u := range d.Tenant.Settings.Config().Users {
			if u.UserID != "ada" {
				continue
			}
			found, err := d.Tenant.Salesforce.Find(t.Context(), id, crm.Key{By: crm.ByPhone, Value: Samples[0].Number, Region: "US"})
			if err != nil || len(found.Matches) == 0 {
				t.Errorf("ada finds %+v, %v", found, err)
			}
		}
	}
	d := start(t, data)
	finds(d)
	first := d.Org.URL()
	if err := d.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	d = start(t, data)
	if d.Org.URL() == first {
		t.Skip("the org came to the same address by chance")
	}
	finds(d)
}

// The customers of the page hang up when the world ends, whatever they are doing.
func TestCustomersLeave(t *testing.T) {
	d := start(t, t.TempDir())
	place := func(body string) (int, map[string]any) {
		t.Helper()
		res, err := http.Post(d.App.URL()+"/demo/calls", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		raw, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		var out map[string]any
		if err := json.Unmarshal(raw, &out); err != nil {
			t.Fatalf("%d %s", res.StatusCode, raw)
		}
		return res.StatusCode, out
	}
	if code, out := place(`{"from":"+14155550123"}`); code != http.StatusUnprocessableEntity || out["message"] == "" {
		t.Errorf("without a number to call: %d %v", code, out)
	}
	for range 3 {
		if code, out := place(`{"from":"+14155550123","to":"+18661231234"}`); code != http.StatusCreated {
			t.Errorf("a call: %d %v", code, out)
		}
	}
	began := time.Now()
	c := d.page.Load()
	c.Close()
	for _, x := range c.list() {
		if x.State != "ended" {
			t.Errorf("a customer is still %s", x.State)
		}
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
	if code, _ := place(`{"from":"","to":"+18661231234"}`); code != http.StatusServiceUnavailable {
		t.Errorf("a call after the end: %d", code)
	}
}
