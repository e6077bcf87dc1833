package task

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"cordboard/internal/crm"
	"cordboard/internal/crm/salesforce/access"
	"cordboard/internal/crm/salesforce/query"
)

// KeyField is the unique external id on Activity that makes a log's writing repeatable (LOG-11, SF-2).
const KeyField = "CC_Interaction_Key__c"

// task is a log on its way into Salesforce: the fields still to be sent, and what had to be changed about them.
type task struct {
	entry    crm.Entry
	body     map[string]any
	overflow string // the whole text, when Description holds only its beginning (LOG-13)
	adjusted []string
	tried    map[string]bool // reactions that were used: each once
}

// newTask maps an entry to a Task as LOG-5 says.
func newTask(e crm.Entry, owner string) *task {
	t := &task{entry: e, overflow: e.Overflow, tried: map[string]bool{}, body: map[string]any{
		"Subject": cut(e.Subject, 255), "Status": "Completed", "Priority": "Normal", "CallDurationInSeconds": e.Duration,
	}}
	for name, v := range map[string]string{
		"ActivityDate": e.Date, "OwnerId": owner, "Type": e.Type, "TaskSubtype": e.Subtype, "CallType": e.CallType,
		"CallDisposition": cut(e.Disposition, 255), "CallObject": e.Object, "Description": e.Description,
	} {
		if v != "" {
			t.body[name] = v
		}
	}
	if e.CallType == "" { // not a call: the duration is a call's field
		delete(t.body, "CallDurationInSeconds")
	}
	if query.IsID(e.Who.ID) {
		t.body["WhoId"] = e.Who.ID
	}
	if query.IsID(e.What.ID) && e.Who.Kind != crm.Lead {
		t.body["WhatId"] = e.What.ID
	}
	return t
}

// fit leaves out what the agent's user cannot write, and says so (LOG-14).
func (t *task) fit(o *access.Object) {
	var out []string
	for name := range t.body {
		if f := o.Has(name); f == nil || !f.Createable {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	t.leave(out)
	if f := o.Has("Description"); f != nil && f.Length > 0 {
		t.fold(f.Length)
	}
}

// leave takes fields off; it reports whether any was on.
func (t *task) leave(names []string) bool {
	any := false
	for _, n := range names {
		for have := range t.body {
			if strings.EqualFold(have, n) {
				delete(t.body, have)
				t.adjusted = append(t.adjusted, fmt.Sprintf("Task field %s is hidden from your Salesforce user or read-only; the log was written without it.", have))
				any = true
			}
		}
	}
	return any
}

// alone takes the relations off; a note says so (LOG-18). It reports whether there were any.
func (t *task) alone(why string) bool {
	_, who := t.body["WhoId"]
	_, what := t.body["WhatId"]
	if !who && !what {
		return false
	}
	delete(t.body, "WhoId")
	delete(t.body, "WhatId")
	note := "Written stand-alone: the related record is not accessible (" + strings.TrimSuffix(why, ".") + ")."
	t.adjusted = append(t.adjusted, note)
	if d, ok := t.body["Description"].(string); ok {
		t.body["Description"] = note + "\n" + d
	}
	return true
}

// fold shortens Description to a limit, in characters; the whole goes into a File (LOG-13).
func (t *task) fold(limit int) bool {
	d, ok := t.body["Description"].(string)
	if !ok || utf8.RuneCountInString(d) <= limit {
		return false
	}
	if t.overflow == "" {
		t.overflow = d
	}
	tail := "\n[continued in " + t.fileName() + "]"
	keep := max(0, limit-utf8.RuneCountInString(tail))
	t.body["Description"] = string([]rune(d)[:keep]) + tail
	return true
}

// fileName is the name of the overflow's File.
func (t *task) fileName() string {
	if t.entry.OverflowName != "" {
		return t.entry.OverflowName
	}
	return "interaction.txt"
}

// shorten cuts Subject or CallDisposition to a limit (LOG-18).
func (t *task) shorten(name string, limit int) bool {
	v, ok := t.body[name].(string)
	if !ok || utf8.RuneCountInString(v) <= limit {
		return false
	}
	t.body[name] = cut(v, limit)
	t.adjusted = append(t.adjusted, fmt.Sprintf("Task field %s was cut to the org's limit of %d characters.", name, limit))
	return true
}

// once reports whether a reaction is still unused, and uses it.
func (t *task) once(what string) bool {
	if t.tried[what] {
		return false
	}
	t.tried[what] = true
	return true
}

// cut shortens a text to a limit, ending with "…".
func cut(s string, limit int) string {
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	return string([]rune(s)[:limit-1]) + "…"
}

// maxLength reads the limit out of "… data value too large: … (max length=255)"; 0 when it is not there.
func maxLength(text string) int {
	_, rest, ok := strings.Cut(text, "max length=")
	if !ok {
		return 0
	}
	n, _ := strconv.Atoi(strings.TrimRight(rest, ") ."))
	return n
}
