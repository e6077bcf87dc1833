package change

import (
	"fmt"
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
