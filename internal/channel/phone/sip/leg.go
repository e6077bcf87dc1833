package sip

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"net/netip"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	wire "github.com/emiago/sipgo/sip"

	"cordboard/internal/channel/phone"
	"cordboard/internal/channel/phone/media"
)

// leg is one party's line. Whatever happens to it runs as a function on its one goroutine (loop), in the order of
// arrival; fields below the line belong to that goroutine.
type leg struct {
	sw       *Switch
	id       phone.LegID
	inbound  bool
	from, to string
	since    time.Time
	answered atomic.Bool
	work     chan func()
	done     chan struct{}   // closed after Ended
	farewell <-chan struct{} // the BYE is through; nil without one. Read it after done
	lateAck  chan struct{}   // closed when the ACK comes after the leg has ended
	ackOnce  sync.Once

	// ----
	ended  bool
	dlg    *dialog // nil for an outbound leg until it is answered
	port   *media.UDPPort
	local  media.Local
	timers []*time.Timer
	in     *inbound  // inbound legs
	out    *outbound // outbound legs
	acks   *pending  // a 200 of ours that waits for its ACK
}

// pending is a 200 to an INVITE or re-INVITE that is repeated until its ACK comes (RFC 3261 §13.3.1.4).
type pending struct {
	seq    uint32
	answer bool // the ACK must carry the answer to our offer
	acked  func(ack *wire.Request)
}

func (s *Switch) newLeg(id phone.LegID, inbound bool, from, to string) *leg {
	return &leg{sw: s, id: id, inbound: inbound, from: from, to: to, since: time.Now(), work: make(chan func()), done: make(chan struct{}), lateAck: make(chan struct{})}
}

var errStepLost = errors.New("the call was lost to a fault of the switch")

// newLegID makes an id of the length that all have.
func newLegID() phone.LegID {
	const hex = "0123456789abcdef"
	var b [16]byte
	_, _ = rand.Read(b[:])
	out := make([]byte, 0, 32)
	for _, c := range b {
		out = append(out, hex[c>>4], hex[c&15])
	}
	return phone.LegID(out)
}

// loop runs the leg until it has ended.
func (l *leg) loop() {
	for !l.ended {
		l.step(<-l.work)
	}
	close(l.done)
}

// step runs one function; a mistake of ours costs this call, not the others.
func (l *leg) step(f func()) {
	defer func() {
		if r := recover(); r != nil {
			l.sw.opts.Log.Error("a call was lost to a fault of ours", "leg", l.id, "panic", r, "stack", string(debug.Stack()))
			l.end(phone.CauseLost)
		}
	}()
	f()
}

// post hands f to the leg without waiting for it to run. False: the leg has ended.
func (l *leg) post(f func()) bool {
	select {
	case l.work <- f:
		return true
	case <-l.done:
		return false
	}
}

// call runs f on the leg and waits for its result.
func (l *leg) call(ctx context.Context, f func() error) error {
	res := make(chan error, 1)
	select {
	case l.work <- func() {
		err := errStepLost
		defer func() { res <- err }()
		err = f()
	}:
		return <-res
	case <-l.done:
		return phone.ErrGone
	case <-ctx.Done():
		return ctx.Err()
	}
}

// after runs f on the leg after d, unless the leg ends before.
func (l *leg) after(d time.Duration, f func()) *time.Timer {
	t := time.AfterFunc(d, func() { l.post(f) })
	l.timers = append(l.timers, t)
	return t
}

func (l *leg) emit(e phone.Event) {
	e.Leg, e.At = l.id, time.Now()
	l.sw.events.Put(e)
}

// end is the only way out: it frees everything the leg holds and says so, once. What is due on the wire (BYE, CANCEL, a
// refusal) has been sent or started before.
func (l *leg) end(c phone.Cause) {
	if l.ended {
		return
	}
	l.ended = true
	for _, t := range l.timers {
		t.Stop()
	}
	l.sw.desk.Remove(l.id)
	if l.port != nil {
		_ = l.port.Close()
	}
	l.sw.forget(l)
	l.emit(phone.Event{Kind: phone.Ended, Cause: c})
}

// hangup ends the leg in whatever state it is.
func (l *leg) hangup(c phone.Cause) {
	switch {
	case l.ended:
		return
	case l.dlg != nil && (!l.inbound || l.in.final):
		var first <-chan struct{}
		if l.acks != nil {
			first = l.lateAck
		}
		l.farewell = l.sw.bye(l.dlg, first)
	case l.inbound:
		l.refuse(c)
	default:
		l.abandon(c)
	}
	l.end(c)
}

// openPort opens the leg's audio port.
func (l *leg) openPort(law media.Law, peer string) error {
	port, err := l.sw.opts.Media.Open(law, media.PortOptions{OnDigit: func(key string) {
		l.post(func() { l.emit(phone.Event{Kind: phone.Digit, Text: key}) })
	}})
	if err != nil {
		return err
	}
	var session [8]byte
	_, _ = rand.Read(session[:])
	l.port = port
	l.local = media.Local{
		Addr:    netip.AddrPortFrom(routedFrom(l.sw.opts.Media.Advertised(), peer), port.LocalPort()),
		Session: binary.BigEndian.Uint64(session[:]) >> 2, Version: 1,
	}
	return nil
}

// connect puts the leg's audio on the desk, where it can be bridged.
func (l *leg) connect(r media.Remote) {
	l.port.SetRemote(r)
	l.port.Watch(l.sw.opts.SilenceFirst, l.sw.opts.SilenceLater, func() {
		l.post(func() { l.hangup(phone.CauseMedia) })
	})
	l.sw.desk.Add(l.id, l.port)
}

// up marks the leg answered.
func (l *leg) up() {
	if !l.answered.Swap(true) {
		l.emit(phone.Event{Kind: phone.Answered})
	}
}

// accept sends a 200 to an INVITE and repeats it at T1, 2*T1, 4*T1 ... (at most T2) until the ACK comes; without one it
// hangs up after the time-out, which the peer needs if it believes in the call.
func (l *leg) accept(tx wire.ServerTransaction, res *wire.Response, answer bool, acked func(*wire.Request)) error {
	p := &pending{seq: res.CSeq().SeqNo, answer: answer, acked: acked}
	if err := tx.Respond(res); err != nil {
		return err
	}
	l.acks = p
	var again func(wait time.Duration)
	again = func(wait time.Duration) {
		l.after(wait, func() {
			if l.acks == p {
				// A failed repetition is a lost packet; the time-out judges.
				_ = tx.Respond(res)
				again(min(2*wait, t2))
			}
		})
	}
	again(t1)
	l.after(l.sw.opts.AckWait, func() {
		if l.acks == p {
			l.acks = nil // it won't come any more
			l.hangup(phone.CauseLost)
		}
	})
	return nil
}

// onAck takes the ACK of a 200 of ours.
func (l *leg) onAck(req *wire.Request) {
	p := l.acks
	if p == nil || req.CSeq().SeqNo != p.seq {
		return
	}
	l.acks = nil
	p.acked(req)
}
