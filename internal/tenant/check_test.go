package tenant

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cordboard/internal/crm"
	"cordboard/internal/fault"
	"cordboard/internal/interaction"
)

// house is a small tenant: two queues, a channel, a list, an administrator and an agent.
func house() *Config {
	c := New("acme")
	c.Queues[1] = Queue{ID: 1, Name: "Support", Media: []interaction.Medium{interaction.Phone}, Priority: 5, WrapupSeconds: 30, AnnounceSeconds: 20, Region: "DE", CodeLists: []int64{1}, Version: 3}
	c.Queues[2] = Queue{ID: 2, Name: "Chats", Media: []interaction.Medium{interaction.Chat}}
	c.Channels[1] = Channel{ID: 1, Medium: interaction.Phone, Name: "Main", Number: "+14155550100", Queue: 1}
	c.CodeLists[1] = CodeList{ID: 1, Name: "Outcome", Required: true, Items: []CodeItem{{1, "Sold", "SOLD"}, {4, "Lost", "LOST"}}}
	c.Trunks[1] = Trunk{ID: 1, Name: "Provider", Addresses: []string{"203.0.113.0/28"}}
	c.Users["ag1"] = User{ID: "ag1", UserID: "admin", FirstName: "Ada", LastName: "Min", Roles: []Role{RoleAdmin}}
	c.Users["ag2"] = User{ID: "ag2", UserID: "anna", FirstName: "Anna", LastName: "Bell", Email: "anna@example.com", Roles: []Role{RoleAgent}, Queues: map[int64]int{1: 5}, SIPUser: "acme-1001", Seat: true}
	return c
}

// faults is "field:CODE field:CODE" of an error.
func faults(err error) string {
	var out []string
	if err != nil {
		for _, f := range fault.Of(err).Fields {
			out = append(out, f.Field+":"+f.Code)
		}
	}
	return strings.Join(out, " ")
}

func TestCheckUser(t *testing.T) {
	good := User{UserID: "bert", FirstName: "Bert", LastName: "Roe", Email: "bert@example.com", Roles: []Role{RoleAgent}}
	long := strings.Repeat("ü", 81)
	for _, c := range []struct {
		name   string
		change func(*User, *Config)
		want   string
	}{
		{"good", func(*User, *Config) {}, ""},
		{"empty", func(u *User, _ *Config) { *u = User{} }, "userId:REQUIRED firstName:REQUIRED lastName:REQUIRED email:REQUIRED roles:REQUIRED"},
		{"short name", func(u *User, _ *Config) { u.UserID = "be" }, "userId:BAD_USER_ID"},
		{"longest name", func(u *User, _ *Config) { u.UserID = strings.Repeat("b", 64) }, ""},
		{"too long a name", func(u *User, _ *Config) { u.UserID = strings.Repeat("b", 65) }, "userId:BAD_USER_ID"},
		{"odd characters", func(u *User, _ *Config) { u.UserID = "be rt" }, "userId:BAD_USER_ID"},
		{"taken, other case", func(u *User, _ *Config) { u.UserID = " ANNA" }, "userId:TAKEN"},
		{"too long", func(u *User, _ *Config) { u.LastName = long }, "lastName:TOO_LONG"},
		{"line break", func(u *User, _ *Config) { u.LastName = "a\r\nb" }, "lastName:BAD_CHARACTER"},
		{"email with name", func(u *User, _ *Config) { u.Email = "Bert <bert@example.com>" }, "email:BAD_EMAIL"},
		{"unknown role and queue", func(u *User, _ *Config) { u.Roles, u.Queues = []Role{"king"}, map[int64]int{9: 1} }, "roles:UNKNOWN queues:UNKNOWN"},
		{"skill", func(u *User, _ *Config) { u.Queues = map[int64]int{1: 11} }, "queues:OUT_OF_RANGE"},
		{"offer time", func(u *User, _ *Config) { u.OfferSeconds = 61 }, "offerSeconds:OUT_OF_RANGE"},
		{"endpoint", func(u *User, _ *Config) { u.Endpoint = "can" }, "endpoint:UNKNOWN"},
		{"renamed", func(u *User, c *Config) { *u = c.Users["ag2"]; u.UserID = "anne" }, "userId:FIXED"},
		{"last administrator's role", func(u *User, c *Config) { *u = c.Users["ag1"]; u.Email = "a@b.c"; u.Roles = []Role{RoleAgent} }, "roles:LAST_ADMIN"},
		{"last administrator off", func(u *User, c *Config) { *u = c.Users["ag1"]; u.Email = "a@b.c"; u.Inactive = true }, "inactive:LAST_ADMIN"},
		{"one of two administrators", func(u *User, c *Config) {
			c.Users["ag3"] = User{ID: "ag3", UserID: "two", Roles: []Role{RoleAdmin}}
			*u = c.Users["ag1"]
			u.Email, u.Roles = "a@b.c", []Role{RoleAgent}
		}, ""},
		{"an inactive one does not count", func(u *User, c *Config) {
			c.Users["ag3"] = User{ID: "ag3", UserID: "two", Roles: []Role{RoleAdmin}, Inactive: true}
			*u = c.Users["ag1"]
			u.Email, u.Roles = "a@b.c", []Role{RoleAgent}
		}, "roles:LAST_ADMIN"},
		{"no seat left", func(u *User, c *Config) { c.Profile.SalesforceUsers = 1; u.Seat = true }, "seat:NO_SEAT_LEFT"},
		{"keeps his seat", func(u *User, c *Config) { c.Profile.SalesforceUsers = 1; *u = c.Users["ag2"] }, ""},
	} {
		u, h := good, house()
		c.change(&u, h)
		got, err := h.CheckUser(u)
		if faults(err) != c.want {
			t.Errorf("%s: %s, want %s (%v)", c.name, faults(err), c.want, err)
		}
		if err == nil && (got.Queues == nil || got.OfferSeconds == 0 || got.Endpoint == "") {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
	u := house().Users["ag2"]
	u.SIPUser = "mine"
	if got, err := house().CheckUser(u); err != nil || got.SIPUser != "acme-1001" {
		t.Errorf("a SIP user that was typed: %+v %v", got, err)
	}
}

func TestCheckQueue(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Queue)
		want   string
	}{
		{"good", func(*Queue) {}, ""},
		{"no name", func(q *Queue) { q.Name = " " }, "name:REQUIRED"},
		{"taken", func(q *Queue) { q.Name = "support" }, "name:TAKEN"},
		{"no media", func(q *Queue) { q.Media = nil }, "media:REQUIRED"},
		{"unknown medium", func(q *Queue) { q.Media = []interaction.Medium{"fax"} }, "media:UNKNOWN"},
		{"priority", func(q *Queue) { q.Priority = 11 }, "priority:OUT_OF_RANGE"},
		{"wrap-up 0 is none", func(q *Queue) { q.WrapupSeconds = 0 }, ""},
		{"wrap-up", func(q *Queue) { q.WrapupSeconds = 3601 }, "wrapupSeconds:OUT_OF_RANGE"},
		{"announcement", func(q *Queue) { q.AnnounceSeconds = 4 }, "announceSeconds:OUT_OF_RANGE"},
		{"region", func(q *Queue) { q.Region = "Germany" }, "region:BAD_REGION"},
		{"no such region", func(q *Queue) { q.Region = "XX" }, "region:BAD_REGION"},
		{"lists", func(q *Queue) { q.CodeLists = []int64{1, 7} }, "codeLists:UNKNOWN"},
		{"a channel needs its medium", func(q *Queue) { *q = house().Queues[1]; q.Media = []interaction.Medium{interaction.Chat} }, "media:IN_USE"},
	} {
		q := DefaultQueue()
		q.Name, q.Region = "Sales", "us"
		c.change(&q)
		if _, err := house().CheckQueue(q); faults(err) != c.want {
			t.Errorf("%s: %s, want %s", c.name, faults(err), c.want)
		}
	}
	q, _ := house().CheckQueue(Queue{Name: " Sales ", Media: []interaction.Medium{"phone", "phone"}, Region: "us"})
	if q.Name != "Sales" || len(q.Media) != 1 || q.Priority != 5 || q.AnnounceSeconds != 20 || q.Region != "US" || q.CodeLists == nil {
		t.Errorf("%+v", q)
	}
}

func TestCheckChannel(t *testing.T) {
	for _, c := range []struct {
		name, number string
		queue        int64
		channel      string
		want         string
	}{
		{"good", "+49 (30) 123-456 78", 1, "Berlin", ""},
		{"no plus", "14155550123", 1, "Berlin", "number:BAD_NUMBER"},
		{"too short", "+123456", 1, "Berlin", "number:BAD_NUMBER"},
		{"too long", "+1234567890123456", 1, "Berlin", "number:BAD_NUMBER"},
		{"letters", "+1415CALLNOW", 1, "Berlin", "number:BAD_NUMBER"},
		{"taken", "+1 415 555 0100", 1, "Berlin", "number:TAKEN"},
		{"all at once", "", 9, "main", "number:REQUIRED name:TAKEN queue:UNKNOWN"},
		{"no queue", "+493012345678", 0, "Berlin", "queue:REQUIRED"},
		{"chat queue", "+493012345678", 2, "Berlin", "queue:WRONG_MEDIUM"},
	} {
		got, err := house().CheckChannel(Channel{Name: c.channel, Number: c.number, Queue: c.queue})
		if faults(err) != c.want {
			t.Errorf("%s: %s, want %s", c.name, faults(err), c.want)
		}
		if err == nil && (got.Number != "+493012345678" || got.Medium != interaction.Phone) {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
	if _, err := house().CheckChannel(house().Channels[1]); err != nil {
		t.Errorf("saving it again as it is: %v", err)
	}
}

func TestCheckCodeList(t *testing.T) {
	l := house().CodeLists[1]
	l.Items = []CodeItem{{4, "Lost", "LOST"}, {0, "New", "NEW"}, {0, "Newer", "NEWER"}}
	got, err := house().CheckCodeList(l)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]CodeItem{{4, "Lost", "LOST"}, {5, "New", "NEW"}, {6, "Newer", "NEWER"}}, got.Items); d != "" {
		t.Error(d)
	}
	for _, c := range []struct {
		name string
		list CodeList
		want string
	}{
		{"required and empty", CodeList{Name: "X", Required: true}, "items:REQUIRED"},
		{"texts", CodeList{Name: "X", Items: []CodeItem{{}, {0, "A", strings.Repeat("x", 81)}, {0, "a", "A"}}},
			"items[0].text:REQUIRED items[0].reportText:REQUIRED items[1].reportText:TOO_LONG items[2].text:TAKEN"},
		{"an id of one's own", CodeList{Name: "X", Items: []CodeItem{{3, "A", "A"}}}, "items[0].id:UNKNOWN"},
		{"a name that is taken", CodeList{Name: "OUTCOME"}, "name:TAKEN"},
		{"too many", CodeList{Name: "X", Items: many(501)}, "items:TOO_MANY"},
	} {
		if _, err := house().CheckCodeList(c.list); faults(err) != c.want {
			t.Errorf("%s: %s, want %s", c.name, faults(err), c.want)
		}
	}
}

func many(n int) (out []CodeItem) {
	for i := range n {
		out = append(out, CodeItem{Text: fmt.Sprint("code ", i), ReportText: "X"})
	}
	return out
}

func TestCheckTrunk(t *testing.T) {
	got, err := house().CheckTrunk(Trunk{Name: "B", Addresses: []string{" 192.0.2.1 ", "::ffff:192.0.2.1", "198.51.100.9/24", "2001:db8::/32"}})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"192.0.2.1", "198.51.100.0/24", "2001:db8::/32"}, got.Addresses); d != "" {
		t.Error(d)
	}
	for in, want := range map[string]string{"": "addresses[0]:BAD_ADDRESS", "example.com": "addresses[0]:BAD_ADDRESS", "0.0.0.0/0": "addresses[0]:TOO_WIDE", "fe80::1%eth0": "addresses[0]:BAD_ADDRESS"} {
		if _, err := house().CheckTrunk(Trunk{Name: "B", Addresses: []string{in}}); faults(err) != want {
			t.Errorf("%q: %s, want %s", in, faults(err), want)
		}
	}
	if _, err := house().CheckTrunk(Trunk{Name: "provider"}); faults(err) != "name:TAKEN" {
		t.Error(err)
	}
	if _, err := house().CheckTrunk(Trunk{Name: "B"}); faults(err) != "addresses:REQUIRED" {
		t.Error(err)
	}
}

func TestCheckProfile(t *testing.T) {
	h := house()
	h.Profile.SalesforceUsers = 7
	p, err := h.CheckProfile(Profile{Label: " Acme ", TimeZone: "Europe/Berlin", Region: "de", SalesforceUsers: 99})
	if err != nil || p.Label != "Acme" || p.Region != "DE" || p.SalesforceUsers != 7 {
		t.Errorf("%+v %v", p, err)
	}
	for in, want := range map[Profile]string{
		{Region: "DE", TimeZone: "Mars/Olympus"}:     "timeZone:UNKNOWN",
		{Region: "DE", TimeZone: "Local"}:            "timeZone:UNKNOWN",
		{Region: "DE", TimeZone: "../../etc/passwd"}: "timeZone:UNKNOWN",
		{}: "region:BAD_REGION",
		{Region: "DE", Label: strings.Repeat("x", 81)}:       "label:TOO_LONG",
		{Region: "D1", Label: strings.Repeat("x", 80) + " "}: "region:BAD_REGION",
	} {
		if _, err := h.CheckProfile(in); faults(err) != want {
			t.Errorf("%+v: %s, want %s", in, faults(err), want)
		}
	}
}

func TestCheckScreenPop(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*ScreenPop)
		want   string
	}{
		{"defaults", func(*ScreenPop) {}, ""},
		{"on", func(s *ScreenPop) { s.Enabled = true }, ""},
		{"nothing said", func(s *ScreenPop) { *s = ScreenPop{} }, ""},
		{"no trigger is allowed", func(s *ScreenPop) { s.Enabled, s.Triggers = true, Triggers{} }, ""},
		{"target", func(s *ScreenPop) { s.Target = "post" }, "target:UNKNOWN"},
		{"integration", func(s *ScreenPop) { s.Integration = Legacy }, "integration:UNKNOWN"},
		{"JWT without key, on", func(s *ScreenPop) { s.Enabled = true; s.Connection.SignOns = []SignOn{SignOnJWT} }, "connection.consumerKey:REQUIRED"},
		{"JWT without key, off", func(s *ScreenPop) { s.Connection.SignOns = []SignOn{SignOnJWT} }, ""},
		{"no sign-on, on", func(s *ScreenPop) { s.Enabled = true; s.Connection.SignOns = nil }, "connection.signOns:REQUIRED"},
		{"unknown sign-on", func(s *ScreenPop) { s.Connection.SignOns = []SignOn{"magic"} }, "connection.signOns:UNKNOWN"},
		{"version", func(s *ScreenPop) { s.Connection.APIVersion = "latest" }, "connection.apiVersion:BAD_VERSION"},
		{"audience", func(s *ScreenPop) { s.Connection.Audience = "salesforce" }, "connection.audience:BAD_URL"},
		{"environment", func(s *ScreenPop) { s.Connection.Environment = "moon" }, "connection.environment:UNKNOWN"},
		{"fields", func(s *ScreenPop) { s.PhoneFields = []string{"Case.Phone", "Contact.Fax", "Lead.Phone OR 1=1"} },
			"phoneFields:BAD_FIELD phoneFields:FAX phoneFields:BAD_FIELD"},
		{"no fields, on", func(s *ScreenPop) { s.Enabled = true; s.PhoneFields = nil }, "phoneFields:REQUIRED"},
		{"withheld", func(s *ScreenPop) { s.Withheld = []string{strings.Repeat("ü", 41)} }, "withheld:TOO_LONG"},
		{"form", func(s *ScreenPop) { s.NoMatchForm = crm.Task }, "noMatchForm:UNKNOWN"},
	} {
		s := DefaultScreenPop()
		c.change(&s)
		got, err := house().CheckScreenPop(s, nil)
		if faults(err) != c.want {
			t.Errorf("%s: %s, want %s", c.name, faults(err), c.want)
		}
		if err == nil && (got.Connection.APIVersion != "64.0" || got.NoMatchForm != crm.Contact || got.Withheld == nil || got.PhoneFields == nil || got.Target != TargetSalesforce) {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

func TestLoginURL(t *testing.T) {
	hosts := []string{"127.0.0.1:8090", "org.example.net", "192.0.2.1"}
	for in, ok := range map[string]bool{
		"https://acme.my.salesforce.com":               true,
		"https://acme--dev.sandbox.my.salesforce.com/": true,
		"http://127.0.0.1:8090":                        true,
		"https://org.example.net":                      true,
		"https://org.example.net:8443":                 true,
		"":                                             false,
		"http://acme.my.salesforce.com":                false,
		"http://127.0.0.1:8091":                        false,
		"http://192.0.2.1":                             false, // listed, but not this machine
		"https://salesforce.com.evil.example":          false,
		"https://evilsalesforce.com":                   false,
		"https://user@acme.my.salesforce.com":          false,
		"https://acme.my.salesforce.com:444":           false,
		"https://acme.my.salesforce.com/path":          false,
		"https://acme.my.salesforce.com?x=1":           false,
		"javascript:alert(1)":                          false,
		"https://":                                     false,
	} {
		s := DefaultScreenPop()
		s.Connection.Environment, s.Connection.LoginURL = Custom, in
		got, err := house().CheckScreenPop(s, hosts)
		if (err == nil) != ok {
			t.Errorf("%s: %v", in, err)
		}
		if err == nil && got.Connection.LoginBase() != strings.TrimRight(in, "/") {
			t.Errorf("%s became %s", in, got.Connection.LoginBase())
		}
	}
	if b := (Connection{Environment: Sandbox, LoginURL: "https://x"}).LoginBase(); b != "https://test.salesforce.com" {
		t.Error(b)
	}
}

func TestConfig(t *testing.T) {
	c := house()
	if ch, ok := c.ChannelByNumber("+14155550100"); !ok || ch.ID != 1 {
		t.Errorf("%+v %v", ch, ok)
	}
	for _, called := range []string{"14155550100", "0014155550100", "+1 (415) 555-0100"} {
		if ch, ok := c.ChannelByNumber(called); !ok || ch.ID != 1 {
			t.Errorf("%s: %+v %v", called, ch, ok)
		}
	}
	if _, ok := c.ChannelByNumber(""); ok {
		t.Error("no number is no channel's")
	}
	if r := c.RegionOf(1); r != "DE" {
		t.Errorf("the queue's region: %s", r)
	}
	if r := c.RegionOf(99); r != "US" {
		t.Errorf("the tenant's region: %s", r)
	}
	want := interaction.QueueTerms{ID: 1, Name: "Support", WrapupSeconds: 30, CodesRequired: true, RequiredLists: []int64{1}}
	if q, ok := c.QueueTerms(1); !ok || cmp.Diff(want, q) != "" {
		t.Errorf("%+v %v", q, ok)
	}
	if _, ok := c.QueueTerms(9); ok {
		t.Error("there is no queue 9")
	}
	if c.NameOf("ag2") != "Anna Bell" || c.NameOf("system") != "the system" || c.NameOf("agX") != "agX" {
		t.Error("names")
	}
	if err := InUse("queue", c.UsesOfQueue(1)); !fault.Is(err, "IN_USE") || !strings.Contains(err.Error(), "channel Main") || !strings.Contains(err.Error(), "user Anna Bell") {
		t.Errorf("%v", err)
	}
	if err := InUse("queue", c.UsesOfQueue(2)); err != nil {
		t.Error(err)
	}
	if err := InUse("code list", c.UsesOfCodeList(1)); !strings.Contains(err.Error(), "queue Support") {
		t.Error(err)
	}
}
