package record

import (
	"slices"
	"strings"
	"unicode"

	"cordboard/internal/crm"
	"cordboard/internal/crm/salesforce/access"
	"cordboard/internal/crm/salesforce/query"
	"cordboard/internal/crm/salesforce/wire"
	"cordboard/internal/number"
)

// hunt is a search prepared: one question, and the judge of what comes back.
type hunt struct {
	search  *query.Search
	selects []query.Select
	// on is the label of the field by which a row matches; "" drops the row (MAT-5).
	on func(wire.Row) string
	// more makes further matches of a row, after it.
	more func(*access.Session, wire.Row) []crm.Match
	// fresh are records made from the console under this key, by object: what to select of them (MAT-13).
	key     crm.Key
	objects map[string]*access.Object
	fields  map[string][]string
}

// phoneHunt searches Account, Contact and Lead in one question over all spellings (SF-19).
func phoneHunt(objects map[string]*access.Object, phones []string, key crm.Key) *hunt {
	h := &hunt{key: key, objects: objects, fields: map[string][]string{}}
	byObject := map[string][]string{}
	search := &query.Search{Terms: number.Spellings(key.Value, key.Region), In: query.PhoneFields, Limit: 4 * asked}
	for _, name := range []string{"Account", "Contact", "Lead"} {
		o := objects[name]
		var wanted []string
		for _, p := range phones {
			of, f, _ := strings.Cut(p, ".")
			switch {
			case of == name, of == "PersonAccount" && name == "Account":
				wanted = append(wanted, f)
			case of == "Contact" && name == "Account":
				wanted = append(wanted, "Person"+f) // a person account shows its contact's fields so
			}
		}
		byObject[name] = o.Visible(wanted...)
		if len(byObject[name]) == 0 {
			continue
		}
		h.fields[name] = append(o.Visible(shown[name]...), byObject[name]...)
		r := query.Returning{Object: name, Fields: h.fields[name], Limit: asked}
		if o.Has("LastActivityDate") != nil {
			r.Order = "LastActivityDate DESC NULLS LAST"
		}
		if name == "Lead" && o.Has("IsConverted") != nil {
			r.Where = []query.Cond{query.True("IsConverted", false)}
		}
		search.Returning = append(search.Returning, r)
	}
	h.search = search
	h.on = func(r wire.Row) string {
		t := r.Text("attributes.type")
		for _, f := range byObject[t] {
			if v := r.Text(f); v != "" && slices.Contains(number.Keys(v, key.Region), key.Value) {
				return objects[t].LabelOf(f)
			}
		}
		return ""
	}
	return h
}

// emailHunt looks addresses up in Contact, Lead and, where the org has them, Person Account.
func emailHunt(objects map[string]*access.Object, email string) *hunt {
	email = strings.TrimSpace(email)
	h := &hunt{key: crm.Key{By: crm.ByEmail, Value: email}, objects: objects, fields: map[string][]string{}}
	fields := map[string]string{"Account": "PersonEmail", "Contact": "Email", "Lead": "Email"}
	for _, name := range []string{"Account", "Contact", "Lead"} {
		o, f := objects[name], fields[name]
		if o.Has(f) == nil {
			continue
		}
		h.fields[name] = append(o.Visible(shown[name]...), f)
		q := query.Select{Fields: h.fields[name], From: name, Where: []query.Cond{query.Is(f, email)}, Limit: asked}
		if name == "Lead" && o.Has("IsConverted") != nil {
			q.Where = append(q.Where, query.True("IsConverted", false))
		}
		if o.Has("LastActivityDate") != nil {
			q.Order = "LastActivityDate DESC NULLS LAST"
		}
		h.selects = append(h.selects, q)
	}
	h.on = func(r wire.Row) string {
		t := r.Text("attributes.type")
		if strings.EqualFold(r.Text(fields[t]), email) {
			return objects[t].LabelOf(fields[t])
		}
		return ""
	}
	return h
}

// caseHunt looks a case up by its number, raw and padded to eight, and brings its Contact and Account (MAT-2, MAT-8).
func caseHunt(objects map[string]*access.Object, num string) *hunt {
	h := &hunt{key: crm.Key{By: crm.ByCase, Value: num}, objects: objects, fields: map[string][]string{}}
	num = strings.Map(func(r rune) rune {
		if r == '#' || r == ' ' {
			return -1
		}
		return r
	}, num)
	bare := strings.TrimLeft(num, "0")
	o := objects["Case"]
	if o.Has("CaseNumber") != nil && bare != "" {
		spellings := []string{bare}
		for _, n := range []string{num, strings.Repeat("0", max(0, 8-len(bare))) + bare} {
			if !slices.Contains(spellings, n) {
				spellings = append(spellings, n)
			}
		}
		h.fields["Case"] = o.Visible(shown["Case"]...)
		h.selects = []query.Select{{Fields: h.fields["Case"], From: "Case", Where: []query.Cond{query.In("CaseNumber", spellings...)}, Limit: asked}}
	}
	h.on = func(r wire.Row) string {
		if strings.EqualFold(strings.TrimLeft(r.Text("CaseNumber"), "0"), bare) {
			return objects["Case"].LabelOf("CaseNumber")
		}
		return ""
	}
	h.more = func(sess *access.Session, r wire.Row) (out []crm.Match) {
		on := "Case " + r.Text("CaseNumber")
		for _, p := range []struct {
			kind     crm.Kind
			id, name string
		}{{crm.Contact, r.Text("ContactId"), r.Text("Contact.Name")}, {crm.Account, r.Text("AccountId"), r.Text("Account.Name")}} {
			if p.id == "" || p.name == "" {
				continue // none, or not visible to this agent
			}
			m := crm.Match{Ref: crm.Ref{Kind: p.kind, ID: p.id}, Name: p.name, MatchedOn: on, Exact: true, AccountID: r.Text("AccountId")}
			if p.kind == crm.Contact {
				m.Company = r.Text("Account.Name")
			}
			m.URL = access.RecordURL(sess.Instance, m.Ref)
			out = append(out, m)
		}
		return out
	}
	return h
}

// textHunt searches by the agent's own words, each the beginning of a word.
func textHunt(objects map[string]*access.Object, terms []string) *hunt {
	h := &hunt{key: crm.Key{By: crm.ByText}, objects: objects, fields: map[string][]string{}}
	h.search = &query.Search{Terms: terms, Prefix: true, In: query.AllFields, Limit: 4 * asked}
	for _, name := range []string{"Case", "Contact", "Account", "Lead"} {
		o := objects[name]
		if o == nil {
			continue
		}
		r := query.Returning{Object: name, Fields: o.Visible(shown[name]...), Limit: perObject}
		if name == "Lead" && o.Has("IsConverted") != nil {
			r.Where = []query.Cond{query.True("IsConverted", false)}
		}
		h.search.Returning = append(h.search.Returning, r)
	}
	h.on = func(wire.Row) string { return "Search" }
	return h
}

// wordsOf are the words of a text that Salesforce would search for: two letters or digits at least.
func wordsOf(text string) (out []string) {
	for _, w := range strings.Fields(text) {
		n := 0
		for _, r := range w {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				n++
			}
		}
		if n >= 2 {
			out = append(out, w)
		}
	}
	return out
}
