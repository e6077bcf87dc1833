package app

import (
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"cordboard/internal/fault"
)

// Options are what an installation is started with. Everything else is a tenant's setting.
type Options struct {
	Data     string // data folder (GEN-19)
	Database string // postgres://…; empty: SQLite files in Data
	KeyFile  string // master key (GEN-16); empty: Data/master.key

	Listen    string // host:port of the web; default 127.0.0.1:8080
	PublicURL string // default http://<listen> (GEN-14)
	TLSCert   string
	TLSKey    string
	// TrustedProxies are the addresses or ranges of proxies whose forwarded headers count (GEN-13); default none.
	TrustedProxies []string

	SIPListen    string // host:port, UDP and TCP; default 127.0.0.1:5060
	MediaAddress string // IP that phones and browsers are told to send audio to; default the one listened on (GEN-15)
	MediaListen  string // IP that audio is received on; default that of SIPListen
	MediaPorts   string // range of UDP ports for SIP phones' audio; default 10000-19999
	BrowserMedia string // host:port, UDP, of all browsers' audio; default a free port of MediaListen

	Allow []string // hosts and ranges that typed-in URLs may lead to although not public (SEC-8, SF-5)

	// Extra is mounted beside the web, by path prefix: the demo's customer page.
	Extra map[string]http.Handler

	Version string
	Logger  *slog.Logger
	Clock   func() time.Time
}

// listeners are the addresses of Options, understood.
type listeners struct {
	public      *url.URL
	mediaListen netip.Addr
	mediaTold   netip.Addr
	advertise   netip.Addr // of SIP messages; invalid: the address listened on
	proxies     []netip.Prefix
	low, high   uint16
}

// check fills the defaults in and says everything that is wrong at once (GEN-4).
func (o *Options) check() (listeners, error) {
	var l listeners
	var f fault.Fields
	def(&o.Listen, "127.0.0.1:8080")
	def(&o.SIPListen, "127.0.0.1:5060")
	def(&o.MediaPorts, "10000-19999")
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Data == "" {
		f.Add("--data", "MISSING", "Name the data folder with --data DIR.")
	}
	if (o.TLSCert == "") != (o.TLSKey == "") {
		f.Add("--tls-cert", "MISSING", "--tls-cert and --tls-key go together.")
	} else if o.TLSCert != "" {
		if _, err := tls.LoadX509KeyPair(o.TLSCert, o.TLSKey); err != nil {
			f.Addf("--tls-cert", "BAD_CERTIFICATE", "The certificate %s and the key %s cannot be used: %v.", o.TLSCert, o.TLSKey, err)
		}
	}
	host, _, bad := net.SplitHostPort(o.Listen)
	if bad != nil {
		f.Addf("--listen", "BAD_ADDRESS", "%q is no address: give host:port, like 127.0.0.1:8080.", o.Listen)
	}
	scheme := "http"
	if o.TLSCert != "" {
		scheme = "https"
	}
	public := o.PublicURL
	def(&public, scheme+"://"+o.Listen)
	var err error
	if l.public, err = url.Parse(public); err != nil || l.public.Host == "" {
		f.Addf("--public-url", "BAD_URL", "%q is no address that browsers could open.", public)
	} else if l.public.Scheme != "https" && bad == nil && !loopback(host) {
		f.Add("--listen", "NEEDS_TLS", "Off loopback the web is served by https only: give --tls-cert and --tls-key, or listen on 127.0.0.1 behind a proxy with --public-url https://… and --trusted-proxy.")
	}
	sipHost, _, err := net.SplitHostPort(o.SIPListen)
	if err != nil {
		f.Addf("--sip-listen", "BAD_ADDRESS", "%q is no address: give host:port, like 127.0.0.1:5060.", o.SIPListen)
	}
	def(&o.MediaListen, sipHost)
	if l.mediaListen, err = netip.ParseAddr(o.MediaListen); err != nil && o.MediaListen != "" {
		f.Addf("--media-listen", "BAD_ADDRESS", "%q is no IP address.", o.MediaListen)
	}
	l.mediaTold = l.mediaListen
	if o.MediaAddress != "" {
		if l.mediaTold, err = netip.ParseAddr(o.MediaAddress); err != nil {
			f.Addf("--media-address", "BAD_ADDRESS", "%q is no IP address.", o.MediaAddress)
		}
		l.advertise = l.mediaTold
	} else if l.mediaListen.IsUnspecified() {
		f.Add("--media-address", "MISSING", "Listening on all addresses, say which one phones and browsers should send audio to.")
	}
	for _, s := range o.TrustedProxies {
		p, err := prefix(s)
		if err != nil {
			f.Addf("--trusted-proxy", "BAD_ADDRESS", "%q is no IP address or range.", s)
		}
		l.proxies = append(l.proxies, p)
	}
	def(&o.BrowserMedia, net.JoinHostPort(o.MediaListen, "0"))
	if l.low, l.high, err = ports(o.MediaPorts); err != nil {
		f.Addf("--media-ports", "BAD_RANGE", "%q is no range of ports: give two numbers, like 10000-19999.", o.MediaPorts)
	}
	return l, f.Err()
}

func def(s *string, value string) {
	if *s == "" {
		*s = value
	}
}

// prefix reads an address or a range.
func prefix(s string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p, nil
	}
	ip, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, err
	}
	return netip.PrefixFrom(ip, ip.BitLen()), nil
}

func loopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}

func ports(s string) (low, high uint16, err error) {
	a, b, ok := strings.Cut(s, "-")
	if !ok {
		b = a
	}
	parse := func(s string) uint16 {
		p, perr := netip.ParseAddrPort("0.0.0.0:" + strings.TrimSpace(s))
		if perr != nil {
			err = perr
		}
		return p.Port()
	}
	low, high = parse(a), parse(b)
	if err == nil && (low == 0 || high < low) {
		err = errEmptyRange
	}
	return low, high, err
}

var errEmptyRange = fault.New(fault.Invalid, "BAD_RANGE", "The range of ports is empty.")
