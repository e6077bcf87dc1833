package sip_test

import (
	"crypto/md5"
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"cordboard/internal/channel/phone"
	"cordboard/internal/channel/phone/sip"
	"cordboard/internal/channel/phone/sip/sipphone"
)

// raw speaks SIP as text over one UDP socket, so that nothing of any library stands between a test and the wire.
type raw struct {
	w    *world
	conn *net.UDPConn
	n    int
}

func (w *world) raw() *raw {
	w.t.Helper()
	c, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(w.sw.Addr()))
	w.ok(err)
	w.t.Cleanup(func() { _ = c.Close() })
	return &raw{w: w, conn: c}
}

func (r *raw) send(text string) {
	r.w.t.Helper()
	_, err := r.conn.Write([]byte(strings.ReplaceAll(text, "\n", "\r\n")))
	r.w.ok(err)
}

// receive is the next message, or "" after the wait.
func (r *raw) receive(wait time.Duration) string {
	buf := make([]byte, 65536)
	r.w.ok(r.conn.SetReadDeadline(time.Now().Add(wait)))
	n, err := r.conn.Read(buf)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return ""
	}
	r.w.ok(err)
	return string(buf[:n])
}

// request makes a request of ours; extra are header lines.
func (r *raw) request(method, uri, callID string, seq int, toTag string, extra ...string) string {
	r.n++
	at := r.conn.LocalAddr()
	if toTag != "" {
		toTag = ";tag=" + toTag
	}
	text := fmt.Sprintf("%s %s SIP/2.0\nVia: SIP/2.0/UDP %s;branch=z9hG4bK-%s-%d;rport\nMax-Forwards: 70\nFrom: <sip:ada@cordboard>;tag=raw\nTo: <sip:ada@cordboard>%s\nCall-ID: %s\nCSeq: %d %s\nContact: <sip:ada@%s>\n",
		method, uri, at, callID, r.n, toTag, callID, seq, method, at)
	for _, e := range extra {
		text += e + "\n"
	}
	return text + "Content-Length: 0\n\n"
}

var nonceOf = regexp.MustCompile(`nonce="([^"]+)"`)

// credentials computes RFC 2617's response by hand.
func credentials(user, pass, nonce string, nc int) string {
	h := func(s string) string { return fmt.Sprintf("%x", md5.Sum([]byte(s))) }
	uri := "sip:cordboard"
	resp := h(fmt.Sprintf("%s:%s:%08x:abc:auth:%s", h(user+":cordboard:"+pass), nonce, nc, h("REGISTER:"+uri)))
	return fmt.Sprintf(`Authorization: Digest username="%s", realm="cordboard", nonce="%s", uri="%s", response="%s", algorithm=MD5, cnonce="abc", qop=auth, nc=%08x`, user, nonce, uri, resp, nc)
}

func (r *raw) nonce(callID string, seq int) string {
	r.w.t.Helper()
	r.send(r.request("REGISTER", "sip:cordboard", callID, seq, ""))
	res := r.receive(limit)
	m := nonceOf.FindStringSubmatch(res)
	if !strings.HasPrefix(res, "SIP/2.0 401") || m == nil {
		r.w.t.Fatalf("no challenge: %s", res)
	}
	return m[1]
}

func (r *raw) status(text string) string {
	r.w.t.Helper()
	r.send(text)
	res := r.receive(limit)
	if len(res) < 11 {
		r.w.t.Fatalf("no answer to\n%s", text)
	}
	return res[8:11]
}

func TestRegistrarDigest(t *testing.T) {
	w := newWorld(t, func(o *sip.Options) { o.Trunks = func() []sip.Trunk { return nil } })
	to := phone.Target{Kind: phone.TargetSIP, Address: "ada"}
	r := w.raw()
	nonce := r.nonce("a", 1)
	register := func(seq int, auth string, extra ...string) string {
		return r.status(r.request("REGISTER", "sip:cordboard", "a", seq, "", append(extra, auth)...))
	}
	for name, auth := range map[string]string{
		"wrong secret":   credentials("ada", "not the secret of ada at all", nonce, 1),
		"empty secret":   credentials("ada", "", nonce, 1),
		"another's name": credentials("grace", secret, nonce, 1),
		"made-up nonce":  credentials("ada", secret, "bm90IG91ciBub25jZQ", 1),
		"not digest":     "Authorization: Basic YWRhOmFkYQ==",
		"garbage":        `Authorization: Digest ,,,="`,
		"count zero":     credentials("ada", secret, nonce, 0),
	} {
		if st := register(2, auth); st != "401" {
			t.Errorf("%s: %s", name, st)
		}
	}
	if w.sw.Reachable(to) {
		t.Fatal("registered without the secret")
	}
	if st := register(3, credentials("ada", secret, nonce, 1), "Expires: 30"); st != "423" {
		t.Errorf("30 s of life: %s", st)
	}
	if st := register(4, credentials("ada", secret, nonce, 2)); st != "200" {
		t.Fatalf("the right secret: %s", st)
	}
	if e := w.want("", phone.Reach); !e.Up || e.Target != to {
		t.Fatalf("reach event %+v", e)
	}
	// The same credentials again, as an eavesdropper would: never.
	if st := register(5, credentials("ada", secret, nonce, 2), "Expires: 0"); st != "401" || !w.sw.Reachable(to) {
		t.Errorf("replayed credentials: %s, reachable %v", st, w.sw.Reachable(to))
	}
	if st := register(6, credentials("ada", secret, nonce, 3), "Expires: 0"); st != "200" || w.sw.Reachable(to) {
		t.Errorf("unregister: %s, reachable %v", st, w.sw.Reachable(to))
	}
	if e := w.want("", phone.Reach); e.Up {
		t.Errorf("reach event %+v", e)
	}
}

// TestUnregisterLeavesTheOther: one phone's leaving is its own (telephony facts §3.3, 9), whatever contact it names.
func TestUnregisterLeavesTheOther(t *testing.T) {
	w := newWorld(t)
	one, two := w.agent(sipphone.Options{}), w.agent(sipphone.Options{})
	w.ok(one.Unregister(w.ctx, w.server()))
	leg := w.dial('1', limit)
	w.want(leg, phone.Answered)
	<-two.Incoming()
	if one.Seen("INVITE") != 0 {
		t.Error("the phone that left is rung")
	}
	// "*" takes back only what this registration gave.
	r := w.raw()
	nonce := r.nonce("star", 1)
	text := r.request("REGISTER", "sip:cordboard", "star", 2, "", "Expires: 0", credentials("ada", secret, nonce, 1))
	text = regexp.MustCompile(`Contact: .*\n`).ReplaceAllString(text, "Contact: *\n")
	if st := r.status(text); st != "200" {
		t.Fatalf("Contact *: %s", st)
	}
	if !w.sw.Reachable(phone.Target{Kind: phone.TargetSIP, Address: "ada"}) {
		t.Error("a stranger's * removed the other phone")
	}
}

func TestWeakSecretsAreRefused(t *testing.T) {
	for _, weak := range []string{"", "ada", "1234", "password", "short-but-odd-Qx7"} {
		w := newWorld(t, func(o *sip.Options) { o.Accounts = func(string) (string, bool) { return weak, true } })
		r := w.raw()
		nonce := r.nonce("weak", 1)
		if st := r.status(r.request("REGISTER", "sip:cordboard", "weak", 2, "", credentials("ada", weak, nonce, 1))); st != "401" {
			t.Errorf("secret %q: %s", weak, st)
		}
	}
	for _, bad := range []sip.Trunk{
		{Name: "a", User: "u"}, {Name: "a", User: "u", Password: "u"}, {Name: "a", User: "u", Password: "changeme"}, {},
	} {
		_, err := sip.New(sip.Options{Listen: "127.0.0.1:0", Media: pool(t), Trunks: func() []sip.Trunk { return []sip.Trunk{bad} }})
		if err == nil {
			t.Errorf("the switch starts with trunk %+v", bad)
		}
	}
}

// TestStrangersGetNothing: no answer at all to whoever isn't a trunk or a registered phone, and a ban after 20 tries.
func TestStrangersGetNothing(t *testing.T) {
	w := newWorld(t, func(o *sip.Options) { o.Trunks = func() []sip.Trunk { return nil } })
	r := w.raw()
	for _, method := range []string{"INVITE", "OPTIONS", "BYE", "CANCEL", "MESSAGE", "SUBSCRIBE"} {
		r.send(r.request(method, "sip:100@cordboard", "x-"+method, 1, ""))
	}
	if res := r.receive(400 * time.Millisecond); res != "" {
		t.Fatalf("a stranger was answered: %s", res)
	}
	// So far it could still register; after 20 failures it can't even try.
	_ = r.nonce("before", 1)
	for n := range 20 {
		r.send(r.request("OPTIONS", "sip:100@cordboard", fmt.Sprint("scan-", n), 1, ""))
	}
	banned := func() bool {
		r.send(r.request("REGISTER", "sip:cordboard", fmt.Sprint("after-", time.Now().UnixNano()), 1, ""))
		return r.receive(300*time.Millisecond) == ""
	}
	for deadline := time.Now().Add(limit); !banned(); {
		if time.Now().After(deadline) {
			t.Fatal("a scanner isn't banned")
		}
	}
	if kinds := w.all(""); len(kinds) != 0 {
		t.Errorf("strangers caused events: %v", kinds)
	}
	w.noLegs()
}

func TestTrunkManners(t *testing.T) {
	w := newWorld(t)
	r := w.raw()
	for name, tc := range map[string]struct{ text, status string }{
		"OPTIONS":            {r.request("OPTIONS", "sip:cordboard", "o", 1, ""), "200"},
		"CANCEL of nothing":  {r.request("CANCEL", "sip:1@cordboard", "c", 1, ""), "481"},
		"BYE of nothing":     {r.request("BYE", "sip:1@cordboard", "b", 1, "none"), "481"},
		"re-INVITE of none":  {r.request("INVITE", "sip:1@cordboard", "i", 1, "none"), "481"},
		"SUBSCRIBE":          {r.request("SUBSCRIBE", "sip:1@cordboard", "s", 1, ""), "405"},
		"unknown extension":  {r.request("INVITE", "sip:1@cordboard", "e", 1, "", "Require: 100rel"), "420"},
		"no Contact":         {regexp.MustCompile(`Contact: .*\n`).ReplaceAllString(r.request("INVITE", "sip:1@cordboard", "n", 1, ""), ""), "400"},
		"CSeq of another":    {strings.Replace(r.request("INVITE", "sip:1@cordboard", "q", 1, ""), "CSeq: 1 INVITE", "CSeq: 1 BYE", 1), "400"},
		"audio we can't do":  {withSDP(r.request("INVITE", "sip:1@cordboard", "g", 1, ""), "m=audio 4000 RTP/AVP 9\n"), "488"},
		"audio only as SRTP": {withSDP(r.request("INVITE", "sip:1@cordboard", "h", 1, ""), "m=audio 4000 RTP/SAVP 0\n"), "488"},
		"body that's no SDP": {strings.Replace(withSDP(r.request("INVITE", "sip:1@cordboard", "j", 1, ""), ""), "application/sdp", "text/plain", 1), "488"},
	} {
		if st := r.status(tc.text); st != tc.status {
			t.Errorf("%s: %s, want %s", name, st, tc.status)
		}
	}
	w.noLegs()
}

func withSDP(request, media string) string {
	body := "v=0\no=- 1 1 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\n" + media
	n := len(strings.ReplaceAll(body, "\n", "\r\n"))
	return strings.Replace(request, "Content-Length: 0\n\n", fmt.Sprintf("Content-Type: application/sdp\nContent-Length: %d\n\n%s", n, body), 1)
}

func TestCapacity(t *testing.T) {
	w := newWorld(t, func(o *sip.Options) { o.MaxCalls = 1 })
	caller := w.phone(sipphone.Options{})
	_, first := w.answered(caller)
	r := w.raw()
	r.send(r.request("INVITE", "sip:1@cordboard", "full", 1, ""))
	if res := r.receive(limit); !strings.HasPrefix(res, "SIP/2.0 503") || !strings.Contains(res, "Retry-After: ") {
		t.Fatalf("the call too many was told %s", res)
	}
	w.ok(w.sw.Hangup(w.ctx, first, phone.CauseNormal))
	w.want(first, phone.Ended)
	_, second := w.answered(caller)
	if first == second {
		t.Fatal("two legs with one id")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.events {
		if e.Leg != first && e.Leg != second {
			t.Errorf("the call too many caused %+v", e)
		}
	}
}

// TestCallerIdentity: which number and name an INVITE stands for.
func TestCallerIdentity(t *testing.T) {
	for name, tc := range map[string]struct {
		from, asserted, privacy string
		number, display         string
	}{
		"From":                 {from: `"Ann Alvarez" <sip:+14155550123@x>`, number: "+14155550123", display: "Ann Alvarez"},
		"asserted":             {from: `<sip:0@x>`, asserted: `"Ann" <sip:+14155550123@x>`, number: "+14155550123", display: "Ann"},
		"asserted tel":         {from: `"Ann" <sip:0@x>`, asserted: `<tel:+14155550123;cpc=ordinary>`, number: "+14155550123", display: "Ann"},
		"two asserted":         {from: `<sip:0@x>`, asserted: `"A, B" <sip:+14155550123@x>, <tel:+14155550199>`, number: "+14155550123", display: "A, B"},
		"private":              {from: `"Ann" <sip:+14155550123@x>`, privacy: "id"},
		"private asserted":     {from: `<sip:anonymous@anonymous.invalid>`, asserted: `<sip:+14155550123@x>`, privacy: "user;id"},
		"anonymous":            {from: `"Anonymous" <sip:anonymous@anonymous.invalid>`},
		"unknown":              {from: `<sip:Unknown@x>`},
		"markup":               {from: `"<script>alert(1)</script>" <sip:+14155550123@x>`, number: "+14155550123", display: "<script>alert(1)</script>"},
		"bidi and zero width":  {from: "\"Ann\u202Etxt\u200B.exe\u2066\" <sip:+14155550123@x>", number: "+14155550123", display: "Anntxt.exe"},
		"control characters":   {from: "\"A\x01n\tn\" <sip:+14155550123@x>", number: "+14155550123", display: "An n"},
		"long":                 {from: `"` + strings.Repeat("x", 300) + `" <sip:+14155550123@x>`, number: "+14155550123", display: strings.Repeat("x", 80)},
		"parameters of number": {from: `<sip:+14155550123;phone-context=x@y>`, number: "+14155550123"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			r := w.raw()
			var extra []string
			if tc.asserted != "" {
				extra = append(extra, "P-Asserted-Identity: "+tc.asserted)
			}
			if tc.privacy != "" {
				extra = append(extra, "Privacy: "+tc.privacy)
			}
			text := r.request("INVITE", "sip:+18005550100@cordboard", "id", 1, "", extra...)
			r.send(regexp.MustCompile(`From: .*\n`).ReplaceAllLiteralString(text, "From: "+tc.from+";tag=raw\n"))
			e := w.want("", phone.Arrived)
			if e.From != tc.number || e.Display != tc.display || e.To != "+18005550100" {
				t.Errorf("got %q %q to %q", e.From, e.Display, e.To)
			}
			w.ok(w.sw.Hangup(w.ctx, e.Leg, phone.CauseBusy))
		})
	}
}

// TestTorture: nothing that a datagram can hold takes the switch down, and a proper call works after it all.
func TestTorture(t *testing.T) {
	w := newWorld(t)
	r := w.raw()
	good := withSDP(r.request("INVITE", "sip:1@cordboard", "good", 1, ""), "m=audio 4000 RTP/AVP 0\n")
	pieces := []string{
		"", "\n", "\x00", strings.Repeat("\x00", 2000), "INVITE", "INVITE sip: SIP/2.0\n\n", "SIP/2.0 200 OK\n\n", "SIP/2.0 999999 x\n\n",
		strings.Repeat("A", 60000), "INVITE sip:a@b SIP/2.0\n" + strings.Repeat("Via: x\n", 3000) + "\n",
		"INVITE sip:a@b SIP/7.0\nVia: SIP/2.0/UDP\n\n", "\xff\xfe\xfd sip:a SIP/2.0\n\n",
	}
	for _, line := range []string{"Via", "From", "To", "Call-ID", "CSeq", "Contact", "Max-Forwards", "Content-Length", "Content-Type"} {
		find := regexp.MustCompile(line + `: .*\n`)
		for _, value := range []string{"", ":", ",", ";", "<", "<>", `"`, `"<sip:`, "sip:@;tag", "*", "-1", "99999999999999999999", "SIP/2.0/UDP ;branch=", "<sip:a@b>;tag=;tag", "\x00", strings.Repeat("(", 500)} {
			pieces = append(pieces, find.ReplaceAllLiteralString(good, line+": "+value+"\n"))
		}
		pieces = append(pieces, find.ReplaceAllLiteralString(good, ""))
	}
	for cut := 0; cut < len(good); cut += 7 {
		pieces = append(pieces, good[:cut])
	}
	for _, method := range []string{"REGISTER", "BYE", "ACK", "CANCEL", "UPDATE", "OPTIONS", "X"} {
		for _, p := range pieces[len(pieces)-20:] {
			pieces = append(pieces, strings.ReplaceAll(p, "INVITE", method))
		}
	}
	for _, p := range pieces {
		_, _ = r.conn.Write([]byte(strings.ReplaceAll(p, "\n", "\r\n")))
	}
	tcp, err := net.Dial("tcp", w.server())
	w.ok(err)
	for _, p := range pieces {
		if _, err := tcp.Write([]byte(p)); err != nil {
			break
		}
	}
	_ = tcp.Close()
	// Some of the pieces were calls.
	legs, err := w.sw.Legs(w.ctx)
	w.ok(err)
	for _, l := range legs {
		w.ok(w.sw.Hangup(w.ctx, l.Leg, phone.CauseNormal))
	}
	caller := w.phone(sipphone.Options{Transport: "tcp"})
	c, err := caller.Start(w.ctx, sipphone.Request{Server: w.server(), To: "after-all", From: "2"})
	w.ok(err)
	for {
		if e := w.want("", phone.Arrived); e.To == "after-all" {
			w.ok(w.sw.Answer(w.ctx, e.Leg))
			break
		}
	}
	<-c.Answered()
}

func TestTakenPortNamesTheAddress(t *testing.T) {
	w := newWorld(t)
	_, err := sip.New(sip.Options{Listen: w.server(), Media: pool(t)})
	if err == nil || !strings.Contains(err.Error(), w.server()) || !strings.Contains(err.Error(), "taken") {
		t.Fatalf("the fault is %v", err)
	}
}
