package scenario

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"cordboard/internal/crm"
	"cordboard/internal/fault"
)

// Person is a record of the org's double: a match, and what it is found by.
type Person struct {
	crm.Match
	Phones []string // E.164
	Email  string
	Case   string
}

// Task is a log as the org's double keeps it.
type Task struct {
	crm.Entry
	As     string // the agent who wrote it
	Writes int    // how often it was upserted
}

// Org is a customer-record system's double: it can be slow, down, refuse an agent, and lose its answers.
type Org struct {
	mu      sync.Mutex
	people  []Person
	delay   time.Duration
	down    bool
	refused map[string]bool
	lose    int // answers to writes that are still to be lost
	hidden  map[string]bool

	asked []string // "ada phone +14155551212"
	tried map[string]int
	tasks map[string]*Task
	made  int
}

// NewOrg makes an org that knows some people.
func NewOrg(people ...Person) *Org {
	return &Org{people: people, refused: map[string]bool{}, hidden: map[string]bool{}, tried: map[string]int{}, tasks: map[string]*Task{}}
}

// Slow makes every answer take this long.
func (o *Org) Slow(d time.Duration) { o.set(func() { o.delay = d }) }

// Down makes the org unreachable, or reachable again.
func (o *Org) Down(on bool) { o.set(func() { o.down = on }) }

// Refuse makes an agent's sign-on invalid, or valid again.
func (o *Org) Refuse(agentID string, on bool) { o.set(func() { o.refused[agentID] = on }) }

// Lose makes the next n writes happen without an answer.
func (o *Org) Lose(n int) { o.set(func() { o.lose = n }) }

// Hide hides a record from an agent.
func (o *Org) Hide(agentID, recordID string) { o.set(func() { o.hidden[agentID+" "+recordID] = true }) }

func (o *Org) set(fn func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	fn()
}

// Asked lists the searches so far.
func (o *Org) Asked() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.asked)
}

// Tried is how often an agent's logs were tried to be written.
func (o *Org) Tried(agentID string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.tried[agentID]
}

// Tasks lists what was written, by interaction and handling.
func (o *Org) Tasks() []Task {
	o.mu.Lock()
	defer o.mu.Unlock()
	var out []Task
	for _, t := range o.tasks {
		out = append(out, *t)
	}
	slices.SortFunc(out, func(a, b Task) int { return strings.Compare(a.Object, b.Object) })
	return out
}

// enter is what every request meets first.
func (o *Org) enter(ctx context.Context, as string) error {
	o.mu.Lock()
	delay, down, refused := o.delay, o.down, o.refused[as]
	o.mu.Unlock()
	if delay > 0 {
		t := time.NewTimer(delay)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
			return fault.New(fault.Unavailable, "UNREACHABLE", "Salesforce does not answer.").Judge(fault.Retry, 0).With(ctx.Err())
		}
	}
	switch {
	case down:
		return fault.New(fault.Unavailable, "UNREACHABLE", "Salesforce cannot be reached.").Judge(fault.Retry, 0)
	case refused:
		return fault.New(fault.Forbidden, "INVALID_LOGIN", "Salesforce refused user name, password or token.").Judge(fault.ParkLane, 0)
	}
	return nil
}

// Find implements crm.Finder.
func (o *Org) Find(ctx context.Context, as string, key crm.Key) (crm.Found, error) {
	o.set(func() { o.asked = append(o.asked, fmt.Sprintf("%s %s %s", as, key.By, key.Value)) })
	if err := o.enter(ctx, as); err != nil {
		return crm.Found{}, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	found := crm.Found{As: as, Source: "double"}
	for _, p := range o.people {
		hit := key.By == crm.ByPhone && slices.Contains(p.Phones, key.Value) || key.By == crm.ByEmail && p.Email == key.Value || key.By == crm.ByCase && p.Case == key.Value
		if hit && !o.hidden[as+" "+p.ID] {
			found.Matches = append(found.Matches, p.Match)
		}
	}
	return found, nil
}

// Read implements crm.Reader.
func (o *Org) Read(ctx context.Context, as string, ref crm.Ref) (crm.Record, error) {
	if err := o.enter(ctx, as); err != nil {
		return crm.Record{}, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, p := range o.people {
		if p.Ref == ref && !o.hidden[as+" "+p.ID] {
			return crm.Record{Ref: ref, Name: p.Name, Company: p.Company, AccountID: p.AccountID, ContactID: p.ContactID}, nil
		}
	}
	return crm.Record{}, fault.New(fault.NotFound, "NOT_FOUND", "There is no such record.")
}

// Form implements crm.Writer.
func (o *Org) Form(ctx context.Context, as string, kind crm.Kind) (crm.Form, error) {
	return crm.Form{Kind: kind, Label: string(kind), Fields: []crm.FormField{
		{Name: "LastName", Label: "Last Name", Type: "text", Required: true}, {Name: "AccountId", Label: "Account", Type: "reference"},
		{Name: "Phone", Label: "Phone", Type: "phone"}, {Name: "SuppliedEmail", Label: "Web Email", Type: "email"},
	}}, o.enter(ctx, as)
}

// Create implements crm.Writer.
func (o *Org) Create(ctx context.Context, as string, kind crm.Kind, values map[string]string, _ bool) (crm.Ref, error) {
	if err := o.enter(ctx, as); err != nil {
		return crm.Ref{}, err
	}
	var f fault.Fields
	if values["LastName"] == "" {
		f.Add("LastName", "REQUIRED_FIELD_MISSING", "Last Name: You must enter a value")
		return crm.Ref{}, f.Err()
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.made++
	ref := crm.Ref{Kind: kind, ID: fmt.Sprintf("003NEW%d", o.made)}
	o.people = append(o.people, Person{Match: crm.Match{Ref: ref, Name: values["LastName"], AccountID: values["AccountId"], MatchedOn: "Phone", Exact: true}, Phones: []string{values["Phone"]}})
	return ref, nil
}

// Log implements crm.Logger: an upsert by the entry's key.
func (o *Org) Log(ctx context.Context, as string, e crm.Entry) (crm.Logged, error) {
	o.set(func() { o.tried[as]++ })
	if err := o.enter(ctx, as); err != nil {
		return crm.Logged{}, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	t := o.tasks[e.Key]
	created := t == nil
	if created {
		t = &Task{}
		o.tasks[e.Key] = t
	}
	t.Entry, t.As = e, as
	t.Writes++
	if o.lose > 0 {
		o.lose--
		return crm.Logged{}, fault.New(fault.Unavailable, "UNREACHABLE", "The connection to Salesforce was lost before its answer came.").Judge(fault.Retry, 0)
	}
	return crm.Logged{Ref: crm.Ref{Kind: crm.Task, ID: fmt.Sprintf("00T%d", slices.Index(slices.Sorted(maps.Keys(o.tasks)), e.Key))}, Created: created}, nil
}
