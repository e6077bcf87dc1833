package crm

import "time"

// PopState is how far a pop has come.
type PopState string

// The states of a pop.
const (
	PopSearching   PopState = "searching"    // asked, no answer yet; the card says so at once
	PopFound       PopState = "found"        // one or several exact matches
	PopNone        PopState = "none"         // searched, nothing: a blank record
	PopRefused     PopState = "refused"      // not searched on purpose: Key.Refusal says why (MAT-6)
	PopNotSearched PopState = "not_searched" // the search failed: Reason says why; Search again (MAT-12)
)

// Pop is what one agent was shown for one interaction (POP-5): part of the interaction, kept per agent because each sees
// with his own CRM user (MAT-11).
type Pop struct {
	Key        Key      `json:"key"`
	State      PopState `json:"state"`
	Matches    []Match  `json:"matches,omitempty"`
	More       bool     `json:"more,omitempty"`
	Chosen     Ref      `json:"chosen"`             // the chosen match (LOG-10); zero when none
	ChosenBy   string   `json:"chosenBy,omitempty"` // "first", "agent", "created"
	Details    *Record  `json:"details,omitempty"`  // of the chosen match, as this agent sees it
	FormKind   Kind     `json:"formKind,omitempty"` // blank record to offer (POP-10)
	Reason     string   `json:"reason,omitempty"`   // sentence: why not searched
	ReasonCode string   `json:"reasonCode,omitempty"`
	As         string   `json:"as,omitempty"` // CRM user who asked
	Source     string   `json:"source,omitempty"`
	TookMS     float64  `json:"tookMs"`
	// Shown is set when a ticked trigger brought it to the agent's screen; Trigger is which (POP-1, POP-3). A pop that is
	// prefetched but whose trigger has not come stays off the screen.
	Trigger    string    `json:"trigger,omitempty"`
	Shown      bool      `json:"shown"`
	ShownAt    time.Time `json:"shownAt,omitzero"`
	SearchedAt time.Time `json:"searchedAt,omitzero"`
	// Over says why the pop has no more actions: "passed" (to another agent) or "left" (the customer) (POP-4).
	Over string `json:"over,omitempty"`
}

// ChosenMatch is the match that the log goes to (LOG-10), and whether there is one.
func (p *Pop) ChosenMatch() (Match, bool) {
	if p == nil || p.Chosen.Zero() {
		return Match{}, false
	}
	for _, m := range p.Matches {
		if m.Ref == p.Chosen {
			return m, true
		}
	}
	return Match{}, false
}

// Entry is a log entry as it will be written: composed once, frozen, sent as it is (LOG-21). It is neutral; a CRM maps it
// to its own record (Salesforce: a Task, LOG-5).
type Entry struct {
	Key         string `json:"key"` // LOG-11: 52 characters
	Subject     string `json:"subject"`
	Description string `json:"description"`
	Date        string `json:"date"` // yyyy-mm-dd of completed, tenant's time zone
	Type        string `json:"type"`
	Subtype     string `json:"subtype"`
	CallType    string `json:"callType,omitempty"` // Inbound, Outbound, Internal
	Duration    int    `json:"duration"`           // talk seconds
	Disposition string `json:"disposition,omitempty"`
	Object      string `json:"object"` // "<interaction id>/<handling number>"
	Who         Ref    `json:"who"`
	What        Ref    `json:"what"`
	// Overflow is the whole text when Description had to be cut (LOG-13): attached as File OverflowName.
	Overflow     string `json:"overflow,omitempty"`
	OverflowName string `json:"overflowName,omitempty"`
}

// Logged is what became of an entry.
type Logged struct {
	Ref      Ref      `json:"ref"`
	URL      string   `json:"url"`
	Created  bool     `json:"created"`            // false: it was there already
	Adjusted []string `json:"adjusted,omitempty"` // sentences: what had to be left out or cut (LOG-14, LOG-18)
}
