package security

import (
	"strings"

	"cordboard/internal/simorg/engine/record"
	"cordboard/internal/simorg/engine/schema"
)

// CanRead says whether the user sees a record, deleted or not.
func (v *Viewer) CanRead(r *record.Record) bool { return v.level(r) >= Read }

// CanEdit says whether the user may change a record.
func (v *Viewer) CanEdit(r *record.Record) bool {
	if v.system {
		return true
	}
	a := v.Object(r.Object)
	if r.Object.Name == "User" {
		return v.May("ManageUsers") || r.ID == v.UserID
	}
	return a.Edit && (a.ModifyAll || v.shared(r, 0) >= Edit)
}

// CanDelete says whether the user may delete a record: the owner, those above him, and who may modify all.
func (v *Viewer) CanDelete(r *record.Record) bool {
	if v.system {
		return true
	}
	a := v.Object(r.Object)
	return a.Delete && (a.ModifyAll || r.Object.Owner == nil && v.CanEdit(r) || v.owns(r))
}

func (v *Viewer) level(r *record.Record) Level {
	if v.system {
		return Edit
	}
	a := v.Object(r.Object)
	switch {
	case !a.Read:
		return Hidden
	case a.ModifyAll:
		return Edit
	case a.ViewAll:
		return Read
	}
	return v.shared(r, 0)
}

// owns says whether the user owns a record or stands above its owner in the role hierarchy.
func (v *Viewer) owns(r *record.Record) bool {
	owner := r.Text(r.Object.Owner)
	return owner != "" && (owner == v.UserID || v.leads(owner))
}

// leads says whether the user's role is above the role of another user.
func (v *Viewer) leads(other string) bool {
	if v.RoleID == "" {
		return false
	}
	if yes, ok := v.below[other]; ok {
		return yes
	}
	yes := false
	if u := v.guard.Store.Get(v.guard.Schema.Object("User"), other); u != nil {
		role := v.guard.Policy.RoleParent[u.Named("UserRoleId")]
		for range 100 { // a loop in the hierarchy is refused by seeds; this only bounds it
			if role == "" || yes {
				break
			}
			yes = role == v.RoleID
			role = v.guard.Policy.RoleParent[role]
		}
	}
	v.below[other] = yes
	return yes
}

const deepest = 4 // parents of parents, at most

// shared is the level that sharing gives, object permissions aside.
func (v *Viewer) shared(r *record.Record, depth int) Level {
	o := r.Object
	if depth > deepest {
		return Hidden
	}
	if readForAll[o.Name] {
		return Read
	}
	if o.Owner != nil && v.owns(r) {
		return Edit
	}
	level := v.guard.Policy.Defaults[strings.ToLower(o.Name)]
	if level == Edit {
		return Edit
	}
	for _, s := range v.guard.Policy.Shares[r.ID] {
		if s.To == v.UserID || s.To == v.RoleID && v.RoleID != "" {
			level = max(level, s.Level)
		}
	}
	switch o.Name {
	case "Task", "Event":
		if level < Read && (v.seesParent(r, "WhoId", depth) >= Read || v.seesParent(r, "WhatId", depth) >= Read) {
			level = Read
		}
	case "CaseComment":
		level = max(level, v.seesParent(r, "ParentId", depth))
	case "ContentDocumentLink":
		level = max(level, v.seesParent(r, "LinkedEntityId", depth), v.seesParent(r, "ContentDocumentId", depth))
	case "ContentVersion":
		level = max(level, v.seesParent(r, "ContentDocumentId", depth))
	case "ContentDocument":
		level = max(level, v.seesLinked(r, depth))
	case "Contact", "Opportunity", "Case":
		if v.guard.Policy.ByParent[strings.ToLower(o.Name)] {
			level = max(level, v.seesParent(r, "AccountId", depth))
		}
	case "Account":
		if level < Read && v.ownsChild(r) {
			level = Read
		}
	}
	return level
}

// seesParent is the level on the record a reference field points to, Hidden when it is empty.
func (v *Viewer) seesParent(r *record.Record, field string, depth int) Level {
	id := r.Named(field)
	o := v.guard.Schema.ByID(id)
	if o == nil {
		return Hidden
	}
	p := v.guard.Store.Get(o, id)
	if p == nil || !v.Object(o).Read {
		return Hidden
	}
	if a := v.Object(o); a.ModifyAll {
		return Edit
	} else if a.ViewAll {
		return max(Read, v.shared(p, depth+1))
	}
	return v.shared(p, depth+1)
}

// seesLinked gives a file's reader what he may on any record the file is linked to.
func (v *Viewer) seesLinked(doc *record.Record, depth int) Level {
	link := v.guard.Schema.Object("ContentDocumentLink")
	level := Hidden
	links, _ := v.guard.Store.Lookup(link.Field("ContentDocumentId"), doc.ID)
	for _, l := range links {
		if !l.IsDeleted() {
			level = max(level, v.seesParent(l, "LinkedEntityId", depth+1))
		}
	}
	return min(level, Read)
}

// ownsChild says whether the user has one of the account's contacts, cases or opportunities: whoever has a child sees
// its account.
func (v *Viewer) ownsChild(account *record.Record) bool {
	for _, name := range []string{"Contact", "Case", "Opportunity"} {
		o := v.guard.Schema.Object(name)
		children, _ := v.guard.Store.Lookup(o.Field("AccountId"), account.ID)
		for _, c := range children {
			if c.IsDeleted() {
				continue
			}
			if v.owns(c) || v.sharedByHand(c) {
				return true
			}
		}
	}
	return false
}

func (v *Viewer) sharedByHand(r *record.Record) bool {
	for _, s := range v.guard.Policy.Shares[r.ID] {
		if s.Level >= Read && (s.To == v.UserID || s.To == v.RoleID && v.RoleID != "") {
			return true
		}
	}
	return false
}

// Visible says whether the user may name an object at all.
func (v *Viewer) Visible(o *schema.Object) bool { return o != nil && v.Object(o).Read }
