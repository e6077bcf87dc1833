package media

import (
	"math"
	"time"
)

// Samples is how many samples last d.
func Samples(d time.Duration) int { return int(d * SampleRate / time.Second) }

// Tone makes the sum of sine waves of the given frequencies (Hz), each of amplitude level (1 is full scale), with edges
// of 5 ms so that it doesn't click. It is what prompts, tests and test phones send.
func Tone(d time.Duration, level float64, freqs ...float64) []int16 {
	out := make([]int16, Samples(d))
	edge := float64(Samples(5 * time.Millisecond))
	for i := range out {
		v := 0.0
		for _, f := range freqs {
			v += math.Sin(2 * math.Pi * f * float64(i) / SampleRate)
		}
		fade := min(1, float64(i)/edge, float64(len(out)-1-i)/edge)
		out[i] = clip(v * level * fade)
	}
	return out
}

// Measure is the share (0 to about 1) of the samples' energy that lies at freq (Hz), by Goertzel's method: near 1 for a
// pure tone, near 0 for its absence, 0 for silence. Windows of 50 ms and more tell telephone tones apart.
func Measure(samples []int16, freq float64) float64 {
	coeff := 2 * math.Cos(2*math.Pi*freq/SampleRate)
	var s1, s2, energy float64
	for _, v := range samples {
		x := float64(v)
		energy += x * x
		s1, s2 = x+coeff*s1-s2, s1
	}
	// Companding leaves a step or two of noise even in silence: what is that quiet counts as none.
	if n := float64(len(samples)); n == 0 || energy/n < 16*16 {
		return 0
	}
	return (s1*s1 + s2*s2 - coeff*s1*s2) * 2 / (energy * float64(len(samples)))
}

func clip(v float64) int16 { return int16(max(-1, min(1, v)) * math.MaxInt16) }
