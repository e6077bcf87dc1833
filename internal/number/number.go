// Package number reads telephone numbers as people and machines write them.
//
// It turns a stored or received spelling into E.164 (SPEC MAT-4), lists every key under which a stored value may be
// looked up, the spellings a search must try (SF-19), and how a number is shown or masked. It promises that the fast path
// gives exactly what the numbering library gives, or leaves the answer to it. It never dials, stores or logs anything,
// and it keeps no state besides the numbering plans that the library carries.
package number

import (
	"strconv"

	"github.com/nyaruka/phonenumbers"

	"cordboard/internal/fault"
)

// Number is one telephone number, understood.
type Number struct {
	E164     string // "+14155551212"
	Region   string // ISO 3166 alpha-2 of the plan it belongs to; "001" for global services, "" when no plan claims it
	Country  int    // calling code, 1…999
	National string // national significant digits, without trunk prefix: "4155551212"
}

// maxInput is how much of a value is looked at, in bytes; the numbering library refuses longer ones too.
const maxInput = 250

// Parse understands the first number in raw. Region (ISO 3166 alpha-2) is where a number without country code belongs;
// empty or unknown means that only international spellings are understood. The fault is Invalid, code NOT_A_NUMBER.
func Parse(raw, region string) (Number, error) {
	for _, p := range clean(raw) {
		if n := certain(p, region); n != nil {
			return Number{
				E164:     phonenumbers.Format(n, phonenumbers.E164),
				Region:   phonenumbers.GetRegionCodeForNumber(n),
				Country:  int(n.GetCountryCode()),
				National: phonenumbers.GetNationalSignificantNumber(n),
			}, nil
		}
	}
	return Number{}, fault.New(fault.Invalid, "NOT_A_NUMBER",
		"This is not a telephone number we can read. Write it with its country code, for example +1 415 555 1212.")
}

// E164 is the certain key of raw: the E.164 form of its first readable number. Extensions and labels are ignored.
func E164(raw, region string) (string, bool) {
	if p, ok := plain(raw); ok {
		if e, ok := fast(p, region); ok {
			return e, true
		}
		return slow(p, region)
	}
	for _, p := range clean(raw) {
		if e, ok := key(p, region); ok {
			return e, true
		}
	}
	return "", false
}

// key is the certain key of one cleaned piece.
func key(p piece, region string) (string, bool) {
	if e, ok := fast(p, region); ok {
		return e, true
	}
	return slow(p, region)
}

// slow asks the library.
func slow(p piece, region string) (string, bool) {
	n := certain(p, region)
	if n == nil {
		return "", false
	}
	return phonenumbers.Format(n, phonenumbers.E164), true
}

// certain is the one reading of a piece that we rely on, nil when there is none: international with "+", then with "00",
// then national in the region, then international without any mark.
func certain(p piece, region string) *phonenumbers.PhoneNumber {
	if !p.sensible() {
		return nil
	}
	p = p.modern()
	if p.plus {
		return international(p.digits)
	}
	if len(p.digits) > 2 && p.digits[:2] == "00" {
		// People write 00 for "+" wherever they live, also where the local prefix is another (001 415 … in the US).
		if n := international(p.digits[2:]); n != nil && phonenumbers.IsValidNumber(n) {
			return n
		}
	}
	if n := national(p.digits, region); n != nil {
		return n
	}
	if n := international(p.digits); n != nil && phonenumbers.IsValidNumber(n) {
		return n
	}
	return nil
}

// international reads digits that start with a calling code.
func international(digits string) *phonenumbers.PhoneNumber {
	for len(digits) > 2 && digits[:2] == "00" {
		digits = digits[2:] // "+0044…": plus and prefix both
	}
	n, err := phonenumbers.Parse("+"+digits, phonenumbers.UNKNOWN_REGION)
	if err != nil || !possible(n) || !steady(n) {
		return nil
	}
	return n
}

// possible reports whether a number is as long as its plan has them, and as a public number must be.
func possible(n *phonenumbers.PhoneNumber) bool {
	return phonenumbers.IsPossibleNumberWithReason(n) == phonenumbers.IS_POSSIBLE &&
		len(phonenumbers.Format(n, phonenumbers.E164)) > least
}

// national reads digits as dialled within the region, its international prefix included.
func national(digits, region string) *phonenumbers.PhoneNumber {
	if region == "" {
		return nil
	}
	n, err := phonenumbers.Parse(digits, region)
	if err != nil || !possible(n) || !steady(n) {
		return nil
	}
	return n
}

// steady reports whether a number's E.164 form reads as the same number. The library takes "0023456" in Australia for a
// number with a leading zero, which no plan but Italy's and a few others has, and reads the result as another number.
func steady(n *phonenumbers.PhoneNumber) bool {
	nsn := phonenumbers.GetNationalSignificantNumber(n)
	if nsn[0] != '0' && nsn[0] != '1' && nsn[0] != '8' {
		return true // no plan has another trunk prefix
	}
	again, err := phonenumbers.Parse("+"+strconv.Itoa(int(n.GetCountryCode()))+nsn, phonenumbers.UNKNOWN_REGION)
	return err == nil && phonenumbers.GetNationalSignificantNumber(again) == nsn
}

// KnownRegion reports whether numbers can be read as dialled in a country, ISO 3166 alpha-2 in capitals.
func KnownRegion(region string) bool { return phonenumbers.GetCountryCodeForRegion(region) != 0 }

// Display is how people of the region write the number: its national form at home, the international form elsewhere.
// What is no E.164 number is returned as it is.
func Display(e164, region string) string {
	n, err := phonenumbers.Parse(e164, region)
	if err != nil {
		return e164
	}
	if int(n.GetCountryCode()) == phonenumbers.GetCountryCodeForRegion(region) {
		return phonenumbers.Format(n, phonenumbers.NATIONAL)
	}
	return phonenumbers.Format(n, phonenumbers.INTERNATIONAL)
}

// Mask is a number fit for logs (GEN-10): "+1***1212", "***1212" without a known calling code, "***" for what is too
// short to hide anything.
func Mask(raw string) string {
	p, ok := plain(raw)
	if !ok {
		ps := clean(raw)
		if len(ps) == 0 {
			return "***"
		}
		p = ps[0]
	}
	if len(p.digits) < 7 {
		return "***"
	}
	tail := "***" + p.digits[len(p.digits)-4:]
	if p.plus {
		if pl := planOf(p.digits); pl != nil {
			return "+" + strconv.Itoa(pl.country) + tail
		}
	}
	return tail
}
