package simorg

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// client is a plain HTTP client of an org, as some user.
type client struct {
	t     *testing.T
	org   *Org
	token string
	v     string
	http  *http.Client
}

func start(t *testing.T, opt Options) *Org {
	t.Helper()
	o, err := New(opt)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		noProxy.CloseIdleConnections() // a server waits seconds for connections that were never used
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := o.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return o
}

var noProxy = &http.Transport{Proxy: nil}

func browser() *http.Client {
	return &http.Client{Transport: noProxy, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// login signs a user of the bundled seeds in by SOAP.
func login(t *testing.T, o *Org, user string) *client {
	t.Helper()
	code, body := soapLogin(t, o, "u/64.0", user+"@demo.example", "demo-passTOK"+strings.ToUpper(user))
	if code != 200 {
		t.Fatalf("login of %s: %d %s", user, code, body)
	}
	return &client{t: t, org: o, token: element(body, "sessionId"), v: "v64.0", http: browser()}
}

func element(xml, name string) string {
	_, rest, _ := strings.Cut(xml, "<"+name+">")
	s, _, _ := strings.Cut(rest, "</"+name+">")
	return s
}

func soapLogin(t *testing.T, o *Org, endpoint, user, password string) (int, string) {
	t.Helper()
	ns := "partner"
	if strings.HasPrefix(endpoint, "c/") {
		ns = "enterprise"
	}
	return soapCall(t, o, endpoint, fmt.Sprintf(`<x:Envelope xmlns:x="http://schemas.xmlsoap.org/soap/envelope/"><x:Body><login xmlns="urn:%s.soap.sforce.com"><username>%s</username><password>%s</password></login></x:Body></x:Envelope>`, ns, user, password))
}

func soapCall(t *testing.T, o *Org, endpoint, envelope string) (int, string) {
	t.Helper()
	req, err := http.NewRequest("POST", o.URL()+"/services/Soap/"+endpoint, strings.NewReader(envelope))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "text/xml")
	req.Header.Set("SOAPAction", `""`)
	res, err := browser().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// send makes a request below /services/data/vNN.0 and returns status, headers and body.
func (c *client) send(method, path string, body any, header ...string) (int, http.Header, string) {
	c.t.Helper()
	code, h, b, err := c.try(method, path, body, header...)
	if err != nil {
		c.t.Fatal(err)
	}
	return code, h, b
}

func (c *client) try(method, path string, body any, header ...string) (int, http.Header, string, error) {
	var in io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		in = strings.NewReader(b)
	case []byte:
		in = bytes.NewReader(b)
	default:
		j, err := json.Marshal(b)
		if err != nil {
			return 0, nil, "", err
		}
		in = bytes.NewReader(j)
	}
	if !strings.HasPrefix(path, "/services") && !strings.HasPrefix(path, "//") {
		path = "/services/data/" + c.v + path
	}
	req, err := http.NewRequest(method, c.org.URL()+path, in)
	if err != nil {
		return 0, nil, "", err
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := c.http.Do(req)
	if err != nil {
		return 0, nil, "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res.StatusCode, res.Header, string(b), err
}

type result struct {
	Total   int              `json:"totalSize"`
	Done    bool             `json:"done"`
	Next    string           `json:"nextRecordsUrl"`
	Records []map[string]any `json:"records"`
}

// query runs SOQL that must work.
func (c *client) query(soql string) result {
	c.t.Helper()
	code, _, body := c.send("GET", "/query?q="+url.QueryEscape(soql), nil)
	if code != 200 {
		c.t.Fatalf("%s: %d %s", soql, code, body)
	}
	var r result
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		c.t.Fatal(err)
	}
	return r
}

// id is the id of the one record that SOQL finds.
func (c *client) id(soql string) string {
	c.t.Helper()
	r := c.query(soql)
	if len(r.Records) != 1 {
		c.t.Fatalf("%s: %d records, want 1", soql, len(r.Records))
	}
	return r.Records[0]["Id"].(string)
}

// create makes a record that must be accepted.
func (c *client) create(object string, fields map[string]any) string {
	c.t.Helper()
	code, _, body := c.send("POST", "/sobjects/"+object, fields)
	var out struct{ ID string }
	if code != 201 || json.Unmarshal([]byte(body), &out) != nil {
		c.t.Fatalf("create %s: %d %s", object, code, body)
	}
	return out.ID
}

// refusal is status, code, text and fields of an error.
type refused struct {
	Status  int
	Code    string   `json:"errorCode"`
	Message string   `json:"message"`
	Fields  []string `json:"fields"`
}

func (c *client) refused(method, path string, body any, header ...string) refused {
	c.t.Helper()
	code, _, text := c.send(method, path, body, header...)
	var list []refused
	if err := json.Unmarshal([]byte(text), &list); err != nil || len(list) != 1 {
		c.t.Fatalf("%s %s: %d, not an array of one error: %s", method, path, code, text)
	}
	list[0].Status = code
	return list[0]
}

type m = map[string]any
