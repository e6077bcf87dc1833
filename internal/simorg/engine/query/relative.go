package query

import (
	"strings"
	"time"
)

// relative is the stretch of days a relative date names, from midnight to midnight in now's zone. Weeks begin on Sunday,
// as in the US locale; fiscal years are calendar years.
func relative(now time.Time, name string, n int) (from, to time.Time) {
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
