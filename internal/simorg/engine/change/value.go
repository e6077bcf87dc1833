package change

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"cordboard/internal/simorg/engine/ident"
	"cordboard/internal/simorg/engine/literal"
	"cordboard/internal/simorg/engine/record"
	"cordboard/internal/simorg/engine/refusal"
	"cordboard/internal/simorg/engine/schema"
	"cordboard/internal/simorg/engine/soql"
)

type assigned struct {
	field *schema.Field
	value any
}

func parse(object, where string) (*soql.Query, *refusal.Error) {
	return soql.Parse("SELECT Id FROM " + object + " WHERE " + where)
}

// values turns an input into fields and kept values, in the order of the fields' names so that refusals are the same
// each time.
func (w *World) values(o *schema.Object, in Input, create bool) ([]assigned, *refusal.Error) {
	names := make([]string, 0, len(in))
	for n := range in {
		if !strings.EqualFold(n, "attributes") {
			names = append(names, n)
		}
	}
	sort.Strings(names)
	var out []assigned
	var closed []string
	for _, n := range names {
		v := in[n]
		if m, ok := v.(map[string]any); ok {
			a, err := w.parent(o, n, m)
			if err != nil {
				return nil, err
			}
			if a.field != nil {
				out = append(out, a)
			}
			continue
		}
		f := o.Field(n)
		if f == nil || !w.System && !w.Eyes.Sees(f) {
			return nil, refusal.New(400, "INVALID_FIELD", "No such column '%s' on sobject of type %s", n, o.Name)
		}
		if !w.System && (create && !f.Createable || !create && !f.Updateable || w.Eyes.Field(f) < 2) {
			closed = append(closed, f.Name)
			continue
		}
		val, err := w.convert(f, v)
		if err != nil {
			return nil, err
		}
		out = append(out, assigned{f, val})
	}
	if len(closed) > 0 {
		return nil, refusal.Bad("INVALID_FIELD_FOR_INSERT_UPDATE", closed, "Unable to create/update fields: %s. Please check the security settings of this field and verify that it is read/write for your profile or permission set.", strings.Join(closed, ", "))
	}
	return out, nil
}

// parent resolves {"Account": {"Ext__c": "x"}}, a parent named by its external id.
func (w *World) parent(o *schema.Object, name string, m map[string]any) (assigned, *refusal.Error) {
	ref := o.Relation(name)
	if ref == nil || !w.System && !w.Eyes.Sees(ref) {
		return assigned{}, refusal.New(400, "INVALID_FIELD", "No such column '%s' on sobject of type %s", name, o.Name)
	}
	target := w.Schema.Object(ref.RefTo[0])
	var key *schema.Field
	var val any
	for k, v := range m {
		if strings.EqualFold(k, "attributes") {
			if a, ok := v.(map[string]any); ok {
				if t, _ := a["type"].(string); t != "" && slices.ContainsFunc(ref.RefTo, func(r string) bool { return strings.EqualFold(r, t) }) {
					target = w.Schema.Object(t)
				}
			}
			continue
		}
		val = v
		key = target.Field(k)
		if key == nil {
			return assigned{}, refusal.New(400, "INVALID_FIELD", "No such column '%s' on sobject of type %s", k, target.Name)
		}
	}
	if key == nil {
		return assigned{}, nil
	}
	if !key.IDLookup {
		return assigned{}, refusal.Bad("INVALID_FIELD", nil, "%s is not an External ID or indexed field of %s", key.Name, target.Name)
	}
	found, _ := w.Store.Lookup(key, val)
	found = slices.DeleteFunc(slices.Clone(found), func(r *record.Record) bool { return r.IsDeleted() })
	if len(found) != 1 {
		return assigned{}, refusal.Bad("INVALID_FIELD", nil, "Foreign key external ID: %v not found for field %s in entity %s", val, key.Name, target.Name)
	}
	return assigned{ref, found[0].ID}, nil
}

var emailForm = regexp.MustCompile(`^[^\s@<>,;:"()\[\]]+@[^\s@<>,;:"()\[\].]+(\.[^\s@<>,;:"()\[\].]+)*$`)

// cannot is Salesforce's answer to a JSON value of the wrong kind.
func cannot(f *schema.Field, v any) *refusal.Error {
	kind, shown := "VALUE_STRING", fmt.Sprint(v)
	switch v := v.(type) {
	case json.Number:
		kind = "VALUE_NUMBER_INT"
		if strings.ContainsAny(v.String(), ".eE") {
			kind = "VALUE_NUMBER_FLOAT"
		}
	case float64:
		kind = "VALUE_NUMBER_FLOAT"
	case bool:
		kind = "VALUE_" + strings.ToUpper(shown)
	case []any:
		kind, shown = "START_ARRAY", "["
	}
	return refusal.New(400, "JSON_PARSER_ERROR", "Cannot deserialize instance of %s from %s value %s or request may be missing a required field at [line:1, column:2]", f.Type, kind, shown)
}

// convert checks one value and returns it as it is kept.
func (w *World) convert(f *schema.Field, v any) (any, *refusal.Error) {
	switch v {
	case nil, "":
		if f.Type == schema.Boolean {
			if w.System {
				return false, nil
			}
			return nil, cannot(f, v)
		}
		return nil, nil
	}
	switch {
	case f.Type == schema.Boolean:
		switch x := v.(type) {
		case bool:
			return x, nil
		case string:
			if b, err := strconv.ParseBool(strings.ToLower(x)); err == nil {
				return b, nil
			}
		}
		return nil, cannot(f, v)
	case f.Number():
		return number(f, v)
	}
	s, ok := v.(string)
	if !ok {
		return nil, cannot(f, v)
	}
	switch f.Type {
	case schema.Date:
		if t, err := time.Parse("2006-01-02", s); err == nil && t.Year() >= 1700 && t.Year() <= 4000 {
			return s, nil
		}
		if t, ok := literal.Instant(s); ok {
			return t.Format("2006-01-02"), nil
		}
		return nil, cannot(f, v)
	case schema.DateTime:
		if t, ok := literal.Instant(s); ok {
			return t.Format(record.TimeLayout), nil
		}
		if t, err := time.Parse("2006-01-02", s); err == nil {
			return t.Format(record.TimeLayout), nil
		}
		return nil, cannot(f, v)
	case schema.ID, schema.Reference:
		return w.reference(f, s)
	case schema.Base64:
		if _, err := base64.StdEncoding.DecodeString(s); err != nil {
			return nil, cannot(f, "(binary)")
		}
		return s, nil
	}
	return text(f, s)
}

func number(f *schema.Field, v any) (any, *refusal.Error) {
	var s string
	switch x := v.(type) {
	case json.Number:
		s = x.String()
	case float64:
		s = strconv.FormatFloat(x, 'f', -1, 64)
	case string:
		s = strings.TrimSpace(x)
	default:
		return nil, cannot(f, v)
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) || f.Type == schema.Int && n != math.Trunc(n) {
		return nil, cannot(f, v)
	}
	if limit := math.Pow10(f.Precision - f.Scale); math.Abs(n) >= limit {
		return nil, refusal.Bad("NUMBER_OUTSIDE_VALID_RANGE", []string{f.Name}, "%s: value outside of valid range on numeric field: %s", label(f), s)
	}
	p := math.Pow10(f.Scale)
	return math.Round(n*p) / p, nil
}

func text(f *schema.Field, s string) (any, *refusal.Error) {
	s = strings.TrimSpace(strings.ToValidUTF8(s, "\uFFFD"))
	if s == "" {
		return nil, nil
	}
	if f.Length > 0 {
		if n := utf8.RuneCountInString(s); n > f.Length {
			return nil, refusal.Bad("STRING_TOO_LONG", []string{f.Name}, "%s: data value too large: %s (max length=%d)", label(f), clip(s), f.Length)
		}
	}
	switch f.Type {
	case schema.Email:
		if !emailForm.MatchString(s) {
			return nil, refusal.Bad("INVALID_EMAIL_ADDRESS", []string{f.Name}, "%s: invalid email address: %s", label(f), s)
		}
		return strings.ToLower(s), nil
	case schema.Picklist:
		for _, p := range f.Values {
			if strings.EqualFold(p, s) {
				return p, nil
			}
		}
		if f.Restricted && len(f.Values) > 0 {
			return nil, refusal.Bad("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", []string{f.Name}, "%s: bad value for restricted picklist field: %s", label(f), s)
		}
	case schema.MultiPicklist:
		for _, part := range strings.Split(s, ";") {
			if f.Restricted && !slices.Contains(f.Values, part) {
				return nil, refusal.Bad("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", []string{f.Name}, "%s: bad value for restricted picklist field: %s", label(f), part)
			}
		}
	}
	return s, nil
}

// clip shortens a value for a message, so that a refusal of 100,000 characters does not repeat them.
func clip(s string) string {
	r := []rune(s)
	if len(r) > 500 {
		return string(r[:500])
	}
	return s
}

// reference checks an id: its form, its object, that it exists and that the user may see it.
func (w *World) reference(f *schema.Field, s string) (any, *refusal.Error) {
	id, ok := ident.Canon(s)
	if !ok {
		return nil, refusal.Bad("MALFORMED_ID", []string{f.Name}, "%s: id value of incorrect type: %s", label(f), s)
	}
	o := w.Schema.ByID(id)
	if o == nil || !slices.Contains(f.RefTo, o.Name) {
		if f.Name == "WhoId" || f.Name == "WhatId" {
			return nil, refusal.Bad("FIELD_INTEGRITY_EXCEPTION", []string{f.Name}, "%s: id value of incorrect type: %s", label(f), s)
		}
		return nil, badID(f, s)
	}
	if w.System {
		return id, nil
	}
	p := w.Store.Get(o, id)
	if p == nil {
		return nil, refusal.Bad("INVALID_CROSS_REFERENCE_KEY", []string{f.Name}, "invalid cross reference id")
	}
	if p.IsDeleted() {
		return nil, refusal.Bad("ENTITY_IS_DELETED", []string{f.Name}, "entity is deleted")
	}
	if !w.Eyes.CanRead(p) {
		return nil, &refusal.Error{Status: 403, Code: "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", Message: "insufficient access rights on cross-reference id: " + id[:15], Fields: []string{}}
	}
	return id, nil
}
