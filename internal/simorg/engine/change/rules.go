package change

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"

	"cordboard/internal/simorg/engine/record"
	"cordboard/internal/simorg/engine/refusal"
	"cordboard/internal/simorg/engine/schema"
)

// before is an object's own rules on a record that is about to be written.
func (w *World) before(old, r *record.Record) *refusal.Error {
	switch r.Object.Name {
	case "Contact", "Lead", "User":
		fullName(r)
		if r.Object.Name == "User" && r.Named("UserType") == "" {
			r.SetNamed("UserType", "Standard")
		}
	case "Account":
		w.person(r)
	case "Task", "Event":
		return w.activity(old, r)
	case "Case":
		w.caseRules(old, r)
	case "Opportunity":
		won := r.Named("StageName") == "Closed Won"
		r.SetNamed("IsWon", won)
		r.SetNamed("IsClosed", won || r.Named("StageName") == "Closed Lost")
	case "ContentVersion":
		return w.version(old, r)
	}
	for _, f := range r.Object.Fields {
		if f.AutoNumber != "" {
			w.autoNumber(r, f)
		}
	}
	return nil
}

func fullName(r *record.Record) {
	r.SetNamed("Name", strings.TrimSpace(r.Named("FirstName")+" "+r.Named("LastName")))
}

func (w *World) autoNumber(r *record.Record, f *schema.Field) {
	if s := r.Text(f); s != "" {
		if n, err := strconv.ParseInt(strings.TrimLeft(s, "0"), 10, 64); err == nil {
			w.Store.SeenNumber(f, n)
		}
		return
	}
	width := strings.Count(f.AutoNumber, "0")
	n := fmt.Sprintf("%0*d", width, w.Store.NextNumber(f))
	open, end := strings.IndexByte(f.AutoNumber, '{'), strings.IndexByte(f.AutoNumber, '}')
	if open >= 0 && end > open {
		n = f.AutoNumber[:open] + n + f.AutoNumber[end+1:]
	}
	r.Set(f, n)
}

func (w *World) caseRules(old, r *record.Record) {
	f := r.Object.Field("CaseNumber")
	w.autoNumber(r, f)
	closed := r.Named("Status") == "Closed"
	was := old != nil && old.Flag(r.Object.Field("IsClosed"))
	r.SetNamed("IsClosed", closed)
	switch {
	case closed && !was && r.Named("ClosedDate") == "":
		r.SetNamed("ClosedDate", w.Now.UTC().Truncate(time.Second).Format(record.TimeLayout))
	case !closed:
		r.SetNamed("ClosedDate", nil)
	}
	if r.Named("AccountId") == "" {
		if c := w.get("Contact", r.Named("ContactId")); c != nil {
			r.SetNamed("AccountId", c.Named("AccountId"))
		}
	}
}

func (w *World) get(object, id string) *record.Record {
	if id == "" {
		return nil
	}
	return w.Store.Get(w.Schema.Object(object), id)
}

// activity holds the rules of who and what, and what an activity says of itself.
func (w *World) activity(old, r *record.Record) *refusal.Error {
	who, what := r.Named("WhoId"), r.Named("WhatId")
	if strings.HasPrefix(who, "00Q") && what != "" {
		return refusal.Bad("FIELD_INTEGRITY_EXCEPTION", []string{"WhatId"}, "Related To ID: cannot be set when the Name ID is a lead")
	}
	account := ""
	switch {
	case strings.HasPrefix(what, "001"):
		account = what
	case strings.HasPrefix(what, "006"):
		if o := w.get("Opportunity", what); o != nil {
			account = o.Named("AccountId")
		}
	}
	if account == "" && strings.HasPrefix(who, "003") {
		if c := w.get("Contact", who); c != nil {
			account = c.Named("AccountId")
		}
	}
	r.SetNamed("AccountId", account)
	if r.Object.Name == "Event" {
		return event(r)
	}
	closed := r.Named("Status") == "Completed"
	r.SetNamed("IsClosed", closed)
	r.SetNamed("IsHighPriority", r.Named("Priority") == "High")
	wasClosed := old != nil && old.Flag(r.Object.Field("IsClosed"))
	switch {
	case closed && !wasClosed && r.Named("CompletedDateTime") == "":
		r.SetNamed("CompletedDateTime", w.Now.UTC().Truncate(time.Second).Format(record.TimeLayout))
	case !closed:
		r.SetNamed("CompletedDateTime", nil)
	}
	return nil
}

func event(r *record.Record) *refusal.Error {
	start := r.Named("StartDateTime")
	if start == "" {
		start = r.Named("ActivityDateTime")
	}
	if start == "" && r.Named("ActivityDate") == "" {
		return refusal.Bad("REQUIRED_FIELD_MISSING", []string{"ActivityDateTime"}, "Required fields are missing: [ActivityDateTime]")
	}
	r.SetNamed("StartDateTime", start)
	r.SetNamed("ActivityDateTime", start)
	if len(start) >= 10 {
		r.SetNamed("ActivityDate", start[:10])
	}
	t, err := time.Parse(record.TimeLayout, start)
	if err != nil {
		return nil
	}
	minutes, _ := r.Get(r.Object.Field("DurationInMinutes")).(float64)
	if end, err := time.Parse(record.TimeLayout, r.Named("EndDateTime")); err == nil {
		if end.Before(t) {
			return refusal.Bad("FIELD_INTEGRITY_EXCEPTION", []string{"EndDateTime"}, "End Date Time: must be after the start")
		}
		r.SetNamed("DurationInMinutes", end.Sub(t).Minutes())
		return nil
	}
	if minutes == 0 {
		return refusal.Bad("REQUIRED_FIELD_MISSING", []string{"DurationInMinutes"}, "Required fields are missing: [DurationInMinutes]")
	}
	r.SetNamed("EndDateTime", t.Add(time.Duration(minutes)*time.Minute).Format(record.TimeLayout))
	return nil
}

// person makes an account with a last name a Person Account, in orgs that have them.
func (w *World) person(r *record.Record) {
	f := r.Object.Field("IsPersonAccount")
	if f == nil || r.Named("LastName") == "" {
		return
	}
	r.Set(f, true)
	fullName(r)
}

// personFields are the account's fields that are really its contact's.
var personFields = map[string]string{"FirstName": "FirstName", "LastName": "LastName", "Salutation": "Salutation", "Phone": "Phone", "PersonMobilePhone": "MobilePhone", "PersonHomePhone": "HomePhone", "PersonOtherPhone": "OtherPhone", "PersonAssistantPhone": "AssistantPhone", "PersonEmail": "Email", "PersonTitle": "Title", "PersonBirthdate": "Birthdate", "PersonMailingCity": "MailingCity", "PersonMailingCountry": "MailingCountry", "PersonDoNotCall": "DoNotCall", "OwnerId": "OwnerId"}

// after is what follows from a record that has been written.
func (w *World) after(old, r *record.Record) *refusal.Error {
	switch r.Object.Name {
	case "Task", "Event":
		w.lastActivity(r)
	case "Account":
		if r.Flag(r.Object.Field("IsPersonAccount")) {
			w.personContact(r)
		}
	case "ContentVersion":
		if old == nil {
			return w.document(r)
		}
	}
	return nil
}

func (w *World) personContact(r *record.Record) {
	o := w.Schema.Object("Contact")
	var c *record.Record
	if have := w.get("Contact", r.Named("PersonContactId")); have != nil {
		c = have.Clone()
	} else {
		c = record.New(o, w.Store.NextID(o))
		c.SetNamed("AccountId", r.ID)
		c.SetNamed("IsPersonAccount", true)
		c.Set(o.Created, r.Get(r.Object.Created))
		c.Set(o.CreatedBy, r.Get(r.Object.CreatedBy))
	}
	for from, to := range personFields {
		c.SetNamed(to, r.Get(r.Object.Field(from)))
	}
	fullName(c)
	c.Set(o.Modified, r.Get(r.Object.Modified))
	c.Set(o.ModifiedBy, r.Get(r.Object.ModifiedBy))
	c.Set(o.Modstamp, r.Get(r.Object.Modstamp))
	w.Store.Put(c)
	if r.Named("PersonContactId") == "" {
		r = r.Clone()
		r.SetNamed("PersonContactId", c.ID)
		w.Store.Put(r)
	}
}

// lastActivity moves the date of last activity of those an activity is about: for a closed task its due date, or the day
// it was closed; for an event its day.
func (w *World) lastActivity(r *record.Record) {
	day := r.Named("ActivityDate")
	if r.Object.Name == "Task" {
		if !r.Flag(r.Object.Field("IsClosed")) {
			return
		}
		if done := r.Named("CompletedDateTime"); day == "" && len(done) >= 10 {
			day = done[:10]
		}
	}
	if day == "" {
		return
	}
	for _, field := range []string{"WhoId", "WhatId", "AccountId"} {
		id := r.Named(field)
		o := w.Schema.ByID(id)
		if o == nil || o.Field("LastActivityDate") == nil {
			continue
		}
		p := w.Store.Get(o, id)
		if p == nil || p.Named("LastActivityDate") >= day {
			continue
		}
		p = p.Clone()
		p.SetNamed("LastActivityDate", day)
		w.Store.Put(p)
	}
}

// version fills what a file's version says of its bytes.
func (w *World) version(old, r *record.Record) *refusal.Error {
	if old != nil {
		return nil
	}
	data := r.Named("VersionData")
	var missing []string
	if r.Named("PathOnClient") == "" {
		missing = append(missing, "PathOnClient")
	}
	if data == "" {
		missing = append(missing, "VersionData")
	}
	if len(missing) > 0 {
		return refusal.Bad("REQUIRED_FIELD_MISSING", missing, "Required fields are missing: [%s]", strings.Join(missing, ", "))
	}
	raw, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		return refusal.New(400, "JSON_PARSER_ERROR", "VersionData is not base64")
	}
	sum := md5.Sum(raw)
	r.SetNamed("ContentSize", float64(len(raw)))
	r.SetNamed("Checksum", hex.EncodeToString(sum[:]))
	base := path.Base(strings.ReplaceAll(r.Named("PathOnClient"), `\`, "/"))
	ext := strings.TrimPrefix(path.Ext(base), ".")
	r.SetNamed("FileExtension", ext)
	kind := strings.ToUpper(ext)
	switch kind {
	case "TXT":
		kind = "TEXT"
	case "":
		kind = "UNKNOWN"
	}
	r.SetNamed("FileType", kind)
	if r.Named("Title") == "" {
		r.SetNamed("Title", strings.TrimSuffix(base, path.Ext(base)))
	}
	r.SetNamed("IsLatest", true)
	r.SetNamed("VersionNumber", "1")
	return nil
}

// document makes or moves the file a version belongs to, and the links that come with a new one.
func (w *World) document(v *record.Record) *refusal.Error {
	docs, links := w.Schema.Object("ContentDocument"), w.Schema.Object("ContentDocumentLink")
	inner := *w
	inner.System = true
	if id := v.Named("ContentDocumentId"); id != "" {
		n := 1
		before, _ := w.Store.Lookup(v.Object.Field("ContentDocumentId"), id)
		for _, b := range before {
			if b.ID != v.ID {
				n++
				b = b.Clone()
				b.SetNamed("IsLatest", false)
				w.Store.Put(b)
			}
		}
		v = v.Clone()
		v.SetNamed("VersionNumber", strconv.Itoa(n))
		w.Store.Put(v)
		if d := w.get("ContentDocument", id); d != nil {
			_, err := inner.Update(d, Input{"LatestPublishedVersionId": v.ID, "ContentSize": v.Get(v.Object.Field("ContentSize")), "Title": v.Named("Title")}, Options{})
			return err
		}
		return nil
	}
	d, err := inner.Create(docs, Input{"Title": v.Named("Title"), "FileType": v.Named("FileType"), "FileExtension": v.Named("FileExtension"), "ContentSize": v.Get(v.Object.Field("ContentSize")), "LatestPublishedVersionId": v.ID, "OwnerId": v.Named("OwnerId")}, Options{})
	if err != nil {
		return err
	}
	v = v.Clone()
	v.SetNamed("ContentDocumentId", d.ID)
	w.Store.Put(v)
	to := []string{v.Named("OwnerId")}
	if first := v.Named("FirstPublishLocationId"); first != "" && first != to[0] {
		to = append(to, first)
	}
	for i, id := range to {
		share := "I"
		if i > 0 {
			share = "V"
		}
		if _, err := inner.Create(links, Input{"LinkedEntityId": id, "ContentDocumentId": d.ID, "ShareType": share}, Options{}); err != nil {
			return err
		}
	}
	return nil
}
