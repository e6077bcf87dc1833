package api

import (
	"cmp"
	"context"
	"slices"

	"cordboard/internal/fault"
	"cordboard/internal/setting"
	"cordboard/internal/tenant"
)

type (
	queuesShown struct {
		Queues []tenant.Queue `json:"queues"`
	}
	channelsShown struct {
		Channels []tenant.Channel `json:"channels"`
	}
	codeListsShown struct {
		CodeLists []tenant.CodeList `json:"codeLists"`
	}
	trunksShown struct {
		Trunks []tenant.Trunk `json:"trunks"`
	}
)

// NumberInput names a numbered document by the path; exported as IDInput is.
type NumberInput struct {
	ID int64 `path:"id"`
}

type newInput[T any] struct{ Body T }

type documentInput[T any] struct {
	NumberInput
	Body T
}

// documents is how one kind of numbered document is listed, saved and removed. L is its list as it is shown.
type documents[T, L any] struct {
	path, what string
	all        func(*tenant.Config) map[int64]T
	id         func(*T) (id, version *int64)
	list       func([]T) L
	save       func(b *setting.Book, ctx context.Context, by string, doc T) (T, error)
	remove     func(b *setting.Book, ctx context.Context, by string, id int64) error
}

func (a *API) documentRoutes() {
	register(a, documents[tenant.Queue, queuesShown]{
		path: "queues", what: "queue",
		all:  func(c *tenant.Config) map[int64]tenant.Queue { return c.Queues },
		id:   func(d *tenant.Queue) (*int64, *int64) { return &d.ID, &d.Version },
		list: func(l []tenant.Queue) queuesShown { return queuesShown{l} },
		save: (*setting.Book).SaveQueue, remove: (*setting.Book).RemoveQueue,
	})
	register(a, documents[tenant.Channel, channelsShown]{
		path: "channels", what: "channel",
		all:  func(c *tenant.Config) map[int64]tenant.Channel { return c.Channels },
		id:   func(d *tenant.Channel) (*int64, *int64) { return &d.ID, &d.Version },
		list: func(l []tenant.Channel) channelsShown { return channelsShown{l} },
		save: (*setting.Book).SaveChannel, remove: (*setting.Book).RemoveChannel,
	})
	register(a, documents[tenant.CodeList, codeListsShown]{
		path: "code-lists", what: "code list",
		all:  func(c *tenant.Config) map[int64]tenant.CodeList { return c.CodeLists },
		id:   func(d *tenant.CodeList) (*int64, *int64) { return &d.ID, &d.Version },
		list: func(l []tenant.CodeList) codeListsShown { return codeListsShown{l} },
		save: (*setting.Book).SaveCodeList, remove: (*setting.Book).RemoveCodeList,
	})
	register(a, documents[tenant.Trunk, trunksShown]{
		path: "trunks", what: "trunk",
		all:  func(c *tenant.Config) map[int64]tenant.Trunk { return c.Trunks },
		id:   func(d *tenant.Trunk) (*int64, *int64) { return &d.ID, &d.Version },
		list: func(l []tenant.Trunk) trunksShown { return trunksShown{l} },
		save: (*setting.Book).SaveTrunk, remove: (*setting.Book).RemoveTrunk,
	})
}

func register[T, L any](a *API, d documents[T, L]) {
	base := "/api/v1/manager/" + d.path
	one := func(c *tenant.Config, id int64) (T, error) {
		v, ok := d.all(c)[id]
		if !ok {
			return v, fault.Newf(fault.NotFound, "NOT_FOUND", "This %s does not exist, or has been removed.", d.what)
		}
		return v, nil
	}
	route(a, "GET "+base, "All of them", func(_ context.Context, c *caller, _ *none) (*reply[L], error) {
		out := make([]T, 0, len(d.all(c.Config)))
		for _, v := range d.all(c.Config) {
			out = append(out, v)
		}
		slices.SortFunc(out, func(x, y T) int {
			xi, _ := d.id(&x)
			yi, _ := d.id(&y)
			return cmp.Compare(*xi, *yi)
		})
		return &reply[L]{d.list(out)}, nil
	})
	route(a, "GET "+base+"/{id}", "One of them", func(_ context.Context, c *caller, in *NumberInput) (*reply[T], error) {
		v, err := one(c.Config, in.ID)
		return &reply[T]{v}, err
	})
	route(a, "POST "+base, "Add one", func(ctx context.Context, c *caller, in *newInput[T]) (*reply[T], error) {
		id, version := d.id(&in.Body)
		*id, *version = 0, 0
		v, err := d.save(c.tenant.Settings, ctx, c.User.ID, in.Body)
		return &reply[T]{v}, err
	})
	route(a, "PUT "+base+"/{id}", "Change one", func(ctx context.Context, c *caller, in *documentInput[T]) (*reply[T], error) {
		if _, err := one(c.Config, in.ID); err != nil {
			return nil, err
		}
		id, _ := d.id(&in.Body)
		*id = in.ID
		v, err := d.save(c.tenant.Settings, ctx, c.User.ID, in.Body)
		return &reply[T]{v}, conflict(ctx, err, c.tenant.Settings, func(n *tenant.Config) any { return d.all(n)[in.ID] })
	})
	route(a, "DELETE "+base+"/{id}", "Remove one", func(ctx context.Context, c *caller, in *NumberInput) (*none, error) {
		return &none{}, d.remove(c.tenant.Settings, ctx, c.User.ID, in.ID)
	})
}
