// Package fault is what can go wrong, said three ways: a stable code for programs, a sentence for people, and a verdict
// for whoever might try again.
//
// A fault is made where it happens, because only that place knows whether another try is worth it; everything above
// passes it on. The web turns a Kind into an HTTP status by one table, deliveries follow the Verdict, and people read
// the Message. It never holds a secret, a telephone number or a stack trace in Message: Message is shown.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind is the class of a fault; one table in the web maps it to an HTTP status.
type Kind string

// The kinds of fault.
const (
	Invalid         Kind = "invalid"         // the input is wrong; Fields says where
	Unauthenticated Kind = "unauthenticated" // nobody is signed in
	Forbidden       Kind = "forbidden"       // signed in, but not allowed
	NotFound        Kind = "not_found"       // no such thing (or not ours: GEN-2)
	Conflict        Kind = "conflict"        // someone was faster (INT-5, CFG-2)
	Gone            Kind = "gone"            // it was there and has ended
	TooMany         Kind = "too_many"        // a limit; After says how long to wait
	Unavailable     Kind = "unavailable"     // something we depend on does not answer
	Internal        Kind = "internal"        // our own mistake; the text never reaches people
)

// Verdict is what a delivery should do about a fault (DESIGN §4.8, SPEC LOG-18).
type Verdict string

// The verdicts.
const (
	Unjudged   Verdict = ""            // no opinion: treated as Retry when Unavailable or Internal, else Park
	Retry      Verdict = "retry"       // try again after a while, by itself
	Park       Verdict = "park"        // a person must look
	ParkLane   Verdict = "park_lane"   // this credential is broken: park every delivery of its lane, never retry by itself (SF-10)
	PauseLane  Verdict = "pause_lane"  // the whole org must rest (daily limit): one probe per After
	GiveUp     Verdict = "give_up"     // nothing will ever help; recorded with its reason
	AlreadyDid Verdict = "already_did" // the work turns out to be done: success
)

// Field is one fault of one input field (GEN-4).
type Field struct {
	Field   string `json:"field"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Error is a fault. The zero Verdict means Unjudged.
type Error struct {
	Kind    Kind
	Code    string // stable, UPPER_SNAKE, e.g. INVALID_LOGIN, OFFER_TAKEN
	Message string // a sentence for people: what happened, what was kept, what to do
	Fields  []Field
	Verdict Verdict
	After   time.Duration // with Retry, PauseLane, TooMany: not before
	Cause   error         // for logs only
}

func (e *Error) Error() string {
	if e.Cause != nil {
		return fmt.Sprintf("%s: %s: %v", e.Code, e.Message, e.Cause)
	}
	return e.Code + ": " + e.Message
}

func (e *Error) Unwrap() error { return e.Cause }

// New makes a fault.
func New(kind Kind, code, message string) *Error {
	return &Error{Kind: kind, Code: code, Message: message}
}

// Newf makes a fault with a formatted message.
func Newf(kind Kind, code, format string, args ...any) *Error {
	return New(kind, code, fmt.Sprintf(format, args...))
}

// With sets the cause that logs show and people do not, and returns e.
func (e *Error) With(cause error) *Error { e.Cause = cause; return e }

// Judge sets the verdict and the wait, and returns e.
func (e *Error) Judge(v Verdict, after time.Duration) *Error {
	e.Verdict, e.After = v, after
	return e
}

// Fields collects the faults of one input; Err is nil when there are none, so that all are reported at once (GEN-4).
type Fields []Field

// Add notes one fault.
func (f *Fields) Add(field, code, message string) {
	*f = append(*f, Field{field, code, message})
}

// Addf notes one fault with a formatted message.
func (f *Fields) Addf(field, code, format string, args ...any) {
	f.Add(field, code, fmt.Sprintf(format, args...))
}

// Err returns the collected faults as one, or nil.
func (f Fields) Err() error {
	if len(f) == 0 {
		return nil
	}
	msg := f[0].Message
	if len(f) > 1 {
		msg = fmt.Sprintf("%d things need attention. Nothing was saved.", len(f))
	}
	return &Error{Kind: Invalid, Code: "INVALID", Message: msg, Fields: f}
}

// Of returns the fault in err's chain; a foreign error becomes an Internal one whose text people never see.
func Of(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Kind: Internal, Code: "INTERNAL", Message: "Something went wrong on our side. Nothing was lost; please try again.", Verdict: Retry, Cause: err}
}

// Is reports whether err carries the code.
func Is(err error, code string) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}

// KindOf is the kind of err's fault; Internal for foreign errors, "" for nil.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	return Of(err).Kind
}
