package view

import (
	"time"

	"cordboard/internal/agent"
	"cordboard/internal/crm"
	"cordboard/internal/interaction"
	"cordboard/internal/tenant"
)

// Me is who is signed in.
type Me struct {
	AgentID     string          `json:"agentId"`
	UserID      string          `json:"userId"`
	Name        string          `json:"name"`
	Roles       []tenant.Role   `json:"roles"`
	Tenant      string          `json:"tenant"`
	TenantLabel string          `json:"tenantLabel"`
	TimeZone    string          `json:"timeZone"`
	Region      string          `json:"region"`
	Seat        bool            `json:"seat"`
	Endpoint    tenant.Endpoint `json:"endpoint"`
	Version     string          `json:"version"`
	ServerTime  time.Time       `json:"serverTime"`
}

// Agent is an agent's status.
type Agent struct {
	ID         string       `json:"id"`
	Status     agent.Status `json:"status"`
	StatusName string       `json:"statusName"`
	Since      time.Time    `json:"since"`
	Reason     string       `json:"reason"`
	By         string       `json:"by"`
}

// Waiting is how busy the queues are.
type Waiting struct {
	Waiting      int       `json:"waiting"`
	LongestSince time.Time `json:"longestSince,omitzero"`
	Available    int       `json:"available"`
	SignedIn     int       `json:"signedIn"`
}

// Phone is the agent's phone as one of his tabs sees it.
type Phone struct {
	Endpoint  tenant.Endpoint `json:"endpoint"`
	Owner     string          `json:"owner,omitempty"` // tab that holds the browser phone
	Mine      bool            `json:"mine"`
	Reachable bool            `json:"reachable"`
	Abilities []string        `json:"abilities"`
}

// SignOn is the agent's CRM sign-on, never with a secret (SF-8).
type SignOn struct {
	Kind      tenant.SignOn   `json:"kind"`
	LoginID   string          `json:"loginId"`
	SavedAt   time.Time       `json:"savedAt,omitzero"`
	Result    string          `json:"result"`
	Message   string          `json:"message"`
	Remedy    string          `json:"remedy"`
	CheckedAt time.Time       `json:"checkedAt,omitzero"`
	UserName  string          `json:"userName,omitempty"`
	OrgName   string          `json:"orgName,omitempty"`
	Instance  string          `json:"instance,omitempty"`
	Kinds     []tenant.SignOn `json:"kinds"`
	Sunset    string          `json:"sunset,omitempty"`
}

// Settings are those that the console works by.
type Settings struct {
	AllowReject    bool   `json:"allowReject"`
	ScreenPop      bool   `json:"screenPop"`
	AutoLog        bool   `json:"autoLog"`
	LogWindow      bool   `json:"logWindow"`
	Target         string `json:"target"`
	Integration    string `json:"integration"`
	TenantTimeZone string `json:"tenantTimeZone"`
}

// CodeList is a list of transaction codes to choose from.
type CodeList struct {
	ID       int64             `json:"id"`
	Name     string            `json:"name"`
	Required bool              `json:"required"`
	Multiple bool              `json:"multiple"`
	Items    []tenant.CodeItem `json:"items"`
}

// Role is what an interaction is to the agent who looks at it.
type Role string

// The roles.
const (
	RoleOffered  Role = "offered"  // being put to him
	RoleHandling Role = "handling" // his
	RoleDone     Role = "done"     // was his, closed
	RolePassed   Role = "passed"   // was put to him and went on
	RoleLeft     Role = "left"     // was put to him when the customer left
)

// Interaction is an interaction as one agent sees it.
type Interaction struct {
	ID            string             `json:"id"`
	Transaction   int64              `json:"transaction"`
	Medium        interaction.Medium `json:"medium"`
	State         interaction.State  `json:"state"`
	Role          Role               `json:"role"`
	ANI           string             `json:"ani"`
	ANIDisplay    string             `json:"aniDisplay"`
	Withheld      bool               `json:"withheld"`
	Name          string             `json:"name"`
	Title         string             `json:"title"`
	DNIS          string             `json:"dnis"`
	DNISDisplay   string             `json:"dnisDisplay"`
	Email         string             `json:"email"`
	CaseNumber    string             `json:"caseNumber"`
	Queue         string             `json:"queue"`
	Channel       string             `json:"channel"`
	CreatedAt     time.Time          `json:"createdAt"`
	QueuedAt      time.Time          `json:"queuedAt,omitzero"`
	WaitSeconds   int                `json:"waitSeconds"`
	Offer         *Offer             `json:"offer,omitempty"`
	Handling      *Handling          `json:"handling,omitempty"`
	Muted         bool               `json:"muted"`
	CodeLists     []int64            `json:"codeLists"`
	WrapupSeconds int                `json:"wrapupSeconds"`
	Pop           *Pop               `json:"pop,omitempty"`
	Draft         *Draft             `json:"draft,omitempty"`
	Log           *Log               `json:"log,omitempty"`
	Version       int64              `json:"version"`
}

// Offer is the open offer to this agent.
type Offer struct {
	Number   int       `json:"number"`
	At       time.Time `json:"at"`
	Deadline time.Time `json:"deadline"`
	ByDevice bool      `json:"byDevice"` // taken on his SIP phone, not here
}

// Handling is the agent's own, latest part.
type Handling struct {
	Number       int                 `json:"number"`
	State        interaction.State   `json:"state"`
	AcceptedAt   time.Time           `json:"acceptedAt"`
	CompletedAt  time.Time           `json:"completedAt,omitzero"`
	ClosedAt     time.Time           `json:"closedAt,omitzero"`
	WrapupUntil  time.Time           `json:"wrapupUntil,omitzero"`
	Stopped      bool                `json:"stopped"`
	CodesNeeded  bool                `json:"codesNeeded"`
	CodesMissing bool                `json:"codesMissing"`
	Codes        []interaction.Code  `json:"codes"`
	EndedBy      interaction.EndedBy `json:"endedBy"`
	Reason       interaction.Reason  `json:"reason"`
	TalkSeconds  int                 `json:"talkSeconds"`
	Subject      *string             `json:"subject,omitempty"`
	Notes        string              `json:"notes"`
	Who          *crm.Ref            `json:"who,omitempty"`
	What         *crm.Ref            `json:"what,omitempty"`
}

// Pop is what came up on the agent's screen.
type Pop struct {
	Key        crm.Key      `json:"key"`
	State      crm.PopState `json:"state"`
	Matches    []crm.Match  `json:"matches"`
	More       bool         `json:"more"`
	Chosen     crm.Ref      `json:"chosen"`
	ChosenBy   string       `json:"chosenBy,omitempty"`
	Details    *crm.Record  `json:"details,omitempty"`
	FormKind   crm.Kind     `json:"formKind,omitempty"`
	Reason     string       `json:"reason,omitempty"`
	ReasonCode string       `json:"reasonCode,omitempty"`
	As         string       `json:"as,omitempty"`
	Source     string       `json:"source,omitempty"`
	TookMS     float64      `json:"tookMs"`
	Shown      bool         `json:"shown"`
	ShownAt    time.Time    `json:"shownAt,omitzero"`
	Trigger    string       `json:"trigger,omitempty"`
	Over       string       `json:"over,omitempty"`
	Message    string       `json:"message"`
}

// Named is a record by name.
type Named struct {
	crm.Ref
	Name string `json:"name"`
}

// Draft is the log as it would be written now (LOG-4).
type Draft struct {
	Subject     string     `json:"subject"`
	Description string     `json:"description"`
	Disposition string     `json:"disposition"`
	Who         *crm.Match `json:"who,omitempty"`
	What        *Named     `json:"what,omitempty"`
	StandAlone  bool       `json:"standAlone"`
	Why         string     `json:"why,omitempty"`
}

// Log is what has become of the handling's log (AGT-18).
type Log struct {
	State    string    `json:"state"` // waiting, running, done, parked, dropped, none
	Key      string    `json:"key,omitempty"`
	Code     string    `json:"code,omitempty"`
	Reason   string    `json:"reason,omitempty"`
	Tries    int       `json:"tries"`
	Next     time.Time `json:"next,omitzero"`
	URL      string    `json:"url,omitempty"`
	RecordID string    `json:"recordId,omitempty"`
	Adjusted []string  `json:"adjusted,omitempty"`
}
