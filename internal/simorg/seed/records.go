package seed

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"time"

	"cordboard/internal/simorg/engine/change"
	"cordboard/internal/simorg/engine/record"
	"cordboard/internal/simorg/engine/schema"
)

// records reads records/*.json and records/*.csv in the order of their names. A file is named after its object, with an
// optional number in front: 10-Account.csv.
func (s *Seed) records(w *change.World) error {
	entries, err := fs.ReadDir(s.fsys, "records")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	sort.Slice(entries, func(i, j int) bool { return entries[i].Name() < entries[j].Name() })
	for _, e := range entries {
		name := "records/" + e.Name()
		ext := path.Ext(name)
		base := strings.TrimSuffix(e.Name(), ext)
		if n, rest, ok := strings.Cut(base, "-"); ok {
			if _, err := strconv.Atoi(n); err == nil {
				base = rest
			}
		}
		o := w.Schema.Object(base)
		if o == nil {
			return fmt.Errorf("%s: there is no object %s; the file's name says whose records it holds", name, base)
		}
		b, err := fs.ReadFile(s.fsys, name)
		if err != nil {
			return err
		}
		switch ext {
		case ".json":
			err = s.jsonRecords(w, o, name, b)
		case ".csv":
			err = s.csvRecords(w, o, name, b)
		default:
			err = fmt.Errorf("%s: records are .json or .csv", name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Seed) jsonRecords(w *change.World, o *schema.Object, name string, b []byte) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	if t, err := dec.Token(); err != nil || t != json.Delim('[') {
		return at(name, b, dec.InputOffset(), errors.New("a list of records begins with ["))
	}
	for dec.More() {
		start := skipSpace(b, dec.InputOffset())
		var in change.Input
		if err := dec.Decode(&in); err != nil {
			return at(name, b, offset(err, dec), err)
		}
		if err := s.add(w, o, in); err != nil {
			return at(name, b, start, err)
		}
	}
	if _, err := dec.Token(); err != nil {
		return at(name, b, offset(err, dec), err)
	}
	return nil
}

// skipSpace moves from behind one record to the beginning of the next.
func skipSpace(b []byte, at int64) int64 {
	for at < int64(len(b)) && strings.IndexByte(", \t\r\n", b[at]) >= 0 {
		at++
	}
	return at
}

func (s *Seed) csvRecords(w *change.World, o *schema.Object, name string, b []byte) error {
	in := csv.NewReader(bytes.NewReader(b))
	head, err := in.Read()
	if err != nil {
		return fmt.Errorf("%s:1: %w", name, err)
	}
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		line, _ := in.FieldPos(0)
		rec := change.Input{}
		for i, h := range head {
			if row[i] != "" {
				rec[h] = row[i]
			}
		}
		if err := s.add(w, o, rec); err != nil {
			return fmt.Errorf("%s:%d: %w", name, line, err)
		}
	}
}

var dayForm = regexp.MustCompile(`^today([+-]\d+)?$`)

// add makes one record. Its member key names it for others; a value @key refers to one named before, @user@example to a
// user; today-3 stands for a day.
func (s *Seed) add(w *change.World, o *schema.Object, in change.Input) error {
	key, _ := in["key"].(string)
	delete(in, "key")
	for k, v := range in {
		text, ok := v.(string)
		if !ok {
			continue
		}
		f := o.Field(k)
		if f == nil {
			return fmt.Errorf("%s has no field %s", o.Name, k)
		}
		if ref, ok := strings.CutPrefix(text, "@"); ok && f.Type == schema.Reference {
			id := s.keys[ref]
			if id == "" {
				id = s.keys[strings.ToLower(ref)]
			}
			if id == "" {
				return fmt.Errorf("%s: no record before this one has the key %q", k, ref)
			}
			in[k] = id
		}
		if m := dayForm.FindStringSubmatch(text); m != nil && (f.Type == schema.Date || f.Type == schema.DateTime) {
			n, _ := strconv.Atoi(m[1])
			day := w.Now.UTC().AddDate(0, 0, n)
			in[k] = day.Format("2006-01-02")
			if f.Type == schema.DateTime {
				in[k] = day.Truncate(time.Second).Format(record.TimeLayout)
			}
		}
	}
	r, refused := w.Create(o, in, change.Options{})
	if refused != nil {
		return refused
	}
	if key != "" {
		if s.keys[key] != "" {
			return fmt.Errorf("the key %q is used twice", key)
		}
		s.keys[key] = r.ID
	}
	return nil
}
