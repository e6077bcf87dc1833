package web

import (
	"errors"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"

	"cordboard/internal/fault"
	"cordboard/internal/web/problem"
)

// routes is everything behind the walls.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/api/", s.api)
	mux.HandleFunc("GET /healthz", s.health)
	mux.HandleFunc("GET /metrics", s.metrics)
	mux.HandleFunc("GET /console/", s.page("console"))
	mux.HandleFunc("GET /manager/", s.page("manager"))
	mux.HandleFunc("GET /assets/", s.asset)
	for from, to := range map[string]string{
		"GET /{$}": "/console/", "GET /console": "/console/", "GET /manager": "/manager/",
		"GET /AGUI": "/console/", "GET /AGUI/": "/console/", "GET /CM": "/manager/", "GET /CM/": "/manager/", // GEN-1
	} {
		mux.HandleFunc(from, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) })
	}
	for pattern, h := range s.o.Extra {
		mux.Handle(pattern, h)
	}
	mux.HandleFunc("/", s.notFound)
	return mux
}

func (s *Server) notFound(w http.ResponseWriter, r *http.Request) {
	if !wantsPage(r) {
		problem.Write(w, r, fault.New(fault.NotFound, "NO_SUCH_PAGE", "There is nothing at this address."))
		return
	}
	writePage(w, http.StatusNotFound, "Not found", "There is nothing at this address.", `<a href="/console/">Agent Console</a> · <a href="/manager/">Configuration Manager</a>`)
}

// wantsPage reports whether a person's browser asks, not a program.
func wantsPage(r *http.Request) bool { return strings.Contains(r.Header.Get("Accept"), "text/html") }

// page serves a single-page application: the same document for every address below it.
func (s *Server) page(name string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if rest := strings.TrimPrefix(r.URL.Path, "/"+name+"/"); path.Ext(rest) != "" && s.file(w, r, name+"/"+rest, "no-cache") {
			return
		}
		doc, err := fs.ReadFile(s.o.Static, name+"/index.html")
		if errors.Is(err, fs.ErrNotExist) {
			writePage(w, http.StatusServiceUnavailable, "The user interface is not built",
				"This server was built without its pages. Run <code>make ui</code> and build it again; the API works meanwhile.", "")
			return
		}
		if err != nil {
			problem.Write(w, r, err)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", "no-cache")
		s.write(w, doc)
	}
}

// asset serves built files; their names hold a hash of what is in them, so a browser may keep them for ever.
func (s *Server) asset(w http.ResponseWriter, r *http.Request) {
	if !s.file(w, r, strings.TrimPrefix(r.URL.Path, "/"), "public, max-age=31536000, immutable") {
		s.notFound(w, r)
	}
}

// file serves a built file; false when there is none.
func (s *Server) file(w http.ResponseWriter, r *http.Request, name, cache string) bool {
	if !fs.ValidPath(name) || strings.HasPrefix(path.Base(name), ".") {
		return false
	}
	b, err := fs.ReadFile(s.o.Static, name)
	if err != nil {
		return false
	}
	kind := mime.TypeByExtension(path.Ext(name))
	switch path.Ext(name) { // not left to what the machine has installed
	case ".js", ".mjs":
		kind = "text/javascript; charset=utf-8"
	case ".css":
		kind = "text/css; charset=utf-8"
	case ".svg":
		kind = "image/svg+xml"
	case ".woff2":
		kind = "font/woff2"
	}
	if kind == "" {
		kind = "application/octet-stream"
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", cache)
	w.Header().Set("Vary", "Accept-Encoding")
	if z := s.packs.of(name, b); z != nil && takesGzip(r) {
		w.Header().Set("Content-Encoding", "gzip")
		b = z
	}
	s.write(w, b)
	return true
}

func (s *Server) write(w http.ResponseWriter, b []byte) {
	if _, err := w.Write(b); err != nil {
		s.o.Log.Debug("an answer was not taken", "err", err)
	}
}

// health says whether the server works, to anyone, and nothing else.
func (s *Server) health(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if s.o.Ready != nil {
		if err := s.o.Ready(); err != nil {
			s.o.Log.Warn("not healthy", "err", err)
			problem.Write(w, r, fault.New(fault.Unavailable, "NOT_READY", "The server is starting or cannot work at this moment."))
			return
		}
	}
	w.Header().Set("Content-Type", "application/json")
	s.write(w, []byte("{\"status\":\"ok\"}\n"))
}
