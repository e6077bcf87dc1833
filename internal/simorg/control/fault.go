package control

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"cordboard/internal/simorg/engine/signon"
)

// Match says which requests a fault is for; an empty part fits all.
type Match struct {
	Method string `json:"method,omitempty"`
	Path   string `json:"path,omitempty"` // regular expression, searched in the path
	User   string `json:"user,omitempty"` // user name
}

// Fault is one way to misbehave.
type Fault struct {
	ID          int     `json:"id"`
	Match       Match   `json:"match"`
	Kind        string  `json:"kind"`
	Probability float64 `json:"probability,omitempty"` // 0 means 1: always
	Times       int     `json:"times,omitempty"`       // how often, 0: without end
	DelayMs     int     `json:"delay_ms,omitempty"`    // delay
	Status      int     `json:"status,omitempty"`      // status
	Code        string  `json:"code,omitempty"`        // login_fault: the code, INVALID_LOGIN when empty; status: the errorCode

	path *regexp.Regexp
	left int
}

// The kinds of faults.
const (
	Delay       = "delay"            // wait delay_ms, then answer as usual
	Status      = "status"           // answer with a status instead
	LostReply   = "lost_reply"       // do the work, then cut the connection
	RowLock     = "row_lock"         // UNABLE_TO_LOCK_ROW for writes
	LimitDaily  = "limit_daily"      // REQUEST_LIMIT_EXCEEDED, TotalRequests
	LimitConc   = "limit_concurrent" // REQUEST_LIMIT_EXCEEDED, ConcurrentRequests
	ExpireNow   = "expire_session"   // end the caller's session, then answer
	LoginFault  = "login_fault"      // refuse a login with code
	Unavailable = "unavailable"      // 503 SERVER_UNAVAILABLE
)

var kinds = []string{Delay, Status, LostReply, RowLock, LimitDaily, LimitConc, ExpireNow, LoginFault, Unavailable}

type faults struct {
	mu   sync.Mutex
	next int
	all  []*Fault
}

// Add takes a fault in and returns its number.
func (f *Face) Add(in Fault) (int, error) {
	if !slices.Contains(kinds, in.Kind) {
		return 0, fmt.Errorf("the kind %q is none of %s", in.Kind, strings.Join(kinds, ", "))
	}
	if in.Probability < 0 || in.Probability > 1 {
		return 0, fmt.Errorf("probability must lie between 0 and 1")
	}
	if in.Kind == Status && (in.Status < 400 || in.Status > 599) {
		return 0, fmt.Errorf("the kind status needs a status of 400 to 599")
	}
	if in.Kind == LoginFault && in.Code == "" {
		in.Code = "INVALID_LOGIN"
	}
	re, err := regexp.Compile(in.Match.Path)
	if err != nil {
		return 0, fmt.Errorf("match.path: %w", err)
	}
	in.path, in.left = re, in.Times
	f.faults.mu.Lock()
	defer f.faults.mu.Unlock()
	f.faults.next++
	in.ID = f.faults.next
	f.faults.all = append(f.faults.all, &in)
	return in.ID, nil
}

// Clear ends all faults.
func (f *Face) Clear() {
	f.faults.mu.Lock()
	defer f.faults.mu.Unlock()
	f.faults.all = nil
}

func (l *faults) list() []Fault {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := []Fault{}
	for _, f := range l.all {
		out = append(out, *f)
	}
	return out
}

// pick returns the faults that hit a request, and uses them up.
func (l *faults) pick(r *http.Request, user func() string) []Fault {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.all) == 0 {
		return nil
	}
	var hit []Fault
	l.all = slices.DeleteFunc(l.all, func(f *Fault) bool {
		m := f.Match
		write := r.Method == "POST" || r.Method == "PATCH" || r.Method == "DELETE"
		switch {
		case m.Method != "" && !strings.EqualFold(m.Method, r.Method), !f.path.MatchString(r.URL.Path), m.User != "" && !strings.EqualFold(m.User, user()):
			return false
		case f.Kind == RowLock && (!write || !strings.HasPrefix(strings.ToLower(r.URL.Path), "/services/data")):
			return false
		case f.Kind == LoginFault && !login(r):
			return false
		case f.Probability > 0 && rand.Float64() >= f.Probability:
			return false
		}
		hit = append(hit, *f)
		if f.Times == 0 {
			return false
		}
		f.left--
		return f.left <= 0
	})
	return hit
}

func login(r *http.Request) bool {
	p := strings.ToLower(r.URL.Path)
	return r.Method == "POST" && (strings.HasPrefix(p, "/services/soap/") || strings.HasPrefix(p, "/services/oauth2/token"))
}

// Serve lets a face answer a request, with the faults that hit it, and says whether the answer went out.
func (f *Face) Serve(w http.ResponseWriter, r *http.Request, face http.Handler) (delivered bool) {
	hits := f.faults.pick(r, func() string { return f.user(r) })
	lost := false
	for _, h := range hits {
		switch h.Kind {
		case Delay:
			t := time.NewTimer(time.Duration(h.DelayMs) * time.Millisecond)
			select {
			case <-t.C:
			case <-r.Context().Done():
				t.Stop()
				return false
			}
		case LostReply:
			lost = true
		case ExpireNow:
			if s := session(r); s != "" {
				f.engine.SignOn.Close(s)
			}
		default:
			f.misbehave(w, r, h)
			return true
		}
	}
	if lost {
		face.ServeHTTP(&sink{header: http.Header{}}, r)
		cut(w)
		return false
	}
	face.ServeHTTP(w, r)
	return r.Context().Err() == nil
}

// sink takes an answer that will never arrive.
type sink struct{ header http.Header }

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) Write(b []byte) (int, error) { return len(b), nil }
func (s *sink) WriteHeader(int)             {}

// cut ends the connection without an answer.
func cut(w http.ResponseWriter) {
	if h, ok := w.(http.Hijacker); ok {
		if c, _, err := h.Hijack(); err == nil {
			c.Close()
			return
		}
	}
	panic(http.ErrAbortHandler) // no connection to take: the server aborts the answer instead
}

func session(r *http.Request) string {
	kind, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(kind, "Bearer") || strings.EqualFold(kind, "OAuth") {
		return strings.TrimSpace(token)
	}
	return ""
}

// user is the name of who sends a request: by his session, or by the user name of a login.
func (f *Face) user(r *http.Request) string {
	if s := session(r); s != "" {
		if ses, _, ok := f.engine.SignOn.Peek(s); ok {
			if p, ok := f.engine.PersonByID(ses.UserID); ok {
				return p.Username
			}
		}
		return ""
	}
	if !login(r) {
		return ""
	}
	b, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return ""
	}
	r.Body = io.NopCloser(bytes.NewReader(b))
	for _, form := range []*regexp.Regexp{loginXML, loginForm} {
		if m := form.FindSubmatch(b); m != nil {
			return strings.ReplaceAll(string(m[1]), "%40", "@")
		}
	}
	return ""
}

var (
	loginXML  = regexp.MustCompile(`<(?:\w+:)?username>([^<]*)<`)
	loginForm = regexp.MustCompile(`(?:^|&)username=([^&]*)`)
)

// misbehave answers in place of the face.
func (f *Face) misbehave(w http.ResponseWriter, r *http.Request, h Fault) {
	status, code, text := 500, "UNKNOWN_EXCEPTION", "An unexpected error occurred."
	switch h.Kind {
	case Status:
		status = h.Status
		if status == 503 {
			code, text = "SERVER_UNAVAILABLE", "Server unavailable"
		}
		if h.Code != "" {
			code = h.Code
		}
	case Unavailable:
		status, code, text = 503, "SERVER_UNAVAILABLE", "Server unavailable"
	case RowLock:
		status, code, text = 400, "UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record or 1 records: 001000000000000AAA"
	case LimitDaily:
		status, code, text = 403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."
	case LimitConc:
		status, code, text = 403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded."
	case LoginFault:
		e := signon.Fault(h.Code)
		status, code, text = 500, e.Code, e.Message
	}
	p := strings.ToLower(r.URL.Path)
	switch {
	case strings.HasPrefix(p, "/services/soap/"):
		w.Header().Set("Content-Type", "text/xml;charset=UTF-8")
		w.WriteHeader(500)
		fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:sf="urn:fault.partner.soap.sforce.com" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><soapenv:Fault><faultcode>sf:%[1]s</faultcode><faultstring>%[1]s: %[2]s</faultstring><detail><sf:LoginFault xsi:type="sf:LoginFault"><sf:exceptionCode>%[1]s</sf:exceptionCode><sf:exceptionMessage>%[2]s</sf:exceptionMessage></sf:LoginFault></detail></soapenv:Fault></soapenv:Body></soapenv:Envelope>`, code, text)
	case strings.HasPrefix(p, "/services/oauth2/"):
		if h.Kind == LoginFault {
			status = 400
		}
		reply(w, status, map[string]string{"error": "invalid_grant", "error_description": text})
	default:
		used, limit := f.engine.Usage()
		if h.Kind == LimitDaily {
			used = limit
		}
		w.Header().Set("Sforce-Limit-Info", fmt.Sprintf("api-usage=%d/%d", used, limit))
		reply(w, status, []map[string]string{{"message": text, "errorCode": code}})
	}
}
