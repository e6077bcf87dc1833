package live

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func numbers(cs []change) []int64 {
	out := []int64{}
	for _, c := range cs {
		out = append(out, c.n)
	}
	return out
}

func TestOrder(t *testing.T) {
	var o order
	// before the snapshot everything waits
	if got := o.take(change{n: 5}); got != nil {
		t.Fatal(numbers(got))
	}
	o.take(change{n: 4})
	o.take(change{n: 7})
	if got := numbers(o.start(4)); !slices.Equal(got, []int64{5}) {
		t.Fatalf("after the snapshot: %v", got)
	}
	if !o.gap() {
		t.Fatal("7 waits for 6")
	}
	if got := o.take(change{n: 5}); got != nil {
		t.Fatalf("a repeat: %v", numbers(got))
	}
	if got := numbers(o.take(change{n: 6})); !slices.Equal(got, []int64{6, 7}) {
		t.Fatalf("the missing one: %v", got)
	}
	if o.gap() {
		t.Fatal("nothing waits")
	}
	o.take(change{n: 20})
	if got := numbers(o.start(25)); len(got) > 0 || o.gap() {
		t.Fatalf("a snapshot beyond what waits: %v", got)
	}
}

// TestOrderLosesNothing: whatever the order of arrival and wherever snapshots fall, what leaves after the last snapshot is
// every number after it, once, in order.
func TestOrderLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "n")
		arrive := rapid.Permutation(numbersTo(n)).Draw(t, "arrive")
		at := rapid.IntRange(0, n).Draw(t, "snapshot after")
		seen := rapid.IntRange(0, n).Draw(t, "snapshot has")
		var o order
		var out []int64
		for i, x := range arrive {
			if i == at {
				out = append(out, numbers(o.start(int64(seen)))...)
			}
			out = append(out, numbers(o.take(change{n: x}))...)
		}
		if at == n {
			out = append(out, numbers(o.start(int64(seen)))...)
		}
		if want := numbersTo(n)[seen:]; !slices.Equal(out, want) {
			t.Fatalf("sent %v, want %v", out, want)
		}
		if o.gap() {
			t.Fatal("something was kept back")
		}
	})
}

func numbersTo(n int) []int64 {
	out := []int64{}
	for i := range n {
		out = append(out, int64(i+1))
	}
	return out
}
