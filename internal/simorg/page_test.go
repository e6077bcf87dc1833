package simorg

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
)

// visit fetches a page, following redirects when the client does.
func visit(t *testing.T, c *http.Client, address string) (*http.Response, string) {
	t.Helper()
	res, err := c.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(b)
}

func person(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Transport: noProxy, Jar: jar}
}

func TestPagesOpen(t *testing.T) {
	o := start(t, Options{OpenPages: true})
	ann := login(t, o, "ada").id("SELECT Id FROM Contact WHERE Name = 'Ann Okafor'")
	c := browser()
	for path, want := range map[string]string{
		"/":                                     "Acme Trading",
		"/lightning/o/Contact/list":             "Ann Okafor",
		"/lightning/r/Contact/" + ann + "/view": "Call about missing housings",
		"/lightning/r/" + ann + "/view/":        "Head of Procurement",
		"/" + ann[:15]:                          "ann@acme.example",
		"/lightning/o/Contact/new?defaultFieldValues=Phone=%2B14155550199,LastName=O%2527Neil": `value="&#43;14155550199"`,
	} {
		res, body := visit(t, c, o.URL()+path)
		if res.StatusCode != 200 || !strings.Contains(body, want) || !strings.Contains(body, "You are not signed in") {
			t.Errorf("%s: %d, without %q", path, res.StatusCode, want)
		}
		if res.Header.Get("X-Frame-Options") != "DENY" || !strings.Contains(res.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
			t.Errorf("%s may be framed", path)
		}
	}
	for _, path := range []string{"/nothing", "/lightning/r/Lead/" + ann + "/view", "/lightning/o/Nothing/list", "/003Sm0zzzzzzzzz"} {
		if res, _ := visit(t, c, o.URL()+path); res.StatusCode != 404 {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
	res, err := c.PostForm(o.URL()+"/lightning/o/Contact/new", url.Values{"LastName": {"Guest"}})
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 403 {
		t.Errorf("a guest saved a record: %d", res.StatusCode)
	}
}

func TestPagesSignedIn(t *testing.T) {
	o := start(t, Options{SeedName: "private"})
	mia := login(t, o, "mia")
	bob := mia.id("SELECT Id FROM Contact WHERE Name = 'Bob Benson'")
	ann := mia.id("SELECT Id FROM Contact WHERE Name = 'Ann Adams'")
	p := person(t)
	res, body := visit(t, p, o.URL()+"/lightning/r/Contact/"+ann+"/view")
	if res.Request.URL.Path != "/login" || !strings.Contains(body, `name="startURL" value="/lightning/r/Contact/`+ann+`/view"`) {
		t.Fatal(res.Request.URL, body)
	}
	sign := func(user, password, start string) (*http.Response, string) {
		r, err := p.PostForm(o.URL()+"/login", url.Values{"username": {user}, "password": {password}, "startURL": {start}})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		return r, string(b)
	}
	if r, body := sign("ada@demo.example", "wrong", "/"); r.StatusCode != 401 || !strings.Contains(body, "Please check your username and password") {
		t.Fatal(r.StatusCode, body)
	}
	if r, _ := sign("ada@demo.example", "demo-pass", "//evil.example/"); r.Request.URL.Host != strings.TrimPrefix(o.URL(), "http://") {
		t.Fatal("sent away to " + r.Request.URL.String())
	}
	if _, body = visit(t, p, o.URL()+"/lightning/r/Contact/"+ann+"/view"); !strings.Contains(body, "ada@demo.example") || strings.Contains(body, "Home Phone") || !strings.Contains(body, "Call Ann") {
		t.Fatal(body)
	}
	if res, _ = visit(t, p, o.URL()+"/"+bob); res.StatusCode != 404 {
		t.Fatalf("another's record: %d", res.StatusCode)
	}
	if _, body = visit(t, p, o.URL()+"/lightning/o/Contact/list"); strings.Contains(body, "Benson") || !strings.Contains(body, "Ann Adams") {
		t.Fatal(body)
	}
	save := func(v url.Values, header ...string) (int, string) {
		req, err := http.NewRequest("POST", o.URL()+"/lightning/o/Contact/new", strings.NewReader(v.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for i := 0; i < len(header); i += 2 {
			req.Header.Set(header[i], header[i+1])
		}
		r, err := p.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		return r.StatusCode, string(b)
	}
	if code, body := save(url.Values{"LastName": {"<b>Bold</b>"}, "Phone": {"14155550150"}}); code != 200 || !strings.Contains(body, "(415) 555-0150") || strings.Contains(body, "<b>Bold") {
		t.Fatal(code, body)
	}
	if code, body := save(url.Values{"LastName": {"X"}, "Email": {"no address"}}); code != 422 || !strings.Contains(body, "invalid email address: no address") || !strings.Contains(body, `value="no address"`) {
		t.Fatal(code, body)
	}
	if code, _ := save(url.Values{"LastName": {"Forged"}}, "Sec-Fetch-Site", "cross-site"); code != 403 {
		t.Fatalf("a form of another site was taken: %d", code)
	}
	if res, _ = visit(t, p, o.URL()+"/secur/logout.jsp"); res.Request.URL.Path != "/login" {
		t.Fatal(res.Request.URL)
	}
}

func TestFramingAllowed(t *testing.T) {
	o := start(t, Options{Seed: tiny(`, "allowFraming": true`, "", ""), OpenPages: true})
	res, _ := visit(t, browser(), o.URL()+"/")
	if res.Header.Get("X-Frame-Options") != "" || strings.Contains(res.Header.Get("Content-Security-Policy"), "frame-ancestors") {
		t.Fatal(res.Header)
	}
}
