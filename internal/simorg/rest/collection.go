package rest

import (
	"fmt"
	"strings"

	"cordboard/internal/simorg/engine"
	"cordboard/internal/simorg/engine/change"
	"cordboard/internal/simorg/engine/refusal"
)

// collection answers /composite/sobjects…: up to 200 records at once.
func (f *Face) collection(r *request) answer {
	p := r.path[2:]
	switch {
	case len(p) == 1 && (r.method == "GET" || r.method == "POST"):
		return f.retrieve(r, p[0])
	case len(p) == 0 && r.method == "DELETE":
		return f.collect(r, idsOf(r), r.query.Get("allOrNone") == "true", engine.Write{Verb: engine.Delete})
	}
	var in struct {
		AllOrNone bool           `json:"allOrNone"`
		Records   []change.Input `json:"records"`
	}
	if err := decode(r.body, &in); err != nil {
		return refuse(err)
	}
	w := engine.Write{Options: options(r.header)}
	switch {
	case len(p) == 0 && r.method == "POST":
		w.Verb = engine.Create
	case len(p) == 0 && r.method == "PATCH":
		w.Verb = engine.Update
	case len(p) == 2 && r.method == "PATCH":
		w.Verb, w.Object, w.Key = engine.Upsert, p[0], p[1]
	default:
		return refuse(refusal.NotFound())
	}
	return f.collect(r, in.Records, in.AllOrNone, w)
}

func idsOf(r *request) (out []change.Input) {
	for _, id := range strings.Split(r.query.Get("ids"), ",") {
		out = append(out, change.Input{"id": strings.TrimSpace(id)})
	}
	return out
}

type saved struct {
	ID      *string      `json:"id,omitempty"`
	Success bool         `json:"success"`
	Errors  []savedError `json:"errors"`
	Created *bool        `json:"created,omitempty"`
}

type savedError struct {
	Code    string   `json:"statusCode"`
	Message string   `json:"message"`
	Fields  []string `json:"fields"`
}

func (f *Face) collect(r *request, records []change.Input, allOrNone bool, like engine.Write) answer {
	if len(records) > maxRecords {
		return refuse(refusal.New(400, "EXCEEDED_ID_LIMIT", "record limit reached. cannot submit more than %d records in this call", maxRecords))
	}
	writes := make([]engine.Write, len(records))
	for i, in := range records {
		w := like
		rec := change.Input{}
		for k, v := range in {
			text, _ := v.(string)
			switch {
			case strings.EqualFold(k, "attributes"):
				if a, ok := v.(map[string]any); ok && w.Object == "" {
					w.Object, _ = a["type"].(string)
				}
			case strings.EqualFold(k, "id") && w.Verb != engine.Create && !strings.EqualFold(w.Key, "Id"):
				w.ID = text
			case w.Key != "" && strings.EqualFold(k, w.Key):
				w.KeyValue = fmt.Sprint(v)
			default:
				rec[k] = v
			}
		}
		w.Input = rec
		if w.Verb == engine.Delete {
			if o, _, err := f.Engine.ID(w.ID); err == nil {
				w.Object = o.Name
			}
		}
		writes[i] = w
	}
	out := make([]saved, len(records))
	for i, o := range f.Engine.Write(r.ctx, r.caller, writes, allOrNone) {
		s := saved{Success: o.Err == nil && o.Many == nil, Errors: []savedError{}}
		if o.ID != "" {
			s.ID = &o.ID
		}
		created := o.Created || o.Err != nil // in the upsert variant failed rows carry created:true
		if like.Verb == engine.Upsert {
			s.Created = &created
		}
		if e := o.Err; e != nil {
			fields := e.Fields
			if fields == nil {
				fields = []string{}
			}
			s.Errors = append(s.Errors, savedError{e.Code, e.Message, fields})
		}
		if o.Many != nil {
			s.Errors = append(s.Errors, savedError{"DUPLICATE_EXTERNAL_ID", "More than one record has this external id", []string{}})
		}
		out[i] = s
	}
	return good(out)
}

// retrieve answers many records by id; null stands for one that cannot be seen.
func (f *Face) retrieve(r *request, object string) answer {
	var in struct {
		IDs    []string `json:"ids"`
		Fields []string `json:"fields"`
	}
	if r.method == "GET" {
		in.IDs, in.Fields = strings.Split(r.query.Get("ids"), ","), strings.Split(r.query.Get("fields"), ",")
	} else if err := decode(r.body, &in); err != nil {
		return refuse(err)
	}
	if len(in.IDs) > 2000 {
		return refuse(refusal.New(400, "EXCEEDED_ID_LIMIT", "record limit reached. cannot submit more than 2000 records in this call"))
	}
	rows, err := f.Engine.GetMany(r.caller, object, in.IDs, in.Fields)
	if err != nil {
		return refuse(err)
	}
	w := &writer{v: r.v()}
	w.WriteByte('[')
	for i, row := range rows {
		if i > 0 {
			w.WriteByte(',')
		}
		if row == nil {
			w.WriteString("null")
			continue
		}
		w.row(row)
	}
	w.WriteByte(']')
	return answer{status: 200, body: w.Bytes()}
}
