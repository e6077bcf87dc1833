package change

import (
	"strings"
	"time"

	"cordboard/internal/simorg/engine/record"
	"cordboard/internal/simorg/engine/refusal"
)

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
	if day == "" || r.Object.Name == "Event" && day > w.Now.In(w.zone()).Format("2006-01-02") {
		return // an event that is still to come is no activity yet
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
