package media

import (
	"math"
	"time"
)

// Samples is how many samples last d.
func Samples(d time.Duration) int { return int(d * SampleRate / time.Second) }

// Tone makes the sum of sine waves of the given frequencies (Hz), each of amplitude level (1 is full scale), with edges
// of 5 ms so that it doesn't click.
func Tone(d time.Duration, level float64, freqs ...float64) []int16 {
	out := Wave(d, level, freqs...)
	edge := Samples(5 * time.Millisecond)
	for i := range min(edge, len(out)/2) {
		fade := float64(i) / float64(edge)
		out[i] = int16(float64(out[i]) * fade)
		out[len(out)-1-i] = int16(float64(out[len(out)-1-i]) * fade)
	}
	return out
}

// Wave is a Tone without soft edges, for sound that is repeated end to end.
func Wave(d time.Duration, level float64, freqs ...float64) []int16 {
	out := make([]int16, Samples(d))
	for i := range out {
		v := 0.0
		for _, f := range freqs {
			v += math.Sin(2 * math.Pi * f * float64(i) / SampleRate)
		}
		out[i] = clip(v * level)
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
