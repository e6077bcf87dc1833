package autolog

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"cordboard/internal/crm"
	"cordboard/internal/interaction"
	"cordboard/internal/tenant"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// sample is one golden pair's input: testdata/NAME.in.json; what it becomes stands in NAME.out.json.
type sample struct {
	Interaction interaction.Interaction `json:"interaction"` // its last handling is the one that is logged
	Match       *crm.Match              `json:"match"`
	Options     tenant.AutoLog          `json:"options"`
	Zone        string                  `json:"zone"`
	Note        string                  `json:"note"`
}

func TestComposeGolden(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.in.json")
	if len(files) < 5 {
		t.Fatalf("only %d samples found", len(files))
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".in.json"), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var s sample
			if err := json.Unmarshal(raw, &s); err != nil {
				t.Fatal(err)
			}
			zone, err := time.LoadLocation(s.Zone)
			if err != nil {
				t.Fatal(err)
			}
			e, a := Compose(Input{Tenant: "acme", Interaction: &s.Interaction, Handling: s.Interaction.Current(), Match: s.Match, Options: s.Options, Zone: zone, Note: s.Note})
			got, _ := json.MarshalIndent(map[string]any{"entry": e, "standAlone": a.StandAlone(), "why": a.Why, "lines": strings.Split(e.Description, "\n")}, "", "  ")
			out := strings.TrimSuffix(file, ".in.json") + ".out.json"
			if *update {
				if err := os.WriteFile(out, append(got, '\n'), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(strings.TrimSpace(string(want)), string(got)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestKeyIsStableAndFits(t *testing.T) {
	k := Key("acme", "int-1a203907eb8-k3Jd81LmQz0aXw72PbTn4RsV-phone-01-acme", 1)
	if len(k) != 52 || k != strings.ToLower(k) || strings.ContainsAny(k, "=.") {
		t.Fatalf("key %q", k)
	}
	if k != "3ys4ly3hslzm76v4esjbbygw6c7tg42ryfn3bhsaba3kh5wgimra" {
		t.Fatalf("key %q: a change of the formula doubles every log that waits", k)
	}
	if Key("acme", "a", 1) == Key("acme", "a", 2) || Key("acme", "a", 1) == Key("acme|a", "", 1) {
		t.Fatal("keys collide")
	}
}

func TestLongTextsAreKeptWhole(t *testing.T) {
	long := strings.Repeat("äöü ", 10000)
	i := interaction.Interaction{ID: "int-1", Transaction: 77, Medium: interaction.Phone, Handling: []interaction.Handling{{Number: 1, Edits: interaction.Edits{Notes: long}}}}
	subject := strings.Repeat("ü", 300)
	i.Handling[0].Edits.Subject = &subject
	e, _ := Compose(Input{Tenant: "acme", Interaction: &i, Handling: i.Current(), Zone: time.UTC})
	if n := utf8.RuneCountInString(e.Description); n != DescriptionLimit {
		t.Errorf("description has %d characters, want %d", n, DescriptionLimit)
	}
	if !strings.HasSuffix(e.Description, "[continued in interaction-77.txt]") || e.OverflowName != "interaction-77.txt" {
		t.Errorf("cut without saying so: %q", e.Description[len(e.Description)-60:])
	}
	if !strings.Contains(e.Overflow, strings.TrimSpace(long)) {
		t.Error("the whole text is not attached")
	}
	if n := utf8.RuneCountInString(e.Subject); n != SubjectLimit || !strings.HasSuffix(e.Subject, "…") {
		t.Errorf("subject has %d characters", n)
	}
}

func TestAssociate(t *testing.T) {
	contact := crm.Ref{Kind: crm.Contact, ID: "003A"}
	account := crm.Ref{Kind: crm.Account, ID: "001A"}
	lead := crm.Ref{Kind: crm.Lead, ID: "00QA"}
	kase := crm.Ref{Kind: crm.Case, ID: "500A"}
	for name, c := range map[string]struct {
		m         *crm.Match
		o         tenant.AutoLog
		who, what crm.Ref
	}{
		"contact with company":            {&crm.Match{Ref: contact, AccountID: "001A"}, tenant.AutoLog{}, contact, account},
		"contact without company":         {&crm.Match{Ref: contact}, tenant.AutoLog{}, crm.Ref{}, crm.Ref{}},
		"contact without company, lifted": {&crm.Match{Ref: contact}, tenant.AutoLog{ContactsWithoutCompany: true}, contact, crm.Ref{}},
		"lead":                            {&crm.Match{Ref: lead, AccountID: "001A"}, tenant.AutoLog{}, lead, crm.Ref{}},
		"account":                         {&crm.Match{Ref: account}, tenant.AutoLog{}, crm.Ref{}, account},
		"person account":                  {&crm.Match{Ref: crm.Ref{Kind: crm.PersonAccount, ID: "001A"}, ContactID: "003A"}, tenant.AutoLog{}, contact, account},
		"case with contact":               {&crm.Match{Ref: kase, ContactID: "003A"}, tenant.AutoLog{}, contact, kase},
		"case without contact":            {&crm.Match{Ref: kase}, tenant.AutoLog{}, crm.Ref{}, kase},
		"none":                            {nil, tenant.AutoLog{}, crm.Ref{}, crm.Ref{}},
	} {
		t.Run(name, func(t *testing.T) {
			a := Associate(c.m, c.o)
			if a.Who != c.who || a.What != c.what {
				t.Fatalf("got who %+v what %+v", a.Who, a.What)
			}
			if a.StandAlone() != (a.Why != "") {
				t.Fatalf("stand-alone %v but why %q", a.StandAlone(), a.Why)
			}
		})
	}
}

func TestChoiceOf(t *testing.T) {
	m := crm.Match{Ref: crm.Ref{Kind: crm.Contact, ID: "003A"}}
	for name, c := range map[string]struct {
		p           *crm.Pop
		match       bool
		notSearched bool
	}{
		"no pop at all":             {nil, false, true},
		"still searching":           {&crm.Pop{State: crm.PopSearching}, false, true},
		"failed":                    {&crm.Pop{State: crm.PopNotSearched}, false, true},
		"failed again after a find": {&crm.Pop{State: crm.PopNotSearched, Matches: []crm.Match{m}, Chosen: m.Ref}, true, false},
		"found":                     {&crm.Pop{State: crm.PopFound, Matches: []crm.Match{m}, Chosen: m.Ref}, true, false},
		"none":                      {&crm.Pop{State: crm.PopNone}, false, false},
		"withheld":                  {&crm.Pop{State: crm.PopRefused}, false, false},
	} {
		if got := ChoiceOf(c.p); (got.Match != nil) != c.match || got.NotSearched != c.notSearched {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// FuzzClean holds that no text, whatever a caller calls himself, brings control or direction-override characters or a new
// line into the description's labels (LOG-6).
func FuzzClean(f *testing.F) {
	for _, s := range []string{"Ann", "a\r\nCodes: forged", "\u202eevil", "<b>x</b>", "\x00\x1b[31m", strings.Repeat("x", 70000)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		i := interaction.Interaction{ID: "int-1", Medium: interaction.Phone, Name: s, ANI: s, QueueName: s, Handling: []interaction.Handling{{Number: 1, Edits: interaction.Edits{Notes: s}}}}
		e, _ := Compose(Input{Tenant: "acme", Interaction: &i, Handling: i.Current(), Zone: time.UTC})
		if strings.ContainsAny(e.Subject, "\r\n\x00\x1b\u202e") || utf8.RuneCountInString(e.Subject) > SubjectLimit || utf8.RuneCountInString(e.Description) > DescriptionLimit {
			t.Fatalf("subject %q", e.Subject)
		}
		head, _, _ := strings.Cut(e.Description, "\nNotes: ")
		for line := range strings.SplitSeq(head, "\n") {
			if !strings.Contains(line, ": ") && !strings.HasPrefix(line, "[continued in ") {
				t.Fatalf("line %q has no label", line)
			}
		}
		if strings.Contains(head, "\nCodes: forged") {
			t.Fatal("a name forged a line")
		}
	})
}
