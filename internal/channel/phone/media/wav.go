package media

import (
	"encoding/binary"
	"io"

	"cordboard/internal/fault"
)

// maxWAV bounds an announcement: ten minutes of 16-bit sound.
const maxWAV = 10 * 60 * SampleRate * 2

// ReadWAV reads an announcement: RIFF WAVE, mono, 8 kHz; 16-bit or 8-bit PCM, A-law or µ-law; ten minutes at most.
// Anything else is a fault that says what to save it as.
func ReadWAV(r io.Reader) ([]int16, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxWAV+1<<16))
	if err != nil {
		return nil, badWAV("The sound file could not be read to its end.").With(err)
	}
	if len(b) < 12 || string(b[:4]) != "RIFF" || string(b[8:12]) != "WAVE" {
		return nil, badWAV("This is not a WAV file.")
	}
	var format, bits uint16
	for b = b[12:]; len(b) >= 8; {
		id, size := string(b[:4]), uint64(binary.LittleEndian.Uint32(b[4:]))
		body := b[8:]
		if uint64(len(body)) > size {
			body = body[:size]
		}
		switch {
		case id == "fmt " && len(body) >= 16:
			format, bits = binary.LittleEndian.Uint16(body), binary.LittleEndian.Uint16(body[14:])
			ch, rate := binary.LittleEndian.Uint16(body[2:]), binary.LittleEndian.Uint32(body[4:])
			if ch != 1 || rate != SampleRate {
				return nil, badWAV("The sound file must be mono with 8,000 samples a second; save it as \"8 kHz, mono, 16-bit PCM\".")
			}
		case id == "data":
			return wavSamples(format, bits, body)
		}
		// Chunks are padded to even length.
		if next := 8 + size + size&1; next < uint64(len(b)) {
			b = b[next:]
		} else {
			b = nil
		}
	}
	return nil, badWAV("The sound file holds no sound.")
}

func wavSamples(format, bits uint16, data []byte) ([]int16, error) {
	if len(data) > maxWAV {
		return nil, badWAV("The sound file is longer than ten minutes.")
	}
	switch {
	case format == 1 && bits == 16:
		out := make([]int16, len(data)/2)
		for i := range out {
			out[i] = int16(binary.LittleEndian.Uint16(data[2*i:]))
		}
		return out, nil
	case format == 1 && bits == 8:
		out := make([]int16, len(data))
		for i, v := range data {
			out[i] = (int16(v) - 128) << 8
		}
		return out, nil
	case format == 6 && bits == 8:
		return ALaw.Decode(nil, data), nil
	case format == 7 && bits == 8:
		return ULaw.Decode(nil, data), nil
	}
	return nil, badWAV("The sound file is compressed in a way we can't play; save it as \"8 kHz, mono, 16-bit PCM\".")
}

func badWAV(msg string) *fault.Error { return fault.New(fault.Invalid, "BAD_SOUND_FILE", msg) }
