package rest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"cordboard/internal/simorg/engine/refusal"
)

// good is an answer 200 with JSON.
func good(v any) answer { return with(200, v) }

func with(status int, v any) answer {
	b, err := marshal(v)
	if err != nil {
		return refuse(err)
	}
	return answer{status: status, body: b}
}

// marshal is JSON without the escapes of <, > and & that Salesforce does not make either.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// decode reads a JSON body; numbers stay as they are written.
func decode(b []byte, into any) *refusal.Error {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	if err := dec.Decode(into); err != nil {
		return refusal.New(400, "JSON_PARSER_ERROR", "%s", jsonError(b, err))
	}
	if _, err := dec.Token(); err != io.EOF {
		return refusal.New(400, "JSON_PARSER_ERROR", "Unexpected content behind the end of the JSON document")
	}
	return nil
}

func jsonError(b []byte, err error) string {
	if len(bytes.TrimSpace(b)) == 0 {
		return "The HTTP entity body is required, but this request has no entity body."
	}
	off := len(b)
	if s, ok := err.(*json.SyntaxError); ok {
		off = min(int(s.Offset), len(b))
	}
	line := 1 + bytes.Count(b[:off], []byte("\n"))
	col := off - bytes.LastIndexByte(b[:off], '\n')
	return fmt.Sprintf("%s at [line:%d, column:%d]", err.Error(), line, col)
}

// refuse renders a refusal as Salesforce's array of errors.
func refuse(err error) answer {
	e := refusal.Of(err)
	b, _ := marshal(errorsOf(e))
	return answer{status: e.Status, body: b}
}

type wireError struct {
	Duplicate *duplicateResult `json:"duplicateResult,omitempty"`
	Message   string           `json:"message"`
	Code      string           `json:"errorCode"`
	Fields    *[]string        `json:"fields,omitempty"`
}

func errorsOf(e *refusal.Error) []wireError {
	w := wireError{Message: e.Message, Code: e.Code, Duplicate: duplicate(e.Duplicates)}
	if e.Fields != nil {
		w.Fields = &e.Fields
	}
	return []wireError{w}
}

type duplicateResult struct {
	AllowSave     bool          `json:"allowSave"`
	DuplicateRule string        `json:"duplicateRule"`
	EntityType    string        `json:"duplicateRuleEntityType"`
	ErrorMessage  string        `json:"errorMessage"`
	MatchResults  []matchResult `json:"matchResults"`
}

type matchResult struct {
	EntityType   string        `json:"entityType"`
	Errors       []string      `json:"errors"`
	MatchEngine  string        `json:"matchEngine"`
	MatchRecords []matchRecord `json:"matchRecords"`
	Rule         string        `json:"rule"`
	Size         int           `json:"size"`
	Success      bool          `json:"success"`
}

type matchRecord struct {
	AdditionalInformation []string       `json:"additionalInformation"`
	FieldDiffs            []string       `json:"fieldDiffs"`
	MatchConfidence       float64        `json:"matchConfidence"`
	Record                map[string]any `json:"record"`
}

func duplicate(d *refusal.Duplicates) *duplicateResult {
	if d == nil {
		return nil
	}
	m := matchResult{EntityType: d.Object, Errors: []string{}, MatchEngine: "ExactMatchEngine", Rule: d.Rule, Size: len(d.Matches), Success: true}
	for _, r := range d.Matches {
		m.MatchRecords = append(m.MatchRecords, matchRecord{AdditionalInformation: []string{}, FieldDiffs: []string{}, MatchConfidence: 100, Record: map[string]any{
			"attributes": map[string]string{"type": r.Object, "url": fmt.Sprintf("/services/data/v%d.0/sobjects/%s/%s", lastVersion, r.Object, r.ID)}, "Id": r.ID,
		}})
	}
	return &duplicateResult{AllowSave: d.AllowSave, DuplicateRule: d.Rule, EntityType: d.Object, ErrorMessage: d.Message, MatchResults: []matchResult{m}}
}
