package store_test

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cordboard/internal/delivery"
	"cordboard/internal/desk"
	"cordboard/internal/store"
	"cordboard/internal/store/pgtest"
)

// benchWriters measures durable interactions per second: each the commit of closing. The ratio of many writers, whose
// commits are grouped, to one writer, who waits for the disk each time, is what DESIGN §8 holds.
func benchWriters(b *testing.B, o store.Options, writers int) {
	in, err := store.Open(b.Context(), o)
	if err != nil {
		b.Fatal(err)
	}
	defer in.Close() //nolint:errcheck // the measurement is over
	tn, err := in.Tenant(b.Context(), "acme")
	if err != nil {
		b.Fatal(err)
	}
	var next atomic.Int64
	var mu sync.Mutex
	var took []time.Duration
	b.ResetTimer()
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			var mine []time.Duration
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				began := time.Now()
				if err := tn.Change(b.Context(), closing(fmt.Sprintf("int-%016x", n))); err != nil {
					b.Error(err)
					return
				}
				mine = append(mine, time.Since(began))
			}
			mu.Lock()
			defer mu.Unlock()
			took = append(took, mine...)
		})
	}
	wg.Wait()
	b.StopTimer()
	reportSpread(b, took)
}

func reportSpread(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "interactions/s")
	b.ReportMetric(took[len(took)/2].Seconds()*1000, "p50-ms")
	b.ReportMetric(took[len(took)*99/100].Seconds()*1000, "p99-ms")
}

// BenchmarkSteady is how long one takes while 2,000 a second come, whether those before are done or not (DESIGN §8). It is
// counted from when each was due, so that a stall is charged to everyone whom it kept waiting.
func BenchmarkSteady(b *testing.B) {
	const rate = 2000
	in, err := store.Open(b.Context(), store.Options{DataDir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer in.Close() //nolint:errcheck // the measurement is over
	tn, err := in.Tenant(b.Context(), "acme")
	if err != nil {
		b.Fatal(err)
	}
	took := make([]time.Duration, b.N)
	var wg sync.WaitGroup
	b.ResetTimer()
	began := time.Now()
	for n := range b.N {
		due := began.Add(time.Duration(n) * time.Second / rate)
		time.Sleep(time.Until(due))
		wg.Go(func() {
			if err := tn.Change(b.Context(), closing(fmt.Sprintf("int-%016x", n))); err != nil {
				b.Error(err)
			}
			took[n] = time.Since(due)
		})
	}
	wg.Wait()
	b.StopTimer()
	reportSpread(b, took)
}

func BenchmarkOneByOne(b *testing.B) { benchWriters(b, store.Options{DataDir: b.TempDir()}, 1) }
func BenchmarkGrouped(b *testing.B)  { benchWriters(b, store.Options{DataDir: b.TempDir()}, 64) }
func BenchmarkPostgreSQL(b *testing.B) {
	benchWriters(b, store.Options{DatabaseURL: pgtest.URL(b), Conns: 8}, 8)
}

// BenchmarkSnapshot measures what a console asks for when it connects.
func BenchmarkSnapshot(b *testing.B) {
	in, err := store.Open(b.Context(), store.Options{DataDir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer in.Close() //nolint:errcheck // the measurement is over
	tn, err := in.Tenant(b.Context(), "acme")
	if err != nil {
		b.Fatal(err)
	}
	for n := range 2000 {
		if err := tn.Change(b.Context(), closing(fmt.Sprintf("int-%016x", n))); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if _, is, err := tn.Snapshot(b.Context(), "ag1", 20); err != nil || len(is) != 20 {
			b.Fatal(len(is), err)
		}
	}
}

// BenchmarkBacklog measures what a pump asks of 20,000 waiting deliveries (DESIGN §8): the next one, and, while every lane
// rests, when the next falls due.
func BenchmarkBacklog(b *testing.B) {
	in, err := store.Open(b.Context(), store.Options{DataDir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer in.Close() //nolint:errcheck // the measurement is over
	tn, err := in.Tenant(b.Context(), "acme")
	if err != nil {
		b.Fatal(err)
	}
	var rest []string
	for lane := range 100 {
		rest = append(rest, fmt.Sprint("o/ag", lane))
		err := tn.Change(b.Context(), func(tx desk.Tx) error {
			for n := range 200 {
				k := fmt.Sprint(lane, "-", n)
				if err := tx.Promise(desk.Intent{Key: k, Lane: rest[lane], Order: k}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	now := time.Now().Add(time.Hour)
	for name, lanes := range map[string][]string{"free": nil, "resting": rest, "one free": rest[:99]} {
		b.Run("claim "+name, func(b *testing.B) {
			for b.Loop() {
				ds, err := tn.Claim(b.Context(), now, now.Add(time.Hour), 1, lanes)
				if err != nil || len(ds) != 1 && name == "free" {
					b.Fatal(len(ds), err)
				}
				for _, d := range ds { // give it back
					d.State, d.Next = delivery.Waiting, now
					if _, err := tn.Settle(b.Context(), d); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
		b.Run("next due "+name, func(b *testing.B) {
			for b.Loop() {
				if _, err := tn.NextDue(b.Context(), lanes); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
