// Package person is someone at work as a program: he signs in to a server and asks its API, with the cookie that a browser
// would keep. The crash proof and the benchmarks are people of this kind. It never retries, and knows no route but the
// sign-in's.
package person

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"time"
)

// Person is a sign-in. It survives a server that is killed and started again, as a browser's cookie does.
type Person struct {
	// Base is the server's address, like http://127.0.0.1:8080.
	Base string
	// Client holds the cookie.
	Client *http.Client
}

// SignIn signs in at the server. limit bounds each request; 0 leaves them unbounded, as streams need it.
func SignIn(ctx context.Context, base, userID, password string, limit time.Duration) (*Person, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	p := &Person{Base: base, Client: &http.Client{Jar: jar, Timeout: limit}}
	return p, p.Ask(ctx, http.MethodPost, "/api/v1/session", map[string]string{"userId": userID, "password": password}, nil)
}

// Ask makes one request; in and out may be nil. A refusal's error holds its status, code and sentence.
func (p *Person) Ask(ctx context.Context, method, path string, in, out any) error {
	var body bytes.Buffer
	if in != nil {
		if err := json.NewEncoder(&body).Encode(in); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, p.Base+path, &body)
	if err != nil {
		return err
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	r, err := p.Client.Do(req)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	if r.StatusCode >= 300 {
		var problem struct{ Code, Message string }
		_ = json.NewDecoder(r.Body).Decode(&problem)
		return fmt.Errorf("%s %s: %d %s %s", method, path, r.StatusCode, problem.Code, problem.Message)
	}
	if out != nil {
		return json.NewDecoder(r.Body).Decode(out)
	}
	return nil
}
