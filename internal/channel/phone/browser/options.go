package browser

import (
	"log/slog"
	"net/netip"
	"time"

	"cordboard/internal/channel/phone/media"
	"cordboard/internal/fault"
)

// Options is what a Switch is made of.
type Options struct {
	// Listen is the UDP address for all browsers' audio, IP:port; port 0 is a free one. "" is 127.0.0.1:0.
	Listen string
	// MediaAddress is the IP that browsers are told (GEN-15); "" is the one listened on, or all of this machine's.
	MediaAddress string
	Desk         *media.Desk // shared with the other adapters; nil: an own one
	// OnOwner hears which tab owns an agent's phone now, "" for none: in order, from one goroutine, which it may hold up.
	OnOwner func(agentID, tabID string)
	Log     *slog.Logger // nil: silent

	Reattach     time.Duration // how long a call waits for its browser to come back; 0: 15 s (INT-16)
	RingReattach time.Duration // how long a ringing leg does; 0: 5 s
	// Disconnected is the silence on the wire after which a browser counts as away; 0: 7 s. It is we who wait for the
	// browser's checks, and those may be 6 s apart (RFC 7675 §5.1).
	Disconnected time.Duration
}

func (o *Options) check() (listen netip.AddrPort, told netip.Addr, err error) {
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	listen, err = netip.ParseAddrPort(o.Listen)
	if err != nil {
		return listen, told, fault.Newf(fault.Invalid, "BROWSER_LISTEN", "%q is no address for the browsers' audio: give an IP address and a UDP port, like 0.0.0.0:8443.", o.Listen).With(err)
	}
	if o.MediaAddress != "" {
		told, err = netip.ParseAddr(o.MediaAddress)
		if err != nil || told.IsUnspecified() || told.Unmap().Is6() && listen.Addr().Is4() {
			return listen, told, fault.Newf(fault.Invalid, "MEDIA_ADDRESS", "%q is no media address: give the IP address at which browsers reach this server, of the kind (IPv4 or IPv6) that it listens on.", o.MediaAddress).With(err)
		}
	}
	told = told.Unmap()
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.OnOwner == nil {
		o.OnOwner = func(string, string) {}
	}
	o.Reattach = orElse(o.Reattach, 15*time.Second)
	o.RingReattach = orElse(o.RingReattach, 5*time.Second)
	o.Disconnected = orElse(o.Disconnected, 7*time.Second)
	return listen, told, nil
}

func orElse(d, standard time.Duration) time.Duration {
	if d <= 0 {
		return standard
	}
	return d
}
