// Package page is the org's face for people.
package page

import (
	"net/http"

	"cordboard/internal/simorg/engine"
)

// Face serves the pages.
type Face struct {
	engine *engine.Engine
	base   func(*http.Request) string
	open   bool
}

// New returns the pages of an org.
func New(e *engine.Engine, base func(*http.Request) string, open bool) *Face {
	return &Face{engine: e, base: base, open: open}
}

func (f *Face) ServeHTTP(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) }
