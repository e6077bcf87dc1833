package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"cordboard/internal/channel/phone/sip/sipphone"
	"cordboard/internal/demo"
	"cordboard/internal/tenant"
)

// each is how long one call may take before the run fails.
const each = 10 * time.Second

// offers measures from a caller's INVITE to the offer on the agent's live stream. The agent has a SIP telephone, which
// rings, so that no browser competes for the machine.
func offers(ctx context.Context, s settings, w *world, r *report) error {
	admin, err := w.signIn(ctx, "mia")
	if err != nil {
		return err
	}
	var made tenant.User
	if err := admin.Ask(ctx, http.MethodPost, "/api/v1/manager/users", map[string]any{
		"userId": "bench", "firstName": "Bench", "lastName": "Agent", "email": "bench@acme.example", "roles": []string{"agent"},
		"queues": map[string]int{"2": 5}, "offerSeconds": 30, "endpoint": "sip", "seat": false, "password": demo.Password, "version": 0, "id": "",
	}, &made); err != nil {
		return err
	}
	var account struct {
		User   tenant.User
		Secret string
	}
	if err := admin.Ask(ctx, http.MethodPost, "/api/v1/manager/users/"+made.ID+"/sip-secret", map[string]any{}, &account); err != nil {
		return err
	}
	device, err := sipphone.New(sipphone.Options{User: account.User.SIPUser, Secret: account.Secret, Mode: sipphone.Never})
	if err != nil {
		return err
	}
	defer device.Close()
	if err := device.Register(ctx, w.SIP); err != nil {
		return err
	}
	agent, err := w.signIn(ctx, "bench")
	if err != nil {
		return err
	}
	listening, stop := context.WithCancel(ctx)
	defer stop()
	stream, err := listen(listening, agent, "bench")
	if err != nil {
		return err
	}
	if err := agent.Ask(ctx, http.MethodPost, "/api/v1/console/status", map[string]int{"status": available}, nil); err != nil {
		return err
	}
	customer, err := sipphone.New(sipphone.Options{})
	if err != nil {
		return err
	}
	defer customer.Close()
	var took []time.Duration
	for n := range s.offers {
		d, err := oneOffer(ctx, w, customer, stream, fmt.Sprintf("+1212%07d", 3000000+n))
		if err != nil {
			return fmt.Errorf("call %d of %d: %w", n+1, s.offers, err)
		}
		took = append(took, d)
	}
	r.add(figure{Name: "INVITE → offer on the stream", Control: "disk flush", Note: "the agent's device is a SIP telephone; one call at a time"}.spread(took))
	return agent.Ask(ctx, http.MethodDelete, "/api/v1/session", nil, nil)
}

func oneOffer(ctx context.Context, w *world, customer *sipphone.Phone, stream <-chan news, from string) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, each)
	defer cancel()
	if _, err := until(ctx, stream, func(n news) bool { return n.status == available }); err != nil {
		return 0, fmt.Errorf("waiting for the agent to be free: %w", err)
	}
	unrhythmic(ctx)
	call, hangUp := context.WithCancel(ctx)
	defer hangUp()
	began := time.Now()
	c, err := customer.Start(call, sipphone.Request{Server: w.SIP, To: w.Lines[1].Number, From: from})
	if err != nil {
		return 0, err
	}
	got, err := until(ctx, stream, func(n news) bool { return n.offer == from })
	if err != nil {
		return 0, fmt.Errorf("waiting for the offer: %w", err)
	}
	hangUp()
	select {
	case <-c.Done():
		return got.at.Sub(began), nil
	case <-ctx.Done():
		return 0, fmt.Errorf("waiting for the call's end: %w", ctx.Err())
	}
}

// unrhythmic waits for a random part of two frames, so that calls fall evenly into the browser's rhythm and the timers'.
func unrhythmic(ctx context.Context) {
	select {
	case <-time.After(10*time.Millisecond + rand.N(34*time.Millisecond)):
	case <-ctx.Done():
	}
}
