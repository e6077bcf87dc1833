package media

import (
	"encoding/binary"
	"errors"

	"github.com/pion/rtp"
)

// maxPacket is the largest RTP packet read or sent: 200 ms of G.711 with a generous header.
const maxPacket = 2048

var errNotRTP = errors.New("not an RTP packet")

// packet is one received RTP packet, its payload pointing into the datagram.
type packet struct {
	payloadType uint8
	marker      bool
	seq         uint16
	ts, ssrc    uint32
	payload     []byte
}

// parseRTP reads a datagram. h is scratch. Anything malformed is an error, never a panic.
func parseRTP(h *rtp.Header, b []byte) (packet, error) {
	if len(b) < 12 || b[0]>>6 != 2 {
		return packet{}, errNotRTP
	}
	// RTCP that a far end multiplexes onto the RTP port looks like payload types 72 to 76 (RFC 5761 §4).
	if b[1] >= 200 && b[1] <= 207 {
		return packet{}, errNotRTP
	}
	n, err := h.Unmarshal(b)
	if err != nil {
		return packet{}, err
	}
	body := b[n:]
	if h.Padding {
		if len(body) == 0 || int(body[len(body)-1]) > len(body) || body[len(body)-1] == 0 {
			return packet{}, errNotRTP
		}
		body = body[:len(body)-int(body[len(body)-1])]
	}
	return packet{h.PayloadType, h.Marker, h.SequenceNumber, h.Timestamp, h.SSRC, body}, nil
}

// writeRTP puts a packet without extensions into b and returns its length.
func writeRTP(b []byte, p packet) int {
	b[0], b[1] = 0x80, p.payloadType&0x7F
	if p.marker {
		b[1] |= 0x80
	}
	binary.BigEndian.PutUint16(b[2:], p.seq)
	binary.BigEndian.PutUint32(b[4:], p.ts)
	binary.BigEndian.PutUint32(b[8:], p.ssrc)
	return 12 + copy(b[12:], p.payload)
}

// digits of RFC 4733 events 0 to 15.
const digitNames = "0123456789*#ABCD"

// digits recognises keys in a stream of telephone-event packets: each key once, however often its packets are repeated.
type digits struct {
	seen   bool
	stream uint32
	ts     uint32
}

// event looks at one telephone-event packet (RFC 4733 §2.3) and returns the key when it is a new one.
func (d *digits) event(p packet) (key string, ok bool) {
	if len(p.payload) < 4 || int(p.payload[0]) >= len(digitNames) {
		return "", false
	}
	// All packets of one key carry the timestamp of its beginning.
	if d.seen && d.stream == p.ssrc && d.ts == p.ts {
		return "", false
	}
	d.seen, d.stream, d.ts = true, p.ssrc, p.ts
	return digitNames[p.payload[0] : p.payload[0]+1], true
}

// DigitFrames makes the telephone-event frames of one key pressed for ms milliseconds (at least 40), to be sent 20 ms
// apart: the last one three times, as RFC 4733 §2.5.1.4 asks. Nil when key isn't one of 0-9 * # A-D. seq and ts are the
// first frame's numbers on the given stream.
func DigitFrames(key byte, ms int, stream uint32, seq uint16, ts uint32) []Frame {
	event := -1
	for i := range digitNames {
		if digitNames[i] == key {
			event = i
		}
	}
	if event < 0 {
		return nil
	}
	n := max(2, ms/20)
	out := make([]Frame, 0, n+2)
	for i := range n + 2 {
		duration, end := min(i+1, n)*FrameSamples, byte(0)
		if i >= n-1 {
			end = 0x80
		}
		out = append(out, Frame{
			Payload: []byte{byte(event), end | 10, byte(duration >> 8), byte(duration)},
			Stream:  stream, Seq: seq + uint16(i), Timestamp: ts, Marker: i == 0, Event: true,
		})
	}
	return out
}
