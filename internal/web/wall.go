package web

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"cordboard/internal/fault"
	"cordboard/internal/web/problem"
)

// policy is the Content-Security-Policy of every page (SEC-9): own scripts only, no inline anything, Trusted Types, never
// framed. Nothing may be framed yet either: landing pages, the org's pages and the Custom target will add theirs per tenant.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; " +
	"font-src 'self'; connect-src 'self'; base-uri 'none'; frame-src 'none'; frame-ancestors 'none'; form-action 'self'; " +
	"require-trusted-types-for 'script'"

// walls wraps everything: request id, log and figures outermost, then the answer to panics, headers, host, origin.
func (s *Server) walls(next http.Handler) http.Handler {
	origin := http.NewCrossOriginProtection()
	origin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		problem.Write(w, r, fault.New(fault.Forbidden, "CROSS_ORIGIN", "This request came from another site and was refused. Nothing was changed."))
	}))
	if err := origin.AddTrustedOrigin(s.public.Scheme + "://" + s.public.Host); err != nil {
		panic(err) // publicURL has checked it
	}
	inner := s.transport(s.host(origin.Handler(next)))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := rand.Text()
		r = r.WithContext(problem.WithRequestID(r.Context(), id))
		rec := &recorder{ResponseWriter: w}
		w.Header().Set("X-Request-Id", id)
		s.headers(w)
		began := time.Now()
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler {
					panic(p)
				}
				s.o.Log.Error("a request panicked", "request", id, "route", r.Method+" "+r.URL.Path, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
				if rec.status == 0 {
					problem.Write(rec, r, fault.Of(fmt.Errorf("panic: %v", p)))
				}
			}
			s.count.note(rec.status)
			s.log(r, id, rec, time.Since(began))
		}()
		inner.ServeHTTP(rec, r)
	})
}

// log writes one line per request: never the query, a cookie or a body (GEN-10).
func (s *Server) log(r *http.Request, id string, rec *recorder, took time.Duration) {
	s.o.Log.LogAttrs(context.WithoutCancel(r.Context()), levelOf(r.Method, rec.status), "request",
		attr("request", id), attr("method", r.Method), attr("path", r.URL.Path), attr("status", rec.status),
		attr("bytes", rec.bytes), attr("took", took.Round(time.Microsecond).String()))
}

func (s *Server) headers(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Permissions-Policy", "microphone=(self), autoplay=(self), speaker-selection=(self), camera=(), geolocation=()")
	h.Set("Cross-Origin-Opener-Policy", "same-origin-allow-popups")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	if s.public.Scheme == "https" {
		h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
	}
}

// transport refuses http where it would go over a wire (GEN-1, GEN-13): it comes from a trusted proxy, or stays on this
// machine because the public URL is one of loopback. Health and figures may be asked for by this machine itself.
func (s *Server) transport(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peer := peerOf(r)
		own := peer.IsLoopback() && (s.public.Scheme == "http" || r.URL.Path == "/healthz" || r.URL.Path == "/metrics")
		if r.TLS == nil && !own && !s.trusted(peer) {
			problem.Write(w, r, fault.New(fault.Forbidden, "PLAIN_HTTP", "This server is reached by https only. If a proxy stands before it, its address belongs on the list of trusted proxies."))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// host refuses requests for another host than the public one (GEN-14): names that lead here by a trick of DNS, too.
func (s *Server) host(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" && r.URL.Path != "/metrics" && !s.ours(r.Host) {
			problem.Write(w, r, &problem.Problem{
				Status: http.StatusMisdirectedRequest, Code: "WRONG_HOST", Errors: []fault.Field{}, RequestID: problem.RequestID(r.Context()),
				Message: "This server is not reached by this name. Use " + s.public.Scheme + "://" + s.public.Host + ".",
			})
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) ours(host string) bool {
	if strings.EqualFold(host, s.public.Host) {
		return true
	}
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	if s.public.Scheme == "http" {
		return loopbackHost(name)
	}
	return s.public.Port() == "" && strings.EqualFold(host, s.public.Hostname()+":443")
}

// loopbackHost reports whether a host name always means this machine.
func loopbackHost(name string) bool {
	if strings.EqualFold(name, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.Trim(name, "[]"))
	return err == nil && ip.IsLoopback()
}

// address is the client's: the peer's, or what trusted proxies say, read from the right so that a client cannot forge it.
func (s *Server) address(r *http.Request) string {
	peer := peerOf(r)
	if !s.trusted(peer) {
		return peer.String()
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		ip, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		if peer = ip.Unmap(); !s.trusted(peer) {
			break
		}
	}
	return peer.String()
}

func peerOf(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.IPv6Unspecified()
	}
	return ap.Addr().Unmap()
}

func (s *Server) trusted(ip netip.Addr) bool {
	return slices.ContainsFunc(s.o.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// recorder notes what was answered.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (r *recorder) WriteHeader(code int) {
	if r.status == 0 {
		r.status = code
	}
	r.ResponseWriter.WriteHeader(code)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(b)
	r.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection: streams flush and set deadlines.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
