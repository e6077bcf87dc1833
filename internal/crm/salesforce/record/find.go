package record

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"cordboard/internal/crm"
	"cordboard/internal/crm/salesforce/access"
	"cordboard/internal/crm/salesforce/query"
	"cordboard/internal/crm/salesforce/wire"
	"cordboard/internal/fault"
	"cordboard/internal/number"
	"cordboard/internal/tenant"
)

// Limits of a search (MAT-10, MAT-12).
const (
	findWithin = 3 * time.Second
	perObject  = 20
	inAll      = 50
	asked      = 50 // per object from Salesforce: some rows may fall to the check by digits
)

// Find searches as the agent (MAT-1…MAT-14), in one round trip once he is signed in. The fault's message is the reason
// that follows "CRM not reached:".
func (s *Records) Find(ctx context.Context, as string, key crm.Key) (crm.Found, error) {
	if key.Refusal != "" || strings.TrimSpace(key.Value) == "" {
		return crm.Found{}, fault.New(fault.Invalid, "NOT_SEARCHABLE", "There is nothing to search by.")
	}
	start := s.clock()
	ctx, cancel := context.WithTimeout(ctx, findWithin)
	defer cancel()
	found, err := s.find(ctx, as, key)
	if wire.Hidden(err) {
		s.a.Forget(as)
		found, err = s.find(ctx, as, key)
	}
	if err != nil {
		f := *fault.Of(wire.Classify(err))
		if l, lost := wire.IsLost(err); lost {
			f.Message = l.Reason()
		}
		return crm.Found{}, &f
	}
	found.Took, found.Source = s.clock().Sub(start), "live"
	return found, nil
}

func (s *Records) find(ctx context.Context, as string, key crm.Key) (crm.Found, error) {
	objects, err := s.a.Objects(ctx, as, "Account", "Contact", "Lead", "Case")
	if err != nil {
		return crm.Found{}, err
	}
	var h *hunt
	switch key.By {
	case crm.ByPhone:
		h = phoneHunt(objects, s.phoneFields(), key)
	case crm.ByEmail:
		h = emailHunt(objects, key.Value)
	case crm.ByCase:
		h = caseHunt(objects, key.Value)
	case crm.ByText:
		terms := wordsOf(key.Value)
		if len(terms) == 0 {
			return crm.Found{}, fault.New(fault.Invalid, "NOT_SEARCHABLE", "Type at least two letters or digits of what you look for.")
		}
		h = textHunt(objects, terms)
	default:
		return crm.Found{}, fault.New(fault.Invalid, "NOT_SEARCHABLE", "Salesforce cannot be searched by this.")
	}
	return s.run(ctx, as, h)
}

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

// run asks and judges.
func (s *Records) run(ctx context.Context, as string, h *hunt) (crm.Found, error) {
	var rows []wire.Row
	var sess *access.Session
	var err error
	switch {
	case h.search != nil && len(h.search.Returning) > 0:
		var a wire.Answer
		a, sess, err = s.a.Call(ctx, as, wire.Request{Method: http.MethodGet, Path: "/search", Query: url.Values{"q": {h.search.String()}}})
		if err != nil {
			return crm.Found{}, err
		}
		var out struct {
			Records []wire.Row `json:"searchRecords"`
		}
		if err := a.Into(&out); err != nil {
			return crm.Found{}, err
		}
		rows = out.Records
	case len(h.selects) > 0:
		var pages []wire.Page
		if pages, sess, err = s.a.Queries(ctx, as, h.selects); err != nil {
			return crm.Found{}, err
		}
		for _, p := range pages {
			rows = append(rows, p.Records...)
		}
	default: // no field that this agent could see: nothing matches, and nothing is hinted at
		if sess, err = s.a.Session(ctx, as); err != nil {
			return crm.Found{}, err
		}
	}
	extra, err := s.unfound(ctx, as, sess, h, rows)
	if err != nil {
		return crm.Found{}, err
	}
	found := crm.Found{As: sess.UserName, More: full(rows)}
	for _, r := range append(rows, extra...) {
		if r.Is("IsConverted") {
			continue // MAT-9, also for a lead just created
		}
		on := h.on(r)
		if on == "" {
			continue
		}
		found.Matches = append(found.Matches, match(sess, r, on))
		if h.more != nil {
			found.Matches = append(found.Matches, h.more(sess, r)...)
		}
	}
	order(&found)
	return found, nil
}

// full reports whether an object gave as many rows as were asked for: there may be more.
func full(rows []wire.Row) bool {
	n := map[string]int{}
	for _, r := range rows {
		t := r.Text("attributes.type")
		if n[t]++; n[t] >= asked {
			return true
		}
	}
	return false
}

// order sorts as MAT-10 says, drops repeats, and cuts.
func order(f *crm.Found) {
	slices.SortStableFunc(f.Matches, func(a, b crm.Match) int {
		if d := a.Kind.Rank() - b.Kind.Rank(); d != 0 {
			return d
		}
		if d := strings.Compare(b.LastActivity, a.LastActivity); d != 0 {
			return d
		}
		return strings.Compare(a.ID, b.ID)
	})
	seen, per := map[crm.Ref]bool{}, map[crm.Kind]int{}
	out := f.Matches[:0]
	for _, m := range f.Matches {
		if seen[m.Ref] {
			continue
		}
		seen[m.Ref] = true
		if per[m.Kind] >= perObject || len(out) >= inAll {
			f.More = true
			continue
		}
		per[m.Kind]++
		out = append(out, m)
	}
	f.Matches = out
}

func (s *Records) phoneFields() []string {
	if fs := s.config().ScreenPop.PhoneFields; len(fs) > 0 {
		return fs
	}
	return tenant.DefaultPhoneFields()
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
