package wire

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"cordboard/internal/fault"
)

// Waits of LOG-18.
const (
	ProbeEvery = 5 * time.Minute // daily limit: one probe per this
	lockLeast  = 500 * time.Millisecond
	lockMost   = 8 * time.Second
)

// class is what an error code of Salesforce means for whoever asked.
type class struct {
	kind    fault.Kind
	verdict fault.Verdict
	text    string // before Salesforce's own words
}

var (
	busy      = class{fault.Unavailable, fault.Retry, "Salesforce is not available at the moment"}
	wrongData = class{fault.Invalid, fault.Park, "Salesforce refused the data"}
	noAccess  = class{fault.Forbidden, fault.Park, "Your Salesforce user may not do this"}
	noRecord  = class{fault.NotFound, fault.Park, "There is no such record for your Salesforce user"}
	ourBug    = class{fault.Internal, fault.Park, "Salesforce did not understand our request"}
	badConfig = class{fault.Unavailable, fault.ParkLane, "The connection to Salesforce is set up wrongly; an administrator must look"}
)

// classes is LOG-18's table as far as it does not need the work at hand (log.go has the rest).
var classes = map[string]class{
	"SERVER_UNAVAILABLE":                            busy,
	"UNKNOWN_EXCEPTION":                             busy,
	"UNREADABLE_ANSWER":                             busy,
	"API_CURRENTLY_DISABLED":                        busy,
	"UNABLE_TO_LOCK_ROW":                            {fault.Unavailable, fault.Retry, "Another change holds the record in Salesforce"},
	"INVALID_SESSION_ID":                            {fault.Unavailable, fault.ParkLane, "Salesforce refuses the session"},
	"API_DISABLED_FOR_ORG":                          {fault.Unavailable, fault.ParkLane, "Your user or org has no API access; ask your Salesforce administrator"},
	"UNSUPPORTED_API_VERSION":                       badConfig,
	"NOT_UNIQUE":                                    {fault.Unavailable, fault.ParkLane, "The field CC_Interaction_Key__c is not unique in this org; an administrator must install it as shipped"},
	"INSUFFICIENT_ACCESS":                           noAccess,
	"INSUFFICIENT_ACCESS_OR_READONLY":               noAccess,
	"INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": noAccess,
	"OPERATION_NOT_ALLOWED":                         noAccess,
	"NOT_FOUND":                                     noRecord,
	"ENTITY_IS_DELETED":                             noRecord,
	"INVALID_CROSS_REFERENCE_KEY":                   wrongData,
	"REQUIRED_FIELD_MISSING":                        wrongData,
	"FIELD_CUSTOM_VALIDATION_EXCEPTION":             wrongData,
	"INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST":       wrongData,
	"FIELD_INTEGRITY_EXCEPTION":                     wrongData,
	"MALFORMED_ID":                                  wrongData,
	"STRING_TOO_LONG":                               wrongData,
	"DUPLICATE_VALUE":                               wrongData,
	"INVALID_FIELD_FOR_INSERT_UPDATE":               wrongData,
	"INVALID_FIELD":                                 wrongData,
	"JSON_PARSER_ERROR":                             ourBug,
	"MALFORMED_QUERY":                               ourBug,
	"MALFORMED_SEARCH":                              ourBug,
	"INVALID_TYPE":                                  ourBug,
}

// Classify makes a fault of any error of this room; what is a fault already stays one.
func Classify(err error) error {
	if err == nil {
		return nil
	}
	var f *fault.Error
	if errors.As(err, &f) {
		return f // also the guard's word that an address is refused
	}
	if l, ok := IsLost(err); ok {
		return fault.Newf(fault.Unavailable, "UNREACHABLE", "Salesforce cannot be reached: %s. It is tried again by itself.", l.Reason()).Judge(fault.Retry, 0).With(err)
	}
	e, ok := IsError(err)
	if !ok {
		return fault.Of(err)
	}
	if _, limited := e.Has("REQUEST_LIMIT_EXCEEDED"); limited || e.Status == 429 {
		if strings.Contains(e.Message(), "Concurrent") || e.Status == 429 {
			return fault.New(fault.TooMany, "CONCURRENT_LIMIT", "Salesforce is answering too many requests of this org at once. It is tried again by itself in a moment.").
				Judge(fault.Retry, LockWait()).With(err)
		}
		return fault.New(fault.TooMany, "REQUEST_LIMIT_EXCEEDED", "The org has used up its daily API calls. Nothing is lost: writing rests and goes on by itself as calls come free.").
			Judge(fault.PauseLane, ProbeEvery).With(err)
	}
	c, known := classes[e.Code()]
	switch {
	case known:
	case e.Status >= 500:
		c = busy
	case e.Status == 420:
		c = badConfig
	case slices.Contains([]int{405, 414, 415, 431}, e.Status):
		c = ourBug
	case e.Status == 401, e.Status == 403:
		c = noAccess
	case e.Status == 404:
		c = noRecord
	case e.Status < 400: // a redirect: not Salesforce's API
		c = badConfig
	default:
		c = wrongData
	}
	out := fault.Newf(c.kind, e.Code(), "%s: %s", c.text, words(e)).Judge(c.verdict, 0).With(err)
	if e.Code() == "UNABLE_TO_LOCK_ROW" {
		out.After = LockWait()
	}
	if c.kind == fault.Invalid {
		out.Fields = fields(e)
	}
	return out
}

// words are all of an answer's texts, as one sentence or more.
func words(e *Error) string {
	var out []string
	for _, it := range e.Items {
		t := strings.TrimRight(said(it), ". ")
		if len(it.Fields) > 0 && !strings.Contains(t, it.Fields[0]) {
			t += " (" + strings.Join(it.Fields, ", ") + ")"
		}
		if t == "" {
			t = it.Code
		}
		out = append(out, t)
	}
	return strings.Join(out, "; ") + "."
}

// said is an error's text on one line, without the value that it may repeat, and not beyond what a person reads.
func said(it Item) string {
	t := strings.Join(strings.Fields(it.Message), " ")
	if it.Code == "STRING_TOO_LONG" {
		head, rest, ok := strings.Cut(t, "data value too large")
		if i := strings.LastIndex(rest, " (max length="); ok && i >= 0 {
			t = head + "data value too large" + rest[i:]
		}
	}
	if r := []rune(t); len(r) > 500 {
		t = string(r[:500]) + "…"
	}
	return t
}

// fields are an answer's faults per field, in Salesforce's words (POP-12); Field "" is for the whole record.
func fields(e *Error) []fault.Field {
	var fs fault.Fields
	for _, it := range e.Items {
		names := it.Names()
		if len(names) == 0 {
			names = []string{""}
		}
		for _, n := range names {
			fs.Add(n, it.Code, said(it))
		}
	}
	return fs
}

// Names are the fields that an error is about: its own list, else those that its text names.
func (it Item) Names() []string {
	if len(it.Fields) > 0 {
		return it.Fields
	}
	m := it.Message
	switch it.Code {
	case "REQUIRED_FIELD_MISSING", "INVALID_FIELD_FOR_INSERT_UPDATE":
		// "Required fields are missing: [Name]", "Unable to create/update fields: Type. Please check the security …"
		_, rest, ok := strings.Cut(m, ": ")
		if !ok {
			return nil
		}
		rest, _, _ = strings.Cut(strings.TrimPrefix(rest, "["), "]")
		rest, _, _ = strings.Cut(rest, ". ")
		var out []string
		for n := range strings.SplitSeq(rest, ",") {
			if n = strings.Trim(n, " ."); n != "" && !strings.Contains(n, " ") {
				out = append(out, n)
			}
		}
		return out
	case "INVALID_FIELD":
		// "No such column 'Foo' on entity 'Account'", "… on sobject of type Task"
		_, rest, ok := strings.Cut(m, "No such column '")
		if !ok {
			return nil
		}
		n, _, ok := strings.Cut(rest, "'")
		if ok {
			return []string{n}
		}
	case "STRING_TOO_LONG":
		// "Account Name: data value too large: … (max length=255)"
		if n, _, ok := strings.Cut(m, ":"); ok {
			return []string{strings.TrimSpace(n)}
		}
	}
	return nil
}

// LockWait is how long to leave a locked row alone.
func LockWait() time.Duration { return lockLeast + rand.N(lockMost-lockLeast) }
