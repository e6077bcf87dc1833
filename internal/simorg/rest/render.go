package rest

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"

	"cordboard/internal/simorg/engine/query"
	"cordboard/internal/simorg/engine/schema"
)

// writer renders rows; it is JSON written by hand, because fields keep their order.
type writer struct {
	bytes.Buffer
	v string // /services/data/vNN.0
}

func (w *writer) text(s string) {
	b, err := marshal(s)
	if err != nil {
		b = []byte(`""`)
	}
	w.Write(b)
}

func (w *writer) row(r *query.Row) {
	w.WriteString(`{"attributes":{"type":`)
	w.text(r.Type)
	if r.Object != "" {
		w.WriteString(`,"url":`)
		w.text(w.v + "/sobjects/" + r.Object + "/" + r.ID)
	}
	w.WriteByte('}')
	for i := range r.Cells {
		c := &r.Cells[i]
		w.WriteByte(',')
		w.text(c.Name)
		w.WriteByte(':')
		w.cell(r, c)
	}
	w.WriteByte('}')
}

func (w *writer) cell(r *query.Row, c *query.Cell) {
	switch v := c.Value.(type) {
	case nil:
		w.WriteString("null")
	case string:
		if c.Type == schema.Base64 {
			v = w.v + "/sobjects/" + r.Object + "/" + r.ID + "/" + c.Name
		}
		w.text(v)
	case bool:
		w.WriteString(strconv.FormatBool(v))
	case float64:
		s := strconv.FormatFloat(v, 'f', -1, 64)
		if c.Type != schema.Int && v == math.Trunc(v) {
			s += ".0"
		}
		w.WriteString(s)
	case *query.Row:
		w.row(v)
	case *query.List:
		w.WriteString(`{"totalSize":` + strconv.Itoa(len(v.Rows)) + `,"done":true,"records":`)
		w.rows(v.Rows)
		w.WriteByte('}')
	case query.Address:
		b, err := json.Marshal(struct {
			City       *string `json:"city"`
			Country    *string `json:"country"`
			Accuracy   *string `json:"geocodeAccuracy"`
			Latitude   *string `json:"latitude"`
			Longitude  *string `json:"longitude"`
			PostalCode *string `json:"postalCode"`
			State      *string `json:"state"`
			Street     *string `json:"street"`
		}{City: some(v.City), Country: some(v.Country), PostalCode: some(v.PostalCode), State: some(v.State), Street: some(v.Street)})
		if err != nil {
			b = []byte("null")
		}
		w.Write(b)
	}
}

func some(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func (w *writer) rows(rows []query.Row) {
	w.WriteByte('[')
	for i := range rows {
		if i > 0 {
			w.WriteByte(',')
		}
		w.row(&rows[i])
	}
	w.WriteByte(']')
}
