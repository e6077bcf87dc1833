package sip_test

import (
	"crypto/md5"
	"fmt"
	"net"
	"regexp"
	"strings"
	"testing"
	"time"

	"cordboard/internal/channel/phone"
	"cordboard/internal/channel/phone/sip"
)

// carrier is a trunk's far end, in text over one UDP socket.
type carrier struct {
	w    *world
	conn *net.UDPConn
	from net.Addr
}

func (c *carrier) receive(method string) string {
	c.w.t.Helper()
	buf := make([]byte, 65536)
	c.w.ok(c.conn.SetReadDeadline(time.Now().Add(limit)))
	for {
		n, from, err := c.conn.ReadFrom(buf)
		c.w.ok(err)
		if c.from = from; strings.HasPrefix(string(buf[:n]), method+" ") {
			return string(buf[:n])
		}
	}
}

// answer responds to a request with the given status and more header lines.
func (c *carrier) answer(req, status string, more ...string) {
	c.w.t.Helper()
	res := "SIP/2.0 " + status + "\r\n"
	for _, name := range []string{"Via", "From", "To", "Call-ID", "CSeq"} {
		line := header(req, name)
		if name == "To" && !strings.Contains(line, "tag=") {
			line += ";tag=carrier"
		}
		res += name + ": " + line + "\r\n"
	}
	for _, m := range more {
		res += m + "\r\n"
	}
	_, err := c.conn.WriteTo([]byte(res+"Content-Length: 0\r\n\r\n"), c.from)
	c.w.ok(err)
}

func header(msg, name string) string {
	m := regexp.MustCompile(`(?m)^` + name + `: (.*)\r$`).FindStringSubmatch(msg)
	if m == nil {
		return ""
	}
	return m[1]
}

func param(h, name string) string {
	m := regexp.MustCompile(`\b` + name + `="?([^",;]+)`).FindStringSubmatch(h)
	if m == nil {
		return ""
	}
	return m[1]
}

// withCarrier is a world whose only trunk is a carrier that asks for digest.
func withCarrier(t *testing.T) (*world, *carrier) {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	port := conn.LocalAddr().(*net.UDPAddr).Port
	w := newWorld(t, func(o *sip.Options) {
		o.Trunks = func() []sip.Trunk {
			return []sip.Trunk{{Name: "in only", Allow: loopback}, {Name: "carrier", Host: "127.0.0.1", Port: port, User: "acme", Password: "Qx7-odd-secret"}}
		}
	})
	return w, &carrier{w: w, conn: conn}
}

func (w *world) dialOut(n byte, callerID string) phone.LegID {
	w.t.Helper()
	leg := w.legID(n)
	w.ok(w.sw.Dial(w.ctx, phone.Dial{Leg: leg, To: phone.Target{Kind: phone.TargetNumber, Address: "+14155550123"}, CallerID: callerID, Timeout: limit}))
	return leg
}

// TestTrunkAsksForDigest: an outgoing call proves itself to the carrier and goes on.
func TestTrunkAsksForDigest(t *testing.T) {
	w, c := withCarrier(t)
	leg := w.dialOut('1', "+18005550100")
	first := c.receive("INVITE")
	if !strings.HasPrefix(first, "INVITE sip:+14155550123@127.0.0.1") || !strings.Contains(header(first, "From"), "<sip:+18005550100@") {
		t.Fatalf("the INVITE is\n%s", first)
	}
	c.answer(first, "407 Proxy Authentication Required", `Proxy-Authenticate: Digest realm="carrier", nonce="n1", qop="auth", algorithm=MD5`)
	c.receive("ACK")
	second := c.receive("INVITE")
	h := func(s string) string { return fmt.Sprintf("%x", md5.Sum([]byte(s))) }
	auth := header(second, "Proxy-Authorization")
	want := h(h("acme:carrier:Qx7-odd-secret") + ":n1:" + param(auth, "nc") + ":" + param(auth, "cnonce") + ":auth:" + h("INVITE:"+param(auth, "uri")))
	if param(auth, "response") != want || header(second, "CSeq") != "2 INVITE" || header(second, "Call-ID") != header(first, "Call-ID") {
		t.Fatalf("the second INVITE is\n%s", second)
	}
	c.answer(second, "486 Busy Here")
	if e := w.want(leg, phone.Ended); e.Cause != phone.CauseBusy {
		t.Errorf("ended with %v", e.Cause)
	}
}

func TestTrunkRefusesOurSecret(t *testing.T) {
	w, c := withCarrier(t)
	leg := w.dialOut('1', "")
	for n := range 3 {
		req := c.receive("INVITE")
		if n == 0 && (!strings.Contains(header(req, "From"), "anonymous.invalid") || header(req, "Privacy") != "id") {
			t.Errorf("a call without a caller id is\n%s", req)
		}
		c.answer(req, "401 Unauthorized", fmt.Sprintf(`WWW-Authenticate: Digest realm="carrier", nonce="n%d", qop="auth"`, n))
	}
	if e := w.want(leg, phone.Ended); e.Cause != phone.CauseTrunk {
		t.Errorf("ended with %v", e.Cause)
	}
}

// TestForkedByAProxy: a second phone behind the carrier answers too; it is acknowledged and hung up, the first goes on.
func TestForkedByAProxy(t *testing.T) {
	w, c := withCarrier(t)
	leg := w.dialOut('1', "+18005550100")
	invite := c.receive("INVITE")
	sdp := "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
	accept := func(tag string) {
		res := "SIP/2.0 200 OK\r\n"
		for _, name := range []string{"Via", "From", "Call-ID", "CSeq"} {
			res += name + ": " + header(invite, name) + "\r\n"
		}
		res += fmt.Sprintf("To: %s;tag=%s\r\nContact: <sip:%s@%s>\r\nContent-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s", header(invite, "To"), tag, tag, c.conn.LocalAddr(), len(sdp), sdp)
		_, err := c.conn.WriteTo([]byte(res), c.from)
		w.ok(err)
	}
	accept("one")
	if ack := c.receive("ACK"); !strings.HasPrefix(ack, "ACK sip:one@") {
		t.Fatalf("acknowledged by\n%s", ack)
	}
	w.want(leg, phone.Answered)
	accept("one") // again: our ACK was lost
	if ack := c.receive("ACK"); !strings.Contains(header(ack, "To"), "tag=one") {
		t.Fatalf("repeated by\n%s", ack)
	}
	accept("two")
	if ack := c.receive("ACK"); !strings.Contains(header(ack, "To"), "tag=two") {
		t.Fatalf("the second was acknowledged by\n%s", ack)
	}
	bye := c.receive("BYE")
	if !strings.Contains(header(bye, "To"), "tag=two") || header(bye, "CSeq") != "2 BYE" {
		t.Fatalf("the second was hung up by\n%s", bye)
	}
	c.answer(bye, "200 OK")
	legs, err := w.sw.Legs(w.ctx)
	w.ok(err)
	if len(legs) != 1 || !legs[0].Answered {
		t.Fatalf("legs: %+v", legs)
	}
	w.ok(w.sw.Hangup(w.ctx, leg, phone.CauseNormal))
	if bye := c.receive("BYE"); !strings.Contains(header(bye, "To"), "tag=one") {
		t.Fatalf("the first was hung up by\n%s", bye)
	}
}

// TestGlare: a re-INVITE while our own offer is open gets 491 and the call goes on.
func TestGlare(t *testing.T) {
	w := newWorld(t)
	r := w.raw()
	r.send(r.request("INVITE", "sip:1@cordboard", "glare", 1, ""))
	in := w.want("", phone.Arrived)
	w.ok(w.sw.Answer(w.ctx, in.Leg))
	var ok string
	for !strings.HasPrefix(ok, "SIP/2.0 200") {
		ok = r.receive(limit)
	}
	tag := param(header(ok, "To"), "tag")
	r.send(withSDP(r.request("INVITE", "sip:1@cordboard", "glare", 2, tag), "m=audio 4000 RTP/AVP 0\n"))
	for {
		res := r.receive(limit)
		if strings.HasPrefix(res, "SIP/2.0 491") {
			break
		}
		if res == "" || !strings.HasPrefix(res, "SIP/2.0 200") { // our first answer, repeated
			t.Fatalf("instead of 491 came %q", res)
		}
	}
	w.ok(w.sw.Hangup(w.ctx, in.Leg, phone.CauseNormal))
}
