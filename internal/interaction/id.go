package interaction

import (
	"fmt"
	"time"

	"cordboard/internal/fault"
)

// RandomLength is how many random characters [A-Za-z0-9] an interaction id holds (GEN-7).
const RandomLength = 24

// NewID is an interaction id in GEN-7's form: int-<hex ms>-<24 random>-<medium>-<nn>-<tenant>. random must be
// RandomLength characters [A-Za-z0-9]; nn is the number of the node that took it in, 1–99.
func NewID(at time.Time, random string, m Medium, nn int, tenant string) string {
	return fmt.Sprintf("int-%x-%s-%s-%02d-%s", at.UnixMilli(), random, m, nn, tenant)
}

// Origin is what the house knows of an arrival beside what its channel reports.
type Origin struct {
	ID          string // from NewID
	ChannelName string
	Region      string // ISO 3166 alpha-2: how its numbers are read
	Node        string // who owns it
	Fence       int64  // fencing number of that ownership
}

// NewInteraction takes an arrival in: state new, event arrived. An arrival without a reference or medium is refused,
// because it could not be told from its own repetition.
func NewInteraction(a Arrival, o Origin, at time.Time) (Interaction, []Event, error) {
	var f fault.Fields
	if a.Ref == "" {
		f.Add("ref", "REQUIRED", "An arrival must carry its channel's own reference.")
	}
	switch a.Medium {
	case Phone, Voicemail, Chat, Email:
	default:
		f.Addf("medium", "UNKNOWN", "There is no medium %q.", a.Medium)
	}
	if err := f.Err(); err != nil {
		return Interaction{}, nil, err
	}
	return Interaction{
		ID: o.ID, Ref: a.Ref, Medium: a.Medium, State: New,
		Channel: a.Channel, ChannelName: o.ChannelName, Region: o.Region,
		ANI: a.ANI, DNIS: a.DNIS, Email: a.Email, CaseNumber: a.CaseNumber, Name: a.Name, Subject: a.Subject,
		Vars: a.Vars, Ext: a.Ext, Ctl: a.Ctl,
		CreatedAt: at, Node: o.Node, Fence: o.Fence,
	}, []Event{{Kind: EventArrived, At: at}}, nil
}
