package media

import "time"

// jump is the change of sequence number within one stream beyond which its sender must have started anew.
const jump = 3000

// Sequencer turns frames of changing sources (a prompt, then the other party, then a prompt) into the one RTP stream
// that a party hears: sequence numbers go on by one at a change of source, timestamps by the time that has passed, and
// within a source loss and reordering are kept as they are (RFC 3550 §5.1). The zero value is ready, and starts at
// whatever the caller sets with Start. Not safe for concurrent use.
type Sequencer struct {
	begun   bool
	stream  uint32
	seqOff  uint16
	tsOff   uint32
	lastIn  uint16    // newest sequence number of the source
	lastSeq uint16    // newest number given out
	lastTS  uint32    // its timestamp
	lastAt  time.Time // when
}

// Start sets the first numbers, which RFC 3550 wants random.
func (s *Sequencer) Start(seq uint16, ts uint32) { s.lastSeq, s.lastTS = seq-1, ts }

// Next gives the numbers under which f goes out at the instant at, and whether it carries the marker bit.
func (s *Sequencer) Next(f Frame, at time.Time) (seq uint16, ts uint32, marker bool) {
	marker = f.Marker
	if d := int16(f.Seq - s.lastIn); !s.begun || f.Stream != s.stream || d > jump || d < -jump {
		gap := uint32(0)
		if s.begun {
			// Never less than one frame: two sources in one instant must not share a timestamp.
			gap = max(FrameSamples, uint32(max(0, min(at.Sub(s.lastAt), time.Hour)).Milliseconds())*SampleRate/1000)
		}
		s.seqOff = s.lastSeq + 1 - f.Seq
		s.tsOff = s.lastTS + gap - f.Timestamp
		s.begun, s.stream, s.lastIn, s.lastAt = true, f.Stream, f.Seq-1, at
		marker = !f.Event
	}
	seq, ts = f.Seq+s.seqOff, f.Timestamp+s.tsOff
	if int16(f.Seq-s.lastIn) > 0 {
		s.lastIn, s.lastSeq, s.lastTS, s.lastAt = f.Seq, seq, ts, at
	}
	return seq, ts, marker
}
