package store

import (
	"context"
	"encoding/json"
	"time"

	"cordboard/internal/fault"
	"cordboard/internal/setting"
	"cordboard/internal/store/engine"
)

var _ setting.Store = (*Tenant)(nil)

// numbered are the kinds whose documents get an id at their first Put (GEN-7).
var numbered = map[string]bool{"queue": true, "channel": true, "codelist": true, "trunk": true}

const documentColumns = "SELECT kind, id, name, version, body, at, by_whom FROM "

func scanDoc(row scanner) (d setting.Doc, err error) {
	var body string
	var at int64
	err = row(&d.Kind, &d.ID, &d.Name, &d.Version, &body, &at, &d.By)
	d.At = engine.Time(at)
	if body != "" {
		d.Body = json.RawMessage(body)
	}
	return d, err
}

// Load reads all current documents and the revision, of one moment.
func (t *Tenant) Load(ctx context.Context) (docs []setting.Doc, revision int64, err error) {
	err = t.db.View(ctx, func(q *engine.Q) error {
		var err error
		if _, err = q.Get("SELECT value FROM counter WHERE name = 'revision'", nil, &revision); err != nil {
			return err
		}
		docs, err = engine.All(q, documentColumns+"document ORDER BY kind, id, name", nil, scanDoc)
		return err
	})
	return docs, revision, err
}

// Put saves a document if its stored version is still expect.
func (t *Tenant) Put(ctx context.Context, d setting.Doc, expect int64) (setting.Doc, error) {
	if !json.Valid(d.Body) {
		return d, fault.New(fault.Internal, "DOCUMENT_INVALID", "The document is no JSON. Nothing was saved.")
	}
	id := d.ID
	err := t.db.Write(ctx, func(q *engine.Q) error {
		// The revision's row stays locked until commit: documents of a tenant are saved one after the other.
		if _, err := bump(q, "revision"); err != nil {
			return err
		}
		d.ID = id
		if err := numberDoc(q, &d); err != nil {
			return err
		}
		last, err := expected(q, d, expect)
		if err != nil {
			return err
		}
		d.Version = last + 1
		return putDoc(q, d, false)
	})
	return d, err
}

// Delete removes a document if its stored version is still expect; its history stays.
func (t *Tenant) Delete(ctx context.Context, kind string, id int64, name string, expect int64, by string, at time.Time) error {
	return t.db.Write(ctx, func(q *engine.Q) error {
		if _, err := bump(q, "revision"); err != nil {
			return err
		}
		d := setting.Doc{Kind: kind, ID: id, Name: name, At: at, By: by}
		last, err := expected(q, d, expect)
		if err != nil {
			return err
		}
		if expect == 0 {
			return noDoc()
		}
		d.Version = last + 1
		return putDoc(q, d, true)
	})
}

// numberDoc gives a new document of a numbered kind its id, and keeps ids that came from elsewhere from being given again.
func numberDoc(q *engine.Q, d *setting.Doc) error {
	if !numbered[d.Kind] {
		return nil
	}
	if d.ID == 0 {
		var err error
		d.ID, err = bump(q, "id "+d.Kind)
		return err
	}
	_, err := q.Exec(`INSERT INTO counter (name, value) VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE counter.value < excluded.value`, "id "+d.Kind, d.ID)
	return err
}

// expected compares the stored version with the one that was read, and returns the last version there ever was.
func expected(q *engine.Q, d setting.Doc, expect int64) (last int64, err error) {
	cur, err := engine.All(q, documentColumns+"document WHERE kind = $1 AND id = $2 AND name = $3", []any{d.Kind, d.ID, d.Name}, scanDoc)
	if err != nil {
		return 0, err
	}
	was, err := engine.All(q, documentColumns+"document_history WHERE kind = $1 AND id = $2 AND name = $3 ORDER BY version DESC LIMIT 1",
		[]any{d.Kind, d.ID, d.Name}, scanDoc)
	if err != nil {
		return 0, err
	}
	var have int64
	if len(cur) == 1 {
		have = cur[0].Version
	}
	if len(was) == 1 {
		last = was[0].Version
	}
	if have == expect {
		return last, nil
	}
	if len(was) == 0 {
		return 0, noDoc()
	}
	f := fault.Newf(fault.Conflict, "CHANGED", "Changed by %s at %s. Nothing was overwritten; compare, then save again.",
		was[0].By, was[0].At.Format("2006-01-02 15:04:05 MST"))
	f.Fields = []fault.Field{{Field: was[0].By, Code: was[0].At.Format(time.RFC3339Nano), Message: f.Message}}
	return 0, f
}

func noDoc() error {
	return fault.New(fault.NotFound, "DOCUMENT_NOT_FOUND", "There is no such setting.")
}

func putDoc(q *engine.Q, d setting.Doc, removed bool) error {
	args := []any{d.Kind, d.ID, d.Name, d.Version, string(d.Body), engine.Millis(d.At), d.By}
	if _, err := q.Exec("INSERT INTO document_history (kind, id, name, version, body, at, by_whom) VALUES ($1, $2, $3, $4, $5, $6, $7)", args...); err != nil {
		return err
	}
	if removed {
		_, err := q.Exec("DELETE FROM document WHERE kind = $1 AND id = $2 AND name = $3", d.Kind, d.ID, d.Name)
		return err
	}
	_, err := q.Exec(`INSERT INTO document (kind, id, name, version, body, at, by_whom) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (kind, id, name) DO UPDATE SET version = excluded.version, body = excluded.body, at = excluded.at, by_whom = excluded.by_whom`, args...)
	return err
}

// At reads a document as it was at a version.
func (t *Tenant) At(ctx context.Context, kind string, id int64, name string, version int64) (setting.Doc, error) {
	out, err := engine.All(t.db.Read(ctx), documentColumns+"document_history WHERE kind = $1 AND id = $2 AND name = $3 AND version = $4",
		[]any{kind, id, name, version}, scanDoc)
	if err != nil {
		return setting.Doc{}, t.db.Fault(err)
	}
	if len(out) == 0 {
		return setting.Doc{}, noDoc()
	}
	return out[0], nil
}

// History lists a document's versions, newest first; a removal is a version without Body (CFG-3).
func (t *Tenant) History(ctx context.Context, kind string, id int64, name string, n int) ([]setting.Doc, error) {
	out, err := engine.All(t.db.Read(ctx), documentColumns+"document_history WHERE kind = $1 AND id = $2 AND name = $3 ORDER BY version DESC"+limit(n),
		[]any{kind, id, name}, scanDoc)
	return out, t.db.Fault(err)
}
