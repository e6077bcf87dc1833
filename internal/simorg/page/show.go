package page

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"sort"
	"strconv"
	"strings"

	"cordboard/internal/simorg/engine/ident"
	"cordboard/internal/simorg/engine/query"
	"cordboard/internal/simorg/engine/refusal"
	"cordboard/internal/simorg/engine/schema"
)

const perList = 200

// columns are what lists show, by object; other objects show their name.
var columns = map[string][]string{
	"Account":         {"Name", "Phone", "Industry", "BillingCity", "BillingCountry", "Owner.Name"},
	"Contact":         {"Name", "Account.Name", "Title", "Phone", "MobilePhone", "Email", "Owner.Name"},
	"Lead":            {"Name", "Company", "Phone", "Email", "Status", "Owner.Name"},
	"Case":            {"CaseNumber", "Subject", "Contact.Name", "Status", "Priority", "Owner.Name"},
	"Task":            {"Subject", "Who.Name", "What.Name", "ActivityDate", "Status", "CallType", "Owner.Name"},
	"Opportunity":     {"Name", "Account.Name", "StageName", "CloseDate", "Amount", "Owner.Name"},
	"Event":           {"Subject", "Who.Name", "What.Name", "StartDateTime", "Owner.Name"},
	"User":            {"Name", "Username", "Title"},
	"ContentDocument": {"Title", "FileType", "ContentSize"},
}

type table struct {
	Heading string
	New     string // address of the form, "" for none
	Head    []string
	Rows    [][]cell
	More    bool
}

type cell struct{ Text, URL string }

// fetch runs a query for a table; the columns the visitor may not see are left out.
func (f *Face) fetch(v visitor, o *schema.Object, where string, limit int) (table, *refusal.Error) {
	d, err := f.engine.Describe(v.Caller, o.Name)
	if err != nil {
		return table{}, err
	}
	seen := map[string]bool{}
	for _, fv := range d.Fields {
		seen[fv.Field.Name] = true
	}
	want := columns[o.Name]
	if want == nil {
		want = []string{"Id"}
		if o.Name_ != nil {
			want = []string{o.Name_.Name}
		}
	}
	t := table{Heading: o.Plural}
	if o.Createable && d.Access.Create && !v.guest {
		t.New = "/lightning/o/" + o.Name + "/new"
	}
	sel := []string{"Id"}
	for _, c := range want {
		base, _, dotted := strings.Cut(c, ".")
		if dotted {
			ref := o.Relation(base)
			if ref == nil || !seen[ref.Name] {
				continue
			}
			t.Head = append(t.Head, strings.TrimSuffix(ref.Label, " ID"))
		} else {
			if !seen[c] {
				continue
			}
			t.Head = append(t.Head, o.Field(c).Label)
		}
		if c != "Id" {
			sel = append(sel, c)
		}
	}
	q := "SELECT " + strings.Join(sel, ", ") + " FROM " + o.Name
	if where != "" {
		q += " WHERE " + where
	}
	order := "CreatedDate DESC, Id DESC"
	if o.Name_ != nil && o.Name != "Task" && o.Name != "Case" && o.Name != "Event" {
		order = o.Name_.Name
	}
	p, err := f.engine.Query(v.Caller, q+" ORDER BY "+order+" LIMIT "+strconv.Itoa(limit+1), false, 0)
	if err != nil {
		return t, err
	}
	for i, row := range p.Rows {
		if i == limit {
			t.More = true
			break
		}
		t.Rows = append(t.Rows, cells(row))
	}
	return t, nil
}

// cells are a row's texts; the first one links to the record, parents link to theirs.
func cells(row query.Row) []cell {
	var out []cell
	for i, c := range row.Cells {
		if i == 0 && len(row.Cells) > 1 {
			continue // the id
		}
		t := cell{Text: text(c.Value)}
		if p, ok := c.Value.(*query.Row); ok && p != nil {
			t = cell{URL: address(p.Object, p.ID)}
			if len(p.Cells) > 0 {
				t.Text = text(p.Cells[0].Value)
			}
		} else if len(out) == 0 {
			t.URL = address(row.Object, row.ID)
			if t.Text == "" {
				t.Text = row.ID
			}
		}
		out = append(out, t)
	}
	return out
}

func address(object, id string) string { return "/lightning/r/" + object + "/" + id + "/view" }

func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		if v {
			return "Yes"
		}
		return "No"
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case query.Address:
		var parts []string
		for _, p := range []string{v.Street, v.City, v.State, v.PostalCode, v.Country} {
			if p != "" {
				parts = append(parts, p)
			}
		}
		return strings.Join(parts, ", ")
	}
	return ""
}

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
		l := labelled{Label: fd.Label, Cell: f.link(v, fd, c), Long: fd.Type == schema.TextArea}
		if o.Name_ == fd && l.Cell.Text != "" {
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
	if o.Name_ == nil {
		return out
	}
	if row, err := f.engine.Get(v.Caller, o.Name, id, []string{o.Name_.Name}); err == nil {
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
