// Package literal is what SOQL's literals mean once they are read: relative dates, instants, LIKE patterns, comparisons.
//
// It is arithmetic over values, without a store, a user or a clock: the instant is an argument.
package literal

import (
	"strings"
	"time"
)

// Ordered says whether a comparison operator holds for the outcome of comparing: below, at or above 0.
func Ordered(op string, cmp int) bool {
	switch op {
	case "=":
		return cmp == 0
	case "!=":
		return cmp != 0
	case "<":
		return cmp < 0
	case ">":
		return cmp > 0
	case "<=":
		return cmp <= 0
	case ">=":
		return cmp >= 0
	}
	return false
}

// Like makes the test of a LIKE pattern: % any run, _ one character, a backslash keeps either ordinary.
func Like(pattern string) func(any) bool {
	type part struct {
		r    rune
		any  bool
		many bool
	}
	var ps []part
	rs := []rune(strings.ToLower(pattern))
	for i := 0; i < len(rs); i++ {
		switch {
		case rs[i] == '\\' && i+1 < len(rs):
			i++
			ps = append(ps, part{r: rs[i]})
		case rs[i] == '%':
			ps = append(ps, part{many: true})
		case rs[i] == '_':
			ps = append(ps, part{any: true})
		default:
			ps = append(ps, part{r: rs[i]})
		}
	}
	return func(x any) bool {
		s, ok := x.(string)
		if !ok {
			return false
		}
		w := []rune(strings.ToLower(s))
		i, j, star, mark := 0, 0, -1, 0
		for j < len(w) {
			switch {
			case i < len(ps) && !ps[i].many && (ps[i].any || ps[i].r == w[j]):
				i++
				j++
			case i < len(ps) && ps[i].many:
				star, mark = i, j
				i++
			case star >= 0:
				mark++
				i, j = star+1, mark
			default:
				return false
			}
		}
		for i < len(ps) && ps[i].many {
			i++
		}
		return i == len(ps)
	}
}

// Instant reads a SOQL or JSON instant in any of the forms that Salesforce accepts.
func Instant(s string) (time.Time, bool) {
	for _, layout := range []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05-0700", "2006-01-02T15:04:05Z0700"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// Relative is the stretch of days a relative date names, from midnight to midnight in now's zone. Weeks begin on Sunday,
// as in the US locale; fiscal years are calendar years.
func Relative(now time.Time, name string, n int) (from, to time.Time) {
	day := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	days := func(t time.Time, n int) time.Time { return t.AddDate(0, 0, n) }
	start := func(unit string, shift int) time.Time {
		switch unit {
		case "WEEK":
			return days(day, -int(day.Weekday())+7*shift)
		case "MONTH":
			return time.Date(day.Year(), day.Month()+time.Month(shift), 1, 0, 0, 0, 0, day.Location())
		case "QUARTER", "FISCAL_QUARTER":
			first := (int(day.Month())-1)/3*3 + 1
			return time.Date(day.Year(), time.Month(first+3*shift), 1, 0, 0, 0, 0, day.Location())
		case "YEAR", "FISCAL_YEAR":
			return time.Date(day.Year()+shift, 1, 1, 0, 0, 0, 0, day.Location())
		}
		return days(day, shift)
	}
	switch name {
	case "TODAY":
		return day, days(day, 1)
	case "YESTERDAY":
		return days(day, -1), day
	case "TOMORROW":
		return days(day, 1), days(day, 2)
	case "LAST_90_DAYS":
		return days(day, -90), days(day, 1)
	case "NEXT_90_DAYS":
		return days(day, 1), days(day, 91)
	}
	if unit, ok := strings.CutSuffix(name, "S_AGO"); ok {
		unit = strings.TrimPrefix(unit, "N_")
		return start(unit, -n), start(unit, -n+1)
	}
	which, unit, _ := strings.Cut(name, "_")
	if many, ok := strings.CutPrefix(unit, "N_"); ok {
		unit = strings.TrimSuffix(many, "S")
		switch {
		case which == "LAST" && unit == "DAY": // includes today
			return days(day, -n), days(day, 1)
		case which == "LAST":
			return start(unit, -n), start(unit, 0)
		}
		return start(unit, 1), start(unit, n+1)
	}
	shift := map[string]int{"LAST": -1, "THIS": 0, "NEXT": 1}[which]
	return start(unit, shift), start(unit, shift+1)
}
