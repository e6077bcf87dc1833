package setting

import (
	"context"
	"encoding/json"
	"time"
)

// Doc is one stored document of a tenant's settings. Kinds: profile, screenpop (one each, ID 0), queue, channel,
// codelist, trunk (numbered), user (Name = agent id).
type Doc struct {
	Kind    string
	ID      int64  // numbered kinds; given at first Put when 0
	Name    string // user: agent id
	Version int64
	Body    json.RawMessage
	At      time.Time
	By      string
}

// Store keeps documents and every earlier version of them (CFG-3).
type Store interface {
	// Load reads all current documents and the tenant's revision.
	Load(ctx context.Context) (docs []Doc, revision int64, err error)
	// Put saves a document whose stored version is still expect (0 = new), gives it its ID and Version, keeps the old one
	// in history, and raises the revision; Conflict (code CHANGED, Fields[0] = who and when) when someone was faster.
	Put(ctx context.Context, d Doc, expect int64) (Doc, error)
	// Delete removes a document likewise.
	Delete(ctx context.Context, kind string, id int64, name string, expect int64, by string, at time.Time) error
	// At reads a document as it was at a version.
	At(ctx context.Context, kind string, id int64, name string, version int64) (Doc, error)
}
