package sip

import (
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"cordboard/internal/channel/phone/media"
	"cordboard/internal/fault"
)

// SecretLength is how long a phone's or trunk's secret must be at least: we generate them (CH-1), so nobody needs to
// remember one, and shorter ones can be guessed from one overheard REGISTER.
const SecretLength = 24

// Options is what a Switch is made of. Functions are asked at each use, so that settings can change while it runs; they
// must be quick and safe for concurrent use.
type Options struct {
	Listen    string     // host:port for UDP and TCP both; "" is 127.0.0.1:5060, port 0 a free one
	Advertise netip.Addr // our address in SIP messages, when it isn't the one listened on (NAT)
	Realm     string     // of digest authentication; "" is "cordboard"

	Media *media.Pool // required
	Desk  *media.Desk // shared with the other adapters; nil: an own one

	// Accounts gives the secret of a SIP user; a secret shorter than SecretLength counts as none. nil: no phones.
	Accounts func(user string) (secret string, ok bool)
	// Trunks lists the trunks in order of preference for outgoing calls. nil: none.
	Trunks func() []Trunk

	MaxCalls     int           // inbound calls at once; beyond, callers get 503 with Retry-After. 0: 1,000
	SilenceFirst time.Duration // no audio at first, see media.NewWatch; 0: 30 s
	SilenceLater time.Duration // no audio any more; 0: 15 s
	FirstReply   time.Duration // a phone that says nothing for so long is unreachable; 0: 4 s
	AckWait      time.Duration // how long a 200 waits for its ACK; 0: 64*T1 = 32 s

	Probe time.Duration // how often a phone that said nothing is asked whether it is back; 0: 15 s

	Log *slog.Logger // nil: silent
}

// Trunk is a carrier or a PBX.
type Trunk struct {
	Name      string
	Allow     []netip.Prefix // where its calls come from
	Host      string         // where ours go; "": inbound only
	Port      int            // 0: 5060
	Transport string         // "udp" (default) or "tcp"
	User      string         // digest, if it asks
	Password  string
}

func (o *Options) check() error {
	if o.Listen == "" {
		o.Listen = "127.0.0.1:5060"
	}
	if o.Realm == "" {
		o.Realm = "cordboard"
	}
	if o.Media == nil {
		return fault.New(fault.Invalid, "SIP_OPTIONS", "The SIP switch needs a media address and ports to receive audio on.")
	}
	if o.Accounts == nil {
		o.Accounts = func(string) (string, bool) { return "", false }
	}
	if o.Trunks == nil {
		o.Trunks = func() []Trunk { return nil }
	}
	for _, t := range o.Trunks() {
		if err := t.Check(); err != nil {
			return err
		}
	}
	if o.MaxCalls <= 0 {
		o.MaxCalls = 1000
	}
	if o.FirstReply <= 0 {
		o.FirstReply = 4 * time.Second
	}
	if o.AckWait <= 0 {
		o.AckWait = 64 * t1
	}
	if o.Probe <= 0 {
		o.Probe = probeEvery
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return nil
}

// Check refuses a trunk that would be unsafe or can't work: no name, a user without a password or with one that
// everybody knows, a list of addresses that lets anybody in.
func (t Trunk) Check() error {
	var f fault.Fields
	if t.Name == "" {
		f.Add("name", "MISSING", "The trunk has no name.")
	}
	if t.User != "" && weak(t.Password, t.User) {
		f.Addf("password", "WEAK_SECRET", "The password of trunk %q is empty or one that everybody tries first. Calls could be made at your cost; ask the carrier for another.", t.Name)
	}
	for _, p := range t.Allow {
		if p.Bits() == 0 {
			f.Addf("allow", "ANYBODY", "Trunk %q would take calls from every address on the Internet. Name the carrier's own addresses.", t.Name)
		}
	}
	switch strings.ToLower(t.Transport) {
	case "", "udp", "tcp":
	default:
		f.Addf("transport", "INVALID", "Trunk %q: the transport must be udp or tcp.", t.Name)
	}
	return f.Err()
}

// CheckSecret refuses a phone's secret that is too short or known to everybody.
func CheckSecret(user, secret string) error {
	if len(secret) < SecretLength || weak(secret, user) {
		return fault.Newf(fault.Invalid, "WEAK_SECRET", "The secret of SIP user %q is shorter than %d characters or a default one. Generate a new one for this phone.", user, SecretLength)
	}
	return nil
}

// weak knows what scanners try first.
func weak(secret, user string) bool {
	s := strings.ToLower(secret)
	switch s {
	case "", "admin", "password", "secret", "changeme", "default", "cordboard", "asterisk", "sip", "test", strings.ToLower(user):
		return true
	}
	return strings.Trim(s, "0123456789") == "" && len(s) < 12
}
