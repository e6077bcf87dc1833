package seed

import (
	"fmt"
	"io/fs"
	"strings"
	"time"

	"cordboard/internal/simorg/engine"
	"cordboard/internal/simorg/engine/change"
	"cordboard/internal/simorg/engine/ident"
	"cordboard/internal/simorg/engine/record"
	"cordboard/internal/simorg/engine/security"
	"cordboard/internal/simorg/engine/signon"
)

// Boot returns what makes the org's records, for engine.Boot.
func (s *Seed) Boot(e *engine.Engine) func(*change.World) error {
	return func(w *change.World) error {
		if err := s.organisation(w); err != nil {
			return err
		}
		if err := s.people(e, w); err != nil {
			return fmt.Errorf("users.json: %w", err)
		}
		if err := s.connected(e); err != nil {
			return fmt.Errorf("apps.json: %w", err)
		}
		if err := s.records(w); err != nil {
			return err
		}
		return s.share()
	}
}

func create(w *change.World, object string, in change.Input) (*record.Record, error) {
	r, err := w.Create(w.Schema.Object(object), in, change.Options{})
	if err != nil {
		return nil, err
	}
	return r, nil
}

func (s *Seed) organisation(w *change.World) error {
	o := w.Schema.Object("Organization")
	edition := s.org.Edition
	if edition == "" {
		edition = "Enterprise Edition"
	}
	zone := s.org.TimeZone
	if zone == "" {
		zone = "GMT"
	}
	id := s.org.ID
	if id == "" {
		id = ident.New("00D", 1)
	}
	id, _ = ident.Canon(id)
	r := record.New(o, id)
	for k, v := range map[string]any{"Name": s.org.Name, "OrganizationType": edition, "InstanceName": "SIM1", "IsSandbox": s.org.Sandbox, "TimeZoneSidKey": zone, "LanguageLocaleKey": "en_US", "DefaultLocaleSidKey": "en_US"} {
		r.SetNamed(k, v)
	}
	now := w.Now.UTC().Truncate(time.Second).Format(record.TimeLayout)
	r.Set(o.Created, now)
	r.Set(o.Modstamp, now)
	w.Store.Put(r)
	return nil
}

func (s *Seed) people(e *engine.Engine, w *change.World) error {
	for _, g := range s.profile {
		p, err := create(w, "Profile", change.Input{"Name": g.Name, "UserType": "Standard"})
		if err != nil {
			return err
		}
		if s.policy.Profiles[p.ID], err = s.grant(w, g); err != nil {
			return fmt.Errorf("profile %s: %w", g.Name, err)
		}
		s.keys["profile "+g.Name] = p.ID
	}
	for _, g := range s.sets {
		gr, err := s.grant(w, g)
		if err != nil {
			return fmt.Errorf("permission set %s: %w", g.Name, err)
		}
		p, err := create(w, "PermissionSet", change.Input{
			"Name": strings.ReplaceAll(g.Name, " ", "_"), "Label": g.Name, "IsCustom": true, "PermissionsApiEnabled": gr.Permissions["apienabled"],
			"PermissionsViewAllData": gr.Permissions["viewalldata"], "PermissionsModifyAllData": gr.Permissions["modifyalldata"],
		})
		if err != nil {
			return err
		}
		s.policy.Sets[p.ID] = gr
		s.keys["set "+g.Name] = p.ID
	}
	for _, r := range s.roles {
		in := change.Input{"Name": r.Name, "DeveloperName": strings.ReplaceAll(r.Name, " ", "_")}
		if r.Parent != "" {
			parent := s.keys["role "+r.Parent]
			if parent == "" {
				return fmt.Errorf("role %s: its parent %q must stand before it in roles.json", r.Name, r.Parent)
			}
			in["ParentRoleId"] = parent
		}
		rec, err := create(w, "UserRole", in)
		if err != nil {
			return err
		}
		s.keys["role "+r.Name] = rec.ID
		if p, ok := in["ParentRoleId"].(string); ok {
			s.policy.RoleParent[rec.ID] = p
		}
	}
	admin := ""
	for _, u := range s.users {
		id, err := s.user(e, w, u)
		if err != nil {
			return fmt.Errorf("user %s: %w", u.Username, err)
		}
		if admin == "" || w.Guard.Viewer(id).May("ModifyAllData") && !w.Guard.Viewer(admin).May("ModifyAllData") {
			admin = id
		}
	}
	if admin == "" {
		return fmt.Errorf("an org needs at least one user")
	}
	w.Eyes = w.Guard.System(admin)
	return nil
}

func (s *Seed) user(e *engine.Engine, w *change.World, u user) (string, error) {
	profile := s.keys["profile "+u.Profile]
	if profile == "" {
		return "", fmt.Errorf("there is no profile %q", u.Profile)
	}
	if u.Email == "" {
		u.Email = u.Username
	}
	alias := u.Last
	if u.First != "" {
		alias = u.First[:1] + u.Last
	}
	alias = strings.ToLower(strings.ReplaceAll(alias, " ", ""))
	in := change.Input{
		"Username": u.Username, "FirstName": u.First, "LastName": u.Last, "Email": u.Email, "Title": u.Title, "Phone": u.Phone, "ProfileId": profile,
		"IsActive": !u.Inactive, "Alias": alias[:min(8, len(alias))], "CommunityNickname": alias, "UserType": "Standard",
	}
	if u.TimeZone != "" {
		in["TimeZoneSidKey"] = u.TimeZone
	}
	if u.Role != "" {
		r := s.keys["role "+u.Role]
		if r == "" {
			return "", fmt.Errorf("there is no role %q", u.Role)
		}
		in["UserRoleId"] = r
	}
	rec, err := create(w, "User", in)
	if err != nil {
		return "", err
	}
	s.keys[strings.ToLower(u.Username)] = rec.ID
	for _, name := range u.PermissionSets {
		set := s.keys["set "+name]
		if set == "" {
			return "", fmt.Errorf("there is no permission set %q", name)
		}
		s.policy.Assigned[rec.ID] = append(s.policy.Assigned[rec.ID], set)
		if _, err := create(w, "PermissionSetAssignment", change.Input{"PermissionSetId": set, "AssigneeId": rec.ID}); err != nil {
			return "", err
		}
	}
	e.SignOn.SetCredential(rec.ID, signon.Credential{Digest: signon.Digest(u.Password), Token: u.Token, Expired: u.Expired, Fault: u.LoginFault})
	return rec.ID, nil
}

func (s *Seed) grant(w *change.World, g grants) (*security.Grants, error) {
	out := &security.Grants{Name: g.Name, Permissions: map[string]bool{}, Objects: map[string]security.Access{}, Fields: map[string]security.Level{}, LoginRanges: g.LoginRanges}
	for _, p := range g.Permissions {
		out.Permissions[strings.ToLower(p)] = true
	}
	for name, letters := range g.Objects {
		a, ok := security.ParseAccess(letters)
		if !ok {
			return nil, fmt.Errorf("objects: %q of %s is not made of C, R, E, D, V, M", letters, name)
		}
		if name != "*" && w.Schema.Object(name) == nil {
			return nil, fmt.Errorf("objects: there is no object %s", name)
		}
		out.Objects[strings.ToLower(name)] = a
	}
	for name, level := range g.Fields {
		object, field, _ := strings.Cut(name, ".")
		o := w.Schema.Object(object)
		if o == nil || o.Field(field) == nil {
			return nil, fmt.Errorf("fields: there is no field %s", name)
		}
		l, ok := map[string]security.Level{"hidden": security.Hidden, "read": security.Read, "edit": security.Edit}[level]
		if !ok {
			return nil, fmt.Errorf("fields: %q of %s is none of hidden, read, edit", level, name)
		}
		if !o.Field(field).Securable {
			return nil, fmt.Errorf("fields: %s is not under field-level security", name)
		}
		out.Fields[strings.ToLower(o.Name+"."+o.Field(field).Name)] = l
	}
	for i, h := range g.LoginHours {
		if len(g.LoginHours) != 2 {
			return nil, fmt.Errorf("loginHours are two times, from and to, in UTC")
		}
		t, err := time.Parse("15:04", h)
		if err != nil {
			return nil, fmt.Errorf("loginHours: %w", err)
		}
		out.LoginHours[i] = t.Hour()*60 + t.Minute()
	}
	return out, nil
}

func (s *Seed) connected(e *engine.Engine) error {
	for _, a := range s.apps {
		if a.Key == "" {
			return fmt.Errorf("app %q has no consumerKey", a.Name)
		}
		out := signon.App{Name: a.Name, Key: a.Key, Secret: a.Secret, Users: a.Users, Redirects: a.Redirects, Rotate: a.Rotate, Scope: a.Scope}
		if out.Scope == "" {
			out.Scope = "api refresh_token"
		}
		text := a.PublicKey + a.Certificate
		if a.File != "" {
			b, err := fs.ReadFile(s.fsys, a.File)
			if err != nil {
				return fmt.Errorf("app %s: publicKeyFile: %w", a.Name, err)
			}
			text = string(b)
		}
		if text != "" {
			k, err := publicKey(text)
			if err != nil {
				return fmt.Errorf("app %s: the key: %w", a.Name, err)
			}
			out.Public = k
		}
		if a.RunAs != "" {
			if out.RunAs = s.keys[strings.ToLower(a.RunAs)]; out.RunAs == "" {
				return fmt.Errorf("app %s: runAs: there is no user %q", a.Name, a.RunAs)
			}
		}
		e.SignOn.SetApp(out)
	}
	return nil
}

func (s *Seed) share() error {
	for i, sh := range s.shares {
		id := s.keys[sh.Record]
		to := s.keys[strings.ToLower(sh.User)]
		if sh.Role != "" {
			to = s.keys["role "+sh.Role]
		}
		level := map[string]security.Level{"read": security.Read, "edit": security.Edit}[sh.Level]
		if id == "" || to == "" || level == 0 {
			return fmt.Errorf("shares.json: share %d needs a known record, a known user or role, and the level read or edit", i+1)
		}
		s.policy.Shares[id] = append(s.policy.Shares[id], security.Share{Record: id, To: to, Level: level})
	}
	return nil
}
