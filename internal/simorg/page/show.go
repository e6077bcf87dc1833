package page

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"sort"
	"strings"

	"cordboard/internal/simorg/engine/ident"
	"cordboard/internal/simorg/engine/query"
	"cordboard/internal/simorg/engine/refusal"
	"cordboard/internal/simorg/engine/schema"
)

const perList = 200

func (f *Face) home(w http.ResponseWriter, r *http.Request) {
	v, ok := f.who(w, r)
	if !ok {
		return
	}
	var list []table
	for _, n := range shown {
		if t, err := f.fetch(v, f.engine.Schema().Object(n), "", 5); err == nil {
			list = append(list, t)
		}
	}
	f.render(w, 200, "home.html", "Home", "", v, list)
}

func (f *Face) list(w http.ResponseWriter, r *http.Request) {
	v, ok := f.who(w, r)
	if !ok {
		return
	}
	o := f.engine.Schema().Object(r.PathValue("object"))
	if o == nil {
		f.refuse(w, v, refusal.NotFound())
		return
	}
	t, err := f.fetch(v, o, "", perList)
	if err != nil {
		f.refuse(w, v, err)
		return
	}
	f.render(w, 200, "list.html", o.Plural, o.Name, v, t)
}

type recordPage struct {
	Object, Name, ID string
	Fields           []labelled
	System           []labelled
	Related          []table
}

type labelled struct {
	Label string
	Cell  cell
	Long  bool
}

func (f *Face) view(w http.ResponseWriter, r *http.Request) {
	v, ok := f.who(w, r)
	if !ok {
		return
	}
	o, id, e := f.engine.ID(r.PathValue("id"))
	if e != nil || r.PathValue("object") != "" && f.engine.Schema().Object(r.PathValue("object")) != o {
		f.refuse(w, v, refusal.NotFound())
		return
	}
	row, err := f.engine.Get(v.Caller, o.Name, id, nil)
	if err != nil {
		f.refuse(w, v, err)
		return
	}
	p := recordPage{Object: o.Label, ID: id, Name: id}
	for _, c := range row.Cells {
		fd := o.Field(c.Name)
		l := labelled{Label: strings.TrimSuffix(fd.Label, " ID"), Cell: f.link(v, fd, c), Long: fd.Type == schema.TextArea}
		if o.NameField == fd && l.Cell.Text != "" {
			p.Name = l.Cell.Text
		}
		if fd.Type == schema.Base64 {
			l.Cell = cell{"Download", "/sfc/servlet.shepherd/version/download/" + id}
		}
		switch fd.Name {
		case "Id", "IsDeleted", "CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp":
			p.System = append(p.System, l)
		default:
			p.Fields = append(p.Fields, l)
		}
	}
	p.Related = f.related(v, o, id)
	f.render(w, 200, "record.html", p.Name, o.Name, v, p)
}

// link is a value as it is shown: a reference by its record's name.
func (f *Face) link(v visitor, fd *schema.Field, c query.Cell) cell {
	s, _ := c.Value.(string)
	if fd.Type != schema.Reference || s == "" {
		return cell{Text: text(c.Value)}
	}
	o, id, err := f.engine.ID(s)
	if err != nil {
		return cell{Text: s}
	}
	out := cell{Text: s}
	if o.NameField == nil {
		return out
	}
	if row, err := f.engine.Get(v.Caller, o.Name, id, []string{o.NameField.Name}); err == nil {
		out.URL = address(o.Name, id)
		if t := text(row.Cells[0].Value); t != "" {
			out.Text = t
		}
	}
	return out
}

// related are the tables below a record: activities first, then what belongs to it.
func (f *Face) related(v visitor, o *schema.Object, id string) []table {
	byObject := map[string][]string{}
	for _, c := range o.Children {
		if c.Name != "" && columns[c.Object.Name] != nil && c.Object.Name != o.Name {
			byObject[c.Object.Name] = append(byObject[c.Object.Name], c.Field.Name+" = '"+id+"'")
		}
	}
	names := make([]string, 0, len(byObject))
	for n := range byObject {
		names = append(names, n)
	}
	sort.Slice(names, func(i, j int) bool { return rank(names[i]) < rank(names[j]) })
	var out []table
	for _, n := range names {
		if t, err := f.fetch(v, f.engine.Schema().Object(n), strings.Join(byObject[n], " OR "), 25); err == nil {
			t.New = ""
			out = append(out, t)
		}
	}
	if t, ok := f.files(v, id); ok {
		out = append(out, t)
	}
	return out
}

func rank(object string) string {
	if object == "Task" {
		return " "
	}
	return object
}

// files are the files attached to a record.
func (f *Face) files(v visitor, id string) (table, bool) {
	if _, ok := ident.Canon(id); !ok {
		return table{}, false
	}
	p, err := f.engine.Query(v.Caller, fmt.Sprintf("SELECT ContentDocument.Title, ContentDocument.FileType, ContentDocument.ContentSize, ContentDocument.LatestPublishedVersionId FROM ContentDocumentLink WHERE LinkedEntityId = '%s'", id), false, 0)
	if err != nil || len(p.Rows) == 0 {
		return table{}, false
	}
	t := table{Heading: "Files", Head: []string{"Title", "Type", "Bytes"}}
	for _, r := range p.Rows {
		d, ok := r.Cells[0].Value.(*query.Row)
		if !ok {
			continue
		}
		t.Rows = append(t.Rows, []cell{{text(d.Cells[0].Value), "/sfc/servlet.shepherd/version/download/" + text(d.Cells[3].Value)}, {Text: text(d.Cells[1].Value)}, {Text: text(d.Cells[2].Value)}})
	}
	return t, len(t.Rows) > 0
}

// download sends a file's bytes, never to be run by the browser.
func (f *Face) download(w http.ResponseWriter, r *http.Request) {
	v, ok := f.who(w, r)
	if !ok {
		return
	}
	data, err := f.engine.Blob(v.Caller, "ContentVersion", r.PathValue("id"), "VersionData")
	if err != nil {
		f.refuse(w, v, err)
		return
	}
	b, e := base64.StdEncoding.DecodeString(data)
	if e != nil {
		http.Error(w, "The file is damaged.", http.StatusInternalServerError)
		return
	}
	name := "file"
	if row, err := f.engine.Get(v.Caller, "ContentVersion", r.PathValue("id"), []string{"PathOnClient"}); err == nil {
		name = strings.Map(func(c rune) rune {
			if c < ' ' || strings.ContainsRune(`"\/;`, c) || c > '~' {
				return '_'
			}
			return c
		}, text(row.Cells[0].Value))
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	w.Write(b)
}
