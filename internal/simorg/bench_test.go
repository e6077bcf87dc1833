package simorg

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// benchOrg is an org with one administrator's session, without a network.
func benchOrg(b *testing.B, dir string) (*Org, string) {
	b.Helper()
	o, err := New(Options{StateDir: dir})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		o.Stop(ctx)
	})
	w := &recorder{h: http.Header{}}
	r, err := http.NewRequest("POST", "/services/Soap/u/64.0", strings.NewReader(`<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><login><username>mia@demo.example</username><password>demo-passTOKMIA</password></login></e:Body></e:Envelope>`))
	if err != nil {
		b.Fatal(err)
	}
	o.Handler().ServeHTTP(w, r)
	return o, element(w.String(), "sessionId")
}

func benchCall(b *testing.B, o *Org, token, method, path, body string, want int) {
	r, err := http.NewRequest(method, path, io.NopCloser(strings.NewReader(body)))
	if err != nil {
		b.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	w := &recorder{h: http.Header{}}
	o.Handler().ServeHTTP(w, r)
	if w.code != want {
		b.Fatalf("%d %s", w.code, w.String())
	}
}

func BenchmarkUpsert(b *testing.B) {
	for _, kept := range []bool{false, true} {
		b.Run(fmt.Sprintf("kept=%v", kept), func(b *testing.B) {
			dir := ""
			if kept {
				dir = b.TempDir()
			}
			o, token := benchOrg(b, dir)
			n := 0
			for b.Loop() {
				n++
				benchCall(b, o, token, "PATCH", fmt.Sprintf("/services/data/v64.0/sobjects/Task/CC_Interaction_Key__c/k%d", n), `{"Subject":"Inbound call","Status":"Completed","CallType":"Inbound","CallDurationInSeconds":65,"Description":"Answered 14:02:11Z, ended 14:05:15Z, queue Support"}`, 201)
			}
		})
	}
}

func BenchmarkPhoneSearch(b *testing.B) {
	o, token := benchOrg(b, "")
	q := "/services/data/v64.0/search?q=" + url.QueryEscape(`FIND {4155551212 OR 14155551212 OR \+14155551212 OR "\(415\) 555\-1212"} IN PHONE FIELDS RETURNING Contact(Id,Name,Phone,MobilePhone,AccountId,Account.Name LIMIT 20), Account(Id,Name,Phone LIMIT 20), Lead(Id,Name,Company,Phone WHERE IsConverted=false LIMIT 20) LIMIT 50`)
	for b.Loop() {
		benchCall(b, o, token, "GET", q, "", 200)
	}
}

func BenchmarkQueryByIndex(b *testing.B) {
	o, token := benchOrg(b, "")
	q := "/services/data/v64.0/query?q=" + url.QueryEscape(`SELECT Id, Name, Account.Name, Phone FROM Contact WHERE Email = 'ann@acme.example'`)
	for b.Loop() {
		benchCall(b, o, token, "GET", q, "", 200)
	}
}

// BenchmarkSearchInMany fills an org with contacts and then searches it by number.
func BenchmarkSearchInMany(b *testing.B) {
	o, token := benchOrg(b, "")
	const many = 100_000
	begin := time.Now()
	for i := 0; i < many; i += 200 {
		var s strings.Builder
		s.WriteString(`{"records":[`)
		for j := i; j < i+200; j++ {
			if j > i {
				s.WriteByte(',')
			}
			fmt.Fprintf(&s, `{"attributes":{"type":"Contact"},"LastName":"L%d","Phone":"(%03d) 555-%04d","Email":"c%d@many.example"}`, j, 200+j/10000, j%10000, j)
		}
		s.WriteString(`]}`)
		benchCall(b, o, token, "POST", "/services/data/v64.0/composite/sobjects", s.String(), 200)
	}
	rate := many / time.Since(begin).Seconds()
	n := 0
	for b.Loop() {
		n++
		q := url.QueryEscape(fmt.Sprintf(`FIND {%03d555%04d OR "(%03d) 555-%04d"} IN PHONE FIELDS RETURNING Contact(Id,Name)`, 200+n%10, n%10000, 200+n%10, n%10000))
		q = strings.NewReplacer("%28", "%5C%28", "%29", "%5C%29").Replace(q)
		q = strings.ReplaceAll(q, "Contact%5C%28Id%2CName%5C%29", "Contact%28Id%2CName%29")
		benchCall(b, o, token, "GET", "/services/data/v64.0/search?q="+q, "", 200)
	}
	b.ReportMetric(rate, "loaded/s")
}
