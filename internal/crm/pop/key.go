package pop

import (
	"net/mail"
	"regexp"
	"strings"

	"cordboard/internal/crm"
	"cordboard/internal/interaction"
	"cordboard/internal/number"
)

var caseNumber = regexp.MustCompile(`^[A-Za-z0-9-]{1,30}$`)

// Keys is what to search by for an interaction, in order: the next is tried when the one before was not given or found
// nothing (MAT-1). A key with a Refusal is not searched (MAT-6…MAT-8). There is always at least one.
func Keys(i *interaction.Interaction, withheld []string) []crm.Key {
	switch i.Medium {
	case interaction.Chat:
		var keys []crm.Key
		if strings.TrimSpace(i.CaseNumber) != "" {
			keys = append(keys, caseKey(i.CaseNumber))
		}
		if strings.TrimSpace(i.Email) != "" || len(keys) == 0 {
			keys = append(keys, emailKey(i.Email))
		}
		return keys
	case interaction.Email:
		return []crm.Key{emailKey(i.Email)}
	}
	return []crm.Key{phoneKey(i.ANI, i.Region, withheld)}
}

func phoneKey(raw, region string, withheld []string) crm.Key {
	k := crm.Key{By: crm.ByPhone, Raw: raw, Region: region}
	switch e164, ok := number.E164(raw, region); {
	case number.Withheld(raw, withheld):
		k.Refusal = crm.Withheld
	case number.Short(raw):
		k.Refusal = crm.ShortNumber
	case ok:
		k.Value = e164
	default:
		// Seven digits and more that no plan explains (a foreign carrier's spelling): searched as they stand.
		k.Value = digits(raw)
		if len(k.Value) < 7 {
			k.Value, k.Refusal = "", crm.ShortNumber
		}
	}
	return k
}

func emailKey(raw string) crm.Key {
	k := crm.Key{By: crm.ByEmail, Raw: raw}
	v := strings.ToLower(strings.TrimSpace(raw))
	if v == "" {
		k.Refusal = crm.NoKey
		return k
	}
	if a, err := mail.ParseAddress(v); err != nil || a.Address != v || !strings.Contains(v, "@") {
		k.Refusal = crm.NotEmail
		return k
	}
	k.Value = v
	return k
}

func caseKey(raw string) crm.Key {
	k := crm.Key{By: crm.ByCase, Raw: raw}
	v := strings.NewReplacer(" ", "", "#", "").Replace(raw)
	if !caseNumber.MatchString(v) {
		k.Refusal = crm.NotCase
		return k
	}
	if v = strings.TrimLeft(v, "0"); v == "" {
		v = "0"
	}
	k.Value = v
	return k
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}
