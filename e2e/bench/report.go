package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"text/tabwriter"
	"time"
)

// figure is one line of the report. What doesn't apply is left out.
type figure struct {
	Name    string   `json:"name"`
	Unit    string   `json:"unit"`
	Value   *float64 `json:"value,omitempty"` // of a figure that is one number
	P50     *float64 `json:"p50,omitempty"`
	P99     *float64 `json:"p99,omitempty"`
	Max     *float64 `json:"max,omitempty"`
	N       int      `json:"n,omitempty"`
	Ratio   *float64 `json:"ratio,omitempty"`   // against the figure named in Control, of the same run
	Control string   `json:"control,omitempty"` // the figure that this one is read beside
	Hold    string   `json:"hold,omitempty"`    // what the design asks for
	Note    string   `json:"note,omitempty"`
	At      string   `json:"at"`
}

type report struct{ figures []figure }

func (r *report) add(f figure) {
	f.At = time.Now().UTC().Format(time.RFC3339)
	if of := r.find(f.Control); of != nil && f.Unit == of.Unit && f.Ratio == nil {
		if a, b := f.middle(), of.middle(); b > 0 {
			f.Ratio = ptr(a / b)
		}
	}
	r.figures = append(r.figures, f)
}

func (r *report) find(name string) *figure {
	for n := range r.figures {
		if name != "" && r.figures[n].Name == name {
			return &r.figures[n]
		}
	}
	return nil
}

func (f *figure) middle() float64 {
	switch {
	case f.P50 != nil:
		return *f.P50
	case f.Value != nil:
		return *f.Value
	}
	return 0
}

// spread fills a figure with the quantiles of what was measured, in milliseconds.
func (f figure) spread(took []time.Duration) figure {
	if len(took) == 0 {
		return f
	}
	took = slices.Sorted(slices.Values(took))
	f.Unit, f.N = "ms", len(took)
	f.P50, f.P99, f.Max = ptr(ms(quantile(took, 50))), ptr(ms(quantile(took, 99))), ptr(ms(took[len(took)-1]))
	return f
}

// quantile is the smallest value that at least pct of a hundred are not above; took is sorted.
func quantile(took []time.Duration, pct int) time.Duration {
	return took[max(0, (len(took)*pct+99)/100-1)]
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func ptr(v float64) *float64 { return &v }

func (r *report) print(out io.Writer) {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "\nwhat\tp50\tp99\tmax\tunit\tn\tratio\tbeside\thold")
	for _, f := range r.figures {
		p50 := f.P50
		if p50 == nil {
			p50 = f.Value
		}
		n := ""
		if f.N > 0 {
			n = fmt.Sprint(f.N)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", f.Name, short(p50), short(f.P99), short(f.Max), f.Unit, n, short(f.Ratio), f.Control, f.Hold)
	}
	_ = w.Flush()
	for _, f := range r.figures {
		if f.Note != "" {
			fmt.Fprintf(out, "  %s: %s\n", f.Name, f.Note)
		}
	}
}

func short(v *float64) string {
	switch {
	case v == nil:
		return ""
	case *v >= 100:
		return fmt.Sprintf("%.0f", *v)
	case *v >= 10:
		return fmt.Sprintf("%.1f", *v)
	}
	return fmt.Sprintf("%.2f", *v)
}

func (r *report) write(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	enc := json.NewEncoder(f)
	for _, x := range r.figures {
		if err := enc.Encode(x); err != nil {
			return err
		}
	}
	return f.Close()
}
