package api

import (
	"context"
	"net/http"
	"time"

	"cordboard/internal/agent"
	"cordboard/internal/crm"
	"cordboard/internal/delivery"
	"cordboard/internal/fault"
	"cordboard/internal/interaction"
	"cordboard/internal/web/view"
)

// shown is an interaction as the agent who asked sees it.
type shown struct {
	Interaction view.Interaction `json:"interaction"`
}

type agentShown struct {
	Agent view.Agent `json:"agent"`
}

type historyShown struct {
	Interactions []view.Interaction `json:"interactions"`
}

// IDInput names an interaction or a user by the path. It is exported because huma reads embedded fields only so.
type IDInput struct {
	ID string `path:"id"`
}

type offerInput struct {
	IDInput
	Body struct {
		Offer int `json:"offer"`
	}
}

// emptyBody is what commands without an argument send: {}.
type emptyBody struct{}

type commandInput struct {
	IDInput
	Body emptyBody
}

type muteInput struct {
	IDInput
	Body struct {
		On bool `json:"on"`
	}
}

type statusInput struct {
	Body struct {
		Status agent.Status `json:"status"`
	}
}

type historyInput struct {
	Before time.Time `query:"before"`
	Limit  int       `query:"limit"`
}

type writeInput struct {
	IDInput
	Body writeBody
}

type writeBody struct {
	Subject maybe[string]  `json:"subject"` // null: as composed again
	Notes   *string        `json:"notes,omitempty"`
	Codes   *[]pick        `json:"codes,omitempty"`
	Who     maybe[crm.Ref] `json:"who"` // null: as composed again; an empty reference: nobody
	What    maybe[crm.Ref] `json:"what"`
}

type pick struct {
	List int64 `json:"list"`
	Item int64 `json:"item"`
}

func errNoSuchInteraction() error {
	return fault.New(fault.NotFound, "NO_SUCH_INTERACTION", "There is no such interaction.")
}

func (a *API) consoleRoutes() {
	a.plain("GET /api/v1/console/stream", func(w http.ResponseWriter, r *http.Request, c *caller) {
		if r.Method != http.MethodGet { // HEAD: nobody would be present
			w.WriteHeader(http.StatusOK)
			return
		}
		tab := r.URL.Query().Get("tab")
		if len(tab) > 64 {
			tab = tab[:64]
		}
		c.tenant.Live.Serve(w, r, c.Session, tab)
	})
	route(a, "POST /api/v1/console/status", "Choose a status", a.setStatus)
	route(a, "GET /api/v1/console/history", "Earlier interactions", a.history)
	route(a, "GET /api/v1/console/interactions/{id}", "One interaction", func(ctx context.Context, c *caller, in *IDInput) (*reply[shown], error) {
		i, err := c.own(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return c.show(ctx, i)
	})
	for pattern, kind := range map[string]interaction.SignalKind{
		"POST /api/v1/console/interactions/{id}/accept": interaction.Accept,
		"POST /api/v1/console/interactions/{id}/reject": interaction.Reject,
	} {
		route(a, pattern, "Answer an offer", func(ctx context.Context, c *caller, in *offerInput) (*reply[shown], error) {
			return c.command(ctx, in.ID, interaction.Signal{Kind: kind, Offer: in.Body.Offer})
		})
	}
	for pattern, kind := range map[string]interaction.SignalKind{
		"POST /api/v1/console/interactions/{id}/end":          interaction.End,
		"POST /api/v1/console/interactions/{id}/end-wrapup":   interaction.EndWrapup,
		"POST /api/v1/console/interactions/{id}/work-offline": interaction.StopWrapup,
	} {
		route(a, pattern, "Go on with an interaction", func(ctx context.Context, c *caller, in *commandInput) (*reply[shown], error) {
			return c.command(ctx, in.ID, interaction.Signal{Kind: kind})
		})
	}
	route(a, "PUT /api/v1/console/interactions/{id}/write", "Notes, codes and the log's fields", a.write)
	route(a, "POST /api/v1/console/interactions/{id}/log/retry", "Try a parked log again", a.retryLog)
}

// own reads an interaction that was put to the caller; any other does not exist for him (GEN-2).
func (c *caller) own(ctx context.Context, id string) (*interaction.Interaction, error) {
	i, err := c.tenant.Desk.One(ctx, id)
	if fault.KindOf(err) == fault.NotFound || err == nil && !view.Concerns(&i, c.User.ID) {
		return nil, errNoSuchInteraction()
	}
	return &i, err
}

// show answers with an interaction as the caller sees it.
func (c *caller) show(ctx context.Context, i *interaction.Interaction) (*reply[shown], error) {
	v, ok, err := c.tenant.Eye.See(ctx, i, c.User.ID)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, errNoSuchInteraction()
	}
	return &reply[shown]{shown{v}}, nil
}

// command hands a command to the desk. Whether it is the caller's to give, the desk decides in the same transaction.
func (c *caller) command(ctx context.Context, id string, s interaction.Signal) (*reply[shown], error) {
	if s.Kind != interaction.Accept { // the race to accept is not made to wait for a look
		if _, err := c.own(ctx, id); err != nil {
			return nil, err
		}
	}
	i, err := c.tenant.Desk.Command(ctx, c.User.ID, id, s)
	if err != nil {
		return nil, err
	}
	return c.show(ctx, &i)
}

func (a *API) setStatus(ctx context.Context, c *caller, in *statusInput) (*reply[agentShown], error) {
	switch in.Body.Status {
	case agent.OnBreak, agent.Available, agent.WorkOffline:
	default:
		var f fault.Fields
		f.Add("status", "UNKNOWN", "Choose Ready to work (4), On Break (3) or Work Offline (5).")
		return nil, f.Err()
	}
	ag, err := c.tenant.Desk.SetStatus(ctx, c.User.ID, in.Body.Status, c.User.ID)
	if err != nil {
		return nil, err
	}
	return &reply[agentShown]{agentShown{view.AgentOf(c.Config, ag)}}, nil
}

func (a *API) history(ctx context.Context, c *caller, in *historyInput) (*reply[historyShown], error) {
	if in.Before.IsZero() {
		in.Before = a.Now()
	}
	if in.Limit <= 0 || in.Limit > 200 {
		in.Limit = 50
	}
	list, err := c.tenant.History.History(ctx, c.User.ID, in.Before, in.Limit)
	if err != nil {
		return nil, err
	}
	seen, err := c.tenant.Eye.SeeAll(ctx, list, c.User.ID)
	if err != nil {
		return nil, err
	}
	return &reply[historyShown]{historyShown{seen}}, nil
}

// write changes those of the agent's texts and choices that are named, and leaves the others.
func (a *API) write(ctx context.Context, c *caller, in *writeInput) (*reply[shown], error) {
	defer a.writing.lock(in.ID + c.User.ID)()
	i, err := c.own(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	s := interaction.Signal{Kind: interaction.Write}
	edits := interaction.Edits{}
	if h := i.Current(); h != nil && h.Agent == c.User.ID {
		edits, s.Handling = h.Edits, h.Number
	}
	b := in.Body
	if b.Subject.Set {
		edits.Subject = b.Subject.Value
	}
	if b.Notes != nil {
		edits.Notes = *b.Notes
	}
	if b.Who.Set {
		edits.Who = b.Who.Value
	}
	if b.What.Set {
		edits.What = b.What.Value
	}
	if b.Subject.Set || b.Notes != nil || b.Who.Set || b.What.Set {
		s.Edits = &edits
	}
	if b.Codes != nil {
		s.SetCodes = true
		for _, p := range *b.Codes {
			s.Codes = append(s.Codes, interaction.Code{List: p.List, Item: p.Item})
		}
	}
	done, err := c.tenant.Desk.Command(ctx, c.User.ID, in.ID, s)
	if err != nil {
		return nil, err
	}
	return c.show(ctx, &done)
}

// retryLog sets the caller's own parked logs of an interaction to waiting (AGT-18).
func (a *API) retryLog(ctx context.Context, c *caller, in *commandInput) (*reply[shown], error) {
	i, err := c.own(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	parked, err := c.tenant.Deliveries.List(ctx, delivery.Filter{Interaction: in.ID, Agent: c.User.ID, State: delivery.Parked})
	if err != nil {
		return nil, err
	}
	if len(parked) == 0 {
		return nil, fault.New(fault.Conflict, "NOT_PARKED", "This log is not parked: it has been written, or is on its way.")
	}
	for _, d := range parked {
		if _, err := c.tenant.Deliveries.Retry(ctx, d.Key); err != nil {
			return nil, err
		}
	}
	return c.show(ctx, i)
}
