package api

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"unicode/utf8"

	"cordboard/internal/crm"
	"cordboard/internal/fault"
	"cordboard/internal/interaction"
	"cordboard/internal/web/problem"
)

type chooseInput struct {
	IDInput
	Body crm.Ref
}

type formInput struct {
	IDInput
	Kind crm.Kind `path:"kind"`
}

type createInput struct {
	IDInput
	Body struct {
		Kind          crm.Kind          `json:"kind"`
		Values        map[string]string `json:"values"`
		SaveDuplicate bool              `json:"saveDuplicate"`
	}
}

type lookupInput struct {
	Kind  crm.Kind `query:"kind"`
	Words string   `query:"q"`
}

type matchesShown struct {
	Matches []crm.Match `json:"matches"`
}

// leastWords is how much must be typed before anything is looked up: one letter finds half an org.
const leastWords = 2

func (a *API) popRoutes() {
	route(a, "GET /api/v1/console/lookup", "Records of one kind by words, for a field that points at one", func(ctx context.Context, c *caller, in *lookupInput) (*reply[matchesShown], error) {
		if err := creatable(in.Kind); err != nil {
			return nil, err
		}
		words := strings.TrimSpace(in.Words)
		if utf8.RuneCountInString(words) < leastWords {
			return &reply[matchesShown]{matchesShown{[]crm.Match{}}}, nil
		}
		m, err := c.tenant.Pops.Lookup(ctx, c.User.ID, in.Kind, words)
		if m == nil {
			m = []crm.Match{}
		}
		return &reply[matchesShown]{matchesShown{m}}, err
	})
	route(a, "POST /api/v1/console/interactions/{id}/pop/search", "Search again", func(ctx context.Context, c *caller, in *commandInput) (*reply[shown], error) {
		return c.pop(ctx, in.ID, func() (interaction.Interaction, error) {
			return c.tenant.Pops.SearchAgain(ctx, c.User.ID, in.ID)
		})
	})
	route(a, "POST /api/v1/console/interactions/{id}/pop/choose", "Choose another match", func(ctx context.Context, c *caller, in *chooseInput) (*reply[shown], error) {
		return c.pop(ctx, in.ID, func() (interaction.Interaction, error) {
			return c.tenant.Pops.Choose(ctx, c.User.ID, in.ID, in.Body)
		})
	})
	route(a, "GET /api/v1/console/interactions/{id}/form/{kind}", "A blank record", func(ctx context.Context, c *caller, in *formInput) (*reply[crm.Form], error) {
		if err := creatable(in.Kind); err != nil {
			return nil, err
		}
		if _, err := c.own(ctx, in.ID); err != nil {
			return nil, err
		}
		f, err := c.tenant.Pops.Form(ctx, c.User.ID, in.ID, in.Kind)
		if f.Fields == nil {
			f.Fields = []crm.FormField{}
		}
		return &reply[crm.Form]{f}, err
	})
	route(a, "POST /api/v1/console/interactions/{id}/records", "Create a record", func(ctx context.Context, c *caller, in *createInput) (*reply[shown], error) {
		if err := creatable(in.Body.Kind); err != nil {
			return nil, err
		}
		return c.pop(ctx, in.ID, func() (interaction.Interaction, error) {
			return c.tenant.Pops.Create(ctx, c.User.ID, in.ID, in.Body.Kind, in.Body.Values, in.Body.SaveDuplicate)
		})
	})
}

// creatable refuses kinds that the console does not make (POP-10).
func creatable(k crm.Kind) error {
	switch k {
	case crm.Account, crm.Contact, crm.Lead, crm.Case:
		return nil
	}
	var f fault.Fields
	f.Add("kind", "UNKNOWN", "Choose Account, Contact, Lead or Case.")
	return f.Err()
}

// pop runs a command of the record pane on an interaction of the caller's.
func (c *caller) pop(ctx context.Context, id string, do func() (interaction.Interaction, error)) (*reply[shown], error) {
	if _, err := c.own(ctx, id); err != nil {
		return nil, err
	}
	i, err := do()
	var dup *crm.DuplicatesError
	if errors.As(err, &dup) {
		if dup.Matches == nil {
			dup.Matches = []crm.Match{}
		}
		return nil, &problem.Problem{
			Status: http.StatusConflict, Code: "DUPLICATES", Message: dup.Message, Errors: []fault.Field{},
			RequestID: problem.RequestID(ctx), Duplicates: dup,
		}
	}
	if err != nil {
		return nil, err
	}
	return c.show(ctx, &i)
}
