// Package change turns what a client wants written into records, or into Salesforce's refusal.
//
// It checks in the order in which the platform does: what the user may write, types and lengths, defaults, required
// fields, the object's own rules (who and what of a Task, numbers of Cases, names of people), validation rules, unique
// values, duplicate rules; then it writes and lets follow what follows (last activity, files and their links). It writes
// through record.Store inside the engine's transaction and never commits, locks or speaks a protocol.
package change

import (
	"fmt"
	"strings"
	"time"

	"cordboard/internal/simorg/engine/query"
	"cordboard/internal/simorg/engine/record"
	"cordboard/internal/simorg/engine/refusal"
	"cordboard/internal/simorg/engine/schema"
	"cordboard/internal/simorg/engine/security"
)

// World is what changes happen in.
type World struct {
	Schema      *schema.Schema
	Store       *record.Store
	Guard       *security.Guard
	Now         time.Time
	Zone        *time.Location
	Eyes        *security.Viewer
	System      bool // seeds: any field may be written, sharing and duplicate rules are not asked
	Duplicates  []DuplicateRule
	Validations []Validation
}

// Validation is a rule of the org: a record for which Where holds is refused.
type Validation struct {
	Name, Object, Where, Message, Field string
}

// Options are what a client says about one change.
type Options struct {
	AllowDuplicates bool
}

// Input is a record as a client sends it: strings, json.Number, bool, nil, and objects for parents by external id.
type Input map[string]any

// Create makes a record.
func (w *World) Create(o *schema.Object, in Input, opt Options) (*record.Record, *refusal.Error) {
	if !w.System {
		if !o.Createable {
			return nil, refusal.Bad("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", nil, "entity type cannot be inserted: %s", o.Label)
		}
		if !w.Eyes.Object(o).Create {
			return nil, refusal.ReadOnly()
		}
	}
	vals, err := w.values(o, in, true)
	if err != nil {
		return nil, err
	}
	r := record.New(o, "")
	for _, v := range vals {
		r.Set(v.field, v.value)
	}
	w.defaults(r, vals)
	if err := w.required(r); err != nil {
		return nil, err
	}
	if err := w.before(nil, r); err != nil {
		return nil, err
	}
	if err := w.check(nil, r, opt); err != nil {
		return nil, err
	}
	return w.write(nil, r)
}

// Update changes a record.
func (w *World) Update(old *record.Record, in Input, opt Options) (*record.Record, *refusal.Error) {
	o := old.Object
	if !w.System {
		if !o.Updateable {
			return nil, refusal.Bad("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", nil, "entity type cannot be updated: %s", o.Label)
		}
		if !w.Eyes.CanEdit(old) {
			return nil, refusal.ReadOnly()
		}
	}
	vals, err := w.values(o, in, false)
	if err != nil {
		return nil, err
	}
	r := old.Clone()
	for _, v := range vals {
		r.Set(v.field, v.value)
	}
	if err := w.required(r); err != nil {
		return nil, err
	}
	if err := w.before(old, r); err != nil {
		return nil, err
	}
	if err := w.check(old, r, opt); err != nil {
		return nil, err
	}
	return w.write(old, r)
}

// Delete moves a record to the recycle bin, with what hangs on it.
func (w *World) Delete(r *record.Record) *refusal.Error {
	if !w.System && (!r.Object.Delete || !w.Eyes.CanDelete(r)) {
		return &refusal.Error{Status: 403, Code: "INSUFFICIENT_ACCESS_OR_READONLY", Message: "insufficient access rights on object id", Fields: []string{}}
	}
	gone := r.Clone()
	gone.Set(r.Object.Deleted, true)
	w.stamp(r, gone)
	w.Store.Put(gone)
	if r.Object.Name == "Account" {
		for _, name := range []string{"Contact", "Opportunity", "Case"} {
			o := w.Schema.Object(name)
			kids, _ := w.Store.Lookup(o.Field("AccountId"), r.ID)
			for _, k := range kids {
				if !k.IsDeleted() {
					k = k.Clone()
					k.Set(o.Deleted, true)
					w.Store.Put(k)
				}
			}
		}
	}
	return nil
}

func (w *World) defaults(r *record.Record, given []assigned) {
	said := map[*schema.Field]bool{}
	for _, v := range given {
		said[v.field] = true
	}
	for _, f := range r.Object.Fields {
		if f.Default != nil && !said[f] {
			r.Set(f, f.Default)
		}
	}
	if o := r.Object.Owner; o != nil && r.Text(o) == "" {
		r.Set(o, w.Eyes.UserID)
	}
}

func (w *World) required(r *record.Record) *refusal.Error {
	var missing []string
	for _, f := range r.Object.Fields {
		if f.Required && r.Get(f) == nil {
			if r.Object.Name == "Account" && f.Name == "Name" && r.Named("LastName") != "" {
				continue // a Person Account's name is made from its parts
			}
			missing = append(missing, f.Name)
		}
	}
	if len(missing) > 0 {
		return refusal.Bad("REQUIRED_FIELD_MISSING", missing, "Required fields are missing: [%s]", strings.Join(missing, ", "))
	}
	return nil
}

// check asks the org's own rules: validation, unique values, duplicates.
func (w *World) check(old, r *record.Record, opt Options) *refusal.Error {
	if !w.System {
		for _, v := range w.Validations {
			if v.Object != r.Object.Name {
				continue
			}
			hit, err := w.holds(v, r)
			if err != nil {
				return err
			}
			if hit {
				fields := []string{}
				if v.Field != "" {
					fields = append(fields, v.Field)
				}
				return refusal.Bad("FIELD_CUSTOM_VALIDATION_EXCEPTION", fields, "%s", v.Message)
			}
		}
	}
	for _, f := range r.Object.Fields {
		if !f.Unique && !(f.Name == "Username" && r.Object.Name == "User") {
			continue
		}
		v := r.Get(f)
		if v == nil || old != nil && old.Get(f) == v {
			continue
		}
		same, _ := w.Store.Lookup(f, v)
		for _, s := range same {
			if s.ID == r.ID || s.IsDeleted() {
				continue
			}
			if f.Name == "Username" {
				return refusal.Bad("DUPLICATE_USERNAME", []string{"Username"}, "Duplicate Username.<br>The username already exists in this or another Salesforce organization. Usernames must be unique across all Salesforce organizations.")
			}
			return refusal.Bad("DUPLICATE_VALUE", nil, "duplicate value found: %s duplicates value on record with id: %s", f.Name, s.ID[:15])
		}
	}
	if w.System {
		return nil
	}
	return w.duplicates(old, r, opt)
}

// holds evaluates a validation rule's condition, which is SOQL, on a record that is not stored yet.
func (w *World) holds(v Validation, r *record.Record) (bool, *refusal.Error) {
	b, err := w.Rule(v.Object, v.Where)
	if err != nil {
		return false, err
	}
	return b.Matches(r), nil
}

// Rule reads a condition on an object; seeds use it to check rules when they are loaded.
func (w *World) Rule(object, where string) (*query.Bound, *refusal.Error) {
	q, err := parse(object, where)
	if err != nil {
		return nil, err
	}
	return query.Bind(&query.World{Schema: w.Schema, Store: w.Store, Eyes: w.Guard.System(""), Now: w.Now, Zone: w.zone()}, q, nil)
}

func (w *World) zone() *time.Location {
	if w.Zone == nil {
		return time.UTC
	}
	return w.Zone
}

func (w *World) stamp(old, r *record.Record) {
	now := w.Now.UTC().Truncate(time.Second).Format(record.TimeLayout)
	o := r.Object
	set := func(f *schema.Field, v any) {
		if !w.System || r.Get(f) == nil {
			r.Set(f, v)
		}
	}
	if old == nil {
		set(o.Created, now)
		set(o.CreatedBy, w.Eyes.UserID)
	}
	set(o.Modified, now)
	set(o.ModifiedBy, w.Eyes.UserID)
	set(o.Modstamp, now)
}

func (w *World) write(old, r *record.Record) (*record.Record, *refusal.Error) {
	if old == nil && r.ID == "" {
		r.ID = w.Store.NextID(r.Object)
		r.Set(r.Object.IDField, r.ID)
	}
	w.stamp(old, r)
	w.Store.Put(r)
	if err := w.after(old, r); err != nil {
		return nil, err
	}
	return w.Store.Get(r.Object, r.ID), nil
}

func label(f *schema.Field) string { return f.Label }

func badID(f *schema.Field, v string) *refusal.Error {
	return refusal.Bad("MALFORMED_ID", []string{f.Name}, "%s", fmt.Sprintf("%s: id value of incorrect type: %s", label(f), v))
}
