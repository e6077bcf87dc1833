package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"cordboard/e2e/person"
)

// news is what the agent's live stream said, with the instant when its bytes were here.
type news struct {
	at     time.Time
	status int
	offer  string // number of the caller whose call is offered; "" = none in this piece of news
}

// available is the agent's status in which calls come to him (AGT-4).
const available = 4

// listen opens an agent's live stream and sends what it says until ctx ends; then the channel closes.
func listen(ctx context.Context, agent *person.Person, tab string) (<-chan news, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, agent.Base+"/api/v1/console/stream?tab="+tab, nil)
	if err != nil {
		return nil, err
	}
	r, err := agent.Client.Do(req) //nolint:bodyclose // the goroutine below closes it when the stream ends
	if err != nil {
		return nil, err
	}
	if r.StatusCode != http.StatusOK {
		r.Body.Close()
		return nil, fmt.Errorf("the stream: %s", r.Status)
	}
	out := make(chan news, 1024)
	go func() {
		defer close(out)
		defer r.Body.Close()
		in := bufio.NewReaderSize(r.Body, 1<<20)
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				return
			}
			at := time.Now()
			data, ok := strings.CutPrefix(line, "data: ")
			if !ok {
				continue
			}
			var ev struct {
				Agent       *struct{ Status int }
				Interaction *struct {
					ANI, Role, State string
				}
			}
			if json.Unmarshal([]byte(data), &ev) != nil || ev.Agent == nil {
				continue
			}
			n := news{at: at, status: ev.Agent.Status}
			if i := ev.Interaction; i != nil && i.Role == "offered" && i.State == "offered" {
				n.offer = i.ANI
			}
			out <- n
		}
	}()
	return out, nil
}

// until reads news until one fits.
func until(ctx context.Context, in <-chan news, fits func(news) bool) (news, error) {
	for {
		select {
		case n, ok := <-in:
			if !ok {
				return n, fmt.Errorf("the agent's stream ended")
			}
			if fits(n) {
				return n, nil
			}
		case <-ctx.Done():
			return news{}, ctx.Err()
		}
	}
}
