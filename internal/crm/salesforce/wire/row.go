package wire

import (
	"strconv"
	"strings"
)

// Row is one record of an answer.
type Row map[string]any

// Page is the answer to a query.
type Page struct {
	TotalSize int   `json:"totalSize"`
	Done      bool  `json:"done"`
	Records   []Row `json:"records"`
}

// Text is a field's value as text; dotted names look into parents, absent and null are "".
func (r Row) Text(name string) string {
	var v any = map[string]any(r)
	for part := range strings.SplitSeq(name, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return ""
		}
		v = m[part]
	}
	switch v := v.(type) {
	case string:
		return v
	case bool:
		if v {
			return "true"
		}
		return "false"
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

// Is reports whether a field is true.
func (r Row) Is(name string) bool { return r.Text(name) == "true" }

// Hidden reports whether an error says that a field is not there for this user, so that describing anew may help.
func Hidden(err error) bool {
	e, ok := IsError(err)
	if !ok {
		return false
	}
	_, yes := e.Has("INVALID_FIELD", "INVALID_FIELD_FOR_INSERT_UPDATE")
	return yes
}
