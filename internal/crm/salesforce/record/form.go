package record

import (
	"cmp"
	"context"
	"net/http"
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

// createWithin is how long creating a record may take: an org's own automation runs within it.
const createWithin = 25 * time.Second

// forms are the fields of a blank record in order (POP-10, POP-11); what else the org requires is added.
var forms = map[crm.Kind][]string{
	crm.Account: {"Name", "Phone", "Website", "Industry", "Type"},
	crm.Contact: {"Salutation", "FirstName", "LastName", "AccountId", "Title", "Phone", "MobilePhone", "Email"},
	crm.Lead:    {"Salutation", "FirstName", "LastName", "Company", "Title", "Phone", "MobilePhone", "Email"},
	crm.Case:    {"Subject", "ContactId", "AccountId", "Origin", "Priority", "SuppliedName", "SuppliedPhone", "SuppliedEmail", "Description"},
}

// Form describes a blank record as the agent may create it (POP-10).
func (s *Records) Form(ctx context.Context, as string, kind crm.Kind) (crm.Form, error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	o, err := s.creatable(ctx, as, kind)
	if err != nil {
		return crm.Form{}, wire.Classify(err)
	}
	form := crm.Form{Kind: kind, Label: cmp.Or(o.Label, string(kind)), Fields: []crm.FormField{}}
	names := slices.Clone(forms[kind])
	for i := range o.Fields {
		f := &o.Fields[i]
		if required(f) && !slices.Contains(names, f.Name) {
			names = append(names, f.Name)
		}
	}
	for _, n := range names {
		if f := o.Has(n); f != nil && f.Createable {
			form.Fields = append(form.Fields, formField(f))
		}
	}
	return form, nil
}

// required reports whether a record cannot be made without a value for the field.
func required(f *access.Field) bool {
	return f.Createable && !f.Nillable && !f.Defaulted && f.Type != "boolean"
}

func formField(f *access.Field) crm.FormField {
	out := crm.FormField{Name: f.Name, Label: f.Label, Type: typeOf(f.Type), Required: required(f), Length: f.Length}
	if out.Type == "url" || out.Type == "datetime" {
		out.Type = "text"
	}
	for _, p := range f.Picklist {
		if p.Active && out.Type == "picklist" {
			out.Options = append(out.Options, p.Value)
			if p.Default {
				out.Value = p.Value
			}
		}
	}
	if out.Type == "reference" {
		out.Label = strings.TrimSuffix(out.Label, " ID")
	}
	for _, r := range f.References {
		out.Lookup = append(out.Lookup, crm.Kind(r))
	}
	return out
}

// creatable is the object of a kind, if the agent may make records of it.
func (s *Records) creatable(ctx context.Context, as string, kind crm.Kind) (*access.Object, error) {
	if forms[kind] == nil {
		return nil, fault.New(fault.Invalid, "NOT_CREATABLE", "Records of this kind cannot be created here.")
	}
	objects, err := s.a.Objects(ctx, as, string(kind))
	if err != nil {
		return nil, err
	}
	o := objects[string(kind)]
	if o == nil || !o.Createable {
		return nil, fault.Newf(fault.Forbidden, "NOT_CREATABLE", "Your Salesforce user may not create a %s. Ask your Salesforce administrator.", kind)
	}
	return o, nil
}

// Create makes a record as the agent (POP-12). What Salesforce refuses is a fault with Fields in its own words; a
// duplicate rule's objection is a *crm.DuplicatesError. saveDuplicate saves although it objects, where the rule permits.
func (s *Records) Create(ctx context.Context, as string, kind crm.Kind, values map[string]string, saveDuplicate bool) (crm.Ref, error) {
	ctx, cancel := context.WithTimeout(ctx, createWithin)
	defer cancel()
	o, err := s.creatable(ctx, as, kind)
	if err != nil {
		return crm.Ref{}, wire.Classify(err)
	}
	body, err := typed(o, values)
	if err != nil {
		return crm.Ref{}, err
	}
	a, sess, err := s.a.Call(ctx, as, wire.Request{
		Method: http.MethodPost, Path: "/sobjects/" + string(kind), Body: body,
		Header: map[string]string{"Sforce-Duplicate-Rule-Header": "allowSave=" + strconv.FormatBool(saveDuplicate) + "; includeRecordDetails=true; runAsCurrentUser=true"},
	})
	if err != nil {
		return crm.Ref{}, notCreated(err, sess)
	}
	var made struct {
		ID string `json:"id"`
	}
	if err := a.Into(&made); err != nil || !query.IsID(made.ID) {
		return crm.Ref{}, unsure(err)
	}
	ref := crm.Ref{Kind: kind, ID: made.ID}
	s.fresh.add(sess.OrgID, s.config().Profile.Region, ref, values, o)
	return ref, nil
}

// notCreated tells duplicates, refusals and broken connections apart.
func notCreated(err error, sess *access.Session) error {
	if _, lost := wire.IsLost(err); lost {
		return unsure(err)
	}
	e, ok := wire.IsError(err)
	if !ok {
		return wire.Classify(err)
	}
	if it, ok := e.Has("DUPLICATES_DETECTED"); ok {
		return duplicates(it, sess)
	}
	if e.Status >= 500 {
		return unsure(err)
	}
	return wire.Classify(err)
}

// unsure is a creation without an answer: repeating it by itself could make the record twice.
func unsure(err error) error {
	return fault.New(fault.Unavailable, "UNSURE", "Salesforce did not answer, so it is not known whether the record was created. Your entries are kept: search again first, and save once more if it is not there.").
		Judge(fault.Park, 0).With(err)
}

// duplicates shows what a duplicate rule found, as far as this agent may see it.
func duplicates(it wire.Item, sess *access.Session) error {
	d := &crm.DuplicatesError{Message: it.Message, Matches: []crm.Match{}}
	if it.Duplicate == nil {
		return d
	}
	d.MaySave, d.Message = it.Duplicate.AllowSave, cmp.Or(it.Duplicate.Message, it.Message)
	for _, res := range it.Duplicate.Results {
		for _, rec := range res.Records {
			r := wire.Row(rec.Record)
			if r.Text("attributes.type") == "" {
				r["attributes"] = map[string]any{"type": res.EntityType}
			}
			m := match(sess, r, "Duplicate rule")
			if m.ID == "" {
				continue
			}
			m.Name = cmp.Or(m.Name, strings.TrimSpace(r.Text("FirstName")+" "+r.Text("LastName")))
			m.Name = cmp.Or(m.Name, m.ID)
			d.Matches = append(d.Matches, m)
		}
	}
	return d
}

// typed turns form values into what the API takes; empty values are left out. All faults come at once (GEN-4).
func typed(o *access.Object, values map[string]string) (map[string]any, error) {
	var fs fault.Fields
	body := make(map[string]any, len(values))
	for name, v := range values {
		if strings.TrimSpace(v) == "" {
			continue
		}
		f := o.Has(name)
		if f == nil || !f.Createable {
			fs.Add(name, "INVALID_FIELD_FOR_INSERT_UPDATE", "Your Salesforce user cannot write this field.")
			continue
		}
		switch typeOf(f.Type) {
		case "boolean":
			body[f.Name] = v == "true" || v == "on"
		case "number":
			n, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
			if err != nil {
				fs.Add(name, "NOT_A_NUMBER", "This must be a number.")
				continue
			}
			body[f.Name] = n
		case "reference":
			if !query.IsID(v) {
				fs.Add(name, "MALFORMED_ID", "This must be a record.")
				continue
			}
			body[f.Name] = v
		default:
			body[f.Name] = v
		}
	}
	slices.SortFunc(fs, func(a, b fault.Field) int { return strings.Compare(a.Field, b.Field) })
	return body, fs.Err()
}
