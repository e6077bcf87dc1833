// Package egress is the one way out: every HTTP client that goes to an address a person typed in is made here.
//
// A client speaks https on 443 or 8443 to public addresses only, checked at the moment of dialling so that a name that
// resolves to something else later gains nothing; it uses no proxy, keeps no cookies, and has limits for time, redirects
// and size of the answer (decompressed). What the operator lists (a simulator on loopback, a host in the LAN) may be
// reached in plain http and on its own port; only the operator can list, never a tenant. It never echoes an answer.
package egress

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"code.dny.dev/ssrf"

	"cordboard/internal/fault"
)

// Options are the operator's.
type Options struct {
	// Allow lists what may be reached although it is not public, or not by https: a host name or address, with or without
	// port ("localhost", "sim.lan:8099", "127.0.0.1", "[::1]:8099"), or a range ("10.0.0.0/8"). Listed without port, all
	// of its ports are open. A range also opens names that resolve into it, those by https only.
	Allow []string
}

// Purpose is what a client is for; it sets the limits.
type Purpose string

// The purposes.
const (
	Salesforce Purpose = "salesforce" // the org's API: no redirects, 30 s, 16 MiB
	Default    Purpose = "default"    // anything else: no redirects, 10 s, 1 MiB
	Script     Purpose = "script"     // a tenant's script document: three redirects, each checked; 10 s, 1 MiB
)

type limits struct {
	total     time.Duration
	body      int64
	redirects int
}

func (p Purpose) limits() limits {
	switch p {
	case Salesforce:
		return limits{total: 30 * time.Second, body: 16 << 20}
	case Script:
		return limits{total: 10 * time.Second, body: 1 << 20, redirects: 3}
	default:
		return limits{total: 10 * time.Second, body: 1 << 20}
	}
}

// Egress makes clients. It is safe for concurrent use.
type Egress struct {
	hosts    []host
	ranges   []netip.Prefix
	guarded  *http.Transport // everything else
	trusting *http.Transport // what the operator listed by name or address
}

type host struct{ name, port string } // port "" = any

// The ports of the open world.
var ports = []uint16{443, 8443}

// New makes the factory; the error lists every entry of Allow that is neither a host nor a range.
func New(o Options) (*Egress, error) {
	e := &Egress{}
	var fs fault.Fields
	for _, a := range o.Allow {
		if p, err := netip.ParsePrefix(a); err == nil {
			e.ranges = append(e.ranges, p.Masked())
			continue
		}
		h, ok := parseHost(a)
		if !ok {
			fs.Addf("allow", "NOT_A_HOST", "%q is neither a host, a host with port, nor a range of addresses such as 10.0.0.0/8.", a)
			continue
		}
		e.hosts = append(e.hosts, h)
	}
	if err := fs.Err(); err != nil {
		return nil, err
	}
	var v4, v6 []netip.Prefix
	for _, p := range e.ranges {
		if p.Addr().Is4() {
			v4 = append(v4, p)
		} else {
			v6 = append(v6, p)
		}
	}
	guard := ssrf.New(ssrf.WithPorts(ports...), ssrf.WithAllowedV4Prefixes(v4...), ssrf.WithAllowedV6Prefixes(v6...))
	e.guarded = transport(&net.Dialer{Timeout: 5 * time.Second, Control: guard.Safe})
	e.trusting = transport(&net.Dialer{Timeout: 5 * time.Second})
	return e, nil
}

func parseHost(s string) (host, bool) {
	if s == "" || strings.ContainsAny(s, "/@? \t") {
		return host{}, false
	}
	if a, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return host{name: a.String()}, true
	}
	name, port := s, ""
	if strings.Contains(s, ":") {
		var err error
		if name, port, err = net.SplitHostPort(s); err != nil || name == "" {
			return host{}, false
		}
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return host{}, false
		}
	}
	return host{name: plainName(name), port: port}, true
}

// plainName makes two spellings of one host equal.
func plainName(name string) string {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if a, err := netip.ParseAddr(name); err == nil {
		return a.String()
	}
	return name
}

func transport(d *net.Dialer) *http.Transport {
	return &http.Transport{
		Proxy:                  nil,
		DialContext:            d.DialContext,
		ForceAttemptHTTP2:      true,
		TLSHandshakeTimeout:    5 * time.Second,
		ResponseHeaderTimeout:  30 * time.Second,
		IdleConnTimeout:        90 * time.Second,
		MaxIdleConns:           256,
		MaxIdleConnsPerHost:    64,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// Client makes a client for a purpose. Refused addresses come back as a fault of kind Invalid, code ADDRESS_REFUSED.
func (e *Egress) Client(p Purpose) *http.Client {
	l := p.limits()
	return &http.Client{
		Transport: &door{e: e, limit: l.body},
		Timeout:   l.total,
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if len(via) > l.redirects {
				return http.ErrUseLastResponse
			}
			if via[0].URL.Scheme == "https" && r.URL.Scheme != "https" {
				return refused("it leads from https to http")
			}
			return nil // the address itself is checked by the door
		},
	}
}

// Close lets go of idle connections.
func (e *Egress) Close() {
	e.guarded.CloseIdleConnections()
	e.trusting.CloseIdleConnections()
}

// CheckURL tells whether an address may be typed in at all: shape, scheme, port and literal. Where a name leads is checked
// when it is dialled.
func (e *Egress) CheckURL(raw string) error {
	u, err := url.Parse(raw)
	if err != nil {
		return refused("it is not an address")
	}
	return e.check(u)
}

// Listed reports whether the operator listed the host of this address.
func (e *Egress) Listed(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && u.User == nil && e.listed(u)
}

func (e *Egress) check(u *url.URL) error {
	name := u.Hostname()
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return refused("it must begin with https://")
	case name == "" || u.Opaque != "":
		return refused("it names no host")
	case u.User != nil:
		return refused("it holds a user name")
	case strings.ContainsAny(name, "%\x00\r\n\t "):
		return refused("its host is not a name")
	case e.listed(u):
		return nil
	case u.Scheme != "https":
		return refused("it must begin with https://")
	case u.Port() != "" && !slices.Contains([]string{"443", "8443"}, u.Port()):
		return refused("only the ports 443 and 8443 are open")
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return refused("it is a bare number instead of a host name")
	}
	return nil
}

func (e *Egress) listed(u *url.URL) bool {
	name, port := plainName(u.Hostname()), u.Port()
	if port == "" {
		port = map[string]string{"https": "443", "http": "80"}[u.Scheme]
	}
	for _, h := range e.hosts {
		if h.name == name && (h.port == "" || h.port == port) {
			return true
		}
	}
	a, err := netip.ParseAddr(name)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(e.ranges, func(p netip.Prefix) bool { return p.Contains(a) })
}

func refused(why string) error {
	return fault.Newf(fault.Invalid, "ADDRESS_REFUSED",
		"This address cannot be used: %s. Addresses inside your own network must be listed by the operator of this installation.", why).Judge(fault.Park, 0)
}

// door checks each request and counts each answer.
type door struct {
	e     *Egress
	limit int64
}

func (d *door) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := d.e.check(r.URL); err != nil {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, err
	}
	t := d.e.guarded
	if d.e.listed(r.URL) {
		t = d.e.trusting
	}
	res, err := t.RoundTrip(r)
	if err != nil {
		if errors.Is(err, ssrf.ErrProhibitedIP) || errors.Is(err, ssrf.ErrProhibitedPort) || errors.Is(err, ssrf.ErrProhibitedNetwork) {
			var f *fault.Error
			if errors.As(refused("it leads into a private or reserved network"), &f) {
				return nil, f.With(err)
			}
		}
		return nil, err
	}
	res.Body = &counted{ReadCloser: res.Body, left: d.limit}
	return res, nil
}

// counted fails when an answer is larger than the purpose permits.
type counted struct {
	io.ReadCloser
	left int64
}

// ErrTooLarge is what reading an answer beyond its limit returns.
var ErrTooLarge = errors.New("the answer is larger than permitted")

func (c *counted) Read(b []byte) (int, error) {
	if c.left < 0 {
		return 0, ErrTooLarge
	}
	if int64(len(b)) > c.left+1 {
		b = b[:c.left+1]
	}
	n, err := c.ReadCloser.Read(b)
	c.left -= int64(n)
	if c.left < 0 {
		return n - 1, ErrTooLarge
	}
	return n, err
}
