package number

import (
	"strconv"
	"strings"
	"sync"

	"github.com/nyaruka/phonenumbers"
)

// plan is what the fast path knows of one region's numbering, taken from the library's own metadata.
type plan struct {
	country int
	code    string // the calling code as digits
	lengths uint32 // bit n: national numbers may have n digits
	trunk   byte   // the trunk prefix when it is one plain digit, else 0
	exit    string // the international prefix when it is plain digits, else ""
	simple  bool   // the trunk prefix is one plain digit or none, and nothing is rewritten
}

func (p *plan) fits(n int) bool { return n < 32 && p.lengths&(1<<n) != 0 }

type plans struct {
	byCode   map[string]*plan // main region of each calling code
	byRegion map[string]*plan
}

var known = sync.OnceValue(func() plans {
	ps := plans{byCode: map[string]*plan{}, byRegion: map[string]*plan{}}
	all, err := phonenumbers.MetadataCollection()
	if err != nil {
		return ps // the slow path answers everything
	}
	for _, m := range all.GetMetadata() {
		p := &plan{country: int(m.GetCountryCode()), code: strconv.Itoa(int(m.GetCountryCode()))}
		for _, l := range m.GetGeneralDesc().GetPossibleLength() {
			if l > 0 && l < 32 {
				p.lengths |= 1 << l
			}
		}
		if t := m.GetNationalPrefixForParsing(); len(t) == 1 && t[0] >= '0' && t[0] <= '9' {
			p.trunk = t[0]
		}
		p.simple = (m.GetNationalPrefixForParsing() == "" || p.trunk != 0) && m.GetNationalPrefixTransformRule() == ""
		if x := m.GetInternationalPrefix(); x != "" && strings.Trim(x, "0123456789") == "" {
			p.exit = x
		}
		if id := m.GetId(); id != "001" {
			ps.byRegion[id] = p
			if phonenumbers.GetRegionCodeForCountryCode(p.country) == id {
				ps.byCode[p.code] = p
			}
		} else {
			ps.byCode[p.code] = p
		}
	}
	return ps
})

// planOf finds the plan by the calling code that international digits start with. Calling codes are prefix-free.
func planOf(digits string) *plan {
	ps := known()
	for n := 1; n <= 3 && n < len(digits); n++ {
		if p := ps.byCode[digits[:n]]; p != nil {
			return p
		}
	}
	return nil
}

// fast answers the cases in which the library's answer follows from lengths and prefixes alone; ok is false when the
// library must be asked, which is not yet a "no".
func fast(p piece, region string) (e164 string, ok bool) {
	if !p.sensible() {
		return "", false
	}
	if p.plus {
		pl := planOf(p.digits)
		if pl == nil || !pl.simple {
			return "", false
		}
		nsn := p.digits[len(pl.code):]
		if nsn == "" || nsn[0] == '0' || nsn[0] == pl.trunk || !pl.fits(len(nsn)) {
			return "", false
		}
		return "+" + p.digits, true
	}
	pl := known().byRegion[region]
	if pl == nil || !pl.simple || pl.exit == "" || pl.trunk == 0 {
		return "", false
	}
	if pl.country == 1 {
		return northAmerican(p.digits)
	}
	d := p.digits
	if d[0] != pl.trunk || pl.fits(len(d)) || strings.HasPrefix(d, pl.exit) || strings.HasPrefix(d, "00") || strings.HasPrefix(d, pl.code) {
		return "", false
	}
	nsn := d[1:]
	if nsn[0] == '0' || nsn[0] == pl.trunk || strings.HasPrefix(nsn, pl.code) || !pl.fits(len(nsn)) {
		return "", false
	}
	return "+" + pl.code + nsn, true
}

// northAmerican reads ten digits, or eleven with the leading 1.
func northAmerican(d string) (string, bool) {
	if len(d) == 11 && d[0] == '1' {
		d = d[1:]
	}
	if len(d) != 10 || d[0] < '2' {
		return "", false
	}
	return "+1" + d, true
}
