package task

import (
	"cmp"
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"time"

	"cordboard/internal/crm"
	"cordboard/internal/crm/salesforce/access"
	"cordboard/internal/crm/salesforce/query"
	"cordboard/internal/crm/salesforce/wire"
	"cordboard/internal/fault"
)

// logWithin is how long writing one log may take with all its reactions; the delivery's lease is longer.
const logWithin = 60 * time.Second

// rounds bounds the reactions of one writing: each kind is used once, so this is never reached by them.
const rounds = 12

// Log writes an entry as one Task, exactly once per Entry.Key (LOG-5, LOG-11), and reacts as LOG-18 says to what can be
// mended at once; for the rest the fault's verdict says what the delivery does. A repeat after a lost answer does no harm.
func (s *Writer) Log(ctx context.Context, as string, e crm.Entry) (crm.Logged, error) {
	if !keyLike(e.Key) {
		return crm.Logged{}, fault.New(fault.Internal, "BAD_KEY", "A log's key must be letters and digits.").Judge(fault.Park, 0)
	}
	if err := s.pause.enter(s.clock()); err != nil {
		return crm.Logged{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, logWithin)
	defer cancel()
	free, err := s.lanes.take(ctx, cmp.Or(e.What.ID, e.Who.ID))
	if err != nil {
		return crm.Logged{}, err
	}
	defer free()
	if err := s.width.take(ctx); err != nil {
		return crm.Logged{}, err
	}
	out, err := s.once(ctx, as, e)
	err = wire.Classify(err)
	s.width.give(err)
	s.pause.leave(err, s.clock())
	return out, err
}

// keyLike guards the address that the key becomes part of.
func keyLike(k string) bool {
	return k != "" && len(k) <= 120 && strings.Trim(k, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ""
}

func (s *Writer) once(ctx context.Context, as string, e crm.Entry) (crm.Logged, error) {
	objects, err := s.a.Objects(ctx, as, "Task")
	if err != nil {
		return crm.Logged{}, err
	}
	sess, err := s.a.Session(ctx, as)
	if err != nil {
		return crm.Logged{}, err
	}
	o := objects["Task"]
	if o == nil {
		return crm.Logged{}, fault.New(fault.Forbidden, "NO_TASKS", "Your Salesforce user may not see or write Tasks. Ask your Salesforce administrator for the permission set Cordboard Agent; the log is kept.").Judge(fault.Park, 0)
	}
	t := newTask(e, sess.UserID)
	t.fit(o)
	id, created, err := s.write(ctx, as, t, o.Has(KeyField) != nil)
	if err != nil {
		return crm.Logged{}, err
	}
	if t.overflow != "" {
		if err := s.attach(ctx, as, id, t); err != nil {
			return crm.Logged{}, err
		}
	}
	ref := crm.Ref{Kind: crm.Task, ID: id}
	return crm.Logged{Ref: ref, URL: access.RecordURL(sess.Instance, ref), Created: created, Adjusted: t.adjusted}, nil
}

// write sends the Task until it is written or no reaction is left.
func (s *Writer) write(ctx context.Context, as string, t *task, keyed bool) (id string, created bool, err error) {
	for range rounds {
		if keyed {
			id, created, err = s.upsert(ctx, as, t)
		} else {
			id, created, err = s.insert(ctx, as, t)
		}
		e, refused := wire.IsError(err)
		if !refused {
			return id, created, err
		}
		switch {
		case keyed && keyMissing(e) && t.once("key"):
			keyed = false
			s.a.Forget(as)
		case keyed && duplicateKey(e):
			return s.existing(ctx, as, t.entry.Key)
		case s.mend(t, e):
			s.log.InfoContext(ctx, "a log is adjusted and sent again", "agent", as, "code", e.Code())
			if wire.Hidden(e) {
				s.a.Forget(as)
			}
		default:
			return "", false, err
		}
	}
	return "", false, err
}

// mend changes the Task so that another try may succeed (LOG-18); false when nothing is left to change.
func (s *Writer) mend(t *task, e *wire.Error) bool {
	mended := false
	for _, it := range e.Items {
		names := it.Names()
		switch it.Code {
		case "INVALID_FIELD", "INVALID_FIELD_FOR_INSERT_UPDATE":
			if t.once(it.Code+strings.Join(names, ",")) && t.leave(names) {
				mended = true
			}
		case "INSUFFICIENT_ACCESS_OR_READONLY", "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", "ENTITY_IS_DELETED":
			if t.once("alone") && t.alone(it.Message) {
				mended = true
			}
		case "STRING_TOO_LONG":
			for _, n := range names {
				if t.once("long "+n) && t.tooLong(n, maxLength(it.Message)) {
					mended = true
				}
			}
		}
	}
	return mended
}

// tooLong mends one field that the org says is too long.
func (t *task) tooLong(name string, limit int) bool {
	switch name {
	case "Description", "Comments", "Description/Comments": // the field's label in many orgs
		if limit <= 0 {
			limit = 4000
		}
		return t.fold(limit)
	case "Subject":
		return t.shorten("Subject", max(limit, 1))
	case "CallDisposition", "Call Result":
		return t.shorten("CallDisposition", max(limit, 1))
	}
	return false
}

// keyPath is the address of the Task with a key.
func keyPath(key string) string { return "/sobjects/Task/" + KeyField + "/" + url.PathEscape(key) }

// upsert writes by the unique external id (LOG-11).
func (s *Writer) upsert(ctx context.Context, as string, t *task) (string, bool, error) {
	a, _, err := s.a.Call(ctx, as, wire.Request{Method: http.MethodPatch, Path: keyPath(t.entry.Key), Body: t.body})
	if err != nil {
		return "", false, err
	}
	var out struct {
		ID      string `json:"id"`
		Created bool   `json:"created"`
	}
	if a.Status == http.StatusNoContent { // before v46: updated, without a word
		return s.existing(ctx, as, t.entry.Key)
	}
	if err := a.Into(&out); err != nil {
		return "", false, err
	}
	return out.ID, out.Created, nil
}

// existing reads the Task that has the key: it is written already (LOG-18).
func (s *Writer) existing(ctx context.Context, as, key string) (string, bool, error) {
	a, _, err := s.a.Call(ctx, as, wire.Request{Method: http.MethodGet, Path: keyPath(key), Query: url.Values{"fields": {"Id"}}})
	if err != nil {
		return "", false, err
	}
	var r wire.Row
	if err := a.Into(&r); err != nil {
		return "", false, err
	}
	return r.Text("Id"), false, nil
}

// keyMissing reports that the org has no such field, or that it is hidden from this user.
func keyMissing(e *wire.Error) bool {
	for _, it := range e.Items {
		if strings.Contains(it.Message, KeyField) && (e.Status == http.StatusNotFound || it.Code == "INVALID_FIELD" || it.Code == "NOT_FOUND") {
			return true
		}
	}
	return e.Status == http.StatusNotFound && e.Code() == "NOT_FOUND"
}

func duplicateKey(e *wire.Error) bool {
	it, ok := e.Has("DUPLICATE_VALUE")
	return ok && strings.Contains(it.Message, KeyField)
}

// insert is LOG-12: without the key field the Task is looked up by CallObject before it is made. One writer per key is
// the delivery's promise; at least once, duplicates avoided where possible.
func (s *Writer) insert(ctx context.Context, as string, t *task) (string, bool, error) {
	if object, ok := t.body["CallObject"].(string); ok {
		q := query.Select{Fields: []string{"Id"}, From: "Task", Where: []query.Cond{query.Is("CallObject", object)}, Limit: 1}
		pages, _, err := s.a.Queries(ctx, as, []query.Select{q})
		if err != nil {
			return "", false, err
		}
		if len(pages[0].Records) > 0 {
			return pages[0].Records[0].Text("Id"), false, nil
		}
	}
	if t.once("unkeyed") {
		t.adjusted = append(t.adjusted, "The field "+KeyField+" is not installed for your Salesforce user: at least once, duplicates avoided where possible.")
	}
	a, _, err := s.a.Call(ctx, as, wire.Request{Method: http.MethodPost, Path: "/sobjects/Task", Body: t.body})
	if err != nil {
		return "", false, err
	}
	var out struct {
		ID string `json:"id"`
	}
	if err := a.Into(&out); err != nil {
		return "", false, err
	}
	return out.ID, true, nil
}

// attach puts the whole text beside the Task as a File (LOG-13), unless an earlier try has. Making a ContentVersion that
// is first published at the Task is one step in Salesforce, so a lost answer leaves either all or nothing.
func (s *Writer) attach(ctx context.Context, as, id string, t *task) error {
	name := t.fileName()
	title := strings.TrimSuffix(name, ".txt")
	q := query.Select{Fields: []string{"ContentDocumentId", "ContentDocument.Title"}, From: "ContentDocumentLink", Where: []query.Cond{query.Is("LinkedEntityId", id)}, Limit: 50}
	pages, _, err := s.a.Queries(ctx, as, []query.Select{q})
	if err != nil {
		return unattached(err)
	}
	for _, r := range pages[0].Records {
		if got := r.Text("ContentDocument.Title"); got == title || got == name {
			return nil
		}
	}
	_, _, err = s.a.Call(ctx, as, wire.Request{Method: http.MethodPost, Path: "/sobjects/ContentVersion", Body: map[string]any{
		"Title": title, "PathOnClient": name, "VersionData": base64.StdEncoding.EncodeToString([]byte(t.overflow)), "FirstPublishLocationId": id,
	}})
	return unattached(err)
}

// unattached says that the Task is there while its File is not; the verdict stays what it was.
func unattached(err error) error {
	if err == nil {
		return nil
	}
	f := *fault.Of(wire.Classify(err))
	f.Message = "The log is in Salesforce, but its long text could not be attached yet; it is kept here. " + f.Message
	return &f
}
