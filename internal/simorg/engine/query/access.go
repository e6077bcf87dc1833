package query

import (
	"slices"

	"cordboard/internal/simorg/engine/ident"
	"cordboard/internal/simorg/engine/record"
	"cordboard/internal/simorg/engine/refusal"
	"cordboard/internal/simorg/engine/security"
	"cordboard/internal/simorg/engine/soql"
)

const maxAccess = 200 // record ids of one UserRecordAccess query

// access answers queries of UserRecordAccess, the one object without rows: what may a user do with these records?
func (b *Bound) access() (*Result, *refusal.Error) {
	user, ids := "", []string(nil)
	var read func(c soql.Cond)
	read = func(c soql.Cond) {
		switch c := c.(type) {
		case soql.And:
			for _, p := range c {
				read(p)
			}
		case soql.Compare:
			if c.Op != "=" && c.Op != "IN" || len(c.Left.Path) == 0 {
				return
			}
			for _, v := range c.Values {
				id, _ := ident.Canon(v.S)
				switch f := b.Object.Field(c.Left.Path[len(c.Left.Path)-1]); {
				case f == nil:
				case f.Name == "UserId":
					user = id
				case f.Name == "RecordId":
					ids = append(ids, id)
				}
			}
		}
	}
	read(b.q.Where)
	if user == "" || len(ids) == 0 {
		return nil, refusal.New(400, "MALFORMED_QUERY", "UserRecordAccess must be filtered by UserId and RecordId")
	}
	if len(ids) > maxAccess {
		return nil, refusal.New(400, "MALFORMED_QUERY", "UserRecordAccess can be asked for at most %d records", maxAccess)
	}
	eyes := b.w.Eyes
	if user != eyes.UserID {
		guard := &security.Guard{Schema: b.w.Schema, Store: b.w.Store, Policy: eyes.Policy()}
		if !eyes.May("ViewAllData") && !eyes.May("ManageUsers") || guard.Viewer(user) == nil {
			return &Result{Bound: b, rows: []Row{}}, nil
		}
		eyes = guard.Viewer(user)
	}
	res := &Result{Bound: b, rows: []Row{}}
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		row := Row{Type: b.Object.Name}
		r := accessRecord(b, eyes, user, id)
		if !b.where(r) {
			continue
		}
		for _, s := range b.sel {
			if s.col != nil {
				row.Cells = append(row.Cells, Cell{Name: s.name, Value: r.Get(s.col.field), Type: s.col.field.Type})
			}
		}
		res.rows = append(res.rows, row)
	}
	if b.q.Limit >= 0 && len(res.rows) > b.q.Limit {
		res.rows = res.rows[:b.q.Limit]
	}
	res.Total = len(res.rows)
	return res, nil
}

func accessRecord(b *Bound, eyes *security.Viewer, user, id string) *record.Record {
	out := record.New(b.Object, id)
	set := func(name string, v any) { out.SetNamed(name, v) }
	set("Id", id)
	set("RecordId", id)
	set("UserId", user)
	level := "None"
	var r *record.Record
	if o := b.w.Schema.ByID(id); o != nil && !o.Virtual {
		r = b.w.Store.Get(o, id)
	}
	if r != nil && !r.IsDeleted() && eyes.CanRead(r) {
		level = "Read"
		set("HasReadAccess", true)
		if eyes.CanEdit(r) {
			level = "Edit"
			set("HasEditAccess", true)
		}
		if eyes.CanDelete(r) {
			level = "All"
			set("HasDeleteAccess", true)
			set("HasTransferAccess", true)
			set("HasAllAccess", true)
		}
	}
	set("MaxAccessLevel", level)
	return out
}
