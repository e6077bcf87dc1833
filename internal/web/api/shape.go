package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"cordboard/internal/crm"
	"cordboard/internal/fault"
	"cordboard/internal/tenant"
	"cordboard/internal/web/problem"
)

// shape makes huma's own refusals look like every other problem. huma keeps these functions in variables of its package.
var shape = sync.OnceFunc(func() {
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
		return refusal("", status, msg, errs)
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, msg string, errs ...error) huma.StatusError {
		return refusal(problem.RequestID(ctx.Context()), status, msg, errs)
	}
})

// refusal is a request that huma could not read. Its own words, and those of the JSON decoder, are for programmers: people
// get a sentence.
func refusal(id string, status int, msg string, errs []error) *problem.Problem {
	p := &problem.Problem{Status: status, Code: "BAD_REQUEST", RequestID: id, Errors: []fault.Field{},
		Message: "The request could not be understood. Nothing was changed."}
	if strings.Contains(msg, "too large") {
		p.Status = http.StatusRequestEntityTooLarge
	}
	switch p.Status {
	case http.StatusRequestEntityTooLarge:
		p.Code, p.Message = "TOO_LARGE", "The request is too large. Nothing was changed."
	case http.StatusRequestTimeout:
		p.Code, p.Message = "TOO_SLOW", "The request did not arrive in time. Nothing was changed; try again."
	case http.StatusInternalServerError:
		p.Code, p.Message = "INTERNAL", "Something went wrong on our side. Nothing was lost; please try again."
	}
	for _, err := range errs {
		var d huma.ErrorDetailer
		if !errors.As(err, &d) {
			continue
		}
		at := d.ErrorDetail().Location
		at = strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(at, "body."), "path."), "query.")
		p.Errors = append(p.Errors, fault.Field{Field: at, Code: "BAD_VALUE", Message: "This value has a form that cannot be read."})
	}
	return p
}

// names are those in the OpenAPI document that differ from the types', because two rooms use the same word.
var names = map[reflect.Type]string{
	reflect.TypeFor[tenant.CodeList](): "CodeListDoc",
	reflect.TypeFor[fault.Field]():     "FieldError",
	reflect.TypeFor[crm.Field]():       "RecordField",
	reflect.TypeFor[crm.Record]():      "Rec",
}

func schemaName(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if n, ok := names[t]; ok {
		return n
	}
	return huma.DefaultSchemaNamer(t, hint)
}

// maybe is a field of a partial change: absent (not Set), null (Set, Value nil) or a value.
type maybe[T any] struct {
	Set   bool
	Value *T
}

// UnmarshalJSON is called only when the field is there.
func (m *maybe[T]) UnmarshalJSON(b []byte) error {
	m.Set = true
	return json.Unmarshal(b, &m.Value)
}

// Schema is the value's own, or null.
func (m maybe[T]) Schema(r huma.Registry) *huma.Schema {
	return &huma.Schema{AnyOf: []*huma.Schema{r.Schema(reflect.TypeFor[T](), true, ""), {Type: "null"}}}
}
