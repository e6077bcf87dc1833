package orgtest

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cordboard/internal/crm"
	"cordboard/internal/crm/salesforce"
	"cordboard/internal/egress"
	"cordboard/internal/simorg"
	"cordboard/internal/tenant"
)

// house is a connector before a running org, with everything kept in memory.
type house struct {
	*salesforce.Salesforce
	org *simorg.Org
	log *bytes.Buffer

	mu      sync.Mutex
	cfg     tenant.Config
	signons map[string]salesforce.SignOn
	secrets map[string][]byte
}

func open(t *testing.T, opt simorg.Options) *house {
	t.Helper()
	org, err := simorg.New(opt)
	if err != nil {
		t.Fatal(err)
	}
	if err := org.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = org.Stop(context.Background()) })
	out, err := egress.New(egress.Options{Allow: []string{"127.0.0.1"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(out.Close)
	h := &house{org: org, log: &bytes.Buffer{}, signons: map[string]salesforce.SignOn{}, secrets: map[string][]byte{}}
	h.cfg.Profile.Region = "US"
	h.cfg.Users = map[string]tenant.User{}
	h.cfg.ScreenPop.Connection = tenant.Connection{
		Environment: "custom", LoginURL: org.URL(), SignOns: []tenant.SignOn{tenant.SignOnPassword, tenant.SignOnJWT}, ConsumerKey: "cordboard",
	}
	h.Salesforce = salesforce.New(salesforce.Options{
		Config:  func() *tenant.Config { h.mu.Lock(); defer h.mu.Unlock(); c := h.cfg; return &c },
		SignOns: h, Vault: h, HTTP: out.Client(egress.Salesforce), Clock: time.Now, Logger: slog.New(slog.NewJSONHandler(h, nil)),
	})
	return h
}

// as signs an agent of the seed in with password and token.
func (h *house) as(t *testing.T, name string) string {
	t.Helper()
	so, err := h.Save(t.Context(), name, tenant.SignOnPassword, name+"@demo.example", "demo-pass", "TOK"+strings.ToUpper(name))
	if err != nil || so.Result != salesforce.Connected {
		t.Fatalf("%s: %+v, %v", name, so, err)
	}
	return name
}

func (h *house) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.log.Write(b)
}

func (h *house) SignOn(_ context.Context, agent string) (salesforce.SignOn, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if s, ok := h.signons[agent]; ok {
		return s, nil
	}
	return salesforce.SignOn{Agent: agent, Result: salesforce.NotSetUp}, nil
}

func (h *house) PutSignOn(_ context.Context, s salesforce.SignOn) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.signons[s.Agent] = s
	return nil
}

func (h *house) DropSignOn(_ context.Context, agent string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.signons, agent)
	return nil
}

func (h *house) Put(_ context.Context, owner, name string, secret []byte) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.secrets[owner+"/"+name] = slices.Clone(secret)
	return nil
}

func (h *house) Get(_ context.Context, owner, name string) ([]byte, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.secrets[owner+"/"+name], nil
}

func (h *house) Drop(_ context.Context, owner, name string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.secrets, owner+"/"+name)
	return nil
}

func names(f crm.Found) string {
	var out []string
	for _, m := range f.Matches {
		out = append(out, string(m.Kind)+":"+m.Name)
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

func phone(e164 string) crm.Key { return crm.Key{By: crm.ByPhone, Value: e164, Region: "US"} }
