package engine

import (
	"context"
	"encoding/json"
	"slices"

	"cordboard/internal/simorg/engine/change"
	"cordboard/internal/simorg/engine/ident"
	"cordboard/internal/simorg/engine/ledger"
	"cordboard/internal/simorg/engine/record"
	"cordboard/internal/simorg/engine/refusal"
	"cordboard/internal/simorg/engine/schema"
)

// Verb is what a write does.
type Verb int

// The verbs.
const (
	Create Verb = iota
	Update
	Upsert
	Delete
)

// Write is one wanted change. Update and Delete name the record by ID, or by Key and KeyValue; Upsert by Key and
// KeyValue, Key being Id or an external-id field.
type Write struct {
	Verb       Verb
	Object     string
	ID         string
	Key        string
	KeyValue   string
	UpdateOnly bool
	Input      change.Input
	Options    change.Options
}

// Outcome is what became of a write.
type Outcome struct {
	ID      string
	Created bool
	Many    []string // ids, when an upsert's key fits several records
	Err     *refusal.Error
}

// RolledBack is the outcome of a good write that had to go because another one failed.
func RolledBack() *refusal.Error {
	return refusal.Bad("ALL_OR_NONE_OPERATION_ROLLED_BACK", nil, "Record rolled back because not all records were valid and the request was using AllOrNone header")
}

// Write makes changes in order, each on its own or, with allOrNone, all or none. It returns when they are durable.
func (e *Engine) Write(ctx context.Context, c Caller, writes []Write, allOrNone bool) []Outcome {
	outs, ticket := e.write(ctx, c, writes, allOrNone)
	if err := e.wait(ticket); err != nil {
		for i := range outs {
			outs[i] = Outcome{Err: err}
		}
	}
	return outs
}

func (e *Engine) write(ctx context.Context, c Caller, writes []Write, allOrNone bool) ([]Outcome, int64) {
	defer e.lock(c)()
	outs := make([]Outcome, len(writes))
	w := e.changeWorld(c, e.Now())
	start := e.store.Mark()
	done := false
	defer func() {
		if !done { // a panic on its way up: nothing half-made stays
			e.store.RollbackTo(start)
		}
	}()
	var entries []ledger.Entry
	failed := false
	for i, wr := range writes {
		mark := e.store.Mark()
		outs[i] = e.apply(w, wr)
		if outs[i].Err != nil || outs[i].Many != nil {
			e.store.RollbackTo(mark)
			failed = failed || outs[i].Err != nil
			continue
		}
		entries = append(entries, e.entry(c, wr, outs[i]))
	}
	if allOrNone && failed {
		e.store.RollbackTo(start)
		for i := range outs {
			if outs[i].Err == nil {
				outs[i] = Outcome{Err: RolledBack()}
			}
		}
		entries = nil
	}
	done = true
	if c.tx != nil {
		c.tx.entries = append(c.tx.entries, entries...)
		return outs, 0
	}
	return outs, e.commit(e.note(ctx, entries)...)
}

// entry is what the ledger says of a write.
func (e *Engine) entry(c Caller, wr Write, out Outcome) ledger.Entry {
	op := "updated"
	switch {
	case out.Created:
		op = "created"
	case wr.Verb == Delete:
		op = "deleted"
	}
	body, err := json.Marshal(wr.Input)
	if err != nil || wr.Verb == Delete {
		body = nil
	}
	return ledger.Entry{Time: e.Now().UTC(), User: c.Username, Object: objectName(e.cfg.Schema, wr.Object), ID: out.ID, Op: op, Body: body}
}

func objectName(s *schema.Schema, name string) string {
	if o := s.Object(name); o != nil {
		return o.Name
	}
	return name
}

func (e *Engine) apply(w *change.World, wr Write) Outcome {
	o := e.cfg.Schema.Object(wr.Object)
	if o == nil || o.Virtual || !w.Eyes.Visible(o) {
		return Outcome{Err: refusal.NotFound()}
	}
	in := wr.Input
	var target *record.Record
	switch {
	case wr.Verb == Create:
		if _, ok := named(in, "Id"); ok {
			return Outcome{Err: refusal.Bad("INVALID_FIELD_FOR_INSERT_UPDATE", []string{"Id"}, "cannot specify Id in an insert call")}
		}
	case wr.Key != "":
		hits, f, err := e.byKey(w, o, wr)
		if err != nil {
			return Outcome{Err: err}
		}
		if wr.Verb == Upsert {
			if _, ok := named(in, f.Name); ok && f.Type != schema.ID {
				return Outcome{Err: refusal.Bad("INVALID_FIELD", []string{f.Name}, "The %s field should not be specified in the sobject data.", f.Name)}
			}
			if _, ok := named(in, "Id"); ok {
				return Outcome{Err: refusal.Bad("INVALID_FIELD", []string{"Id"}, "The Id field should not be specified in the sobject data.")}
			}
		}
		if len(hits) > 1 {
			var ids []string
			for _, h := range hits {
				ids = append(ids, h.ID)
			}
			return Outcome{Many: ids}
		}
		if len(hits) == 1 {
			target = hits[0]
			break
		}
		if wr.Verb != Upsert || wr.UpdateOnly || f.Type == schema.ID {
			return Outcome{Err: refusal.NotFound()}
		}
		if !w.System && (!f.Createable || w.Eyes.Field(f) < 2) {
			return Outcome{Err: refusal.Bad("INVALID_FIELD_FOR_INSERT_UPDATE", []string{f.Name}, "Unable to create/update fields: %s. Please check the security settings of this field and verify that it is read/write for your profile or permission set.", f.Name)}
		}
		in = clone(in)
		in[f.Name] = keyInput(f, wr.KeyValue)
	default:
		id, ok := ident.Canon(wr.ID)
		if !ok {
			return Outcome{Err: refusal.Bad("MALFORMED_ID", []string{"Id"}, "%s ID: id value of incorrect type: %s", o.Label, wr.ID)}
		}
		if target = e.store.Get(o, id); target == nil || !w.Eyes.CanRead(target) {
			if e.cfg.Schema.ByID(id) != o {
				return Outcome{Err: refusal.Bad("MALFORMED_ID", []string{"Id"}, "%s ID: id value of incorrect type: %s", o.Label, wr.ID)}
			}
			return Outcome{Err: refusal.NotFound()}
		}
	}
	if target != nil && target.IsDeleted() {
		return Outcome{Err: &refusal.Error{Status: 404, Code: "ENTITY_IS_DELETED", Message: "entity is deleted", Fields: []string{}}}
	}
	if wr.Verb == Delete {
		if err := w.Delete(target); err != nil {
			return Outcome{Err: err}
		}
		return Outcome{ID: target.ID}
	}
	if target == nil {
		r, err := w.Create(o, in, wr.Options)
		if err != nil {
			return Outcome{Err: err}
		}
		return Outcome{ID: r.ID, Created: true}
	}
	if _, ok := named(in, "Id"); ok {
		return Outcome{Err: refusal.Bad("INVALID_FIELD", []string{"Id"}, "The Id field should not be specified in the sobject data.")}
	}
	r, err := w.Update(target, in, wr.Options)
	if err != nil {
		return Outcome{Err: err}
	}
	return Outcome{ID: r.ID}
}

// byKey finds the records a key names. For keys that are not unique Salesforce asks for View All Data, since the answer
// would tell of records that the user may not see.
func (e *Engine) byKey(w *change.World, o *schema.Object, wr Write) ([]*record.Record, *schema.Field, *refusal.Error) {
	f := o.Field(wr.Key)
	if f == nil || !f.IDLookup || !w.Eyes.Sees(f) {
		return nil, nil, refusal.New(404, "NOT_FOUND", "Provided external ID field does not exist or is not accessible: %s", wr.Key)
	}
	if wr.Verb == Upsert && f.Type != schema.ID && !f.Unique && !w.Eyes.May("ViewAllData") && !w.Eyes.Object(o).ViewAll {
		return nil, nil, refusal.ReadOnly()
	}
	val := wr.KeyValue
	if f.Type == schema.ID {
		id, ok := ident.Canon(val)
		if !ok {
			return nil, nil, refusal.Bad("MALFORMED_ID", []string{"Id"}, "%s ID: id value of incorrect type: %s", o.Label, val)
		}
		val = id
	}
	found, _ := e.store.Lookup(f, val)
	hits := slices.DeleteFunc(slices.Clone(found), func(r *record.Record) bool { return r.IsDeleted() || !f.Unique && !w.Eyes.CanRead(r) })
	return hits, f, nil
}

func named(in change.Input, name string) (any, bool) {
	for k, v := range in {
		if len(k) == len(name) && equalFold(k, name) {
			return v, true
		}
	}
	return nil, false
}

func clone(in change.Input) change.Input {
	out := make(change.Input, len(in)+1)
	for k, v := range in {
		out[k] = v
	}
	return out
}

func keyInput(f *schema.Field, v string) any {
	if f.Number() {
		return json.Number(v)
	}
	return v
}
