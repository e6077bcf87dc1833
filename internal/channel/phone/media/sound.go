package media

import (
	"math"
	"sync"
	"time"

	"cordboard/internal/channel/phone"
)

// sound is what a prompt plays: intro once, then loop for ever (nothing more when loop is empty). Linear samples.
type sound struct{ intro, loop []int16 }

// coded is a sound in one law, ready to send; whole frames only.
type coded struct{ intro, loop []byte }

func (s sound) in(l Law) coded {
	return coded{l.Encode(nil, frames(s.intro)), l.Encode(nil, frames(s.loop))}
}

// frames pads s with silence to whole packets.
func frames(s []int16) []int16 {
	if r := len(s) % FrameSamples; r != 0 {
		s = append(s[:len(s):len(s)], make([]int16, FrameSamples-r)...)
	}
	return s
}

type soundKey struct {
	kind phone.PromptKind
	law  Law
}

// builtin holds the synthesised prompts, each made when first asked for and kept: they are the same for everybody.
var builtin struct {
	sync.Mutex
	made map[soundKey]coded
}

func builtinSound(kind phone.PromptKind, l Law) coded {
	builtin.Lock()
	defer builtin.Unlock()
	k := soundKey{kind, l}
	c, ok := builtin.made[k]
	if !ok {
		if builtin.made == nil {
			builtin.made = map[soundKey]coded{}
		}
		c = synthesise(kind).in(l)
		builtin.made[k] = c
	}
	return c
}

// synthesise makes a built-in prompt. Levels are those of a telephone network: tones at about -16 dBm0, music softer.
func synthesise(kind phone.PromptKind) sound {
	switch kind {
	case phone.PromptRingback: // North American precise tone plan: 2 s on, 4 s off
		return sound{loop: append(Tone(2*time.Second, 0.1, 440, 480), quiet(4*time.Second)...)}
	case phone.PromptAnnouncement:
		return sound{intro: append(chime(), quiet(600*time.Millisecond)...), loop: music()}
	case phone.PromptHold:
		return sound{loop: music()}
	case phone.PromptBeep:
		return sound{intro: Tone(400*time.Millisecond, 0.2, 1000)}
	case phone.PromptBusy: // three bursts of busy tone
		burst := append(Tone(500*time.Millisecond, 0.1, 480, 620), quiet(500*time.Millisecond)...)
		return sound{intro: append(append(append([]int16{}, burst...), burst...), burst...)}
	default:
		return sound{loop: quiet(20 * time.Millisecond)}
	}
}

func quiet(d time.Duration) []int16 { return make([]int16, Samples(d)) }

// chime is the built-in announcement: a falling third, as in a railway station.
func chime() []int16 {
	out := quiet(2 * time.Second)
	pluck(out, 0, 659.25, 0.16)
	pluck(out, Samples(600*time.Millisecond), 523.25, 0.16)
	return out
}

// music is the built-in hold music: four slow broken chords, soft enough to talk over, free of anyone's rights. It is
// whole when looped, since notes that outlast the end go on at the beginning.
func music() []int16 {
	const beat = 600 * time.Millisecond
	chords := [][]float64{ // C, A minor, F, G, each with a colour
		{261.63, 329.63, 392.00, 493.88},
		{220.00, 261.63, 329.63, 392.00},
		{174.61, 261.63, 329.63, 440.00},
		{196.00, 246.94, 293.66, 329.63},
	}
	order := [...]int{0, 1, 2, 3, 2, 1, 3, 2}
	out := quiet(time.Duration(len(chords)*len(order)) * beat)
	for c, chord := range chords {
		for n, pick := range order {
			pluck(out, Samples(time.Duration(c*len(order)+n)*beat), chord[pick], 0.05)
		}
		pluck(out, Samples(time.Duration(c*len(order))*beat), chord[0]/2, 0.06)
	}
	return out
}

// pluck adds one decaying note at sample at, running over the end into the beginning.
func pluck(out []int16, at int, freq, level float64) {
	n := min(len(out), Samples(1800*time.Millisecond))
	for i := range n {
		t := float64(i) / SampleRate
		env := level * math.Exp(-2.2*t) * min(1, t/0.02) * min(1, float64(n-i)/400)
		w := 2 * math.Pi * freq * t
		v := env * (math.Sin(w) + 0.25*math.Sin(2*w)*math.Exp(-3*t))
		j := (at + i) % len(out)
		out[j] = clip(float64(out[j])/math.MaxInt16 + v)
	}
}
