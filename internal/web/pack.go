package web

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// worthPacking is from which size on a text is sent compressed.
const worthPacking = 1024

// packs keeps the built texts as gzip, each made when it is first asked for: over a slow line the first load of a page is
// a third. Only files that everyone may have are kept here, so nothing secret can be guessed from a length.
type packs struct {
	mu   sync.Mutex
	made map[string][]byte // by name; nil: it doesn't pay
}

// of returns the gzip form of a file, nil when it doesn't pay.
func (p *packs) of(name string, b []byte) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	if z, ok := p.made[name]; ok {
		return z
	}
	if p.made == nil {
		p.made = map[string][]byte{}
	}
	var z []byte
	if len(b) >= worthPacking {
		var out bytes.Buffer
		w, _ := gzip.NewWriterLevel(&out, gzip.BestCompression) // the level is a valid one
		_, _ = w.Write(b)                                       // a buffer takes everything
		_ = w.Close()
		if out.Len() < len(b)*9/10 {
			z = out.Bytes()
		}
	}
	p.made[name] = z
	return z
}

// takesGzip reports whether the request's Accept-Encoding allows gzip (RFC 9110 §12.5.3).
func takesGzip(r *http.Request) bool {
	star, named, takes := false, false, false
	for part := range strings.SplitSeq(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		coding, params, _ := strings.Cut(part, ";")
		weight := 1.0
		if q, ok := strings.CutPrefix(strings.ReplaceAll(strings.ToLower(params), " ", ""), "q="); ok {
			weight, _ = strconv.ParseFloat(q, 64) // what can't be read is 0: plain
		}
		switch strings.ToLower(strings.TrimSpace(coding)) {
		case "gzip", "x-gzip":
			named, takes = true, weight > 0
		case "*":
			star = weight > 0
		}
	}
	return takes || star && !named
}
