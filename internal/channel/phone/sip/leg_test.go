package sip

import (
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	wire "github.com/emiago/sipgo/sip"

	"cordboard/internal/channel/phone"
	"cordboard/internal/channel/phone/media"
)

// wiretap is a server transaction that notes what is sent, and when.
type wiretap struct {
	wire.ServerTransaction
	mu    sync.Mutex
	start time.Time
	sent  map[int][]time.Duration // status -> instants
}

func (w *wiretap) Respond(res *wire.Response) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent[res.StatusCode] = append(w.sent[res.StatusCode], time.Since(w.start))
	return nil
}

// ringing is a leg that has just come, without a network.
func ringing(t *testing.T) (*leg, *wiretap) {
	t.Helper()
	msg, err := wire.ParseMessage([]byte("INVITE sip:1@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKa\r\nFrom: <sip:2@127.0.0.1>;tag=f\r\n" +
		"To: <sip:1@127.0.0.1>\r\nCall-ID: c\r\nCSeq: 1 INVITE\r\nContact: <sip:2@127.0.0.1:9>\r\nContent-Length: 0\r\n\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	req := msg.(*wire.Request)
	req.SetSource("127.0.0.1:9")
	s := &Switch{
		desk: media.NewDesk(nil), legs: map[phone.LegID]*leg{}, dialogs: map[string]*leg{},
		sockets: sockets{at: netip.MustParseAddrPort("127.0.0.1:5060")}, stopped: true, // so that no BYE is really sent
	}
	s.opts.AckWait = 64 * t1
	l := s.newLeg(newLegID(), true, "2", "1")
	tap := &wiretap{start: time.Now(), sent: map[int][]time.Duration{}}
	l.in = &inbound{invite: req, tx: tap}
	l.dlg = s.fromInvite(req)
	s.legs[l.id] = l
	s.inbound = 1
	go l.loop()
	return l, tap
}

// at lists when a status was sent, in seconds.
func (w *wiretap) at(status int) (out []float64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, d := range w.sent[status] {
		out = append(out, d.Seconds())
	}
	return out
}

// TestRingingIsRepeated: 180 at once and each 60 s (CH-3), once however often Ring is called, and no more after the end.
func TestRingingIsRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, tap := ringing(t)
		for range 2 {
			if err := l.call(t.Context(), l.ring); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(200 * time.Second)
		l.post(func() { l.hangup(phone.CauseBusy) })
		time.Sleep(200 * time.Second)
		if got, want := tap.at(180), []float64{0, 60, 120, 180}; !slices.Equal(got, want) {
			t.Errorf("180 was sent at %v, want %v", got, want)
		}
		if n := len(tap.at(486)); n != 1 {
			t.Errorf("486 was sent %d times", n)
		}
		if err := l.call(t.Context(), l.ring); err != phone.ErrGone {
			t.Errorf("ringing an ended leg: %v", err)
		}
	})
}

// TestAnswerIsRepeated: without an ACK a 200 is repeated as RFC 3261 §13.3.1.4 asks, and after 64*T1 the call is over.
func TestAnswerIsRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, tap := ringing(t)
		err := l.call(t.Context(), func() error {
			l.in.final = true
			return l.accept(l.in.tx, l.response(200, "OK", nil), false, func(*wire.Request) { t.Error("acknowledged by nobody") })
		})
		if err != nil {
			t.Fatal(err)
		}
		<-l.done
		want := []float64{0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5}
		if got := tap.at(200); !slices.Equal(got, want) {
			t.Errorf("200 was sent at %v, want %v", got, want)
		}
		if d := time.Since(tap.start); d != 32*time.Second {
			t.Errorf("given up after %v", d)
		}
		if l.farewell == nil {
			t.Error("no BYE")
		}
	})
}

// TestAckStopsTheAnswer: one ACK is enough, an ACK of another number isn't one.
func TestAckStopsTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, tap := ringing(t)
		acked := 0
		l.post(func() {
			l.in.final = true
			_ = l.accept(l.in.tx, l.response(200, "OK", nil), false, func(*wire.Request) { acked++ })
		})
		ack := func(seq uint32) {
			req := wire.NewRequest(wire.ACK, wire.Uri{Host: "x"})
			req.AppendHeader(&wire.CSeqHeader{SeqNo: seq, MethodName: wire.ACK})
			l.post(func() { l.onAck(req) })
		}
		time.Sleep(time.Second)
		ack(7)
		time.Sleep(time.Second)
		ack(1)
		ack(1)
		time.Sleep(time.Minute)
		if n := len(tap.at(200)); n != 3 || acked != 1 {
			t.Errorf("200 was sent %d times, acknowledged %d times", n, acked)
		}
		l.post(func() { l.hangup(phone.CauseNormal) })
		<-l.done
	})
}

// TestFaultCostsOneCall: a panic on a leg ends that leg and reports an error to whoever asked.
func TestFaultCostsOneCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, _ := ringing(t)
		l.sw.opts.Log = slogDiscard()
		if err := l.call(t.Context(), func() error { panic("oh") }); err != errStepLost {
			t.Errorf("the caller of a panic got %v", err)
		}
		<-l.done
		if len(l.sw.legs) != 0 {
			t.Error("the leg is still listed")
		}
	})
}

func TestCauses(t *testing.T) {
	for code, want := range map[int]phone.Cause{
		486: phone.CauseBusy, 600: phone.CauseBusy, 603: phone.CauseRefused, 404: phone.CauseUnallocated, 480: phone.CauseUnreachable,
		408: phone.CauseNoAnswer, 302: phone.CauseRefused, 503: phone.CauseTrunk, 407: phone.CauseTrunk, 488: phone.CauseRefused,
	} {
		if got := causeOf(code, true); got != want {
			t.Errorf("%d means %v, want %v", code, got, want)
		}
	}
	if causeOf(503, false) != phone.CauseUnreachable {
		t.Error("a phone's 503 is a trunk's fault")
	}
	if worse(phone.CauseBusy, phone.CauseUnreachable) != phone.CauseBusy || worse("", phone.CauseNoAnswer) != phone.CauseNoAnswer || worse(phone.CauseBusy, phone.CauseRefused) != phone.CauseRefused {
		t.Error("of several phones' refusals the wrong one counts")
	}
}

func TestDestination(t *testing.T) {
	for name, tc := range map[string]struct {
		contact, peer, transport, route, want string
	}{
		"contact":              {"sip:a@203.0.113.1:5070", "203.0.113.1:5060", "UDP", "", "203.0.113.1:5070"},
		"no port":              {"sip:a@203.0.113.1", "203.0.113.9:4000", "UDP", "", "203.0.113.1:5060"},
		"private behind NAT":   {"sip:a@192.168.1.5:5060", "203.0.113.1:40000", "UDP", "", "203.0.113.1:40000"},
		"private in the house": {"sip:a@192.168.1.5:5062", "192.168.1.5:40000", "UDP", "", "192.168.1.5:5062"},
		"a name":               {"sip:a@phone.invalid", "203.0.113.1:40000", "UDP", "", "203.0.113.1:40000"},
		"tcp client":           {"sip:a@203.0.113.1:5060;transport=tcp", "203.0.113.1:40000", "TCP", "", "203.0.113.1:40000"},
		"route":                {"sip:a@203.0.113.1", "203.0.113.1:5060", "UDP", "<sip:203.0.113.2:5080;lr>", "203.0.113.2:5080"},
	} {
		d := dialog{peer: tc.peer, transport: tc.transport}
		if err := wire.ParseUri(tc.contact, &d.target); err != nil {
			t.Fatal(err)
		}
		if tc.route != "" {
			d.routes = []string{tc.route}
		}
		if got := d.destination(); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}

func slogDiscard() *slog.Logger { return slog.New(slog.DiscardHandler) }
