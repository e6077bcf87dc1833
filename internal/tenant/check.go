package tenant

import (
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"cordboard/internal/fault"
	"cordboard/internal/interaction"
	"cordboard/internal/number"
)

// The checks below return a document as it will be stored (spaces trimmed, absent values at their defaults, lists never
// nil) or one fault that lists everything wrong with it (GEN-4). Limits are counted in characters and refused by naming
// limit and length (GEN-5). A document with ID 0 is new.

var (
	e164Form = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	// spacing is what people put between digits; a number is stored without it.
	spacing = strings.NewReplacer(" ", "", "-", "", ".", "", "(", "", ")", "", "\u00a0", "")
)

// maxName is the limit of the names of queues, channels, lists and trunks.
const maxName = 80

type check struct{ fault.Fields }

// text trims a value and checks that it is there, where it must be, and within its limit.
func (f *check) text(field, value string, required bool, limit int) string {
	value = strings.TrimSpace(value)
	switch n := utf8.RuneCountInString(value); {
	case n == 0 && required:
		f.Add(field, "REQUIRED", "This is needed.")
	case n > limit:
		f.Addf(field, "TOO_LONG", "At most %d characters; this has %d.", limit, n)
	case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }):
		f.Add(field, "BAD_CHARACTER", "Line breaks and control characters are not allowed here.")
	}
	return value
}

func (f *check) between(field string, value, low, high int) {
	if value < low || value > high {
		f.Addf(field, "OUT_OF_RANGE", "Choose a number from %d to %d; this is %d.", low, high, value)
	}
}

func (f *check) region(field, value string, required bool) string {
	value = strings.ToUpper(strings.TrimSpace(value))
	if (value != "" || required) && !number.KnownRegion(value) {
		f.Add(field, "BAD_REGION", "Give a country as two letters, for example US or DE.")
	}
	return value
}

func (f *check) unique(taken bool, field, value string) {
	if taken {
		f.Addf(field, "TAKEN", "%q is in use already. Choose another.", value)
	}
}

// CheckProfile checks Home > Profile. The Salesforce users limit is the operator's and stays as it is (CFG-5).
func (c *Config) CheckProfile(p Profile) (Profile, error) {
	var f check
	p.Label = f.text("label", p.Label, false, 80)
	p.TimeZone = strings.TrimSpace(p.TimeZone)
	if p.TimeZone == "" {
		p.TimeZone = "UTC"
	}
	if _, err := time.LoadLocation(p.TimeZone); err != nil || p.TimeZone == "Local" {
		f.Addf("timeZone", "UNKNOWN", "%q is not a time zone. Give a name such as Europe/Berlin.", p.TimeZone)
	}
	p.Region = f.region("region", p.Region, true)
	p.SalesforceUsers = c.Profile.SalesforceUsers
	return p, f.Err()
}

// CheckQueue checks a queue (CFG-15).
func (c *Config) CheckQueue(q Queue) (Queue, error) {
	var f check
	q.Name = f.text("name", q.Name, true, maxName)
	for _, o := range c.Queues {
		f.unique(o.ID != q.ID && strings.EqualFold(o.Name, q.Name), "name", q.Name)
	}
	q.Media = once(q.Media)
	if len(q.Media) == 0 {
		f.Add("media", "REQUIRED", "Choose at least one medium.")
	}
	for _, m := range q.Media {
		if !slices.Contains([]interaction.Medium{interaction.Phone, interaction.Voicemail, interaction.Chat, interaction.Email}, m) {
			f.Addf("media", "UNKNOWN", "%q is not a medium.", m)
		}
	}
	for _, ch := range c.Channels {
		if q.ID != 0 && ch.Queue == q.ID && !slices.Contains(q.Media, ch.Medium) {
			f.Addf("media", "IN_USE", "Channel %q brings %s to this queue.", ch.Name, ch.Medium)
		}
	}
	if q.Priority == 0 {
		q.Priority = 5
	}
	f.between("priority", q.Priority, 1, 10)
	f.between("wrapupSeconds", q.WrapupSeconds, 0, 3600)
	if q.AnnounceSeconds == 0 {
		q.AnnounceSeconds = 20
	}
	f.between("announceSeconds", q.AnnounceSeconds, 5, 120)
	q.Region = f.region("region", q.Region, false)
	q.CodeLists = once(q.CodeLists)
	for _, id := range q.CodeLists {
		if _, ok := c.CodeLists[id]; !ok {
			f.Addf("codeLists", "UNKNOWN", "There is no code list %d.", id)
		}
	}
	return q, f.Err()
}

// CheckChannel checks a phone channel (CH-2).
func (c *Config) CheckChannel(ch Channel) (Channel, error) {
	var f check
	if ch.Medium == "" {
		ch.Medium = interaction.Phone
	}
	if ch.Medium != interaction.Phone {
		f.Add("medium", "UNKNOWN", "Only phone channels can be set up so far.")
	}
	ch.Name = f.text("name", ch.Name, true, maxName)
	ch.Number = spacing.Replace(strings.TrimSpace(ch.Number))
	switch {
	case ch.Number == "":
		f.Add("number", "REQUIRED", "This is needed.")
	case !e164Form.MatchString(ch.Number):
		f.Add("number", "BAD_NUMBER", "Give the whole number with + and the country code, for example +14155550100.")
	}
	for _, o := range c.Channels {
		f.unique(o.ID != ch.ID && strings.EqualFold(o.Name, ch.Name), "name", ch.Name)
		if o.ID != ch.ID && o.Number == ch.Number && ch.Number != "" {
			f.Addf("number", "TAKEN", "Channel %q has this number already.", o.Name)
		}
	}
	q, ok := c.Queues[ch.Queue]
	switch {
	case ch.Queue == 0:
		f.Add("queue", "REQUIRED", "Choose the queue that calls go to.")
	case !ok:
		f.Addf("queue", "UNKNOWN", "There is no queue %d.", ch.Queue)
	case !slices.Contains(q.Media, ch.Medium):
		f.Addf("queue", "WRONG_MEDIUM", "Queue %q does not take this medium.", q.Name)
	}
	ch.Region = f.region("region", ch.Region, false)
	return ch, f.Err()
}

// CheckCodeList checks a list of transaction codes (INT-13) and numbers its new items. A number that the stored list
// used is not given to another item, because people quote it.
func (c *Config) CheckCodeList(l CodeList) (CodeList, error) {
	var f check
	l.Name = f.text("name", l.Name, true, maxName)
	for _, o := range c.CodeLists {
		f.unique(o.ID != l.ID && strings.EqualFold(o.Name, l.Name), "name", l.Name)
	}
	if l.Required && len(l.Items) == 0 {
		f.Add("items", "REQUIRED", "A required list needs at least one code, or wrap-up could never end.")
	}
	if len(l.Items) > 500 {
		f.Addf("items", "TOO_MANY", "At most 500 codes; this list has %d.", len(l.Items))
	}
	stored := c.CodeLists[l.ID].Items
	last := int64(0)
	for _, i := range slices.Concat(stored, l.Items) {
		last = max(last, i.ID)
	}
	items := make([]CodeItem, 0, len(l.Items))
	ids, texts := map[int64]bool{}, map[string]bool{}
	for n, i := range l.Items {
		at := "items[" + strconv.Itoa(n) + "]."
		i.Text = f.text(at+"text", i.Text, true, 80)
		i.ReportText = f.text(at+"reportText", i.ReportText, true, 80)
		f.unique(i.Text != "" && texts[strings.ToLower(i.Text)], at+"text", i.Text)
		texts[strings.ToLower(i.Text)] = true
		switch known := slices.ContainsFunc(stored, func(o CodeItem) bool { return o.ID == i.ID }); {
		case i.ID == 0:
			last++
			i.ID = last
		case !known || ids[i.ID]:
			f.Addf(at+"id", "UNKNOWN", "Ids of codes are given by the server; %d is not one of this list.", i.ID)
		}
		ids[i.ID] = true
		items = append(items, i)
	}
	l.Items = items
	return l, f.Err()
}

// CheckTrunk checks a trunk (SEC-10).
func (c *Config) CheckTrunk(t Trunk) (Trunk, error) {
	var f check
	t.Name = f.text("name", t.Name, true, maxName)
	for _, o := range c.Trunks {
		f.unique(o.ID != t.ID && strings.EqualFold(o.Name, t.Name), "name", t.Name)
	}
	out := []string{}
	for n, a := range t.Addresses {
		a = strings.TrimSpace(a)
		if p, err := netip.ParsePrefix(a); err == nil {
			if p.Bits() == 0 {
				f.Addf("addresses["+strconv.Itoa(n)+"]", "TOO_WIDE", "%s would let anyone call. List the provider's addresses.", a)
			}
			out = append(out, p.Masked().String())
		} else if ip, err := netip.ParseAddr(a); err == nil && ip.Zone() == "" {
			out = append(out, ip.Unmap().String())
		} else {
			f.Addf("addresses["+strconv.Itoa(n)+"]", "BAD_ADDRESS", "%q is neither an address nor a range such as 203.0.113.0/28.", a)
		}
	}
	t.Addresses = once(out)
	if len(t.Addresses) == 0 && len(f.Fields) == 0 {
		f.Add("addresses", "REQUIRED", "List at least one address that calls come from.")
	}
	return t, f.Err()
}

// once drops repeats and keeps the order; never nil.
func once[T comparable](in []T) []T {
	out := make([]T, 0, len(in))
	for _, v := range in {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}
