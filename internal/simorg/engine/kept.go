package engine

import (
	"encoding/json"
	"fmt"
	"time"

	"cordboard/internal/simorg/engine/journal"
	"cordboard/internal/simorg/engine/ledger"
	"cordboard/internal/simorg/engine/record"
	"cordboard/internal/simorg/engine/signon"
)

// kept is what a journal says, on its way back into the org.
type kept struct {
	seeded      time.Time
	records     []journal.Line
	entries     []ledger.Entry
	credentials map[string]*signon.Credential
	sessions    map[string]*signon.Session
	refresh     map[string]*signon.Refresh
}

func newKept() *kept {
	return &kept{credentials: map[string]*signon.Credential{}, sessions: map[string]*signon.Session{}, refresh: map[string]*signon.Refresh{}}
}

func (k *kept) line(l journal.Line) error {
	switch l.Kind {
	case "seeded":
		return json.Unmarshal(l.State, &k.seeded)
	case "put":
		k.records = append(k.records, l)
		return nil
	case "ledger":
		var e ledger.Entry
		if err := json.Unmarshal(l.State, &e); err != nil {
			return err
		}
		k.entries = append(k.entries, e)
		return nil
	case "credential":
		return put(k.credentials, l)
	case "session":
		return put(k.sessions, l)
	case "refresh":
		return put(k.refresh, l)
	}
	return fmt.Errorf("unknown kind %q", l.Kind)
}

func put[T any](m map[string]*T, l journal.Line) error {
	if len(l.State) == 0 {
		delete(m, l.Key)
		return nil
	}
	v := new(T)
	if err := json.Unmarshal(l.State, v); err != nil {
		return err
	}
	m[l.Key] = v
	return nil
}

// restore lays the kept changes over the seed's records.
func (k *kept) restore(e *Engine) error {
	for _, l := range k.records {
		o := e.cfg.Schema.Object(l.Key)
		if o == nil {
			return fmt.Errorf("the kept state has the object %s, which the seed does not define: it belongs to another seed", l.Key)
		}
		var vals map[string]any
		if err := json.Unmarshal(l.State, &vals); err != nil {
			return err
		}
		id, _ := vals["Id"].(string)
		r := record.New(o, id)
		for name, v := range vals {
			f := o.Field(name)
			if f == nil {
				return fmt.Errorf("the kept state has the field %s.%s, which the seed does not define: it belongs to another seed", l.Key, name)
			}
			r.Set(f, v)
			if n, ok := autoNumber(r, name); ok {
				e.store.SeenNumber(f, n)
			}
		}
		e.store.Put(r)
	}
	e.commit()
	for _, en := range k.entries {
		e.Ledger.Restore(en)
	}
	e.SignOn.Restore(k.credentials, k.sessions, k.refresh)
	return nil
}

// autoNumber reads the number in an auto-number field.
func autoNumber(r *record.Record, name string) (n int64, ok bool) {
	f := r.Object.Field(name)
	if f.AutoNumber == "" {
		return 0, false
	}
	for _, c := range r.Text(f) {
		if c >= '0' && c <= '9' {
			n, ok = n*10+int64(c-'0'), true
		}
	}
	return n, ok
}
