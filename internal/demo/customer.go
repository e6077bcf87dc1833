package demo

import (
	"context"
	"crypto/rand"
	"embed"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"cordboard/internal/channel/phone/sip/sipphone"
	"cordboard/internal/fault"
)

//go:embed page
var pageFiles embed.FS

// Sample is a customer whom the page offers.
type Sample struct {
	Name   string `json:"name"`
	Number string `json:"number"` // "" = withheld
	About  string `json:"about"`  // what will happen
}

// Line is a number of the tenant that can be called.
type Line struct {
	Number string `json:"number"`
	Name   string `json:"name"`
	Queue  string `json:"queue"`
}

// Customers is the customer page: it places real SIP calls for whoever presses a sample.
type Customers struct {
	server  string // host:port of the SIP switch
	samples []Sample
	lines   []Line
	log     *slog.Logger

	handler http.Handler
	ctx     context.Context // of every call; ends with Close
	end     context.CancelFunc
	wg      sync.WaitGroup

	mu     sync.Mutex
	closed bool
	calls  map[string]*customerCall
}

// most is how many customers may call at once: the page is a toy telephone, not a load generator.
const most = 50

// longest is how long a customer stays on the line at most.
const longest = 30 * time.Minute

type customerCall struct {
	ID        string    `json:"id"`
	From      string    `json:"from"`
	To        string    `json:"to"`
	State     string    `json:"state"` // calling, ringing, answered, ended
	Why       string    `json:"why,omitempty"`
	InvitedAt time.Time `json:"invitedAt"`
	Answered  time.Time `json:"answeredAt,omitzero"`
	Ended     time.Time `json:"endedAt,omitzero"`
	hangup    context.CancelFunc
}

// NewCustomers makes the page for a switch that listens on server.
func NewCustomers(server string, samples []Sample, lines []Line, log *slog.Logger) *Customers {
	c := &Customers{server: server, samples: samples, lines: lines, log: log, calls: map[string]*customerCall{}}
	c.ctx, c.end = context.WithCancel(context.Background())
	c.handler = c.routes()
	return c
}

// Handler serves the page and its calls below /demo/.
func (c *Customers) Handler() http.Handler { return c.handler }

// Close has every customer hang up, and waits until they have.
func (c *Customers) Close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.end()
	c.wg.Wait()
}

func (c *Customers) routes() http.Handler {
	files, err := fs.Sub(pageFiles, "page")
	if err != nil {
		panic(err)
	}
	m := http.NewServeMux()
	m.Handle("GET /demo/", http.StripPrefix("/demo/", http.FileServerFS(files)))
	m.HandleFunc("GET /demo/world", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]any{"samples": c.samples, "lines": c.lines})
	})
	m.HandleFunc("GET /demo/calls", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, map[string]any{"calls": c.list()})
	})
	m.HandleFunc("POST /demo/calls", c.place)
	m.HandleFunc("DELETE /demo/calls/{id}", func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		call := c.calls[r.PathValue("id")]
		c.mu.Unlock()
		if call != nil {
			call.hangup()
		}
		w.WriteHeader(http.StatusNoContent)
	})
	return m
}

func (c *Customers) list() []customerCall {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]customerCall, 0, len(c.calls))
	for id, x := range c.calls {
		if !x.Ended.IsZero() && time.Since(x.Ended) > time.Minute {
			delete(c.calls, id)
			continue
		}
		out = append(out, *x)
	}
	return out
}

func (c *Customers) place(w http.ResponseWriter, r *http.Request) {
	var in struct {
		From string `json:"from"`
		Name string `json:"name"`
		To   string `json:"to"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4096)).Decode(&in); err != nil || in.To == "" {
		answer(w, http.StatusUnprocessableEntity, map[string]string{"message": "Say which number to call."})
		return
	}
	c.mu.Lock()
	live := 0
	for _, x := range c.calls {
		if x.Ended.IsZero() {
			live++
		}
	}
	if live >= most {
		c.mu.Unlock()
		answer(w, http.StatusTooManyRequests, map[string]string{"message": "Fifty customers are on the line already. Hang some up first."})
		return
	}
	if c.closed {
		c.mu.Unlock()
		answer(w, http.StatusServiceUnavailable, map[string]string{"message": "The demo is stopping. Nobody was called."})
		return
	}
	ctx, cancel := context.WithTimeout(c.ctx, longest)
	call := &customerCall{ID: rand.Text()[:12], From: in.From, To: in.To, State: "calling", InvitedAt: time.Now().UTC(), hangup: cancel}
	c.calls[call.ID] = call
	snapshot := *call
	c.wg.Go(func() { c.run(ctx, call, in.Name) })
	c.mu.Unlock()
	answer(w, http.StatusCreated, snapshot)
}

// run is one customer: he calls, waits, listens to the agent, and goes when told or when the line is closed.
func (c *Customers) run(ctx context.Context, call *customerCall, name string) {
	defer call.hangup()
	why := "The call has ended."
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		call.State, call.Why, call.Ended = "ended", why, time.Now().UTC()
	}()
	phone, err := sipphone.New(sipphone.Options{Tone: 440, Log: c.log})
	if err != nil {
		why = fault.Of(err).Message
		return
	}
	defer phone.Close()
	leg, err := phone.Start(ctx, sipphone.Request{Server: c.server, To: call.To, From: call.From, Display: name, Withheld: call.From == ""})
	if err != nil {
		why = "The call could not be placed: " + err.Error()
		return
	}
	ringing, answered := leg.Ringing(), leg.Answered()
	for {
		select {
		case <-ringing:
			ringing = nil
			c.mu.Lock()
			call.State = "ringing"
			c.mu.Unlock()
		case <-answered:
			answered = nil
			c.mu.Lock()
			call.State, call.Answered = "answered", time.Now().UTC()
			c.mu.Unlock()
		case <-leg.Done():
			var refused *sipphone.Refused
			if err := leg.Err(); errors.As(err, &refused) {
				why = "Refused: " + refused.Reason
			}
			return
		case <-ctx.Done():
			select {
			case <-leg.Answered(): // also when that came at the same moment
				bye, done := context.WithTimeout(context.Background(), 5*time.Second)
				_ = leg.Hangup(bye)
				done()
			default:
			}
			why = "You hung up."
			<-leg.Done()
			return
		}
	}
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
