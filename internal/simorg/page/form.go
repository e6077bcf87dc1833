package page

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"cordboard/internal/simorg/engine"
	"cordboard/internal/simorg/engine/change"
	"cordboard/internal/simorg/engine/refusal"
	"cordboard/internal/simorg/engine/schema"
	"cordboard/internal/simorg/engine/security"
)

type formPage struct {
	Object, Action, Error string
	Guest                 bool
	Inputs                []input
}

type input struct {
	Name, Label, Value, Kind, Error string
	Required                        bool
	Values                          []string
	Max                             int
}

// prefilled reads defaultFieldValues: Name=value,Name=value, each value URL-encoded once more.
func prefilled(s string) map[string]string {
	out := map[string]string{}
	for _, pair := range strings.Split(s, ",") {
		k, v, ok := strings.Cut(pair, "=")
		if !ok {
			continue
		}
		if u, err := url.QueryUnescape(strings.ReplaceAll(v, "+", "%2B")); err == nil {
			v = u
		}
		out[strings.ToLower(strings.TrimSpace(k))] = v
	}
	return out
}

func (f *Face) form(w http.ResponseWriter, r *http.Request) {
	v, ok := f.who(w, r)
	if !ok {
		return
	}
	f.showForm(w, v, 200, r.PathValue("object"), prefilled(r.URL.Query().Get("defaultFieldValues")), nil)
}

func (f *Face) showForm(w http.ResponseWriter, v visitor, status int, object string, values map[string]string, refused *refusal.Error) {
	d, err := f.engine.Describe(v.Caller, object)
	if err != nil {
		f.refuse(w, v, err)
		return
	}
	if !d.Object.Createable || !d.Access.Create {
		f.refuse(w, v, refusal.New(403, "INSUFFICIENT_ACCESS", "Your user may not create records of this kind."))
		return
	}
	p := formPage{Object: d.Object.Label, Action: "/lightning/o/" + d.Object.Name + "/new", Guest: v.guest}
	bad := map[string]string{}
	if refused != nil {
		p.Error = refused.Message
		for _, n := range refused.Fields {
			bad[n] = refused.Message
			p.Error = "The record was not saved; see the marked fields."
		}
	}
	for _, fv := range d.Fields {
		if !fv.Field.Createable || fv.Level < security.Edit || fv.Field.Type == schema.Base64 {
			continue
		}
		in := asInput(fv.Field)
		if s, ok := values[strings.ToLower(fv.Field.Name)]; ok {
			in.Value = s
		} else if s, ok := fv.Field.Default.(string); ok && refused == nil {
			in.Value = s
		}
		in.Error = bad[fv.Field.Name]
		p.Inputs = append(p.Inputs, in)
	}
	f.render(w, status, "form.html", "New "+d.Object.Label, d.Object.Name, v, p)
}

func asInput(fd *schema.Field) input {
	in := input{Name: fd.Name, Label: fd.Label, Required: fd.Required, Kind: "text", Max: fd.Length}
	switch {
	case fd.Type == schema.TextArea:
		in.Kind = "textarea"
	case fd.Type == schema.Picklist && len(fd.Values) > 0:
		in.Kind, in.Values = "select", fd.Values
	case fd.Type == schema.Boolean:
		in.Kind = "checkbox"
	case fd.Type == schema.Date:
		in.Kind = "date"
	case fd.Type == schema.Phone:
		in.Kind = "tel"
	}
	return in
}

func (f *Face) save(w http.ResponseWriter, r *http.Request) {
	v, ok := f.who(w, r)
	if !ok {
		return
	}
	object := r.PathValue("object")
	if v.guest {
		f.refuse(w, v, refusal.New(403, "INSUFFICIENT_ACCESS", "Sign in to save records."))
		return
	}
	if err := r.ParseForm(); err != nil {
		f.refuse(w, v, refusal.New(400, "INVALID_INPUT", "The form cannot be read."))
		return
	}
	o := f.engine.Schema().Object(object)
	if o == nil {
		f.refuse(w, v, refusal.NotFound())
		return
	}
	in, values := change.Input{}, map[string]string{}
	for name, vs := range r.PostForm {
		fd := o.Field(name)
		if fd == nil || len(vs) == 0 {
			continue
		}
		values[strings.ToLower(name)] = vs[0]
		switch {
		case strings.TrimSpace(vs[0]) == "":
		case fd.Type == schema.Boolean:
			in[name] = true
		case fd.Number():
			in[name] = json.Number(strings.TrimSpace(vs[0]))
		case fd.Type == schema.Phone:
			in[name] = formatPhone(vs[0])
		default:
			in[name] = vs[0]
		}
	}
	out := f.engine.Write(r.Context(), v.Caller, []engine.Write{{Verb: engine.Create, Object: object, Input: in}}, true)[0]
	if out.Err != nil {
		f.showForm(w, v, 422, object, values, out.Err)
		return
	}
	http.Redirect(w, r, address(o.Name, out.ID), http.StatusSeeOther)
}

// formatPhone writes ten digits, or eleven that begin with 1, as (ddd) ddd-dddd, as the pages of a US org do; a leading
// plus keeps a number as typed.
func formatPhone(s string) string {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, "+") {
		return s
	}
	var d []byte
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			d = append(d, c)
		case strings.IndexByte(" -.()", c) < 0:
			return s
		}
	}
	if len(d) == 11 && d[0] == '1' {
		d = d[1:]
	}
	if len(d) != 10 {
		return s
	}
	return "(" + string(d[:3]) + ") " + string(d[3:6]) + "-" + string(d[6:])
}
