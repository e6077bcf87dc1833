// Package refusal is how the simulated org says no: Salesforce's error code, its sentence, the fields it is about and
// the HTTP status REST gives it.
//
// Every room of the engine returns these, every face renders them in its own protocol: REST as a JSON array, SOAP as a
// fault, OAuth as error and error_description. It knows no protocol and never wraps a foreign error: an error that is
// not a refusal is a bug of the simulator and becomes UNKNOWN_EXCEPTION.
package refusal

import (
	"errors"
	"fmt"
)

// Error is one refusal. Fields is nil for errors that are not about a record's values (REST then omits the member) and
// non-nil, possibly empty, for those that are.
type Error struct {
	Status     int
	Code       string
	Message    string
	Fields     []string
	Duplicates *Duplicates // with DUPLICATES_DETECTED
}

// Duplicates is what a duplicate rule found; REST shows it as duplicateResult.
type Duplicates struct {
	AllowSave bool
	Rule      string
	Object    string
	Message   string
	Matches   []Match
}

// Match is one record a duplicate rule found.
type Match struct {
	Object string
	ID     string
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

// New makes a refusal that is not about a record's values.
func New(status int, code, format string, args ...any) *Error {
	return &Error{Status: status, Code: code, Message: text(format, args)}
}

// Bad makes a refusal (HTTP 400) of a record's values; fields may be empty.
func Bad(code string, fields []string, format string, args ...any) *Error {
	if fields == nil {
		fields = []string{}
	}
	return &Error{Status: 400, Code: code, Message: text(format, args), Fields: fields}
}

func text(format string, args []any) string {
	if len(args) == 0 {
		return format
	}
	return fmt.Sprintf(format, args...)
}

// NotFound is the answer for a resource, object or record that this user cannot see or that does not exist.
func NotFound() *Error { return New(404, "NOT_FOUND", "The requested resource does not exist") }

// ReadOnly is the answer when the user may see but not do this.
func ReadOnly() *Error {
	return &Error{Status: 403, Code: "INSUFFICIENT_ACCESS_OR_READONLY", Message: "insufficient access rights on object id", Fields: []string{}}
}

// InvalidSession is the answer to a missing, unknown or expired session.
func InvalidSession() *Error {
	return New(401, "INVALID_SESSION_ID", "Session expired or invalid")
}

// Of returns the refusal in err's chain; anything else is a fault of the simulator.
func Of(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return New(500, "UNKNOWN_EXCEPTION", "An unexpected error occurred. Please include this ErrorId if you contact support: %v", err)
}
