// Package security decides who may see and do what: object permissions, field-level security, and sharing of records
// (organisation-wide defaults, owner, role hierarchy, manual shares, parents and children).
//
// A Viewer is the org through one user's eyes. Every read of the engine goes through one, so that search, query,
// retrieval, describe and pages agree. Nothing here checks passwords or sessions: that is package signon. The rules are
// those of Salesforce's security guide for the settings it knows; sharing rules by criteria, teams and territories are
// not among them.
package security

import (
	"strings"

	"cordboard/internal/simorg/engine/record"
	"cordboard/internal/simorg/engine/schema"
)

// Access is what one may do with an object.
type Access struct {
	Create, Read, Edit, Delete, ViewAll, ModifyAll bool
}

// ParseAccess reads letters: C, R, E, D, V (view all), M (modify all). Each brings what it needs, as in Setup.
func ParseAccess(s string) (Access, bool) {
	var a Access
	for _, r := range strings.ToUpper(s) {
		switch r {
		case 'C':
			a.Create, a.Read = true, true
		case 'R':
			a.Read = true
		case 'E', 'U':
			a.Edit, a.Read = true, true
		case 'D':
			a.Delete, a.Edit, a.Read = true, true, true
		case 'V':
			a.ViewAll, a.Read = true, true
		case 'M':
			a.ModifyAll, a.ViewAll, a.Delete, a.Edit, a.Read = true, true, true, true, true
		default:
			return a, false
		}
	}
	return a, true
}

func (a Access) or(b Access) Access {
	return Access{a.Create || b.Create, a.Read || b.Read, a.Edit || b.Edit, a.Delete || b.Delete, a.ViewAll || b.ViewAll, a.ModifyAll || b.ModifyAll}
}

// Level is what field-level security, a share or an organisation-wide default gives.
type Level int

// The levels, each including the ones before. Hidden is private as an organisation-wide default.
const (
	Hidden Level = iota
	Read
	Edit
)

// Grants is a profile or a permission set. Keys are lower case: object names ("*" for all others), field names as
// object.field, permissions as metadata names them (apienabled, viewalldata…).
type Grants struct {
	Name        string
	Permissions map[string]bool
	Objects     map[string]Access
	Fields      map[string]Level
	LoginHours  [2]int   // minutes of the day in UTC, from and to; both 0: any hour
	LoginRanges []string // CIDR; empty: from anywhere
}

func (g *Grants) object(name string) (Access, bool) {
	if a, ok := g.Objects[strings.ToLower(name)]; ok {
		return a, true
	}
	a, ok := g.Objects["*"]
	return a, ok
}

// Share opens one record to a user or to all users of a role.
type Share struct {
	Record, To string // ids
	Level      Level
}

// Policy is the org's security settings.
type Policy struct {
	Profiles   map[string]*Grants // by id
	Sets       map[string]*Grants // permission sets by id
	Assigned   map[string][]string
	RoleParent map[string]string
	Defaults   map[string]Level // organisation-wide default by lower-case object name
	ByParent   map[string]bool  // objects whose default is Controlled by Parent
	Shares     map[string][]Share
	Own        map[string]map[string]bool // permissions given or taken beside profile and sets: user id → permission
}

// NewPolicy returns an empty policy: everything private, nobody may anything.
func NewPolicy() *Policy {
	return &Policy{
		Profiles: map[string]*Grants{}, Sets: map[string]*Grants{}, Assigned: map[string][]string{}, RoleParent: map[string]string{},
		Defaults: map[string]Level{}, ByParent: map[string]bool{}, Shares: map[string][]Share{}, Own: map[string]map[string]bool{},
	}
}

// Guard makes viewers.
type Guard struct {
	Schema *schema.Schema
	Store  *record.Store
	Policy *Policy
}

// Viewer is the org through one user's eyes. It is good as long as the user, the policy and the store stay the same;
// make a new one for each request.
type Viewer struct {
	UserID  string
	RoleID  string
	Profile *Grants
	system  bool
	all     []*Grants
	guard   *Guard
	below   map[string]bool // owner id → is a subordinate of this user
}

// System is the viewer who sees and may everything: seeds and the engine's own rules.
func (g *Guard) System(userID string) *Viewer {
	return &Viewer{UserID: userID, system: true, guard: g, Profile: &Grants{}}
}

// Viewer returns the user's eyes, or nil if there is no such user.
func (g *Guard) Viewer(userID string) *Viewer {
	u := g.Store.Get(g.Schema.Object("User"), userID)
	if u == nil {
		return nil
	}
	v := &Viewer{UserID: userID, RoleID: u.Named("UserRoleId"), guard: g, Profile: g.Policy.Profiles[u.Named("ProfileId")], below: map[string]bool{}}
	if v.Profile == nil {
		v.Profile = &Grants{}
	}
	v.all = append(v.all, v.Profile)
	for _, id := range g.Policy.Assigned[userID] {
		if s := g.Policy.Sets[id]; s != nil {
			v.all = append(v.all, s)
		}
	}
	return v
}

// Policy is the policy this viewer was made from.
func (v *Viewer) Policy() *Policy { return v.guard.Policy }

// May says whether the user holds a system permission, by its metadata name in any case (ApiEnabled, ViewAllData).
func (v *Viewer) May(permission string) bool {
	if v.system {
		return true
	}
	p := strings.ToLower(permission)
	if on, ok := v.guard.Policy.Own[v.UserID][p]; ok {
		return on
	}
	for _, g := range v.all {
		if g.Permissions[p] {
			return true
		}
	}
	return false
}

// Object is what the user may do with an object.
func (v *Viewer) Object(o *schema.Object) Access {
	if v.system {
		return Access{true, true, true, true, true, true}
	}
	if o.Virtual || readForAll[o.Name] {
		return Access{Read: true, Create: v.May("ManageUsers") && o.Name == "User", Edit: o.Name == "User"}
	}
	if alwaysFull[o.Name] {
		return Access{Create: true, Read: true, Edit: true, Delete: true, ViewAll: v.May("ViewAllData"), ModifyAll: v.May("ModifyAllData")}
	}
	var a Access
	for _, g := range v.all {
		if b, ok := g.object(o.Name); ok {
			a = a.or(b)
		}
	}
	if v.May("ModifyAllData") {
		a = Access{true, true, true, true, true, true}
	} else if v.May("ViewAllData") {
		a.Read, a.ViewAll = true, true
	}
	return a
}

// readForAll are objects that every user may read, whatever his profile.
var readForAll = map[string]bool{"Organization": true, "User": true, "Profile": true, "UserRole": true, "RecordType": true, "PermissionSet": true, "PermissionSetAssignment": true}

// alwaysFull are objects that profiles do not list: what one may do follows from the record.
var alwaysFull = map[string]bool{"ContentVersion": true, "ContentDocument": true, "ContentDocumentLink": true, "CaseComment": true, "Task": true, "Event": true}

// Field is what field-level security gives the user on a field. Fields that are not under it can be edited; whether a
// field can be written at all is the schema's business.
func (v *Viewer) Field(f *schema.Field) Level {
	if v.system || !f.Securable {
		return Edit
	}
	if f.Type == schema.Address {
		return v.addressLevel(f)
	}
	key := strings.ToLower(f.Object.Name + "." + f.Name)
	level, said := Hidden, false
	for _, g := range v.all {
		if l, ok := g.Fields[key]; ok {
			level, said = max(level, l), true
		}
	}
	if !said {
		return Edit
	}
	return level
}

// addressLevel is the level of a compound address: that of its street.
func (v *Viewer) addressLevel(f *schema.Field) Level {
	if street := f.Object.Field(strings.TrimSuffix(f.Name, "Address") + "Street"); street != nil {
		return v.Field(street)
	}
	return Edit
}

// Sees says whether the user may use a field in a query or see it in an answer.
func (v *Viewer) Sees(f *schema.Field) bool { return v.Field(f) >= Read }
