package record

import "testing"

func TestLasted(t *testing.T) {
	for sec, want := range map[int]string{1: "1 s", 59: "59 s", 60: "1 min", 95: "2 min", 420: "7 min", 3600: "1 h", 3900: "1 h 5 min"} {
		if got := lasted(sec); got != want {
			t.Errorf("%d: %q, want %q", sec, got, want)
		}
	}
}
