package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func TestTakesGzip(t *testing.T) {
	for header, want := range map[string]bool{
		"": false, "gzip": true, "GZIP": true, "deflate, gzip;q=0.5": true, "gzip;q=0": false, "gzip; q=0.0": false, "br": false,
		"*": true, "*;q=0": false, "gzip;q=0, *": false, "identity": false, "gzip;q=x": false, "gzipped": false,
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.Header.Set("Accept-Encoding", header)
		if got := takesGzip(r); got != want {
			t.Errorf("%q: %v", header, got)
		}
	}
}

// A built text goes out packed to who takes it, plain to who doesn't; what is small or packed already stays as it is.
func TestPackedFiles(t *testing.T) {
	script := strings.Repeat("export const answer = 42;\n", 200)
	noise := make([]byte, 4096)
	for n, x := 0, uint32(1); n < len(noise); n++ {
		x = x*1664525 + 1013904223
		noise[n] = byte(x >> 24)
	}
	s := &Server{o: Options{Static: fstest.MapFS{
		"assets/a.js": {Data: []byte(script)}, "assets/small.css": {Data: []byte("a{}")}, "assets/f.woff2": {Data: noise},
	}}}
	for _, c := range []struct {
		name, accept string
		packed       bool
	}{
		{"assets/a.js", "gzip, br", true}, {"assets/a.js", "gzip", true}, {"assets/a.js", "", false}, {"assets/a.js", "br", false},
		{"assets/small.css", "gzip", false}, {"assets/f.woff2", "gzip", false},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/"+c.name, nil)
		r.Header.Set("Accept-Encoding", c.accept)
		w := httptest.NewRecorder()
		if !s.file(w, r, c.name, "no-cache") {
			t.Fatal(c.name, "is not served")
		}
		want, _ := s.o.Static.(fstest.MapFS).ReadFile(c.name)
		if w.Header().Get("Vary") != "Accept-Encoding" {
			t.Errorf("%s: a cache could hand the wrong form out", c.name)
		}
		got := w.Body.Bytes()
		if packed := w.Header().Get("Content-Encoding") == "gzip"; packed != c.packed {
			t.Fatalf("%s for %q: packed %v", c.name, c.accept, packed)
		}
		if c.packed {
			if len(got)*3 > len(want) {
				t.Errorf("%s: %d of %d bytes", c.name, len(got), len(want))
			}
			z, err := gzip.NewReader(bytes.NewReader(got))
			if err != nil {
				t.Fatal(err)
			}
			if got, err = io.ReadAll(z); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s for %q: other bytes", c.name, c.accept)
		}
	}
}
