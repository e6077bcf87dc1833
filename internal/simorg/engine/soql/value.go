package soql

import (
	"regexp"
	"strconv"
	"strings"
)

func (p *parser) count() int {
	t := p.peek()
	n, err := strconv.Atoi(t.s)
	if t.kind != number || err != nil || n < 0 {
		p.unexpected()
	}
	p.next()
	return n
}

var (
	dateForm     = regexp.MustCompile(`^\d{4}-\d\d-\d\d$`)
	dateTimeForm = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|z|[+-]\d\d:?\d\d)$`)
	relatives    = regexp.MustCompile(`^(YESTERDAY|TODAY|TOMORROW|(LAST|THIS|NEXT)_(WEEK|MONTH|QUARTER|YEAR|FISCAL_QUARTER|FISCAL_YEAR)|(LAST|NEXT)_90_DAYS)$`)
	relativesN   = regexp.MustCompile(`^((LAST|NEXT)_N_(DAYS|WEEKS|MONTHS|QUARTERS|YEARS)|N_(DAYS|WEEKS|MONTHS|YEARS)_AGO)$`)
)

func (p *parser) value() Value {
	t := p.peek()
	v := Value{Pos: t.pos}
	switch t.kind {
	case text:
		v.Kind, v.S = Text, t.s
	case number:
		n, err := strconv.ParseFloat(t.s, 64)
		switch {
		case dateForm.MatchString(t.s):
			v.Kind, v.S = Date, t.s
		case dateTimeForm.MatchString(t.s):
			v.Kind, v.S = DateTime, t.s
		case err == nil && !strings.ContainsAny(t.s, "xXnNpP_"):
			v.Kind, v.N, v.S = Number, n, t.s
		default:
			p.unexpected()
		}
	case word:
		up := strings.ToUpper(t.s)
		switch {
		case up == "NULL":
		case up == "TRUE" || up == "FALSE":
			v.Kind, v.B = Bool, up == "TRUE"
		case relatives.MatchString(up):
			v.Kind, v.S = Relative, up
		case relativesN.MatchString(up):
			p.next()
			p.symbol(":")
			v.Kind, v.S, v.N = Relative, up, float64(p.count())
			return v
		default:
			p.unexpected()
		}
	default:
		p.unexpected()
	}
	p.next()
	return v
}
