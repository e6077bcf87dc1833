package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"cordboard/internal/crm/autolog"
	"cordboard/internal/demo"
	"cordboard/internal/interaction"
	"cordboard/internal/simorg"
	"cordboard/internal/store"
)

// lose makes the org lose replies after the write was done: what a cut connection does.
func (w *world) lose() error {
	_, err := w.org.AddFault(simorg.Fault{Kind: "lost_reply", Match: simorg.Match{Method: http.MethodPatch, Path: "/sobjects/Task/"}, Probability: w.loss})
	return err
}

// drain waits until every delivery is done. A parked one would wait for a person, so it ends the run.
func (w *world) drain(ctx context.Context) error {
	s, err := w.signIn(ctx, "mia")
	if err != nil {
		return err
	}
	for {
		var got struct {
			Counts map[string]struct{ Count int }
		}
		if err := s.Ask(ctx, http.MethodGet, "/api/v1/manager/deliveries?limit=1", nil, &got); err != nil {
			return err
		}
		if n := got.Counts["parked"].Count; n > 0 {
			return fmt.Errorf("%d logs are parked", n)
		}
		if got.Counts["waiting"].Count+got.Counts["running"].Count == 0 {
			return nil
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("logs still wait: %v", got.Counts)
		}
	}
}

type verdict struct {
	interactions, kills, lost, doubled int
	details                            []string
}

// judge compares what was closed, and what customers heard, with what the org holds.
func (w *world) judge(ctx context.Context) (*verdict, error) {
	w.server.kill()
	in, err := store.Open(ctx, store.Options{DataDir: w.data, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	defer in.Close()
	t, err := in.Tenant(ctx, demo.Tenant)
	if err != nil {
		return nil, err
	}
	tasks := map[string]int{} // by key
	ofCaller := map[string]bool{}
	for _, r := range w.org.Records("Task") {
		key, _ := r["CC_Interaction_Key__c"].(string)
		if key == "" {
			continue // of the seed
		}
		tasks[key]++
		for line := range strings.SplitSeq(fmt.Sprint(r["Description"]), "\n") {
			if n, ok := strings.CutPrefix(line, "Customer number: "); ok {
				ofCaller[n] = true
			}
		}
	}
	v := &verdict{kills: w.kills}
	for before := int64(0); ; {
		page, err := t.Interactions(ctx, store.InteractionFilter{Before: before, Limit: 500})
		if err != nil {
			return nil, err
		}
		for _, i := range page {
			for _, h := range i.Handling {
				if h.State != interaction.Closed {
					continue
				}
				v.interactions++
				if tasks[autolog.Key(demo.Tenant, i.ID, h.Number)] == 0 {
					v.lost++
					v.details = append(v.details, fmt.Sprintf("lost: %s handling %d, %s, %s", i.ID, h.Number, i.State, h.Reason))
				}
			}
		}
		if len(page) == 0 {
			break
		}
		before = page[len(page)-1].Transaction
	}
	for key, n := range tasks {
		if n > 1 {
			v.doubled += n - 1
			v.details = append(v.details, fmt.Sprintf("doubled: %d Tasks with key %s", n, key))
		}
	}
	for number := range w.answered {
		if !ofCaller[number] {
			v.lost++
			v.details = append(v.details, "lost: the customer who was answered as "+number)
		}
	}
	return v, nil
}
