package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"cordboard/e2e/person"
	"cordboard/internal/channel/phone/sip/sipphone"
)

// play lets customers call and kills the program in between, until as many conversations were held as asked for.
func (w *world) play(ctx context.Context) error {
	if err := w.lose(); err != nil {
		return err
	}
	if err := w.start(ctx); err != nil {
		return err
	}
	shift, over := context.WithCancel(ctx)
	var people, customers sync.WaitGroup
	defer people.Wait()
	defer over()
	defer customers.Wait() // who is talking ends his call; only then do the agents go home
	for _, a := range w.agents {
		s, err := w.signIn(ctx, a.userID)
		if err != nil {
			return err
		}
		people.Go(func() { w.atWork(shift, a, s) })
	}
	for range w.callers {
		customers.Go(func() {
			for ctx.Err() == nil && !w.enough() {
				w.customer(ctx)
			}
		})
	}
	said := time.Now()
	for ctx.Err() == nil && !w.enough() {
		if time.Since(said) > 5*time.Second {
			said = time.Now()
			w.progress()
		}
		select {
		case <-w.server.dead:
			return fmt.Errorf("the program ended by itself: %s", w.server.log.String())
		case <-time.After(50 * time.Millisecond):
		}
		if w.killDue() {
			w.server.kill()
			w.mu.Lock()
			w.kills++
			w.mu.Unlock()
			if err := w.start(ctx); err != nil {
				return err
			}
		}
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w; the program's log: %s", err, w.server.log.String())
	}
	return nil
}

func (w *world) progress() {
	w.mu.Lock()
	defer w.mu.Unlock()
	complain("%d of %d conversations, %d kills, %d calls tried, the latest refusal: %v", w.held, w.interactions, w.kills, w.nextCaller, w.refused)
}

func (w *world) enough() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.held >= w.interactions && w.settings.kills <= w.kills
}

// killDue spreads the kills evenly over the conversations.
func (w *world) killDue() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.kills < w.settings.kills && w.held >= (w.kills+1)*w.interactions/(w.settings.kills+1)
}

// atWork keeps an agent's telephone registered and him ready to work, as a person at a desk would.
func (w *world) atWork(ctx context.Context, a *agent, s *person.Person) {
	go func() {
		for range a.phone.Incoming() { // it answers by itself; nobody needs to look at the calls
		}
	}()
	for ctx.Err() == nil {
		short, done := context.WithTimeout(ctx, 2*time.Second)
		if err := a.phone.Register(short, w.sip); err == nil {
			var got struct {
				Agent struct{ Status int }
			}
			// A session of before the kill is still good: sign-ins are stored.
			_ = s.Ask(short, http.MethodPost, "/api/v1/console/status", map[string]int{"status": 4}, &got)
		}
		done()
		select {
		case <-time.After(300 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

// customer is one call: from a number of his own, a short talk, and away.
func (w *world) customer(ctx context.Context) {
	w.mu.Lock()
	w.nextCaller++
	from := fmt.Sprintf("+1212%07d", 2000000+w.nextCaller)
	w.mu.Unlock()
	phone, err := sipphone.New(sipphone.Options{})
	if err != nil {
		return
	}
	defer phone.Close()
	ring, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	call, err := phone.Start(ring, sipphone.Request{Server: w.sip, To: w.number, From: from})
	if err != nil {
		pause(ctx, 100*time.Millisecond)
		return
	}
	select {
	case <-call.Answered():
	case <-call.Done():
		w.mu.Lock()
		w.refused = call.Err()
		w.mu.Unlock()
		pause(ctx, 100*time.Millisecond) // refused, or nobody there just now
		return
	case <-time.After(4 * time.Second):
		cancel()
		// One whose switch has died under him gets no agreement: he puts the receiver down all the same.
		select {
		case <-call.Done():
		case <-time.After(time.Second):
		}
		return
	case <-ctx.Done():
		return
	}
	w.mu.Lock()
	w.answered[from] = true
	w.mu.Unlock()
	select {
	case <-time.After(time.Duration(100+rand.IntN(500)) * time.Millisecond):
		bye, done := context.WithTimeout(ctx, time.Second)
		defer done()
		_ = call.Hangup(bye)
	case <-call.Done():
	case <-ctx.Done():
	}
	w.mu.Lock()
	w.held++
	w.mu.Unlock()
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}
