package api

import (
	"context"

	"cordboard/internal/fault"
	"cordboard/internal/web/view"
)

type tabInput struct {
	Body struct {
		Tab string `json:"tab"`
	}
}

type connectInput struct {
	Body struct {
		Tab string `json:"tab"`
		SDP string `json:"sdp"`
	}
}

type sdpShown struct {
	SDP string `json:"sdp"`
}

type phoneShown struct {
	Phone view.Phone `json:"phone"`
}

func (a *API) phoneRoutes() {
	route(a, "POST /api/v1/console/phone/connect", "Connect the browser phone", func(ctx context.Context, c *caller, in *connectInput) (*reply[sdpShown], error) {
		if err := needTab(in.Body.Tab); err != nil {
			return nil, err
		}
		answer, err := c.tenant.Browser.Connect(ctx, c.User.ID, in.Body.Tab, in.Body.SDP)
		if err != nil {
			return nil, err
		}
		c.tenant.Live.Phone(c.User.ID)
		return &reply[sdpShown]{sdpShown{answer}}, nil
	})
	route(a, "POST /api/v1/console/phone/take", "Use the phone here", func(_ context.Context, c *caller, in *tabInput) (*reply[phoneShown], error) {
		if err := needTab(in.Body.Tab); err != nil {
			return nil, err
		}
		if err := c.tenant.Browser.Take(c.User.ID, in.Body.Tab, true); err != nil {
			return nil, err
		}
		c.tenant.Live.Phone(c.User.ID)
		return &reply[phoneShown]{phoneShown{c.tenant.PhoneOf(c.User.ID, in.Body.Tab)}}, nil
	})
	route(a, "POST /api/v1/console/phone/release", "Give the phone up", func(_ context.Context, c *caller, in *tabInput) (*reply[phoneShown], error) {
		if err := needTab(in.Body.Tab); err != nil {
			return nil, err
		}
		c.tenant.Browser.Release(c.User.ID, in.Body.Tab)
		c.tenant.Live.Phone(c.User.ID)
		return &reply[phoneShown]{phoneShown{c.tenant.PhoneOf(c.User.ID, in.Body.Tab)}}, nil
	})
	route(a, "POST /api/v1/console/interactions/{id}/mute", "Mute or unmute", func(ctx context.Context, c *caller, in *muteInput) (*reply[shown], error) {
		i, err := c.own(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		if err := c.tenant.Phone.Mute(ctx, in.ID, c.User.ID, in.Body.On); err != nil {
			return nil, err
		}
		c.tenant.Live.Refresh(c.User.ID) // his other tabs: mute has no row, so no number
		return c.show(ctx, i)
	})
}

func needTab(tab string) error {
	var f fault.Fields
	if tab == "" || len(tab) > 64 {
		f.Add("tab", "REQUIRED", "The page did not say which tab it is. Reload it.")
	}
	return f.Err()
}
