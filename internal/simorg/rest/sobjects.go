package rest

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"

	"cordboard/internal/simorg/engine"
	"cordboard/internal/simorg/engine/change"
	"cordboard/internal/simorg/engine/refusal"
)

// sobjects answers /sobjects, /sobjects/X, /X/describe, /X/{id}, /X/{id}/{blob}, /X/{key}/{value}.
func (f *Face) sobjects(r *request) answer {
	p := r.path[1:]
	switch {
	case len(p) == 0:
		return f.global(r)
	case len(p) == 1:
		if r.method == "POST" {
			return f.create(r, p[0])
		}
		return f.info(r, p[0])
	case len(p) == 2 && strings.EqualFold(p[1], "describe"):
		return f.describe(r, p[0])
	case len(p) == 2:
		return f.record(r, p[0], "", p[1])
	case len(p) == 3:
		if r.method == "GET" || r.method == "HEAD" {
			if data, err := f.Engine.Blob(r.caller, p[0], p[1], p[2]); err == nil {
				return blob(data)
			}
		}
		if strings.EqualFold(p[1], "Id") && r.method == "PATCH" {
			return f.write(r, engine.Write{Verb: engine.Upsert, Object: p[0], Key: p[1], KeyValue: p[2]})
		}
		if strings.EqualFold(p[1], "Id") && r.method == "POST" {
			return f.create(r, p[0])
		}
		return f.record(r, p[0], p[1], p[2])
	}
	return refuse(refusal.NotFound())
}

func blob(data string) answer {
	b, err := base64.StdEncoding.DecodeString(data)
	if err != nil {
		return refuse(err)
	}
	return answer{status: 200, body: b, kind: "application/octet-stream"}
}

// options reads the headers that bear on a write.
func options(h http.Header) change.Options {
	var o change.Options
	for _, part := range strings.FieldsFunc(h.Get("Sforce-Duplicate-Rule-Header"), func(r rune) bool { return r == ';' || r == ',' }) {
		k, v, _ := strings.Cut(strings.TrimSpace(part), "=")
		if strings.EqualFold(strings.TrimSpace(k), "allowSave") {
			o.AllowDuplicates = strings.EqualFold(strings.TrimSpace(v), "true")
		}
	}
	return o
}

func (f *Face) create(r *request, object string) answer {
	return f.write(r, engine.Write{Verb: engine.Create, Object: object})
}

// write runs one change with the request's body and headers.
func (f *Face) write(r *request, w engine.Write) answer {
	if w.Verb != engine.Delete {
		if _, err := f.Engine.Describe(r.caller, w.Object); err != nil {
			return refuse(err)
		}
		var err *refusal.Error
		if w.Input, err = f.body(r); err != nil {
			return refuse(err)
		}
	}
	w.Options = options(r.header)
	w.UpdateOnly = strings.EqualFold(r.query.Get("updateOnly"), "true")
	out := f.Engine.Write(r.ctx, r.caller, []engine.Write{w}, false)[0]
	switch {
	case out.Err != nil:
		return refuse(out.Err)
	case out.Many != nil:
		return f.choices(r, w.Object, out.Many)
	case w.Verb == engine.Upsert && !out.Created && r.version < 46, w.Verb == engine.Update, w.Verb == engine.Delete:
		return answer{status: http.StatusNoContent}
	}
	res := struct {
		ID      string   `json:"id"`
		Success bool     `json:"success"`
		Errors  []string `json:"errors"`
		Created *bool    `json:"created,omitempty"`
	}{ID: out.ID, Success: true, Errors: []string{}}
	if w.Verb == engine.Upsert {
		res.Created = &out.Created
	}
	a := with(http.StatusCreated, res)
	if out.Created {
		a.header = http.Header{"Location": {r.v() + "/sobjects/" + w.Object + "/" + out.ID}}
	} else {
		a.status = http.StatusOK
	}
	return a
}

// body is the record in a request: JSON, or multipart with a JSON part and the bytes of a file.
func (f *Face) body(r *request) (change.Input, *refusal.Error) {
	if strings.HasPrefix(r.header.Get("Content-Type"), "multipart/") {
		return multi(r)
	}
	in := change.Input{}
	if err := decode(r.body, &in); err != nil {
		return nil, err
	}
	if in == nil {
		return nil, refusal.New(400, "JSON_PARSER_ERROR", "The HTTP entity body is required, but this request has no entity body.")
	}
	return in, nil
}

func (f *Face) choices(r *request, object string, ids []string) answer {
	urls := []string{}
	for _, id := range ids {
		urls = append(urls, fmt.Sprintf("%s/sobjects/%s/%s", r.v(), object, id))
	}
	return with(http.StatusMultipleChoices, urls)
}

// record answers for one record, by id (key empty) or by external id.
func (f *Face) record(r *request, object, key, value string) answer {
	switch r.method {
	case "GET", "HEAD":
		var fields []string
		if s := r.query.Get("fields"); s != "" {
			fields = strings.Split(s, ",")
		}
		get := func() (answer, bool) {
			row, err := f.Engine.GetByKey(r.caller, object, key, value, fields)
			if key == "" {
				row, err = f.Engine.Get(r.caller, object, value, fields)
			}
			if err != nil {
				if err.Status == http.StatusMultipleChoices {
					return f.choices(r, object, err.Fields), true
				}
				return refuse(err), true
			}
			w := &writer{v: r.v()}
			w.row(&row)
			return answer{status: 200, body: w.Bytes()}, true
		}
		a, _ := get()
		return a
	case "PATCH":
		w := engine.Write{Verb: engine.Update, Object: object, ID: value}
		if key != "" {
			w = engine.Write{Verb: engine.Upsert, Object: object, Key: key, KeyValue: value}
		}
		return f.write(r, w)
	case "DELETE":
		w := engine.Write{Verb: engine.Delete, Object: object, ID: value}
		if key != "" {
			w.Key, w.KeyValue = key, value
		}
		return f.write(r, w)
	case "POST": // PATCH for clients that cannot: ?_HttpMethod=PATCH
		if strings.EqualFold(r.query.Get("_HttpMethod"), "PATCH") {
			again := *r
			again.method = "PATCH"
			return f.record(&again, object, key, value)
		}
	}
	return notAllowed(r.method)
}
