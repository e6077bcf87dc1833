package pop

import (
	"testing"

	"cordboard/internal/crm"
	"cordboard/internal/interaction"
	"cordboard/internal/number"
)

func TestKeys(t *testing.T) {
	list := number.DefaultWithheld()
	for name, c := range map[string]struct {
		in   interaction.Interaction
		want []crm.Key
	}{
		"phone in e164":        {interaction.Interaction{Medium: interaction.Phone, ANI: "+14155551212", Region: "US"}, []crm.Key{{By: crm.ByPhone, Value: "+14155551212"}}},
		"phone national":       {interaction.Interaction{Medium: interaction.Phone, ANI: "020 7946 0018", Region: "GB"}, []crm.Key{{By: crm.ByPhone, Value: "+442079460018"}}},
		"empty is withheld":    {interaction.Interaction{Medium: interaction.Phone, ANI: "", Region: "US"}, []crm.Key{{By: crm.ByPhone, Refusal: crm.Withheld}}},
		"anonymous":            {interaction.Interaction{Medium: interaction.Phone, ANI: "Anonymous", Region: "US"}, []crm.Key{{By: crm.ByPhone, Refusal: crm.Withheld}}},
		"the marker number":    {interaction.Interaction{Medium: interaction.Phone, ANI: "+266696687", Region: "US"}, []crm.Key{{By: crm.ByPhone, Refusal: crm.Withheld}}},
		"all zeros":            {interaction.Interaction{Medium: interaction.Phone, ANI: "0000000000", Region: "US"}, []crm.Key{{By: crm.ByPhone, Refusal: crm.Withheld}}},
		"extension":            {interaction.Interaction{Medium: interaction.Phone, ANI: "4711", Region: "US"}, []crm.Key{{By: crm.ByPhone, Refusal: crm.ShortNumber}}},
		"chat by case":         {interaction.Interaction{Medium: interaction.Chat, CaseNumber: " #1026 ", Email: "ann@acme.example"}, []crm.Key{{By: crm.ByCase, Value: "1026"}, {By: crm.ByEmail, Value: "ann@acme.example"}}},
		"chat leading zeros":   {interaction.Interaction{Medium: interaction.Chat, CaseNumber: "00001026"}, []crm.Key{{By: crm.ByCase, Value: "1026"}}},
		"chat bad case":        {interaction.Interaction{Medium: interaction.Chat, CaseNumber: "' OR 1=1"}, []crm.Key{{By: crm.ByCase, Refusal: crm.NotCase}}},
		"chat with neither":    {interaction.Interaction{Medium: interaction.Chat}, []crm.Key{{By: crm.ByEmail, Refusal: crm.NoKey}}},
		"mail trimmed":         {interaction.Interaction{Medium: interaction.Email, Email: " Ann@Acme.Example "}, []crm.Key{{By: crm.ByEmail, Value: "ann@acme.example"}}},
		"not an address":       {interaction.Interaction{Medium: interaction.Email, Email: "ann at acme"}, []crm.Key{{By: crm.ByEmail, Refusal: crm.NotEmail}}},
		"a name is no address": {interaction.Interaction{Medium: interaction.Email, Email: "Ann <ann@acme.example>"}, []crm.Key{{By: crm.ByEmail, Refusal: crm.NotEmail}}},
	} {
		t.Run(name, func(t *testing.T) {
			got := Keys(&c.in, list)
			if len(got) != len(c.want) {
				t.Fatalf("got %d keys %+v, want %d", len(got), got, len(c.want))
			}
			for n, k := range got {
				if k.By != c.want[n].By || k.Value != c.want[n].Value || k.Refusal != c.want[n].Refusal {
					t.Errorf("key %d is %+v, want %+v", n, k, c.want[n])
				}
			}
		})
	}
}

// FuzzKeys holds that whatever a caller sends, a key is either refused or made of harmless characters (MAT-14).
func FuzzKeys(f *testing.F) {
	for _, s := range []string{"+14155551212", "anonymous", "' OR 1=1 --", "sip:x@y", "\x00", "(415) 555-1212 x3", "＋１４１５５５５１２１２"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, m := range []interaction.Medium{interaction.Phone, interaction.Chat, interaction.Email} {
			for _, k := range Keys(&interaction.Interaction{Medium: m, ANI: s, CaseNumber: s, Email: s, Region: "US"}, nil) {
				if (k.Value == "") == (k.Refusal == "") {
					t.Fatalf("%q: key %+v is neither searchable nor refused", s, k)
				}
				if k.By != crm.ByEmail {
					for _, r := range k.Value {
						if !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '+' || r == '-') {
							t.Fatalf("%q: key holds %q", s, r)
						}
					}
				}
			}
		}
	})
}
