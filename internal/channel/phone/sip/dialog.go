package sip

import (
	"net"
	"net/netip"
	"strconv"
	"strings"

	wire "github.com/emiago/sipgo/sip"

	"cordboard/internal/channel/phone/sip/caller"
	"cordboard/internal/channel/phone/sip/registrar"
)

// dialog is our half of a SIP dialog (RFC 3261 §12): what is needed to make and match requests within it. Only its
// leg's goroutine, or its branch's before there is an answer, touches it.
type dialog struct {
	callID    string
	localTag  string
	remoteTag string
	local     wire.FromHeader // as From of our requests, with our tag
	remote    wire.ToHeader   // as To of our requests, with theirs
	target    wire.Uri        // their Contact
	routes    []string
	localSeq  uint32
	remoteSeq uint32
	transport string // "UDP" or "TCP"
	peer      string // host:port that the peer was heard from, or was sent to
	contact   wire.ContactHeader
}

// dialogKey names a dialog by what the peer's requests carry: Call-ID and our tag.
func dialogKey(callID, localTag string) string { return callID + "\x00" + localTag }

func (d *dialog) key() string { return dialogKey(d.callID, d.localTag) }

func newTag() string { return wire.GenerateTagN(16) }

// fromInvite makes the dialog of an INVITE that came (we are its UAS), with our tag put into the invite's To.
func (s *Switch) fromInvite(req *wire.Request) *dialog {
	tag := newTag()
	req.To().Params.Add("tag", tag)
	d := &dialog{
		callID: req.CallID().Value(), localTag: tag,
		local:  wire.FromHeader{DisplayName: req.To().DisplayName, Address: *req.To().Address.Clone(), Params: req.To().Params.Clone()},
		remote: wire.ToHeader{DisplayName: req.From().DisplayName, Address: *req.From().Address.Clone(), Params: req.From().Params.Clone()},
		target: *req.Contact().Address.Clone(), remoteSeq: req.CSeq().SeqNo,
		transport: wire.NetworkToUpper(req.Transport()), peer: req.Source(),
	}
	d.remoteTag, _ = req.From().Params.Get("tag")
	for _, h := range req.GetHeaders("record-route") {
		d.routes = append(d.routes, caller.Split(h.Value())...)
	}
	d.contact = s.contactFor(d.peer, d.transport)
	return d
}

// confirmed takes over what the answer to our INVITE says.
func (d *dialog) confirmed(res *wire.Response) {
	d.remote = wire.ToHeader{DisplayName: res.To().DisplayName, Address: *res.To().Address.Clone(), Params: res.To().Params.Clone()}
	d.remoteTag, _ = res.To().Params.Get("tag")
	if c := res.Contact(); c != nil {
		d.target = *c.Address.Clone()
	}
	d.routes = nil
	all := res.GetHeaders("record-route")
	for i := len(all) - 1; i >= 0; i-- {
		list := caller.Split(all[i].Value())
		for j := len(list) - 1; j >= 0; j-- {
			d.routes = append(d.routes, list[j])
		}
	}
}

// request makes a request within the dialog. CSeq counts up but for ACK, which carries the INVITE's number seq.
func (s *Switch) request(d *dialog, method wire.RequestMethod, seq uint32) *wire.Request {
	if method != wire.ACK {
		d.localSeq++
		seq = d.localSeq
	}
	req := wire.NewRequest(method, *d.target.Clone())
	s.dress(req, d, seq)
	for _, r := range d.routes {
		req.AppendHeader(wire.NewHeader("Route", r))
	}
	req.SetDestination(d.destination())
	return req
}

// dress gives a request the headers that every one of a dialog has.
func (s *Switch) dress(req *wire.Request, d *dialog, seq uint32) {
	req.AppendHeader(s.via(d))
	max := wire.MaxForwardsHeader(70)
	req.AppendHeader(&max)
	from, to, callID := d.local, d.remote, wire.CallIDHeader(d.callID)
	from.Params, to.Params = from.Params.Clone(), to.Params.Clone()
	req.AppendHeader(&from)
	req.AppendHeader(&to)
	req.AppendHeader(&callID)
	req.AppendHeader(&wire.CSeqHeader{SeqNo: seq, MethodName: req.Method})
	if req.IsInvite() {
		req.AppendHeader(d.contact.Clone())
	}
	req.SetBody(nil)
	req.SetTransport(d.transport)
	if d.transport == "UDP" {
		// From the listening socket, so that answers find their way through NAT and filters.
		at := s.sockets.at
		req.Laddr = wire.Addr{IP: net.IP(at.Addr().AsSlice()), Port: int(at.Port())}
	}
}

func (s *Switch) via(d *dialog) *wire.ViaHeader {
	v := &wire.ViaHeader{
		ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: d.transport,
		Host: d.contact.Address.Host, Port: int(s.sockets.at.Port()), Params: wire.NewParams(),
	}
	v.Params.Add("branch", wire.GenerateBranch())
	v.Params.Add("rport", "")
	return v
}

// destination is where to send: the first route, or the Contact, or, when the Contact can't be the way back (a name, a
// private address seen from elsewhere, a TCP client), where the peer was heard.
func (d *dialog) destination() string {
	if len(d.routes) > 0 {
		var uri wire.Uri
		if _, err := wire.ParseAddressValue(d.routes[0], &uri, nil); err == nil {
			return hostPort(&uri)
		}
	}
	if d.transport != "UDP" {
		return d.peer
	}
	contact, err := netip.ParseAddr(strings.Trim(d.target.Host, "[]"))
	if err != nil || (contact.IsPrivate() || contact.IsLoopback()) && contact.String() != registrar.Host(d.peer) {
		return d.peer
	}
	return hostPort(&d.target)
}

func hostPort(u *wire.Uri) string {
	port := u.Port
	if port == 0 {
		port = 5060
	}
	return net.JoinHostPort(strings.Trim(u.Host, "[]"), strconv.Itoa(port))
}

// contactFor is our Contact as the peer should see it.
func (s *Switch) contactFor(peer, transport string) wire.ContactHeader {
	c := wire.ContactHeader{Address: wire.Uri{
		Scheme: "sip", User: "cordboard", Host: s.address(peer).String(), Port: int(s.sockets.at.Port()), UriParams: wire.NewParams(),
	}}
	if s.address(peer).Is6() {
		c.Address.Host = "[" + c.Address.Host + "]"
	}
	if transport != "UDP" {
		c.Address.UriParams.Add("transport", strings.ToLower(transport))
	}
	return c
}

// address is our own as the peer sees it: the advertised one, else the one listened on, else the one the system would
// use to reach the peer.
func (s *Switch) address(peer string) netip.Addr {
	if s.opts.Advertise.IsValid() {
		return s.opts.Advertise
	}
	return routedFrom(s.sockets.at.Addr(), peer)
}

func routedFrom(own netip.Addr, peer string) netip.Addr {
	if !own.IsUnspecified() {
		return own
	}
	// Connecting a UDP socket sends nothing; it only asks the routing table.
	if c, err := net.Dial("udp", peer); err == nil {
		defer func() { _ = c.Close() }()
		if a, ok := addrOf(c.LocalAddr()); ok {
			return a
		}
	}
	return own
}
