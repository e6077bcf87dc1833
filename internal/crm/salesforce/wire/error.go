package wire

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"

	"cordboard/internal/fault"
)

// Item is one error of Salesforce's array.
type Item struct {
	Code      string           `json:"errorCode"`
	Message   string           `json:"message"`
	Fields    []string         `json:"fields"`
	Duplicate *DuplicateResult `json:"duplicateResult"`
}

// DuplicateResult is what a duplicate rule found (DUPLICATES_DETECTED).
type DuplicateResult struct {
	AllowSave bool   `json:"allowSave"`
	Rule      string `json:"duplicateRule"`
	Message   string `json:"errorMessage"`
	Results   []struct {
		EntityType string `json:"entityType"`
		Records    []struct {
			Record map[string]any `json:"record"`
		} `json:"matchRecords"`
	} `json:"matchResults"`
}

// Error is a refusal by Salesforce.
type Error struct {
	Status int
	Items  []Item // at least one
	cause  error
}

// Error is for logs: Salesforce's texts repeat what was sent, so only code and field names are in it (GEN-10).
func (e *Error) Error() string {
	return fmt.Sprintf("Salesforce answered %d %s %v", e.Status, e.Code(), e.Items[0].Names())
}

func (e *Error) Unwrap() error { return e.cause }

// Code is the first error's code.
func (e *Error) Code() string { return e.Items[0].Code }

// Message is the first error's text, on one line.
func (e *Error) Message() string { return strings.Join(strings.Fields(e.Items[0].Message), " ") }

// Has returns the first error with one of the codes.
func (e *Error) Has(codes ...string) (Item, bool) {
	for _, it := range e.Items {
		if slices.Contains(codes, it.Code) {
			return it, true
		}
	}
	return Item{}, false
}

// IsError returns the Error in err's chain.
func IsError(err error) (*Error, bool) {
	var e *Error
	ok := errors.As(err, &e)
	return e, ok
}

// ParseError reads an error answer: the usual array, a lone object, OAuth's pair, a list of addresses (300), or anything
// else, which gets a code from its status.
func ParseError(status int, body []byte) *Error {
	e := &Error{Status: status}
	var many []Item
	if json.Unmarshal(body, &many) == nil {
		for _, it := range many {
			if it.Code != "" {
				e.Items = append(e.Items, it)
			}
		}
	}
	if len(e.Items) == 0 {
		var one struct {
			Item
			OAuth       string `json:"error"`
			Description string `json:"error_description"`
		}
		if json.Unmarshal(body, &one) == nil {
			switch {
			case one.Code != "":
				e.Items = []Item{one.Item}
			case one.OAuth != "":
				e.Items = []Item{{Code: one.OAuth, Message: one.Description}}
			}
		}
	}
	if len(e.Items) == 0 {
		code := map[int]string{300: "NOT_UNIQUE", 401: "INVALID_SESSION_ID", 404: "NOT_FOUND", 410: "UNSUPPORTED_API_VERSION", 429: "REQUEST_LIMIT_EXCEEDED"}[status]
		if code == "" {
			code = fmt.Sprintf("HTTP_%d", status)
		}
		e.Items = []Item{{Code: code, Message: http.StatusText(status)}}
	}
	return e
}

// Reason says in a few words why no answer came, fit for people.
func (l *Lost) Reason() string {
	var f *fault.Error
	var dns *net.DNSError
	var op *net.OpError
	var slow interface{ Timeout() bool }
	switch err := l.Cause; {
	case errors.As(err, &f):
		return strings.TrimSuffix(f.Message, ".")
	case errors.Is(err, context.Canceled):
		return "the request was given up"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &slow) && slow.Timeout():
		return "it did not answer in time"
	case errors.As(err, &dns):
		return "its host name has no address"
	case errors.As(err, &op) && op.Op == "dial":
		return "no connection"
	default:
		return "the connection was lost"
	}
}
