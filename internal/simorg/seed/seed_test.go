package seed

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"cordboard/internal/simorg/engine"
	"cordboard/internal/simorg/engine/change"
)

const (
	goodOrg     = `{"name": "T"}`
	goodProfile = `[{"name": "P", "objects": {"*": "CRED"}}]`
	goodUser    = `[{"username": "u@x.example", "password": "p", "lastName": "U", "profile": "P"}]`
)

// build reads a seed as an org's start does and returns the first error.
func build(files map[string]string) (*engine.Engine, error) {
	fsys := fstest.MapFS{}
	for n, s := range map[string]string{"org.json": goodOrg, "profiles.json": goodProfile, "users.json": goodUser} {
		fsys[n] = &fstest.MapFile{Data: []byte(s)}
	}
	for n, s := range files {
		if s == "" {
			delete(fsys, n)
			continue
		}
		fsys[n] = &fstest.MapFile{Data: []byte(s)}
	}
	s, err := Read(fsys)
	if err != nil {
		return nil, err
	}
	cfg, err := s.Config(func() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) })
	if err != nil {
		return nil, err
	}
	e := engine.New(cfg)
	for _, v := range cfg.Validations {
		if err := e.CheckRule(v); err != nil {
			return nil, err
		}
	}
	boot := s.Boot(e)
	return e, e.Boot("", func(w *change.World) error { return boot(w) })
}

func TestBadSeeds(t *testing.T) {
	for _, c := range []struct{ name, file, text, want string }{
		{"missing", "org.json", "", "org.json: the seed has no such file, and needs it"},
		{"syntax", "org.json", "{\n\"name\": \"T\",\n}", "org.json:3: invalid character '}'"},
		{"unknown member", "org.json", "{\n\"nmae\": \"T\"}", `org.json:2: json: unknown field "nmae"`},
		{"wrong kind", "org.json", "{\n\n\"sandbox\": 1}", "org.json:3: json: cannot unmarshal number"},
		{"id", "org.json", `{"id": "001000000000001"}`, `org.json: id "001000000000001" is no organisation id`},
		{"zone", "org.json", `{"timeZone": "Mars/North"}`, "org.json: timeZone: unknown time zone Mars/North"},
		{"sharing", "org.json", `{"sharing": {"Lead": "Open"}}`, `org.json: sharing of Lead: "Open" is none of Private, Read, ReadWrite, ControlledByParent`},
		{"range", "org.json", `{"trustedRanges": ["here"]}`, "org.json: trustedRanges:"},
		{"custom name", "objects.json", `[{"name": "Task", "fields": [{"name": "Key", "type": "string"}]}]`, "objects.json: Task.Key: a custom field ends in __c"},
		{"custom type", "objects.json", `[{"name": "Task", "fields": [{"name": "Key__c", "type": "texty"}]}]`, `objects.json: field Task.Key__c has the unknown type "texty"`},
		{"custom object", "objects.json", `[{"name": "Thing"}]`, "objects.json: Thing is no standard object, and a custom one ends in __c"},
		{"reference", "objects.json", `[{"name": "Task", "fields": [{"name": "T__c", "type": "reference", "refersTo": ["Nope"]}]}]`, "objects.json: field Task.T__c refers to the unknown object Nope"},
		{"letters", "profiles.json", `[{"name": "P", "objects": {"Lead": "XYZ"}}]`, `users.json: profile P: objects: "XYZ" of Lead is not made of C, R, E, D, V, M`},
		{"field", "profiles.json", `[{"name": "P", "fields": {"Task.Nope": "read"}}]`, "users.json: profile P: fields: there is no field Task.Nope"},
		{"not securable", "profiles.json", `[{"name": "P", "fields": {"Task.CallObject": "read"}}]`, "users.json: profile P: fields: Task.CallObject is not under field-level security"},
		{"profile", "users.json", `[{"username": "u@x.example", "lastName": "U", "profile": "Q"}]`, `users.json: user u@x.example: there is no profile "Q"`},
		{"twice", "users.json", `[{"username": "u@x.example", "lastName": "U", "profile": "P"}, {"username": "U@x.example", "lastName": "U", "profile": "P"}]`, "users.json: user U@x.example: DUPLICATE_USERNAME"},
		{"role order", "roles.json", `[{"name": "A", "parent": "B"}, {"name": "B"}]`, `role A: its parent "B" must stand before it`},
		{"key", "apps.json", `[{"name": "A", "consumerKey": "K", "publicKey": "nonsense"}]`, "apps.json: app A: the key: is not PEM"},
		{"rule", "rules.json", `{"validations": [{"name": "V", "object": "Lead", "where": "Nope = 1"}]}`, "validation rule V: INVALID_FIELD"},
		{"share", "shares.json", `[{"record": "none", "user": "u@x.example", "level": "read"}]`, "shares.json: share 1 needs a known record"},
		{"file name", "records/Thing.json", `[]`, "records/Thing.json: there is no object Thing"},
		{"json line", "records/1-Lead.json", "[\n{\"LastName\": \"A\", \"Company\": \"C\"},\n\n{\"Company\": \"C\"}]", "records/1-Lead.json:4: REQUIRED_FIELD_MISSING: Required fields are missing: [LastName]"},
		{"json syntax", "records/1-Lead.json", "[\n{\"LastName\": }]", "records/1-Lead.json:2: invalid character"},
		{"csv line", "records/1-Lead.csv", "LastName,Company,Email\nA,C,\n\"B\nB\",C,bad\n", "records/1-Lead.csv:3: INVALID_EMAIL_ADDRESS"},
		{"csv columns", "records/1-Lead.csv", "LastName,Company\nA\n", "records/1-Lead.csv: record on line 2: wrong number of fields"},
		{"csv field", "records/1-Lead.csv", "LastName,Nope\nA,B\n", "records/1-Lead.csv:2: Lead has no field Nope"},
		{"csv reference", "records/1-Contact.csv", "LastName,AccountId\nA,@nobody\n", `records/1-Contact.csv:2: AccountId: no record before this one has the key "nobody"`},
		{"key twice", "records/1-Lead.csv", "key,LastName,Company\nk,A,C\nk,B,C\n", `records/1-Lead.csv:3: the key "k" is used twice`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := build(map[string]string{c.file: c.text})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("%v\nwant %s", err, c.want)
			}
		})
	}
}

func TestGoodSeed(t *testing.T) {
	e, err := build(map[string]string{
		"org.json": `{"name": "T", "personAccounts": true}`,
		"objects.json": `[{"name": "Site__c", "label": "Site", "fields": [
			{"name": "Code__c", "type": "string", "length": 10, "externalId": true, "unique": true},
			{"name": "Account__c", "type": "reference", "refersTo": ["Account"], "childRelationship": "Sites__r"}]}]`,
		"records/1-Account.json":  `[{"key": "acc", "Name": "Acme"}, {"LastName": "Person", "FirstName": "Petra", "PersonEmail": "petra@x.example", "PersonMobilePhone": "1"}]`,
		"records/2-Site__c.csv":   "Name,Code__c,Account__c\nNorth,N1,@acc\n",
		"records/3-Task.json":     `[{"Subject": "x", "ActivityDate": "today-2", "OwnerId": "@U@x.example"}]`,
		"records/4-Case.csv":      "CaseNumber,Subject\n00000500,old\n,new\n",
		"records/5-Contact.csv":   "LastName,AccountId\nBelow,@acc\n",
		"records/6-Lead.json":     `[{"LastName": "L", "Company": "C", "AnnualRevenue": 12, "DoNotCall": true, "CreatedDate": "2026-01-02T03:04:05Z"}]`,
		"records/7-Lead.json":     `[]`,
		"permissionsets.json":     `[{"name": "S", "permissions": ["ApiEnabled"]}]`,
		"records/8-UserRole.json": `[]`,
	})
	if err != nil {
		t.Fatal(err)
	}
	c := engine.System()
	for soql, want := range map[string]string{
		"SELECT Account__r.Name FROM Site__c WHERE Code__c = 'n1'":                              "Acme",
		"SELECT ActivityDate FROM Task":                                                         "2026-11-21",
		"SELECT CaseNumber FROM Case WHERE Subject = 'new'":                                     "00000501",
		"SELECT Name FROM Account WHERE IsPersonAccount = true AND PersonContactId != null":     "Petra Person",
		"SELECT MobilePhone FROM Contact WHERE Email = 'petra@x.example' AND AccountId != null": "1",
		"SELECT CreatedDate FROM Lead WHERE DoNotCall = true AND AnnualRevenue = 12":            "2026-01-02T03:04:05.000+0000",
	} {
		p, err := e.Query(c, soql, false, 0)
		if err != nil || len(p.Rows) != 1 {
			t.Errorf("%s: %d rows, %v", soql, len(p.Rows), err)
			continue
		}
		v := p.Rows[0].Cells[0].Value
		if s, ok := v.(string); ok && s != want {
			t.Errorf("%s: %q, want %q", soql, s, want)
		}
	}
}

// Reading a seed twice gives the same ids, which a kept state depends on.
func TestSameIdsEachTime(t *testing.T) {
	fsys, err := Named("demo")
	if err != nil {
		t.Fatal(err)
	}
	var dumps [2]string
	for i := range dumps {
		s, err := Read(fsys)
		if err != nil {
			t.Fatal(err)
		}
		cfg, err := s.Config(func() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) })
		if err != nil {
			t.Fatal(err)
		}
		e := engine.New(cfg)
		if err := e.Boot("", s.Boot(e)); err != nil {
			t.Fatal(err)
		}
		for _, o := range cfg.Schema.Objects() {
			rows, _ := e.Dump(o.Name)
			for _, r := range rows {
				name, _ := r["Name"].(string)
				id, _ := r["Id"].(string)
				dumps[i] += id + name + "\n"
			}
		}
	}
	if dumps[0] != dumps[1] || strings.Count(dumps[0], "\n") < 220 {
		t.Fatal("the demo seed came out differently, or small")
	}
	if _, err := Named("nope"); err == nil {
		t.Fatal("a seed that does not exist was found")
	}
}
