package rest

import (
	"fmt"
	"strconv"
	"strings"

	"cordboard/internal/simorg/engine"
	"cordboard/internal/simorg/engine/refusal"
	"cordboard/internal/simorg/engine/schema"
	"cordboard/internal/simorg/engine/soql"
	"cordboard/internal/simorg/engine/sosl"
)

func (f *Face) query(r *request) answer {
	all := strings.EqualFold(r.path[0], "queryAll")
	if r.method != "GET" && r.method != "HEAD" {
		return notAllowed(r.method)
	}
	if len(r.path) == 2 {
		p, err := f.Engine.More(r.caller, r.path[1])
		if err != nil {
			return refuse(err)
		}
		return f.page(r, p)
	}
	q := r.query.Get("q")
	if q == "" {
		return refuse(refusal.New(400, "MALFORMED_QUERY", "A query string has to be specified"))
	}
	p, err := f.Engine.Query(r.caller, q, all, batchSize(r.header.Get("Sforce-Query-Options")))
	if err != nil {
		return refuse(err)
	}
	if r.query.Get("columns") == "true" {
		return columns(p)
	}
	return f.page(r, p)
}

func notAllowed(method string) answer {
	return refuse(refusal.New(405, "METHOD_NOT_ALLOWED", "HTTP Method '%s' not allowed. Allowed are HEAD,GET,POST,PATCH,DELETE", method))
}

// batchSize reads batchSize=500 out of a header's list of options.
func batchSize(header string) int {
	for _, o := range strings.FieldsFunc(header, func(r rune) bool { return r == ',' || r == ';' }) {
		k, v, _ := strings.Cut(strings.TrimSpace(o), "=")
		if n, err := strconv.Atoi(strings.TrimSpace(v)); err == nil && strings.EqualFold(strings.TrimSpace(k), "batchSize") {
			return n
		}
	}
	return 0
}

func (f *Face) page(r *request, p engine.Page) answer {
	w := &writer{v: r.v()}
	fmt.Fprintf(w, `{"totalSize":%d,"done":%t`, p.Total, p.Done)
	if p.Next != "" {
		fmt.Fprintf(w, `,"nextRecordsUrl":"%s/query/%s"`, r.v(), p.Next)
	}
	w.WriteString(`,"records":`)
	w.rows(p.Rows)
	w.WriteByte('}')
	return answer{status: 200, body: w.Bytes()}
}

type column struct {
	Aggregate      bool     `json:"aggregate"`
	ApexType       string   `json:"apexType"`
	BooleanType    bool     `json:"booleanType"`
	ColumnName     string   `json:"columnName"`
	Custom         bool     `json:"custom"`
	DisplayName    string   `json:"displayName"`
	ForeignKeyName *string  `json:"foreignKeyName"`
	Insertable     bool     `json:"insertable"`
	JoinColumns    []string `json:"joinColumns"`
	NumberType     bool     `json:"numberType"`
	TextType       bool     `json:"textType"`
	Updatable      bool     `json:"updatable"`
}

// columns answers columns=true: what the query would return, without the rows.
func columns(p engine.Page) answer {
	cols := []column{}
	idSelected := false
	for _, c := range p.Columns {
		col := column{ColumnName: c.Name, DisplayName: c.Name, JoinColumns: []string{}, Aggregate: c.Field == nil, ApexType: "String", TextType: true}
		if f := c.Field; f != nil {
			idSelected = idSelected || f.Type == schema.ID
			col.Custom, col.Insertable, col.Updatable = f.Custom, f.Createable, f.Updateable
			col.BooleanType, col.NumberType = f.Type == schema.Boolean, f.Number()
			col.TextType = f.Text()
			switch {
			case f.Type == schema.ID || f.Type == schema.Reference:
				col.ApexType = "Id"
			case f.Type == schema.Boolean:
				col.ApexType = "Boolean"
			case f.Type == schema.Int:
				col.ApexType = "Integer"
			case f.Number():
				col.ApexType = "Double"
			case f.Type == schema.Date:
				col.ApexType = "Date"
			case f.Type == schema.DateTime:
				col.ApexType = "Datetime"
			}
		}
		cols = append(cols, col)
	}
	return good(map[string]any{"columnMetadata": cols, "entityName": p.Object.Name, "groupBy": false, "idSelected": idSelected, "keyPrefix": p.Object.Prefix})
}

func (f *Face) search(r *request) answer {
	if r.method != "GET" && r.method != "HEAD" {
		return notAllowed(r.method)
	}
	s, err := sosl.Parse(r.query.Get("q"))
	if err != nil {
		return refuse(err)
	}
	return f.found(r, s, r.version < 37)
}

func (f *Face) found(r *request, s *sosl.Search, bare bool) answer {
	rows, err := f.Engine.Search(r.caller, s)
	if err != nil {
		return refuse(err)
	}
	w := &writer{v: r.v()}
	if bare {
		w.rows(rows)
		return answer{status: 200, body: w.Bytes()}
	}
	w.WriteString(`{"searchRecords":`)
	w.rows(rows)
	w.WriteByte('}')
	return answer{status: 200, body: w.Bytes()}
}

// wanted is the body of a parameterized search.
type wanted struct {
	Q            string   `json:"q"`
	In           string   `json:"in"`
	Fields       []string `json:"fields"`
	DefaultLimit int      `json:"defaultLimit"`
	OverallLimit int      `json:"overallLimit"`
	Offset       int      `json:"offset"`
	Objects      []struct {
		Name    string   `json:"name"`
		Fields  []string `json:"fields"`
		Where   string   `json:"where"`
		OrderBy string   `json:"orderBy"`
		Limit   int      `json:"limit"`
	} `json:"sobjects"`
}

func (f *Face) parameterized(r *request) answer {
	var q wanted
	switch r.method {
	case "POST":
		if err := decode(r.body, &q); err != nil {
			return refuse(err)
		}
	case "GET":
		var err *refusal.Error
		if q, err = wantedOf(r); err != nil {
			return refuse(err)
		}
	default:
		return notAllowed(r.method)
	}
	s := &sosl.Search{Group: sosl.All, Limit: -1}
	if q.In != "" {
		s.Group = sosl.Group(strings.ToUpper(q.In))
		switch s.Group {
		case sosl.All, sosl.Names, sosl.Emails, sosl.Phones, sosl.Sidebar:
		default:
			return refuse(refusal.New(400, "INVALID_SEARCH", "%s is not a valid value for in", q.In))
		}
	}
	if strings.TrimSpace(q.Q) == "" {
		return refuse(refusal.New(400, "MALFORMED_SEARCH", "q is a required parameter"))
	}
	var err *refusal.Error
	if s.Expr, err = plain(q.Q); err != nil {
		return refuse(err)
	}
	if q.OverallLimit > 0 {
		s.Limit = q.OverallLimit
	}
	for _, o := range q.Objects {
		fields := o.Fields
		if len(fields) == 0 {
			fields = q.Fields
		}
		if len(fields) == 0 {
			fields = []string{"Id"}
		}
		text := "SELECT " + strings.Join(fields, ", ") + " FROM " + o.Name
		if o.Where != "" {
			text += " WHERE " + o.Where
		}
		if o.OrderBy != "" {
			text += " ORDER BY " + o.OrderBy
		}
		sq, err := soql.Parse(text)
		if err != nil {
			return refuse(err)
		}
		switch {
		case o.Limit > 0:
			sq.Limit = o.Limit
		case q.DefaultLimit > 0:
			sq.Limit = q.DefaultLimit
		}
		s.Returning = append(s.Returning, sq)
	}
	return f.found(r, s, false)
}

// plain reads a search text that is data, not a language: only * ? and quotes keep their meaning.
func plain(q string) (sosl.Node, *refusal.Error) {
	var b strings.Builder
	for _, c := range q {
		if strings.ContainsRune(`&|!{}[]()^~:\'+-`, c) {
			b.WriteByte('\\')
		}
		b.WriteRune(c)
	}
	if strings.Count(q, `"`)%2 != 0 {
		return sosl.ParseExpr(strings.ReplaceAll(b.String(), `"`, " "))
	}
	return sosl.ParseExpr(b.String())
}

func wantedOf(r *request) (q wanted, err *refusal.Error) {
	q.Q, q.In = r.query.Get("q"), r.query.Get("in")
	number := func(name string) int {
		s := r.query.Get(name)
		if s == "" {
			return 0
		}
		n, e := strconv.Atoi(s)
		if e != nil || n < 0 {
			err = refusal.New(400, "INVALID_SEARCH", "%s must be a whole number", name)
		}
		return n
	}
	list := func(s string) []string {
		return strings.FieldsFunc(s, func(c rune) bool { return c == ',' || c == ' ' })
	}
	q.Fields = list(r.query.Get("fields"))
	q.DefaultLimit, q.OverallLimit = number("defaultLimit"), number("overallLimit")
	for _, group := range r.query["sobject"] {
		for _, name := range list(group) {
			q.Objects = append(q.Objects, struct {
				Name    string   `json:"name"`
				Fields  []string `json:"fields"`
				Where   string   `json:"where"`
				OrderBy string   `json:"orderBy"`
				Limit   int      `json:"limit"`
			}{name, list(r.query.Get(name + ".fields")), r.query.Get(name + ".where"), r.query.Get(name + ".orderBy"), number(name + ".limit")})
		}
	}
	return q, err
}
