package api

import (
	"context"

	"cordboard/internal/tenant"
)

type screenPopShown struct {
	Settings    tenant.ScreenPop `json:"settings"`
	Certificate string           `json:"certificate,omitempty"` // PEM, public
}

type certificateShown struct {
	Certificate string `json:"certificate"`
}

func (a *API) screenPopRoutes() {
	route(a, "GET /api/v1/manager/profile", "Home > Profile", func(_ context.Context, c *caller, _ *none) (*reply[tenant.Profile], error) {
		return &reply[tenant.Profile]{c.Config.Profile}, nil
	})
	route(a, "PUT /api/v1/manager/profile", "Save Home > Profile", func(ctx context.Context, c *caller, in *newInput[tenant.Profile]) (*reply[tenant.Profile], error) {
		p, err := c.tenant.Settings.SaveProfile(ctx, c.User.ID, in.Body)
		return &reply[tenant.Profile]{p}, conflict(ctx, err, c.tenant.Settings, func(n *tenant.Config) any { return n.Profile })
	})
	route(a, "GET /api/v1/manager/screen-pop", "Integration > Screen Pop", func(ctx context.Context, c *caller, _ *none) (*reply[screenPopShown], error) {
		pem, err := c.tenant.Org.Certificate(ctx)
		return &reply[screenPopShown]{screenPopShown{c.Config.ScreenPop, pem}}, err
	})
	route(a, "PUT /api/v1/manager/screen-pop", "Save Integration > Screen Pop", func(ctx context.Context, c *caller, in *newInput[tenant.ScreenPop]) (*reply[tenant.ScreenPop], error) {
		s, err := c.tenant.Settings.SaveScreenPop(ctx, c.User.ID, in.Body)
		return &reply[tenant.ScreenPop]{s}, conflict(ctx, err, c.tenant.Settings, func(n *tenant.Config) any { return n.ScreenPop })
	})
	route(a, "POST /api/v1/manager/screen-pop/key", "Make a new JWT key", func(ctx context.Context, c *caller, _ *emptyInput) (*reply[certificateShown], error) {
		pem, err := c.tenant.Org.NewKey(ctx)
		if err != nil {
			return nil, err
		}
		a.note(ctx, c, "jwt_key_made", "screenpop", nil)
		return &reply[certificateShown]{certificateShown{pem}}, nil
	})
	route(a, "POST /api/v1/manager/screen-pop/test", "Ask the org whether it is there", func(ctx context.Context, c *caller, _ *emptyInput) (*reply[OrgTest], error) {
		t, err := c.tenant.Org.Probe(ctx, c.Config.ScreenPop.Connection)
		if t.Kinds == nil {
			t.Kinds = []tenant.SignOn{}
		}
		return &reply[OrgTest]{t}, err
	})
}
