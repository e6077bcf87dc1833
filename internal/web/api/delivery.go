package api

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"cordboard/internal/delivery"
	"cordboard/internal/fault"
	"cordboard/internal/number"
	"cordboard/internal/web/view"
)

// overviewShown is what the Configuration Manager's first page counts.
type overviewShown struct {
	Users    int `json:"users"`
	Queues   int `json:"queues"`
	Channels int `json:"channels"`
	Parked   int `json:"parked"`
	Waiting  int `json:"waiting"`
}

// deliveryRow is a delivery with what people know it by.
type deliveryRow struct {
	delivery.Delivery
	AgentName string `json:"agentName"`
	Title     string `json:"title"`
}

type deliveriesShown struct {
	Deliveries []deliveryRow                     `json:"deliveries"`
	Counts     map[delivery.State]delivery.Tally `json:"counts"`
}

type deliveriesInput struct {
	State  delivery.State `query:"state"`
	Before time.Time      `query:"before"`
	Limit  int            `query:"limit"`
}

type keyInput struct {
	Key  string `path:"key"`
	Body emptyBody
}

type dropInput struct {
	Key  string `path:"key"`
	Body struct {
		Reason string `json:"reason"`
	}
}

type likeInput struct {
	Body struct {
		Code string `json:"code"`
	}
}

type countShown struct {
	Count int `json:"count"`
}

func (a *API) deliveryRoutes() {
	route(a, "GET /api/v1/manager/overview", "What there is", func(ctx context.Context, c *caller, _ *none) (*reply[overviewShown], error) {
		n, err := c.tenant.Deliveries.Count(ctx)
		if err != nil {
			return nil, err
		}
		active := 0
		for _, u := range c.Config.Users {
			if !u.Inactive {
				active++
			}
		}
		return &reply[overviewShown]{overviewShown{
			Users: active, Queues: len(c.Config.Queues), Channels: len(c.Config.Channels),
			Parked: n[delivery.Parked].Count, Waiting: n[delivery.Waiting].Count + n[delivery.Running].Count,
		}}, nil
	})
	route(a, "GET /api/v1/manager/deliveries", "Deliveries, newest first", a.listDeliveries)
	route(a, "POST /api/v1/manager/deliveries/{key}/retry", "Try a parked delivery again", func(ctx context.Context, c *caller, in *keyInput) (*reply[deliveryRow], error) {
		d, err := c.tenant.Deliveries.Retry(ctx, in.Key)
		if err != nil {
			return nil, err
		}
		a.note(ctx, c, "delivery_retried", in.Key, nil)
		return &reply[deliveryRow]{c.row(ctx, d)}, nil
	})
	route(a, "POST /api/v1/manager/deliveries/retry-like", "Try all parked ones of a kind again", func(ctx context.Context, c *caller, in *likeInput) (*reply[countShown], error) {
		var f fault.Fields
		if in.Body.Code == "" {
			f.Add("code", "REQUIRED", "Say which fault is meant.")
			return nil, f.Err()
		}
		n, err := c.tenant.Deliveries.RetryLike(ctx, in.Body.Code)
		if err != nil {
			return nil, err
		}
		a.note(ctx, c, "deliveries_retried", in.Body.Code, nil)
		return &reply[countShown]{countShown{n}}, nil
	})
	route(a, "POST /api/v1/manager/deliveries/{key}/drop", "Give a delivery up", func(ctx context.Context, c *caller, in *dropInput) (*reply[deliveryRow], error) {
		reason := strings.TrimSpace(in.Body.Reason)
		var f fault.Fields
		if n := utf8.RuneCountInString(reason); n == 0 {
			f.Add("reason", "REQUIRED", "Say why it is given up; it is kept in the audit log.")
		} else if n > 500 {
			f.Addf("reason", "TOO_LONG", "At most 500 characters; this has %d.", n)
		}
		if err := f.Err(); err != nil {
			return nil, err
		}
		d, err := c.tenant.Deliveries.Drop(ctx, in.Key, reason)
		if err != nil {
			return nil, err
		}
		a.note(ctx, c, "delivery_dropped", in.Key, map[string]string{"reason": reason})
		return &reply[deliveryRow]{c.row(ctx, d)}, nil
	})
}

func (a *API) listDeliveries(ctx context.Context, c *caller, in *deliveriesInput) (*reply[deliveriesShown], error) {
	if in.Limit <= 0 || in.Limit > 200 {
		in.Limit = 100
	}
	list, err := c.tenant.Deliveries.List(ctx, delivery.Filter{State: in.State, Before: in.Before, Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	counts, err := c.tenant.Deliveries.Count(ctx)
	if err != nil {
		return nil, err
	}
	out := deliveriesShown{Deliveries: make([]deliveryRow, 0, len(list)), Counts: map[delivery.State]delivery.Tally{}}
	for _, s := range []delivery.State{delivery.Waiting, delivery.Running, delivery.Parked, delivery.Done, delivery.Dropped} {
		out.Counts[s] = counts[s]
	}
	for _, d := range list {
		out.Deliveries = append(out.Deliveries, c.row(ctx, d))
	}
	return &reply[deliveriesShown]{out}, nil
}

// row names a delivery by what everybody may know: the customer's own words or number, never a record's name, which this
// person's CRM user may not be allowed to see (MAT-11).
func (c *caller) row(ctx context.Context, d delivery.Delivery) deliveryRow {
	r := deliveryRow{Delivery: d, AgentName: c.Config.NameOf(d.Agent), Title: d.Interaction}
	if i, err := c.tenant.Desk.One(ctx, d.Interaction); err == nil {
		r.Title = view.Title(i.Name, number.Display(i.ANI, c.Config.Profile.Region), i.Email)
	}
	return r
}
