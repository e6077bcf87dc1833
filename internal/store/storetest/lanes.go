package storetest

import (
	"testing"
	"time"

	"cordboard/internal/delivery"
	"cordboard/internal/desk"
	"cordboard/internal/store"
)

// laneTests hold what a lane's parking does to its deliveries (SF-10, LOG-18).
var laneTests = map[string]func(t *testing.T, tn *store.Tenant){
	"a lane parks as a whole, and so does what comes later": func(t *testing.T, tn *store.Tenant) {
		seen(t, tn, "ag1")
		now := promise(t, tn, desk.Intent{Key: "k1", Lane: "o/ag1", Agent: "ag1"}, desk.Intent{Key: "k2", Lane: "o/ag1", Agent: "ag1"},
			desk.Intent{Key: "k3", Lane: "o/ag2", Agent: "ag2"}, desk.Intent{Key: "k4", Lane: "o/ag1", Agent: "ag1"})
		d := claim(t, tn, now, 1)[0]
		d.Code, d.Reason, d.Finished, d.Tries = "INVALID_LOGIN", "Wrong password.", now, 1
		out, err := tn.ParkLane(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		if keys(out) != "k1 k2 k4" || out[0].Tries != 1 || out[1].Code != "INVALID_LOGIN" || out[2].Reason != "Wrong password." || out[0].State != delivery.Parked {
			t.Errorf("parked %+v", out)
		}
		for n, d := range out {
			if d.Stream != int64(n+2) {
				t.Errorf("%s has stream %d, want %d", d.Key, d.Stream, n+2)
			}
		}
		promise(t, tn, desk.Intent{Key: "k5", Lane: "o/ag1", Agent: "ag1"})
		own := claim(t, tn, now, 1)[0] // k3, of another lane, parks for a reason of its own
		own.Code = "REQUIRED_FIELD_MISSING"
		settle(t, tn, own, delivery.Parked)
		if ds, err := tn.Release(t.Context(), delivery.Filter{Lane: "o/ag2"}, now); err != nil || len(ds) > 0 {
			t.Errorf("a new sign-on released %s, %v: a person must look at it", keys(ds), err)
		}
		if ds, err := tn.Release(t.Context(), delivery.Filter{Key: "k3"}, now); err != nil || keys(ds) != "k3" {
			t.Errorf("a person's retry released %s, %v", keys(ds), err)
		}
		later, err := tn.Delivery(t.Context(), "k5")
		if err != nil || later.State != delivery.Parked || later.Code != "INVALID_LOGIN" {
			t.Errorf("promised later: %+v, %v", later, err)
		}
		if ds := claim(t, tn, now, 10); keys(ds) != "k3" {
			t.Errorf("claimed %s, want k3", keys(ds))
		}
		back, err := tn.Release(t.Context(), delivery.Filter{Lane: "o/ag1"}, now.Add(time.Minute))
		if err != nil || keys(back) != "k1 k2 k4 k5" || back[0].Tries != 0 || back[0].State != delivery.Waiting || !back[0].Since.Equal(now.Add(time.Minute)) {
			t.Errorf("released %+v, %v", back, err)
		}
		promise(t, tn, desk.Intent{Key: "k6", Lane: "o/ag1"})
		if s := state(t, tn, "k6"); s != delivery.Waiting {
			t.Errorf("after the release a promise is %s", s)
		}
	},
	"one that is done opens its lane": func(t *testing.T, tn *store.Tenant) {
		now := promise(t, tn, desk.Intent{Key: "k1", Lane: "l"}, desk.Intent{Key: "k2", Lane: "l"})
		d := claim(t, tn, now, 1)[0]
		d.Code = "INVALID_LOGIN"
		if _, err := tn.ParkLane(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		if _, err := tn.Release(t.Context(), delivery.Filter{Key: "k2"}, now); err != nil {
			t.Fatal(err)
		}
		promise(t, tn, desk.Intent{Key: "k3", Lane: "l"})
		if s := state(t, tn, "k3"); s != delivery.Parked {
			t.Errorf("one retried delivery opened the lane: %s", s)
		}
		ds := claim(t, tn, now, 9)
		if keys(ds) != "k2" {
			t.Fatalf("claimed %s", keys(ds))
		}
		settle(t, tn, ds[0], delivery.Done)
		promise(t, tn, desk.Intent{Key: "k4", Lane: "l"})
		if s := state(t, tn, "k4"); s != delivery.Waiting {
			t.Errorf("after a success a promise is %s", s)
		}
	},
}
