package literal

import (
	"testing"
	"time"
)

func TestRelative(t *testing.T) {
	now := time.Date(2026, 11, 25, 15, 4, 5, 0, time.UTC) // a Wednesday
	for _, c := range []struct {
		name     string
		n        int
		from, to string
	}{
		{"TODAY", 0, "2026-11-25", "2026-11-26"},
		{"YESTERDAY", 0, "2026-11-24", "2026-11-25"},
		{"THIS_WEEK", 0, "2026-11-22", "2026-11-29"},
		{"LAST_WEEK", 0, "2026-11-15", "2026-11-22"},
		{"NEXT_MONTH", 0, "2026-12-01", "2027-01-01"},
		{"THIS_QUARTER", 0, "2026-10-01", "2027-01-01"},
		{"NEXT_QUARTER", 0, "2027-01-01", "2027-04-01"},
		{"LAST_FISCAL_YEAR", 0, "2025-01-01", "2026-01-01"},
		{"LAST_90_DAYS", 0, "2026-08-27", "2026-11-26"},
		{"LAST_N_DAYS", 7, "2026-11-18", "2026-11-26"},
		{"NEXT_N_DAYS", 2, "2026-11-26", "2026-11-28"},
		{"LAST_N_MONTHS", 2, "2026-09-01", "2026-11-01"},
		{"NEXT_N_WEEKS", 1, "2026-11-29", "2026-12-06"},
		{"N_DAYS_AGO", 3, "2026-11-22", "2026-11-23"},
		{"N_YEARS_AGO", 1, "2025-01-01", "2026-01-01"},
	} {
		from, to := Relative(now, c.name, c.n)
		if f, z := from.Format("2006-01-02"), to.Format("2006-01-02"); f != c.from || z != c.to {
			t.Errorf("%s:%d is %s to %s, want %s to %s", c.name, c.n, f, z, c.from, c.to)
		}
	}
}

func TestInstant(t *testing.T) {
	for in, want := range map[string]string{
		"2026-11-22T14:05:00Z":           "2026-11-22T14:05:00Z",
		"2026-11-22T14:05:00.123+0000":   "2026-11-22T14:05:00Z",
		"2026-11-22T14:05:00.000+01:00":  "2026-11-22T13:05:00Z",
		"2026-11-22T14:05:00.000-0800":   "2026-11-22T22:05:00Z",
		"2026-11-22":                     "",
		"2026-11-22T14:05:00":            "",
		"2026-13-22T14:05:00Z":           "",
		"2026-11-22T14:05:00.000+0000 x": "",
	} {
		got, ok := Instant(in)
		if ok != (want != "") || ok && got.Truncate(time.Second).Format(time.RFC3339) != want {
			t.Errorf("%s: %v %v", in, got, ok)
		}
	}
}

func TestLike(t *testing.T) {
	for _, c := range []struct {
		pattern, in string
		want        bool
	}{
		{"a%", "Abc", true}, {"%c", "abc", true}, {"a_c", "aXc", true}, {"a_c", "ac", false}, {"%b%", "abc", true}, {"abc", "ABC", true},
		{"%415%555%1212", "(415) 555-1212", true}, {`50\%`, "50%", true}, {`50\%`, "500", false}, {`a\_`, "ab", false}, {"", "", true}, {"%", "", true}, {"ü%", "Übung", true}, {"a%b%c", "a-b-b-c-d", false},
	} {
		if got := Like(c.pattern)(c.in); got != c.want {
			t.Errorf("%q LIKE %q is %v", c.in, c.pattern, got)
		}
	}
	if Like("%")(nil) {
		t.Error("an empty value is like something")
	}
}
