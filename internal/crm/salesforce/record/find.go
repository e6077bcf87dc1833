package record

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"cordboard/internal/crm"
	"cordboard/internal/crm/salesforce/access"
	"cordboard/internal/crm/salesforce/wire"
	"cordboard/internal/fault"
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
		key.Region = cmp.Or(key.Region, s.config().Profile.Region)
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
