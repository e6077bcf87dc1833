package app_test

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
)

// screen is an agent's console: what the live stream has told so far.
type screen struct {
	*person
	body io.Closer
	more chan struct{} // closed and renewed with each event

	mu    sync.Mutex
	agent object
	items map[string]object
	crm   object
}

// console opens the live stream and waits for its snapshot.
func (p *person) console() *screen {
	p.s.t.Helper()
	r, err := http.NewRequestWithContext(p.s.ctx, "GET", p.s.app.URL()+"/api/v1/console/stream?tab=one", nil)
	if err != nil {
		p.s.t.Fatal(err)
	}
	res, err := p.http.Do(r)
	if err != nil || res.StatusCode != http.StatusOK {
		p.s.t.Fatalf("the stream does not open: %v %v", res, err)
	}
	sc := &screen{person: p, body: res.Body, more: make(chan struct{}), items: map[string]object{}}
	p.s.t.Cleanup(func() { _ = sc.body.Close() })
	go sc.read(res.Body)
	sc.until("the snapshot", func() bool { return sc.agent != nil })
	return sc
}

func (sc *screen) read(body io.Reader) {
	in := bufio.NewScanner(body)
	in.Buffer(nil, 1<<24)
	event := ""
	for in.Scan() {
		if name, ok := strings.CutPrefix(in.Text(), "event: "); ok {
			event = name
		}
		data, ok := strings.CutPrefix(in.Text(), "data: ")
		if !ok {
			continue
		}
		var v object
		if json.Unmarshal([]byte(data), &v) != nil {
			return
		}
		sc.take(event, v)
	}
}

func (sc *screen) take(event string, v object) {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	keep := func(x any) {
		if i, ok := x.(object); ok {
			sc.items[text(i, "id")] = i
		}
	}
	switch event {
	case "snapshot":
		sc.agent, _ = v["agent"].(object)
		sc.crm, _ = v["crm"].(object)
		for _, list := range []string{"recent", "interactions"} {
			l, _ := v[list].([]any)
			for _, x := range l {
				keep(x)
			}
		}
	case "delta":
		sc.agent, _ = v["agent"].(object)
		keep(v["interaction"])
	case "crm":
		sc.crm = v
	}
	close(sc.more)
	sc.more = make(chan struct{})
}

// until waits for what the stream must tell.
func (sc *screen) until(what string, is func() bool) {
	sc.s.t.Helper()
	for {
		sc.mu.Lock()
		ok, more := is(), sc.more
		sc.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-more:
		case <-sc.s.ctx.Done():
			sc.mu.Lock()
			defer sc.mu.Unlock()
			b, _ := json.MarshalIndent(sc.items, "", " ")
			sc.s.t.Fatalf("waiting for %s; the console shows %v and %.3000s", what, sc.agent, b)
		}
	}
}

// find waits for an interaction of which something is true.
func (sc *screen) find(what string, is func(i object) bool) (found object) {
	sc.s.t.Helper()
	sc.until(what, func() bool {
		for _, i := range sc.items {
			if is(i) {
				found = i
				return true
			}
		}
		return false
	})
	return found
}

func in(state string) func(object) bool {
	return func(i object) bool { return text(i, "state") == state }
}

// post is a command about an interaction.
func (sc *screen) post(i object, command string, body object) object {
	sc.s.t.Helper()
	if body == nil {
		body = object{}
	}
	return sc.must("POST", "/api/v1/console/interactions/"+text(i, "id")+"/"+command, body)
}
