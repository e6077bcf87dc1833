package audit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"
)

// Entry is one line of the audit log. Hash covers the entry and the hash before it.
type Entry struct {
	Number  int64             `json:"number"` // 1, 2, 3… without gaps
	At      time.Time         `json:"at"`     // UTC, whole milliseconds
	Who     string            `json:"who"`    // agent id, system user, "system"
	What    string            `json:"what"`   // e.g. sign_in, sign_in_refused, setting_saved, credential_saved, delivery_dropped
	About   string            `json:"about"`  // what it concerns
	Details map[string]string `json:"details,omitempty"`
	Before  string            `json:"-"` // hash of the entry before, hex; "" for the first
	Hash    string            `json:"-"` // hex
}

// Head is where the chain ends, kept apart from the entries so that a cut-off end shows.
type Head struct {
	Number int64
	Hash   string
}

// Store keeps entries.
type Store interface {
	// Append chains the entry to the head by Chain and moves the head, in one transaction, and returns it as stored.
	Append(ctx context.Context, e Entry) (Entry, error)
	// Entries lists entries with a Number below before (0 = all), newest first.
	Entries(ctx context.Context, before int64, limit int) ([]Entry, error)
}

// Keeper is a Store that knows where its chain ends.
type Keeper interface {
	Store
	// Head is where the chain ends; zero when it is empty.
	Head(ctx context.Context) (Head, error)
}

// Chain makes an entry the next one after head: numbered, in the form in which it is kept, with its hash.
func Chain(head Head, e Entry) Entry {
	e.Number, e.Before = head.Number+1, head.Hash
	e.At = e.At.UTC().Truncate(time.Millisecond)
	e.Who, e.What, e.About = text(e.Who), text(e.What), text(e.About)
	var details map[string]string
	for k, v := range e.Details {
		if details == nil {
			details = map[string]string{}
		}
		details[text(k)] = text(v)
	}
	e.Details = details
	e.Hash = sum(e)
	return e
}

// sum is SHA-256 over the hash before, a line feed and the entry's canonical JSON: fields in the order of Entry, details
// sorted by name, instants as RFC 3339 in UTC.
func sum(e Entry) string {
	e.At = e.At.UTC()
	b, err := json.Marshal(e)
	if err != nil {
		panic("audit: an entry of strings and numbers always encodes: " + err.Error())
	}
	h := sha256.Sum256(append([]byte(e.Before+"\n"), b...))
	return hex.EncodeToString(h[:])
}

// text is s as every database keeps it, so that the hash is of what comes back.
func text(s string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "\uFFFD")
}
