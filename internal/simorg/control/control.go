// Package control is how a test or a person makes the org misbehave and sees what it truly did: faults on request, the
// ledger of raw writes, raw records, sessions, the clock; all under /_sim/.
//
// Faults act around the faces, so every protocol meets them alike. A lost reply is lost after the commit: the change is
// in the org and in the ledger, with delivered false, and the connection is cut. Nothing here is part of Salesforce.
package control

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"cordboard/internal/simorg/engine"
)

// Face is the control of one org.
type Face struct {
	engine *engine.Engine
	faults faults
}

// New returns the control of an org.
func New(e *engine.Engine) *Face { return &Face{engine: e} }

func reply(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		status, b = 500, []byte(`{"error":"the answer cannot be written"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(append(b, '\n'))
}

func refuse(w http.ResponseWriter, status int, text string) {
	reply(w, status, map[string]string{"error": text})
}

// ServeHTTP answers /_sim/….
func (f *Face) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p := strings.Split(strings.Trim(strings.TrimPrefix(r.URL.Path, "/_sim"), "/"), "/")
	switch key := r.Method + " " + p[0]; {
	case key == "GET " || key == "GET health":
		used, limit := f.engine.Usage()
		reply(w, 200, map[string]any{"org": f.engine.Settings().OrgName, "id": f.engine.OrgID(), "time": f.engine.Now().UTC(), "apiUsed": used, "apiLimit": limit, "faults": len(f.faults.list())})
	case key == "GET faults":
		reply(w, 200, f.faults.list())
	case key == "POST faults":
		var in Fault
		dec := json.NewDecoder(r.Body)
		dec.DisallowUnknownFields()
		if err := dec.Decode(&in); err != nil {
			refuse(w, 400, "The fault cannot be read: "+err.Error())
			return
		}
		n, err := f.Add(in)
		if err != nil {
			refuse(w, 400, err.Error())
			return
		}
		reply(w, 201, map[string]int{"id": n})
	case key == "DELETE faults":
		f.Clear()
		w.WriteHeader(http.StatusNoContent)
	case key == "POST sessions" && len(p) == 2 && p[1] == "expire":
		f.expire(w, r)
	case key == "GET ledger":
		after, _ := strconv.ParseInt(r.URL.Query().Get("after"), 10, 64)
		reply(w, 200, f.engine.Ledger.List(r.URL.Query().Get("object"), after))
	case key == "GET records" && len(p) == 2:
		rows, ok := f.engine.Dump(p[1])
		if !ok {
			refuse(w, 404, "There is no object "+p[1]+".")
			return
		}
		reply(w, 200, rows)
	case key == "POST clock":
		f.clock(w, r)
	case key == "POST lag":
		var in struct {
			Ms int `json:"ms"`
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.Ms < 0 {
			refuse(w, 400, `Give {"ms": 5000}.`)
			return
		}
		f.engine.SetSearchLag(time.Duration(in.Ms) * time.Millisecond)
		w.WriteHeader(http.StatusNoContent)
	default:
		refuse(w, 404, "There is no such control; see docs/guide/simorg.md.")
	}
}

func (f *Face) expire(w http.ResponseWriter, r *http.Request) {
	user := ""
	name := r.URL.Query().Get("user")
	if name != "" {
		p, ok := f.engine.Person(name)
		if !ok {
			refuse(w, 404, "There is no user "+name+".")
			return
		}
		user = p.ID
	}
	reply(w, 200, map[string]int{"expired": f.engine.SignOn.Expire(user)})
}

// clock moves the org's time: {"shift_ms": 3600000} ahead of the real one, or {"now": "2026-11-23T09:00:00Z"}.
func (f *Face) clock(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Shift *int64     `json:"shift_ms"`
		Now   *time.Time `json:"now"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.Shift == nil && in.Now == nil {
		refuse(w, 400, `Give {"shift_ms": 3600000} or {"now": "2026-11-23T09:00:00Z"}.`)
		return
	}
	if in.Shift != nil {
		f.engine.Shift(time.Duration(*in.Shift) * time.Millisecond)
	} else {
		f.engine.Shift(0)
		f.engine.Shift(in.Now.Sub(f.engine.Now()))
	}
	reply(w, 200, map[string]time.Time{"now": f.engine.Now().UTC()})
}
