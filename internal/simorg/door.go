package simorg

import (
	"compress/gzip"
	"io"
	"net"
	"net/http"
	"path"
	"strings"

	"cordboard/internal/simorg/engine/ledger"
)

// door is what every request passes: slashes collapsed, gzip undone, faults applied, the ledger's request noted; then
// the face its address belongs to.
func (o *Org) door(faces map[string]http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "*" || !strings.HasPrefix(r.URL.Path, "/") {
			http.Error(w, "bad address", http.StatusBadRequest)
			return
		}
		collapse(r)
		lower := strings.ToLower(r.URL.Path)
		if lower == "/_sim" || strings.HasPrefix(lower, "/_sim/") {
			if !loopback(r) {
				http.Error(w, "The control of the simulated org is open to this machine only.", http.StatusForbidden)
				return
			}
			o.control.ServeHTTP(w, r)
			return
		}
		if strings.EqualFold(r.Header.Get("Content-Encoding"), "gzip") {
			z, err := gzip.NewReader(r.Body)
			if err != nil {
				http.Error(w, `[{"message":"The request body is not gzip","errorCode":"JSON_PARSER_ERROR"}]`, http.StatusBadRequest)
				return
			}
			r.Body = struct {
				io.Reader
				io.Closer
			}{z, r.Body}
			r.Header.Del("Content-Encoding")
			r.ContentLength = -1
		}
		face := faces["page"]
		switch {
		case strings.HasPrefix(lower, "/services/data"):
			face = faces["data"]
		case strings.HasPrefix(lower, "/services/soap/"):
			face = faces["soap"]
		case strings.HasPrefix(lower, "/services/oauth2/"), strings.HasPrefix(lower, "/id/"), strings.HasPrefix(lower, "/.well-known/"):
			face = faces["oauth"]
		}
		req := &ledger.Request{Method: r.Method, Path: r.URL.EscapedPath()}
		r = r.WithContext(ledger.With(r.Context(), req))
		if o.control.Serve(w, r, face) {
			o.engine.Ledger.Delivered(req)
		}
	})
}

// collapse makes one slash of several, without a redirect that clients would not follow.
func collapse(r *http.Request) {
	if !strings.Contains(r.URL.Path, "//") {
		return
	}
	r.URL.Path = squeeze(r.URL.Path)
	if r.URL.RawPath != "" {
		r.URL.RawPath = squeeze(r.URL.RawPath)
	}
}

func squeeze(p string) string {
	tail := ""
	if strings.HasSuffix(p, "/") && p != "/" {
		tail = "/"
	}
	var parts []string
	for _, s := range strings.Split(p, "/") {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return path.Join("/", strings.Join(parts, "/")) + tail
}

func loopback(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
