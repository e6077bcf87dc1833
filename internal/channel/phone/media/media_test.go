package media

import (
	"bytes"
	"encoding/binary"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pion/rtp"

	"cordboard/internal/fault"
)

// TestG711Golden compares with values of ITU-T G.711's tables.
func TestG711Golden(t *testing.T) {
	for _, tc := range []struct {
		linear int16
		u, a   byte
	}{
		{0, 0xFF, 0xD5}, {32767, 0x80, 0xAA}, {-32768, 0x00, 0x2A}, {1000, 0xCE, 0xFA}, {-1000, 0x4E, 0x7A}, {8, 0xFE, 0xD5}, {-8, 0x7E, 0x55},
	} {
		if u, a := encodeU(tc.linear), encodeA(tc.linear); u != tc.u || a != tc.a {
			t.Errorf("%d: µ %02x A %02x, want %02x %02x", tc.linear, u, a, tc.u, tc.a)
		}
	}
	for b, want := range map[byte]int16{0x00: -32124, 0x80: 32124, 0xFF: 0, 0x7F: 0} {
		if got := decodeU(b); got != want {
			t.Errorf("µ %02x is %d, want %d", b, got, want)
		}
	}
	for b, want := range map[byte]int16{0xD5: 8, 0x55: -8, 0xAA: 32256, 0x2A: -32256} {
		if got := decodeA(b); got != want {
			t.Errorf("A %02x is %d, want %d", b, got, want)
		}
	}
	for i := range 256 {
		b := byte(i)
		if got := encodeA(decodeA(b)); got != b {
			t.Errorf("A %02x comes back as %02x", b, got)
		}
		if got := encodeU(decodeU(b)); got != b && !(b == 0x7F && got == 0xFF) {
			t.Errorf("µ %02x comes back as %02x", b, got)
		}
	}
	for v := math.MinInt16; v <= math.MaxInt16; v++ {
		s := int16(v)
		// Half a quantising step is at most 1/32 of the value, plus the smallest step, plus clipping at the top.
		slack := math.Abs(float64(s))/30 + 20
		if du, da := decodeU(encodeU(s)), decodeA(encodeA(s)); math.Abs(float64(du)-float64(s)) > slack+700*max(0, math.Abs(float64(s))-32000)/768 || math.Abs(float64(da)-float64(s)) > slack {
			t.Fatalf("%d becomes µ %d, A %d", s, du, da)
		}
	}
}

func TestMeasure(t *testing.T) {
	tone := Tone(time.Second/5, 0.3, 700)
	for freq, want := range map[float64]bool{700: true, 1100: false, 350: false} {
		if got := Measure(tone, freq); (got > 0.9) != want || !want && got > 0.05 {
			t.Errorf("share at %g is %.3f", freq, got)
		}
	}
	if Measure(make([]int16, 1600), 700) != 0 || Measure(nil, 700) != 0 {
		t.Error("silence has a tone in it")
	}
	if m := Measure(ULaw.Decode(nil, ULaw.Encode(nil, tone)), 700); m < 0.9 {
		t.Errorf("companding costs too much: %.3f", m)
	}
}

func TestSequencer(t *testing.T) {
	var s Sequencer
	s.Start(100, 5000)
	at := time.Unix(1000, 0)
	step := func(f Frame, after time.Duration, seq uint16, ts uint32, marker bool) {
		t.Helper()
		at = at.Add(after)
		gotSeq, gotTS, gotMarker := s.Next(f, at)
		if gotSeq != seq || gotTS != ts || gotMarker != marker {
			t.Fatalf("%+v became seq %d ts %d marker %v, want %d %d %v", f, gotSeq, gotTS, gotMarker, seq, ts, marker)
		}
	}
	const ms = time.Millisecond
	step(Frame{Stream: 1, Seq: 7, Timestamp: 900}, 0, 100, 5000, true)
	step(Frame{Stream: 1, Seq: 8, Timestamp: 1060}, 20*ms, 101, 5160, false)
	step(Frame{Stream: 1, Seq: 10, Timestamp: 1380}, 40*ms, 103, 5480, false) // a lost packet stays lost
	step(Frame{Stream: 1, Seq: 9, Timestamp: 1220}, 1*ms, 102, 5320, false)   // or comes late
	step(Frame{Stream: 2, Seq: 60000, Timestamp: 5}, 99*ms, 104, 5480+800-8+8, true)
	step(Frame{Stream: 2, Seq: 60001, Timestamp: 165}, 20*ms, 105, 5480+800+160, false)
	step(Frame{Stream: 3, Seq: 1, Timestamp: 1}, 0, 106, 5480+800+320, true)                 // at once: still a frame later
	step(Frame{Stream: 3, Seq: 30001, Timestamp: 9}, 20*ms, 107, 5480+800+480, true)         // the source began anew
	step(Frame{Stream: 3, Seq: 30002, Timestamp: 169, Marker: true}, 20*ms, 108, 6920, true) // its own marker stays
	step(Frame{Stream: 4, Seq: 1, Timestamp: 1, Event: true}, 20*ms, 109, 7080, false)       // a key is no talk spurt
}

func TestSequencerWraps(t *testing.T) {
	var s Sequencer
	s.Start(65535, math.MaxUint32)
	at := time.Unix(0, 0)
	for i := range uint16(5) {
		seq, ts, _ := s.Next(Frame{Stream: 1, Seq: 65534 + i, Timestamp: math.MaxUint32 - 100 + uint32(i)*160}, at)
		if seq != 65535+i || ts != math.MaxUint32+uint32(i)*160 {
			t.Fatalf("packet %d: %d %d", i, seq, ts)
		}
	}
}

func TestWatch(t *testing.T) {
	type act struct {
		at time.Duration
		do func(*Watch)
	}
	heard, hold, resume, stop := (*Watch).Heard, func(w *Watch) { w.Pause(true) }, func(w *Watch) { w.Pause(false) }, (*Watch).Stop
	for name, tc := range map[string]struct {
		acts        []act
		from, until time.Duration // when it must fire; 0, 0: never within 10 min
	}{
		"never a packet":       {nil, 30 * time.Second, 31 * time.Second},
		"packets, then none":   {[]act{{time.Second, heard}, {5 * time.Second, heard}}, 20 * time.Second, 35 * time.Second},
		"stopped":              {[]act{{time.Second, stop}}, 0, 0},
		"on hold":              {[]act{{time.Second, heard}, {2 * time.Second, hold}}, 0, 0},
		"held, then resumed":   {[]act{{time.Second, heard}, {2 * time.Second, hold}, {time.Minute, resume}}, 75 * time.Second, 91 * time.Second},
		"held before a packet": {[]act{{time.Second, hold}, {time.Minute, resume}}, 90 * time.Second, 91 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			fired := make(chan time.Duration, 2)
			w := NewWatch(0, 0, func() { fired <- time.Since(start) })
			for _, a := range tc.acts {
				time.Sleep(a.at - time.Since(start))
				a.do(w)
			}
			time.Sleep(10 * time.Minute)
			w.Stop()
			synctest.Wait()
			close(fired)
			at, did := <-fired
			if did != (tc.until > 0) || did && (at < tc.from || at > tc.until) {
				t.Errorf("%s: fired %v after %v", name, did, at)
			}
			if _, twice := <-fired; twice {
				t.Errorf("%s: fired twice", name)
			}
		})
	}
}

func tonePCM(freq float64) []byte {
	var b []byte
	for _, s := range Tone(time.Second, 0.3, freq) {
		b = binary.LittleEndian.AppendUint16(b, uint16(s))
	}
	return b
}

func wav(format, bits, channels uint16, rate uint32, data []byte) []byte {
	b := []byte("RIFF\x00\x00\x00\x00WAVELIST\x03\x00\x00\x00abc\x00fmt \x10\x00\x00\x00")
	b = binary.LittleEndian.AppendUint16(b, format)
	b = binary.LittleEndian.AppendUint16(b, channels)
	b = binary.LittleEndian.AppendUint32(b, rate)
	b = binary.LittleEndian.AppendUint32(b, rate*uint32(bits/8))
	b = binary.LittleEndian.AppendUint16(b, bits/8)
	b = binary.LittleEndian.AppendUint16(b, bits)
	b = append(b, "data"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	return append(b, data...)
}

func TestReadWAV(t *testing.T) {
	for name, tc := range map[string]struct {
		file []byte
		want int // samples; 0: refused
	}{
		"16 bit":       {wav(1, 16, 1, 8000, tonePCM(700)), 8000},
		"8 bit":        {wav(1, 8, 1, 8000, make([]byte, 80)), 80},
		"a-law":        {wav(6, 8, 1, 8000, make([]byte, 80)), 80},
		"µ-law":        {wav(7, 8, 1, 8000, make([]byte, 80)), 80},
		"stereo":       {wav(1, 16, 2, 8000, tonePCM(700)), 0},
		"cd":           {wav(1, 16, 1, 44100, tonePCM(700)), 0},
		"float":        {wav(3, 32, 1, 8000, tonePCM(700)), 0},
		"cut off":      {wav(1, 16, 1, 8000, tonePCM(700))[:30], 0},
		"data cut off": {wav(1, 16, 1, 8000, tonePCM(700))[:156], 50},
		"mp3":          {[]byte("ID3\x04"), 0},
		"empty":        {nil, 0},
	} {
		got, err := ReadWAV(bytes.NewReader(tc.file))
		if len(got) != tc.want || (err == nil) != (tc.want > 0) || err != nil && !fault.Is(err, "BAD_SOUND_FILE") {
			t.Errorf("%s: %d samples, %v", name, len(got), err)
		}
	}
}

func FuzzReadWAV(f *testing.F) {
	f.Add(wav(1, 16, 1, 8000, tonePCM(700)[:64]))
	f.Add(wav(6, 8, 1, 8000, []byte{1, 2, 3}))
	f.Add([]byte("RIFF\xff\xff\xff\xffWAVEdata\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := ReadWAV(bytes.NewReader(b)); err == nil && len(s) > len(b) {
			t.Fatal("more sound than file")
		}
	})
}

func TestDigits(t *testing.T) {
	var d digits
	var got string
	seq := uint16(0)
	for i, key := range "0159*#AD" {
		for _, f := range DigitFrames(byte(key), 100, 7, seq, uint32(1000*(i+1))) {
			if k, ok := d.event(packet{ssrc: f.Stream, seq: f.Seq, ts: f.Timestamp, payload: f.Payload}); ok {
				got += k
			}
			seq = f.Seq
		}
	}
	if got != "0159*#AD" {
		t.Fatalf("heard %q", got)
	}
	frames := DigitFrames('5', 100, 1, 10, 0)
	last := frames[len(frames)-1]
	if len(frames) != 7 || last.Payload[1]&0x80 == 0 || binary.BigEndian.Uint16(last.Payload[2:]) != 800 || frames[0].Payload[1]&0x80 != 0 {
		t.Fatalf("a key of 100 ms is %+v", frames)
	}
	if DigitFrames('x', 100, 1, 1, 1) != nil {
		t.Error("x is a key")
	}
	if _, ok := d.event(packet{payload: []byte{16, 0, 0, 0}}); ok {
		t.Error("a flash is a key")
	}
}

func FuzzRTP(f *testing.F) {
	f.Add([]byte{0x80, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0xFF, 0xFF})
	f.Add([]byte{0xBF, 0x80 | 101, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0xBE, 0xDE, 0, 1, 0x10, 0xFF, 0, 0, 5, 0x8A, 0, 160, 0, 0, 0, 4})
	f.Add([]byte{0xA0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 9})
	f.Fuzz(func(t *testing.T, b []byte) {
		var h rtp.Header
		p, err := parseRTP(&h, b)
		if err != nil {
			return
		}
		var d digits
		d.event(p)
		if len(p.payload) > len(b)-12 {
			t.Fatal("more payload than packet")
		}
		// What we write of it is read back the same.
		if len(p.payload) > maxPacket-12 {
			return
		}
		out := make([]byte, maxPacket)
		n := writeRTP(out, p)
		again, err := parseRTP(&h, out[:n])
		if p.marker && p.payloadType >= 72 && p.payloadType <= 79 {
			return // looks like RTCP from the outside
		}
		if err != nil || again.seq != p.seq || again.ts != p.ts || again.ssrc != p.ssrc || again.marker != p.marker || !bytes.Equal(again.payload, p.payload) {
			t.Fatalf("%+v came back as %+v, %v", p, again, err)
		}
	})
}

func TestSenderReport(t *testing.T) {
	b := senderReport(0x01020304, senderStats{packets: 5, octets: 800, ts: 1000, at: time.Unix(100, 0)}, time.Unix(101, 0))
	if len(b)%4 != 0 || int(binary.BigEndian.Uint16(b[2:]))*4+4 != 28 || b[28+1] != 202 || int(binary.BigEndian.Uint16(b[30:]))*4+4 != len(b)-28 {
		t.Fatalf("lengths are wrong: % x", b)
	}
	if ts := binary.BigEndian.Uint32(b[16:]); ts != 9000 {
		t.Errorf("a second later the timestamp is %d", ts)
	}
	if !strings.Contains(string(b), "cordboard") {
		t.Error("no name")
	}
}
