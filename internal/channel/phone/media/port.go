package media

import "errors"

// Law is a G.711 companding law. Its value is the static RTP payload type of RFC 3551.
type Law uint8

// The two laws.
const (
	ULaw Law = 0 // PCMU, North America and Japan
	ALaw Law = 8 // PCMA, elsewhere
)

// String is the encoding name that SDP uses.
func (l Law) String() string {
	if l == ALaw {
		return "PCMA"
	}
	return "PCMU"
}

// The clock of G.711 over RTP.
const (
	SampleRate   = 8000 // samples a second; RTP timestamps count these
	FrameSamples = 160  // samples (= octets) in the usual packet of 20 ms
)

// Frame is one packet of sound, or of a telephone-event. Numbers are the source's own; whoever sends it on to a party
// renumbers it with a Sequencer.
type Frame struct {
	// Payload is G.711 in the port's law, one octet a sample, usually 160; or with Event the RFC 4733 payload.
	// It belongs to the giver and is valid only until the call returns: whoever keeps it copies it.
	Payload   []byte
	Stream    uint32 // identity of the source: its SSRC, or a number of the prompt's own
	Seq       uint16 // the source's sequence number, so that loss and reordering stay visible to the far end
	Timestamp uint32 // the source's sample clock at 8 kHz
	Marker    bool   // first packet after silence
	Event     bool   // Payload is a telephone-event (DTMF), not sound
}

// Port is one end of audio: one party of one leg.
//
// An adapter builds one for each leg and gives it to Desk.Add. Send and Receive may be called from any goroutine.
type Port interface {
	// Law is what this port's Frames are coded in, both ways. Constant once the port is in use; the Desk transcodes
	// between ports of different law.
	Law() Law
	// Send gives the party one frame to hear. It never blocks for longer than a socket write takes. An Event frame is
	// dropped silently by a port whose party doesn't take telephone-events. ErrClosed after Close.
	Send(Frame) error
	// Receive sets who gets what the party says, replacing whoever was set; nil discards. The function is called from
	// one goroutine at a time and must be prompt. A call already begun may still finish after Receive returns.
	Receive(func(Frame))
	// Close ends the port and its goroutines. Idempotent.
	Close() error
}

// ErrClosed says that a port has been closed.
var ErrClosed = errors.New("media port is closed")
