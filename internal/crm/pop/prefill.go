package pop

import (
	"strings"

	"cordboard/internal/crm"
	"cordboard/internal/interaction"
)

// Prefill sets the values of a blank record from what the interaction carries (POP-11). Only fields that the form has,
// which are those the agent may write, are set; a withheld number is left out (POP-13).
func Prefill(f *crm.Form, i *interaction.Interaction, k crm.Key) {
	first, last := split(i.Name)
	phone := ""
	if k.By == crm.ByPhone && k.Refusal != crm.Withheld {
		if phone = k.Value; phone == "" {
			phone = i.ANI
		}
	}
	values := map[string]string{}
	switch f.Kind {
	case crm.Account:
		values["Phone"], values["Name"] = phone, i.Name
	case crm.Contact, crm.Lead:
		values["Phone"], values["Email"], values["FirstName"], values["LastName"] = phone, i.Email, first, last
	case crm.Case:
		values["SuppliedPhone"], values["SuppliedEmail"], values["SuppliedName"] = phone, i.Email, i.Name
		values["Subject"], values["Origin"] = i.Subject, map[interaction.Medium]string{
			interaction.Phone: "Phone", interaction.Voicemail: "Phone", interaction.Email: "Email", interaction.Chat: "Web",
		}[i.Medium]
	}
	for n := range f.Fields {
		if v := values[f.Fields[n].Name]; v != "" {
			f.Fields[n].Value = v
		}
	}
}

// split parts a name: the last word is the last name, the rest the first.
func split(name string) (first, last string) {
	words := strings.Fields(name)
	if len(words) == 0 {
		return "", ""
	}
	return strings.Join(words[:len(words)-1], " "), words[len(words)-1]
}
