package record

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"cordboard/internal/crm"
	"cordboard/internal/crm/salesforce/access"
	"cordboard/internal/crm/salesforce/query"
	"cordboard/internal/crm/salesforce/wire"
	"cordboard/internal/fault"
)

// readWithin is how long reading a record may take, related lists included.
const readWithin = 10 * time.Second

// lines is how many cases and activities are shown (POP-9).
const lines = 5

// leading are the fields shown first, in this order, per kind; phones and emails follow, then trailing.
var leading = map[crm.Kind][]string{
	crm.Contact:       {"Name", "Account.Name", "Title"},
	crm.PersonAccount: {"Name", "PersonTitle"},
	crm.Account:       {"Name", "Website"},
	crm.Lead:          {"Name", "Company", "Title", "Status"},
	crm.Case:          {"CaseNumber", "Subject", "Status", "Priority", "Origin", "Contact.Name", "Account.Name", "SuppliedName"},
}

var trailing = []string{"Owner.Name", "LastActivityDate"}

// Read reads a record's details as the agent, related lists included, in one round trip (POP-9).
func (s *Records) Read(ctx context.Context, as string, ref crm.Ref) (crm.Record, error) {
	if !query.IsID(ref.ID) || ref.Kind.Rank() > 4 {
		return crm.Record{}, fault.New(fault.Invalid, "NOT_A_RECORD", "This is not a record that can be shown.")
	}
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	rec, err := s.read(ctx, as, ref)
	if wire.Hidden(err) {
		s.a.Forget(as)
		rec, err = s.read(ctx, as, ref)
	}
	return rec, wire.Classify(err)
}

func (s *Records) read(ctx context.Context, as string, ref crm.Ref) (crm.Record, error) {
	objects, err := s.a.Objects(ctx, as, access.ObjectOf(ref.Kind), "Case", "Task", "Event")
	if err != nil {
		return crm.Record{}, err
	}
	o := objects[access.ObjectOf(ref.Kind)]
	if o == nil {
		return crm.Record{}, gone()
	}
	names := detailFields(o, ref.Kind)
	qs := []query.Select{{
		Fields: o.Visible(append(slices.Clone(shown[o.Name]), names...)...), From: o.Name, Where: []query.Cond{query.Is("Id", ref.ID)}, Limit: 1,
	}}
	var lists []*[]crm.Line // of the parts after the first
	rec := crm.Record{Cases: []crm.Line{}, Activities: []crm.Line{}}
	if q, ok := casesOf(objects["Case"], ref); ok {
		qs, lists = append(qs, q), append(lists, &rec.Cases)
	}
	for _, name := range []string{"Task", "Event"} {
		if q, ok := activitiesOf(objects[name], ref); ok {
			qs, lists = append(qs, q), append(lists, &rec.Activities)
		}
	}
	parts, sess, err := s.a.Composite(ctx, as, qs)
	if err != nil {
		return crm.Record{}, err
	}
	var main wire.Page
	if err := parts[0].Into(&main); err != nil {
		return crm.Record{}, err
	}
	if len(main.Records) == 0 {
		return crm.Record{}, gone()
	}
	r := main.Records[0]
	m := match(sess, r, "")
	rec.Ref, rec.Name, rec.Company, rec.URL = m.Ref, m.Name, m.Company, m.URL
	rec.AccountID, rec.ContactID, rec.LastActivity = m.AccountID, m.ContactID, m.LastActivity
	rec.Title, rec.Owner = cmp.Or(r.Text("Title"), r.Text("PersonTitle")), r.Text("Owner.Name")
	rec.Fields = shownFields(o, r, names)
	for i, into := range lists {
		var p wire.Page
		if err := parts[i+1].Into(&p); wire.Hidden(err) {
			return crm.Record{}, err // described anew and asked once more
		} else if err != nil {
			s.log.WarnContext(ctx, "a related list could not be read", "agent", as, "error", err)
			continue // the record itself is worth showing
		}
		for _, r := range p.Records {
			*into = append(*into, line(sess, r))
		}
	}
	slices.SortStableFunc(rec.Activities, func(a, b crm.Line) int { return strings.Compare(b.Date, a.Date) })
	rec.Activities = rec.Activities[:min(lines, len(rec.Activities))]
	return rec, nil
}

func gone() error {
	return fault.New(fault.NotFound, "NOT_FOUND", "There is no such record for your Salesforce user. It may have been deleted, or not be shared with you.").Judge(fault.Park, 0)
}

// detailFields are the names of what is shown, visible or not, in order.
func detailFields(o *access.Object, k crm.Kind) []string {
	names := slices.Clone(leading[k])
	for _, t := range []string{"phone", "email"} {
		for _, f := range o.Fields {
			person := strings.HasPrefix(f.Name, "Person")
			if f.Type != t || strings.Contains(f.Name, "Fax") || person && k != crm.PersonAccount {
				continue
			}
			names = append(names, f.Name)
		}
	}
	return o.Visible(append(names, trailing...)...)
}

// shownFields makes the shown fields of a row; empty ones are left out, hidden ones never came.
func shownFields(o *access.Object, r wire.Row, names []string) []crm.Field {
	out := []crm.Field{}
	for _, n := range names {
		v := r.Text(n)
		if v == "" {
			continue
		}
		f := crm.Field{Name: n, Label: o.LabelOf(n), Value: v, Type: "text"}
		if parent, _, dotted := strings.Cut(n, "."); dotted {
			f.Label, f.Type = strings.TrimSuffix(o.LabelOf(parent+"Id"), " ID"), "reference"
		} else {
			f.Type = typeOf(o.Has(n).Type)
		}
		out = append(out, f)
	}
	return out
}

// typeOf is our word for a field type of Salesforce.
func typeOf(t string) string {
	switch t {
	case "phone", "email", "url", "date", "datetime", "boolean", "textarea", "picklist", "reference":
		return t
	case "int", "double", "currency", "percent", "long":
		return "number"
	case "combobox":
		return "text"
	}
	return "text"
}

// casesOf asks for the latest open cases.
func casesOf(o *access.Object, ref crm.Ref) (query.Select, bool) {
	by := map[crm.Kind]string{crm.Contact: "ContactId", crm.Account: "AccountId", crm.PersonAccount: "AccountId"}[ref.Kind]
	if by == "" || o.Has(by) == nil || o.Has("IsClosed") == nil {
		return query.Select{}, false
	}
	return query.Select{
		Fields: o.Visible("Id", "CaseNumber", "Subject", "Status", "CreatedDate"), From: "Case",
		Where: []query.Cond{query.Is(by, ref.ID), query.True("IsClosed", false)}, Order: "CreatedDate DESC", Limit: lines,
	}, true
}

// activitiesOf asks for the latest tasks or events.
func activitiesOf(o *access.Object, ref crm.Ref) (query.Select, bool) {
	by := map[crm.Kind]string{crm.Contact: "WhoId", crm.Lead: "WhoId", crm.Account: "AccountId", crm.PersonAccount: "AccountId", crm.Case: "WhatId"}[ref.Kind]
	if by == "AccountId" && o.Has(by) == nil {
		by = "WhatId"
	}
	if o.Has(by) == nil {
		return query.Select{}, false
	}
	return query.Select{
		Fields: o.Visible("Id", "Subject", "Status", "ActivityDate", "CallDurationInSeconds", "CreatedDate"), From: o.Name,
		Where: []query.Cond{query.Is(by, ref.ID)}, Order: "ActivityDate DESC NULLS LAST, CreatedDate DESC", Limit: lines,
	}, true
}

// line is one row of a related list.
func line(sess *access.Session, r wire.Row) crm.Line {
	l := crm.Line{Ref: crm.Ref{Kind: crm.Task, ID: r.Text("Id")}, Title: r.Text("Subject"), Note: r.Text("Status"), Date: day(cmp.Or(r.Text("ActivityDate"), r.Text("CreatedDate")))}
	switch t := r.Text("attributes.type"); t {
	case "Event":
		l.Kind = crm.Kind(t)
	case "Case":
		l.Kind, l.Title = crm.Case, strings.TrimSpace(r.Text("CaseNumber")+" "+r.Text("Subject"))
	}
	if sec, err := strconv.Atoi(r.Text("CallDurationInSeconds")); err == nil && sec > 0 {
		l.Note = strings.TrimPrefix(l.Note+", "+lasted(sec), ", ")
	}
	l.URL = access.RecordURL(sess.Instance, l.Ref)
	return l
}

// lasted says seconds as people do: "40 s", "7 min", "1 h 5 min".
func lasted(sec int) string {
	switch minutes := (sec + 30) / 60; {
	case sec < 60:
		return strconv.Itoa(sec) + " s"
	case minutes < 60:
		return strconv.Itoa(minutes) + " min"
	default:
		return strings.TrimSuffix(strconv.Itoa(minutes/60)+" h "+strconv.Itoa(minutes%60)+" min", " 0 min")
	}
}
