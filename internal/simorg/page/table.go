package page

import (
	"strconv"
	"strings"

	"cordboard/internal/simorg/engine/query"
	"cordboard/internal/simorg/engine/refusal"
	"cordboard/internal/simorg/engine/schema"
)

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
		if o.NameField != nil {
			want = []string{o.NameField.Name}
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
	if o.NameField != nil && o.Name != "Task" && o.Name != "Case" && o.Name != "Event" {
		order = o.NameField.Name
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
