package media

import (
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/pion/sdp/v3"

	"cordboard/internal/fault"
)

// maxSDP bounds what we parse; a phone's audio offer is under 1 kB, a video phone's under 8 kB.
const maxSDP = 32 << 10

// ContentType is SDP's in SIP.
const ContentType = "application/sdp"

// eventType is the payload type that we offer for telephone-event, the one nearly everybody uses.
const eventType = 101

// Description is what we understand of a party's SDP (RFC 8866, RFC 3264): its first audio stream that we can talk to.
type Description struct {
	Addr      netip.AddrPort
	Laws      []Law  // in its order of preference, at least one
	Event     uint8  // payload type of telephone-event at 8 kHz; 0: none
	Direction string // sendrecv, sendonly, recvonly or inactive
	lines     []offered
	audio     int // index of the audio stream among lines
}

// offered is one m= line, remembered because an answer must have as many.
type offered struct{ media, proto, format string }

// ParseSDP reads an offer or an answer. A fault of code BAD_SDP means that there is no audio in it that we can speak:
// SIP says 488 to that.
func ParseSDP(body []byte) (Description, error) {
	if len(body) > maxSDP {
		return Description{}, badSDP("it is too long")
	}
	var s sdp.SessionDescription
	if err := s.Unmarshal(body); err != nil {
		return Description{}, badSDP("it is malformed").With(err)
	}
	d := Description{audio: -1}
	var reason *fault.Error
	for i, m := range s.MediaDescriptions {
		d.lines = append(d.lines, offered{m.MediaName.Media, strings.Join(m.MediaName.Protos, "/"), strings.Join(m.MediaName.Formats, " ")})
		if d.audio >= 0 || m.MediaName.Media != "audio" || m.MediaName.Port.Value == 0 {
			continue
		}
		if err := d.read(&s, m); err != nil {
			reason = err
			continue
		}
		d.audio = i
	}
	if d.audio < 0 {
		if reason == nil {
			reason = badSDP("it has no audio")
		}
		return Description{}, reason
	}
	return d, nil
}

func (d *Description) read(s *sdp.SessionDescription, m *sdp.MediaDescription) *fault.Error {
	if p := strings.Join(m.MediaName.Protos, "/"); p != "RTP/AVP" && p != "RTP/AVPF" {
		return badSDP("its audio is " + clean(p, 20) + ", and only RTP/AVP is spoken here")
	}
	conn := m.ConnectionInformation
	if conn == nil {
		conn = s.ConnectionInformation
	}
	if conn == nil || conn.Address == nil {
		return badSDP("it says no address")
	}
	host, _, _ := strings.Cut(conn.Address.Address, "/")
	ip, err := netip.ParseAddr(host)
	if err != nil || ip.IsMulticast() {
		return badSDP("its address is not a plain IP address")
	}
	port := m.MediaName.Port.Value
	if port < 1 || port > 65535 {
		return badSDP("its port is no port")
	}
	d.Addr, d.Laws, d.Event = netip.AddrPortFrom(ip.Unmap(), uint16(port)), nil, 0
	names := map[string]string{}
	d.Direction = "sendrecv"
	for _, attrs := range [][]sdp.Attribute{s.Attributes, m.Attributes} {
		for _, a := range attrs {
			switch a.Key {
			case "sendrecv", "sendonly", "recvonly", "inactive":
				d.Direction = a.Key
			case "rtpmap":
				if pt, name, ok := strings.Cut(a.Value, " "); ok {
					names[pt] = strings.ToUpper(strings.TrimSuffix(strings.TrimSpace(name), "/1"))
				}
			}
		}
	}
	for _, f := range m.MediaName.Formats {
		switch name := names[f]; {
		case f == "0" && (name == "" || name == "PCMU/8000"):
			d.addLaw(ULaw)
		case f == "8" && (name == "" || name == "PCMA/8000"):
			d.addLaw(ALaw)
		case name == "TELEPHONE-EVENT/8000" && d.Event == 0:
			if pt, err := strconv.ParseUint(f, 10, 7); err == nil && pt >= 96 {
				d.Event = uint8(pt)
			}
		}
	}
	if len(d.Laws) == 0 {
		return badSDP("it offers neither PCMU nor PCMA")
	}
	// RFC 2543 phones put a call on hold by an address of zeros.
	if ip.IsUnspecified() && d.Direction == "sendrecv" {
		d.Direction = "sendonly"
	}
	return nil
}

func (d *Description) addLaw(l Law) {
	for _, have := range d.Laws {
		if have == l {
			return
		}
	}
	d.Laws = append(d.Laws, l)
}

// Remote is what a UDPPort needs to know of the description, speaking its most preferred law.
func (d Description) Remote() Remote {
	return Remote{
		Addr: d.Addr, Law: d.Laws[0], Event: d.Event,
		Sends: d.Direction == "sendrecv" || d.Direction == "sendonly",
		Takes: d.Direction == "sendrecv" || d.Direction == "recvonly",
	}
}

// Local makes our side's SDP. Copy it and raise Version for each new description of one call.
type Local struct {
	Addr    netip.AddrPort // where we receive
	Session uint64         // one per call
	Version uint64
}

// Offer proposes the laws in their order, and telephone-event.
func (l Local) Offer(laws ...Law) []byte {
	var rtpmap []sdp.Attribute
	var formats []string
	for _, law := range laws {
		pt := strconv.Itoa(int(law))
		formats = append(formats, pt)
		rtpmap = append(rtpmap, sdp.NewAttribute("rtpmap", pt+" "+law.String()+"/8000"))
	}
	return l.marshal([]*sdp.MediaDescription{l.audio(formats, rtpmap, eventType, "sendrecv")})
}

// Answer accepts d's audio in its preferred law and refuses its other streams, line by line (RFC 3264 §6).
func (l Local) Answer(d Description) []byte {
	var media []*sdp.MediaDescription
	for i, o := range d.lines {
		if i != d.audio {
			media = append(media, &sdp.MediaDescription{MediaName: sdp.MediaName{
				Media: o.media, Protos: strings.Split(o.proto, "/"), Formats: strings.Fields(o.format),
			}})
			continue
		}
		pt := strconv.Itoa(int(d.Laws[0]))
		reply := map[string]string{"sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}[d.Direction]
		m := l.audio([]string{pt}, []sdp.Attribute{sdp.NewAttribute("rtpmap", pt+" "+d.Laws[0].String()+"/8000")}, d.Event, reply)
		m.MediaName.Protos = strings.Split(o.proto, "/")
		media = append(media, m)
	}
	return l.marshal(media)
}

func (l Local) audio(formats []string, rtpmap []sdp.Attribute, event uint8, direction string) *sdp.MediaDescription {
	if event != 0 {
		pt := strconv.Itoa(int(event))
		formats = append(formats, pt)
		rtpmap = append(rtpmap, sdp.NewAttribute("rtpmap", pt+" telephone-event/8000"), sdp.NewAttribute("fmtp", pt+" 0-15"))
	}
	return &sdp.MediaDescription{
		MediaName: sdp.MediaName{
			Media: "audio", Port: sdp.RangedPort{Value: int(l.Addr.Port())}, Protos: []string{"RTP", "AVP"}, Formats: formats,
		},
		Attributes: append(rtpmap, sdp.NewAttribute("ptime", strconv.Itoa(int(frameTime/time.Millisecond))), sdp.NewPropertyAttribute(direction)),
	}
}

func (l Local) marshal(media []*sdp.MediaDescription) []byte {
	family := "IP4"
	if l.Addr.Addr().Is6() && !l.Addr.Addr().Is4In6() {
		family = "IP6"
	}
	host := l.Addr.Addr().Unmap().String()
	s := sdp.SessionDescription{
		Origin:                sdp.Origin{Username: "-", SessionID: l.Session, SessionVersion: l.Version, NetworkType: "IN", AddressType: family, UnicastAddress: host},
		SessionName:           "-",
		ConnectionInformation: &sdp.ConnectionInformation{NetworkType: "IN", AddressType: family, Address: &sdp.Address{Address: host}},
		TimeDescriptions:      []sdp.TimeDescription{{}},
		MediaDescriptions:     media,
	}
	// Marshalling fails only for nil receivers.
	b, _ := s.Marshal()
	return b
}

func badSDP(why string) *fault.Error {
	return fault.New(fault.Invalid, "BAD_SDP", "The phone's audio description can't be used: "+why+".")
}

// clean makes foreign text fit to be quoted in a message.
func clean(s string, limit int) string {
	out := make([]rune, 0, limit)
	for _, r := range s {
		if len(out) < limit && r > ' ' && r < 0x7F {
			out = append(out, r)
		}
	}
	return string(out)
}
