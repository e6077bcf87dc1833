package api

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"cordboard/internal/agent"
	"cordboard/internal/bus"
	"cordboard/internal/crm"
	"cordboard/internal/crm/salesforce"
	"cordboard/internal/delivery"
	"cordboard/internal/fault"
	"cordboard/internal/interaction"
	"cordboard/internal/setting"
	"cordboard/internal/setting/settingtest"
	"cordboard/internal/signin"
	"cordboard/internal/signin/signintest"
	"cordboard/internal/tenant"
	"cordboard/internal/web/view"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

const goodPassword = "seven wet otters sing"

// world is two tenants behind one API, with fakes for every room below.
type world struct {
	t     *testing.T
	api   *API
	guard *signin.Guard
	rooms map[string]*rooms
	now   time.Time

	sessions *signintest.Store
}

// rooms are one tenant's fakes. It implements most of what a Tenant needs.
type rooms struct {
	book  *setting.Book
	trail *settingtest.Trail
	ids   map[string]string // user id → agent id

	mu         sync.Mutex
	calls      []string
	items      map[string]interaction.Interaction
	deliveries []delivery.Delivery
	fail       error // what the next command answers
	muted      bool
	signOn     salesforce.SignOn
	signal     interaction.Signal // the latest
	secret     string
	owner      string
	failSignIn error
	history    string // what was last asked for
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, rooms: map[string]*rooms{}, now: noon, sessions: signintest.New()}
	doors := bus.New()
	trails := map[string]*settingtest.Trail{"acme": {}, "other": {}}
	w.guard = signin.New(signin.Options{
		Store: w.sessions, Bus: doors, Weak: true, Now: func() time.Time { return w.now },
		Trail: func(name string) signin.Trail { return trails[name] },
	})
	tenants := map[string]*Tenant{}
	for name, trail := range trails {
		r := &rooms{trail: trail, ids: map[string]string{}, items: map[string]interaction.Interaction{}}
		var err error
		r.book, err = setting.Open(t.Context(), setting.Options{
			Tenant: name, Store: &settingtest.Store{}, Trail: trail, Bus: bus.New(), Accounts: w.guard, Now: func() time.Time { return w.now },
		})
		must(t, err)
		q := tenant.DefaultQueue()
		q.Name = "Support"
		_, err = r.book.SaveQueue(t.Context(), "system", q)
		must(t, err)
		for _, u := range []struct {
			id    string
			roles []tenant.Role
		}{
			{"admin", []tenant.Role{tenant.RoleAdmin}}, {"boss", []tenant.Role{tenant.RoleSupervisor}},
			{"anna", []tenant.Role{tenant.RoleAgent}}, {"bert", []tenant.Role{tenant.RoleAgent}},
			{"all", []tenant.Role{tenant.RoleAdmin, tenant.RoleAgent}},
		} {
			x := tenant.DefaultUser()
			x.UserID, x.FirstName, x.LastName, x.Email, x.Roles = u.id+"."+name, u.id, "Test", u.id+"@example.com", u.roles
			x.Seat = true
			saved, err := r.book.SaveUser(t.Context(), "system", x)
			must(t, err)
			must(t, w.guard.SetPassword(t.Context(), saved.UserID, goodPassword, "system", ""))
			r.ids[u.id] = saved.ID
		}
		w.rooms[name] = r
		eye := &view.Eye{Config: r.book.Config, Logs: r, Muted: func(string, string) bool { return r.muted }, Now: func() time.Time { return w.now }}
		tenants[name] = &Tenant{
			Name: name, Settings: r.book, Trail: trail, Desk: r, History: r, Pops: r, Phone: r, Browser: r, SIP: r, SignOns: r,
			Org: r, Deliveries: r, Live: r, Eye: eye,
			PhoneOf: func(_, tab string) view.Phone {
				return view.Phone{Endpoint: "browser", Owner: r.owner, Mine: r.owner == tab, Abilities: []string{}}
			},
		}
	}
	w.api = New(Options{
		Guard: w.guard, Tenant: func(n string) (*Tenant, bool) { t, ok := tenants[n]; return t, ok },
		Version: "1.2.3", Address: func(*http.Request) string { return "192.0.2.7" }, Now: func() time.Time { return w.now },
	})
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// browser is a person's browser: it keeps a cookie.
type browser struct {
	w      *world
	cookie *http.Cookie
}

func (w *world) browser() *browser { return &browser{w: w} }

// as signs somebody in: "anna.acme".
func (w *world) as(userID string) *browser {
	w.t.Helper()
	b := w.browser()
	if code, body := b.do("POST", "/api/v1/session", map[string]string{"userId": userID, "password": goodPassword}); code != 200 {
		w.t.Fatalf("sign-in of %s: %d %v", userID, code, body)
	}
	return b
}

func (b *browser) do(method, path string, body any) (int, map[string]any) {
	b.w.t.Helper()
	res := b.send(method, path, body, nil)
	defer res.Body.Close()
	raw, _ := io.ReadAll(res.Body)
	var out map[string]any
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &out); err != nil {
			b.w.t.Fatalf("%s %s answered %d with no JSON: %s", method, path, res.StatusCode, raw)
		}
	}
	return res.StatusCode, out
}

func (b *browser) send(method, path string, body any, header http.Header) *http.Response {
	b.w.t.Helper()
	text := ""
	switch v := body.(type) {
	case nil:
	case string:
		text = v
	default:
		raw, err := json.Marshal(v)
		must(b.w.t, err)
		text = string(raw)
	}
	r := httptest.NewRequest(method, path, strings.NewReader(text))
	if method != "GET" {
		r.Header.Set("Content-Type", "application/json")
	}
	for k, v := range header {
		r.Header[k] = v
	}
	if b.cookie != nil {
		r.AddCookie(b.cookie)
	}
	rec := httptest.NewRecorder()
	b.w.api.ServeHTTP(rec, r)
	for _, c := range rec.Result().Cookies() {
		if c.Name == "sid" {
			b.cookie = c
			if c.MaxAge < 0 {
				b.cookie = nil
			}
		}
	}
	return rec.Result()
}

func (r *rooms) called(s string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, s)
}

// take returns what was called since, and forgets it.
func (r *rooms) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.calls
	r.calls = nil
	return out
}

func (r *rooms) answer(id string) (interaction.Interaction, error) {
	if err := r.fail; err != nil {
		r.fail = nil
		return r.items[id], err
	}
	return r.One(context.Background(), id)
}

func (r *rooms) SignIn(_ context.Context, agentID string) (agent.Agent, error) {
	if r.failSignIn != nil {
		return agent.Agent{}, r.failSignIn
	}
	r.called("sign in")
	return agent.Agent{ID: agentID, Status: agent.OnBreak}, nil
}

func (r *rooms) SignOut(_ context.Context, agentID, reason string) (agent.Agent, error) {
	r.called("sign out " + reason)
	if err := r.fail; err != nil {
		r.fail = nil
		return agent.Agent{}, err
	}
	return agent.Agent{ID: agentID, Status: agent.LoggedOut}, nil
}

func (r *rooms) SetStatus(_ context.Context, agentID string, s agent.Status, by string) (agent.Agent, error) {
	r.called("status " + s.String())
	return agent.Agent{ID: agentID, Status: s, By: by, Since: noon}, nil
}

func (r *rooms) Command(_ context.Context, _, id string, s interaction.Signal) (interaction.Interaction, error) {
	r.called(string(s.Kind))
	r.signal = s
	return r.answer(id)
}

func (r *rooms) One(_ context.Context, id string) (interaction.Interaction, error) {
	i, ok := r.items[id]
	if !ok {
		return i, fault.New(fault.NotFound, "NOT_FOUND", "There is none.")
	}
	return i, nil
}

func (r *rooms) History(_ context.Context, _ string, before time.Time, limit int) ([]interaction.Interaction, error) {
	r.history = fmt.Sprintf("%s %d", before.Format(time.RFC3339Nano), limit)
	return nil, nil
}

func (r *rooms) SearchAgain(_ context.Context, _, id string) (interaction.Interaction, error) {
	r.called("search")
	return r.answer(id)
}

func (r *rooms) Choose(_ context.Context, _, id string, ref crm.Ref) (interaction.Interaction, error) {
	r.called("choose " + ref.ID)
	return r.answer(id)
}

func (r *rooms) Lookup(_ context.Context, agentID string, kind crm.Kind, words string) ([]crm.Match, error) {
	r.called("lookup " + agentID + " " + string(kind) + " " + words)
	return []crm.Match{{Ref: crm.Ref{Kind: kind, ID: "001A"}, Name: "Acme"}}, nil
}

func (r *rooms) Form(_ context.Context, _, _ string, kind crm.Kind) (crm.Form, error) {
	return crm.Form{Kind: kind, Label: string(kind)}, nil
}

func (r *rooms) Create(_ context.Context, _, id string, kind crm.Kind, _ map[string]string, _ bool) (interaction.Interaction, error) {
	r.called("create " + string(kind))
	return r.answer(id)
}

func (r *rooms) Mute(_ context.Context, _, _ string, on bool) error {
	r.called("mute")
	r.muted = on
	return nil
}

func (r *rooms) Connect(_ context.Context, _, tabID, offer string) (string, error) {
	if r.owner != "" && r.owner != tabID {
		return "", fault.New(fault.Conflict, "PHONE_ELSEWHERE", "Your phone is in use elsewhere.")
	}
	r.owner = tabID
	return "answer to " + offer, nil
}

func (r *rooms) Take(_, tabID string, _ bool) error { r.owner = tabID; return nil }
func (r *rooms) Release(_, tabID string) {
	if r.owner == tabID {
		r.owner = ""
	}
}

func (r *rooms) Status(context.Context, string) (salesforce.SignOn, error) { return r.signOn, nil }
func (r *rooms) Save(_ context.Context, agentID string, kind tenant.SignOn, loginID, password, token string) (salesforce.SignOn, error) {
	r.secret = password + token
	r.signOn = salesforce.SignOn{Agent: agentID, Kind: kind, LoginID: loginID, Result: salesforce.Connected, SavedAt: noon}
	return r.signOn, nil
}
func (r *rooms) Test(context.Context, string) (salesforce.SignOn, error) { return r.signOn, nil }
func (r *rooms) Disconnect(context.Context, string) error {
	r.signOn = salesforce.SignOn{}
	return nil
}

func (r *rooms) Certificate(context.Context) (string, error) { return "", nil }
func (r *rooms) NewKey(context.Context) (string, error) {
	return "-----BEGIN CERTIFICATE-----", nil
}
func (r *rooms) Probe(context.Context, tenant.Connection) (OrgTest, error) {
	return OrgTest{Reachable: true, Message: "Reached."}, nil
}

func (r *rooms) Issue(context.Context, tenant.User) (string, string, error) {
	return "acme-1001", "Q2hhcmFjdGVycw", nil
}

func (r *rooms) List(_ context.Context, f delivery.Filter) ([]delivery.Delivery, error) {
	var out []delivery.Delivery
	for _, d := range r.deliveries {
		if (f.State == "" || f.State == d.State) && (f.Interaction == "" || f.Interaction == d.Interaction) && (f.Agent == "" || f.Agent == d.Agent) {
			out = append(out, d)
		}
	}
	return out, nil
}

func (r *rooms) Count(context.Context) (map[delivery.State]delivery.Tally, error) {
	return map[delivery.State]delivery.Tally{delivery.Parked: {Count: 1, Oldest: noon}}, nil
}

func (r *rooms) Retry(_ context.Context, key string) (delivery.Delivery, error) {
	r.called("retry " + key)
	return r.settle(key, delivery.Waiting)
}

func (r *rooms) settle(key string, s delivery.State) (delivery.Delivery, error) {
	for n := range r.deliveries {
		if r.deliveries[n].Key == key {
			r.deliveries[n].State = s
			return r.deliveries[n], nil
		}
	}
	return delivery.Delivery{}, fault.New(fault.NotFound, "NOT_FOUND", "There is no such delivery.")
}

func (r *rooms) RetryLike(context.Context, string) (int, error) { return 1, nil }
func (r *rooms) Drop(_ context.Context, key, reason string) (delivery.Delivery, error) {
	r.called("drop " + reason)
	return r.settle(key, delivery.Dropped)
}

func (r *rooms) Serve(w http.ResponseWriter, _ *http.Request, s signin.Session, tab string) {
	r.called("stream " + tab)
	_, _ = w.Write([]byte("{}"))
	_ = s
}
func (r *rooms) Phone(string)   { r.called("tell phone") }
func (r *rooms) SignOn(string)  {}
func (r *rooms) Refresh(string) { r.called("refresh") }

// call puts an interaction into a tenant: offered to anna, or in her wrap-up.
func (r *rooms) call(id string, state interaction.State) interaction.Interaction {
	anna := r.ids["anna"]
	i := interaction.Interaction{
		ID: id, Transaction: 7, Medium: interaction.Phone, State: state, ANI: "+14155550123", DNIS: "+14155550100", Name: "Pat <b>",
		Queue: 1, QueueName: "Support", ChannelName: "Main", Region: "US", CreatedAt: noon.Add(-time.Minute), QueuedAt: noon.Add(-time.Minute),
		Offers: 1, Asked: []string{anna}, Version: 3,
	}
	switch state {
	case interaction.Offered:
		i.Offer = &interaction.Offer{Number: 1, Agent: anna, At: noon, Deadline: noon.Add(30 * time.Second)}
	case interaction.Wrapup, interaction.Accepted, interaction.Closed:
		subject := "Own words"
		i.Handling = []interaction.Handling{{Number: 1, Agent: anna, State: state, AcceptedAt: noon, Edits: interaction.Edits{Subject: &subject, Notes: "old"}}}
	}
	r.items[id] = i
	return i
}
