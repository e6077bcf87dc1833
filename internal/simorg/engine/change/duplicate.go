package change

import (
	"strings"

	"cordboard/internal/simorg/engine/record"
	"cordboard/internal/simorg/engine/refusal"
)

// DuplicateRule warns of or blocks a record whose fields equal those of one that exists. All fields of Match must be
// filled and equal, case aside.
type DuplicateRule struct {
	Name    string
	Object  string
	Match   []string
	Block   bool // not even allowSave gets past it
	Message string
}

// duplicates asks the org's duplicate rules about a new record, or one whose compared fields change.
func (w *World) duplicates(old, r *record.Record, opt Options) *refusal.Error {
	for _, rule := range w.Duplicates {
		if rule.Object != r.Object.Name || opt.AllowDuplicates && !rule.Block {
			continue
		}
		if old != nil && !changed(old, r, rule.Match) {
			continue
		}
		found := w.matches(rule, r)
		if len(found) == 0 {
			continue
		}
		message := rule.Message
		if message == "" {
			message = "Use one of these records?"
		}
		return &refusal.Error{Status: 400, Code: "DUPLICATES_DETECTED", Message: message, Fields: []string{}, Duplicates: &refusal.Duplicates{
			AllowSave: !rule.Block, Rule: rule.Name, Object: rule.Object, Message: message, Matches: found,
		}}
	}
	return nil
}

func changed(old, r *record.Record, fields []string) bool {
	for _, f := range fields {
		if old.Named(f) != r.Named(f) {
			return true
		}
	}
	return false
}

// matches are the records a rule finds, those that the user may see.
func (w *World) matches(rule DuplicateRule, r *record.Record) (out []refusal.Match) {
	for _, f := range rule.Match {
		if r.Named(f) == "" {
			return nil
		}
	}
	from, ok := w.Store.Lookup(r.Object.Field(rule.Match[0]), r.Named(rule.Match[0]))
	if !ok {
		from = w.Store.Rows(r.Object)
	}
	for _, have := range from {
		same := have.ID != r.ID && !have.IsDeleted()
		for _, f := range rule.Match {
			same = same && strings.EqualFold(have.Named(f), r.Named(f))
		}
		if same && w.Eyes.CanRead(have) {
			out = append(out, refusal.Match{Object: have.Object.Name, ID: have.ID})
		}
	}
	return out
}
