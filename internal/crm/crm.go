// Package crm holds the nouns that the desk and every customer-record system share: kinds, references, matches, records,
// pops and log entries, and the small interfaces that a CRM implements as far as it can.
//
// It promises that nothing here knows a channel, a database or a wire protocol, and that every question to a CRM names
// the agent as whom it is asked (SPEC MAT-11). It never searches, decides or writes: pop decides, autolog composes,
// salesforce (and later builtin and post) speak to a CRM.
package crm

import (
	"context"
	"time"
)

// Kind is a kind of record.
type Kind string

// The kinds, in the order of MAT-10.
const (
	Case          Kind = "Case"
	Contact       Kind = "Contact"
	PersonAccount Kind = "PersonAccount"
	Account       Kind = "Account"
	Lead          Kind = "Lead"
	// Task is what a log becomes in the CRM; never a match.
	Task Kind = "Task"
	// User is an agent's own record; never a match.
	User Kind = "User"
)

// Rank orders kinds as MAT-10 does: lower comes first; unknown kinds come last.
func (k Kind) Rank() int {
	for i, o := range []Kind{Case, Contact, PersonAccount, Account, Lead} {
		if k == o {
			return i
		}
	}
	return 5
}

// Ref points at one record.
type Ref struct {
	Kind Kind   `json:"kind"`
	ID   string `json:"id"` // 18 characters where the CRM is Salesforce
}

// Zero reports whether the reference is empty.
func (r Ref) Zero() bool { return r.ID == "" }

// KeyBy is what a search goes by.
type KeyBy string

// What a search can go by (MAT-1).
const (
	ByPhone  KeyBy = "phone"
	ByEmail  KeyBy = "email"
	ByCase   KeyBy = "case"
	ByRecord KeyBy = "record"
	ByText   KeyBy = "text" // the agent's own words (AGT-12)
)

// Key is what a record is looked for by. Value is normalised (E.164, trimmed address, bare case number); an empty Value
// with a Refusal is a key that must not be searched: MAT-6, MAT-7, MAT-8.
type Key struct {
	By      KeyBy   `json:"by"`
	Value   string  `json:"value"`
	Raw     string  `json:"raw,omitempty"`    // as it came
	Region  string  `json:"region,omitempty"` // ISO 3166 alpha-2, for numbers
	Refusal Refusal `json:"refusal,omitempty"`
}

// Refusal is why a key is not searched.
type Refusal string

// The refusals.
const (
	Withheld    Refusal = "withheld"     // no match: number withheld
	ShortNumber Refusal = "short_number" // no match: internal or short number
	NotEmail    Refusal = "not_email"    // no match: not an email address
	NotCase     Refusal = "not_case"     // no match: not a case number
	NoKey       Refusal = "no_key"       // the interaction carries nothing to search by
)

// Match is a record found for an interaction, as the agent may see it.
type Match struct {
	Ref
	Name         string `json:"name"`
	Company      string `json:"company,omitempty"`      // account or company name
	AccountID    string `json:"accountId,omitempty"`    // the contact's account; "" = without a company (LOG-8)
	MatchedOn    string `json:"matchedOn"`              // label of the field that matched, e.g. "Mobile"
	LastActivity string `json:"lastActivity,omitempty"` // yyyy-mm-dd
	Exact        bool   `json:"exact"`                  // MAT-5
	Closed       bool   `json:"closed,omitempty"`       // a closed case (MAT-8)
	ContactID    string `json:"contactId,omitempty"`    // a case's or person account's contact
	URL          string `json:"url,omitempty"`          // native page
}

// Field is one shown field of a record. Fields the agent may not see are absent, never empty placeholders.
type Field struct {
	Name  string `json:"name"`
	Label string `json:"label"`
	Value string `json:"value"`
	Type  string `json:"type"` // text, phone, email, url, date, datetime, number, boolean, reference
}

// Line is one row of a related list: a case or an activity.
type Line struct {
	Ref
	Title string `json:"title"`
	Note  string `json:"note,omitempty"` // status, duration, …
	Date  string `json:"date,omitempty"` // yyyy-mm-dd
	URL   string `json:"url,omitempty"`
}

// Record is a record's details (POP-9), read as the agent.
type Record struct {
	Ref
	Name         string  `json:"name"`
	Title        string  `json:"title,omitempty"`
	Company      string  `json:"company,omitempty"`
	AccountID    string  `json:"accountId,omitempty"`
	ContactID    string  `json:"contactId,omitempty"`
	Owner        string  `json:"owner,omitempty"`
	LastActivity string  `json:"lastActivity,omitempty"`
	URL          string  `json:"url,omitempty"`
	Fields       []Field `json:"fields"`
	Cases        []Line  `json:"cases"`      // 5 latest open
	Activities   []Line  `json:"activities"` // 5 latest
}

// Found is the answer to a search.
type Found struct {
	Matches []Match       `json:"matches"` // exact ones first, in MAT-10's order; then possible ones
	More    bool          `json:"more"`    // there are more than the 50 (MAT-10)
	Took    time.Duration `json:"took"`
	As      string        `json:"as"` // name of the CRM user who asked
	Source  string        `json:"source"`
}

// FormField is one input of a blank record (POP-10), from the CRM's own description as the agent.
type FormField struct {
	Name     string   `json:"name"`
	Label    string   `json:"label"`
	Type     string   `json:"type"` // text, phone, email, textarea, picklist, date, boolean, number, reference
	Required bool     `json:"required"`
	Length   int      `json:"length,omitempty"`
	Options  []string `json:"options,omitempty"`
	Value    string   `json:"value,omitempty"` // prefilled (POP-11)
	Lookup   []Kind   `json:"lookup,omitempty"`
}

// Form is a blank record to create.
type Form struct {
	Kind   Kind        `json:"kind"`
	Label  string      `json:"label"`
	Fields []FormField `json:"fields"`
}

// The abilities of a CRM. Each is asked as an agent, by agent id (SPEC MAT-11); a fault tells why not.
type (
	// Finder searches (MAT-1…MAT-14). A search that fails is a fault, never an empty answer (MAT-12).
	Finder interface {
		Find(ctx context.Context, as string, key Key) (Found, error)
	}
	// Reader reads a record's details. NotFound also when this agent may not see it.
	Reader interface {
		Read(ctx context.Context, as string, ref Ref) (Record, error)
	}
	// Writer describes and creates records. What the CRM refuses comes back as fault.Fields in its own words (POP-12).
	Writer interface {
		Form(ctx context.Context, as string, kind Kind) (Form, error)
		Create(ctx context.Context, as string, kind Kind, values map[string]string, saveDuplicate bool) (Ref, error)
	}
	// Logger writes a log entry exactly once per Entry.Key (LOG-11).
	Logger interface {
		Log(ctx context.Context, as string, e Entry) (Logged, error)
	}
)

// DuplicatesError is what Writer.Create returns when the CRM's duplicate rule objects (POP-12).
type DuplicatesError struct {
	Message string  `json:"message"`
	MaySave bool    `json:"maySave"` // the rule permits saving anyway
	Matches []Match `json:"matches"`
}

func (e *DuplicatesError) Error() string { return e.Message }
