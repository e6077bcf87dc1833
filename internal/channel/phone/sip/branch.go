package sip

import (
	"context"
	"errors"
	"sync"
	"time"

	wire "github.com/emiago/sipgo/sip"
	"github.com/icholy/digest"

	"cordboard/internal/channel/phone"
	"cordboard/internal/channel/phone/media"
	"cordboard/internal/channel/phone/sip/caller"
)

const (
	cancelWait = 5 * time.Second // for the answer to a CANCEL, which doesn't matter
	reapWait   = 64 * t1         // for the end of an INVITE that was given up (RFC 3261 §9.1)
	maxTries   = 3               // INVITEs per branch, counting those after a digest challenge
)

// branch is one INVITE to one phone. It outlives its leg when it is given up: then it is the reaper that sees the
// INVITE to its end, so that a phone which answers too late, or in the very moment of our CANCEL, is hung up and never
// sits in a call with nobody.
type branch struct {
	leg    *leg
	sw     *Switch
	route  route
	dlg    *dialog
	offer  []byte
	invite *wire.Request
	failed bool // this and the next are the leg's
	heard  bool

	stop  chan struct{}
	once  sync.Once
	cause phone.Cause // why it was given up; set before stop closes
}

func newBranch(l *leg, r route, d phone.Dial, offer []byte) *branch {
	s := l.sw
	b := &branch{leg: l, sw: s, route: r, offer: offer, stop: make(chan struct{})}
	contact := s.contactFor(r.peer, r.transport)
	from := wire.FromHeader{DisplayName: quotable(d.Display), Address: wire.Uri{Scheme: "sip", User: l.from, Host: contact.Address.Host}, Params: wire.NewParams()}
	if l.from == "" {
		from.DisplayName, from.Address.User, from.Address.Host = "Anonymous", "anonymous", "anonymous.invalid"
	}
	tag := newTag()
	from.Params.Add("tag", tag)
	to := wire.ToHeader{Address: wire.Uri{Scheme: "sip", User: r.uri.User, Host: r.uri.Host, Port: r.uri.Port}, Params: wire.NewParams()}
	b.dlg = &dialog{
		callID: newTag() + "@" + contact.Address.Host, localTag: tag, local: from, remote: to, target: r.uri,
		transport: r.transport, peer: r.peer, contact: contact,
	}
	return b
}

// quotable makes a name fit for a quoted string in a header.
func quotable(name string) string {
	out := []rune(caller.Display(name))
	for i, r := range out {
		if r == '"' || r == '\\' {
			out[i] = '\''
		}
	}
	return string(out)
}

// reap gives the branch up, for good. It doesn't wait: the caller of a dead phone must not (telephony facts §3.2).
func (b *branch) reap(c phone.Cause) {
	b.once.Do(func() {
		b.cause = c
		close(b.stop)
	})
}

// run sends the INVITE and sees it to its end.
func (b *branch) run() {
	b.sw.know(b.dlg, b.leg)
	var authorization wire.Header
	for range maxTries {
		tx, err := b.send(authorization)
		if err != nil {
			b.sw.opts.Log.Info("INVITE can't be sent", "leg", b.leg.id, "err", err)
			if !errors.Is(err, context.Canceled) {
				b.sw.hush(b.route) // its connection is gone, or nobody is at its address
			}
			b.lost(phone.CauseUnreachable)
			return
		}
		res := b.await(tx)
		if res == nil {
			return
		}
		if authorization = b.authorize(res); authorization == nil {
			b.lost(causeOf(res.StatusCode, b.leg.out.number))
			return
		}
	}
	b.lost(phone.CauseTrunk)
}

func (b *branch) lost(c phone.Cause) {
	b.sw.drop(b.dlg)
	b.leg.post(func() { b.leg.failed(b, c) })
}

func (b *branch) send(authorization wire.Header) (wire.ClientTransaction, error) {
	select {
	case <-b.stop:
		return nil, context.Canceled
	default:
	}
	b.dlg.localSeq++
	req := wire.NewRequest(wire.INVITE, *b.route.uri.Clone())
	b.sw.dress(req, b.dlg, b.dlg.localSeq)
	req.AppendHeader(wire.NewHeader("Allow", allowed))
	req.AppendHeader(wire.NewHeader("User-Agent", "cordboard"))
	if b.leg.from == "" {
		req.AppendHeader(wire.NewHeader("Privacy", "id"))
	}
	if authorization != nil {
		req.AppendHeader(authorization)
	}
	req.AppendHeader(wire.NewHeader("Content-Type", media.ContentType))
	req.SetBody(b.offer)
	req.SetDestination(b.route.peer)
	b.invite = req
	return b.sw.send(req)
}

// await reads the INVITE's responses, however many, to the end. It returns a refusal for run to judge, or nil when
// there is nothing left to do.
func (b *branch) await(tx wire.ClientTransaction) *wire.Response {
	var (
		heard, cancelled bool
		stop             = b.stop
		limit            <-chan time.Time
	)
	cancel := func() {
		if heard && !cancelled {
			cancelled = true
			b.cancel()
		}
	}
	for {
		select {
		case res := <-tx.Responses():
			switch {
			case res.IsProvisional():
				heard = true
				if stop == nil {
					cancel()
				} else {
					b.leg.post(func() { b.leg.provisional(b, res) })
				}
			case res.IsSuccess():
				b.answered(tx, res)
				return nil
			default:
				if stop == nil {
					b.sw.drop(b.dlg)
					return nil
				}
				return res
			}
		case <-tx.Done():
			// No answer at all, or the network refused.
			b.lost(phone.CauseUnreachable)
			return nil
		case <-stop:
			stop = nil
			t := time.NewTimer(reapWait)
			defer t.Stop()
			limit = t.C
			// Before a provisional response no CANCEL may be sent; it is when one comes.
			cancel()
		case <-limit:
			tx.Terminate()
			b.sw.drop(b.dlg)
			return nil
		}
	}
}

// answered acknowledges a 200, and each repetition of it, then asks the leg whether it is wanted.
func (b *branch) answered(tx wire.ClientTransaction, res *wire.Response) {
	seq := b.dlg.localSeq
	if res.To() == nil || res.CSeq() == nil {
		tx.Terminate()
		b.lost(phone.CauseUnreachable)
		return
	}
	b.dlg.confirmed(res)
	ack := b.sw.request(b.dlg, wire.ACK, seq)
	winner := b.dlg.remoteTag
	tx.OnRetransmission(func(again *wire.Response) {
		if tag, _ := again.To().Params.Get("tag"); tag == winner {
			_ = b.sw.client.WriteRequest(ack.Clone(), asIs)
			return
		}
		// A proxy forked our INVITE and a second phone answered too.
		other := *b.dlg
		other.confirmed(again)
		_ = b.sw.client.WriteRequest(b.sw.request(&other, wire.ACK, seq), asIs)
		b.sw.bye(&other, nil)
	})
	if err := b.sw.client.WriteRequest(ack.Clone(), asIs); err != nil {
		b.sw.opts.Log.Info("ACK can't be sent", "leg", b.leg.id, "err", err)
	}
	wanted := make(chan bool, 1)
	if b.leg.post(func() { wanted <- b.leg.succeeded(b, res) }) && <-wanted {
		return
	}
	b.sw.bye(b.dlg, nil)
}

// cancel sends CANCEL for the INVITE (RFC 3261 §9.1): same branch, same number, nothing else to say.
func (b *branch) cancel() {
	req := wire.NewRequest(wire.CANCEL, *b.invite.Recipient.Clone())
	req.AppendHeader(b.invite.Via().Clone())
	max := wire.MaxForwardsHeader(70)
	req.AppendHeader(&max)
	for _, name := range []string{"from", "to", "call-id"} {
		wire.CopyHeaders(name, b.invite, req)
	}
	req.AppendHeader(&wire.CSeqHeader{SeqNo: b.invite.CSeq().SeqNo, MethodName: wire.CANCEL})
	if b.cause == phone.CauseElsewhere {
		// RFC 3326: the phone won't show this as a missed call.
		req.AppendHeader(wire.NewHeader("Reason", `SIP;cause=200;text="Call completed elsewhere"`))
	}
	req.SetBody(nil)
	req.SetTransport(b.invite.Transport())
	req.SetDestination(b.route.peer)
	req.Laddr = b.invite.Laddr
	b.sw.spawn(func() {
		ctx, stop := context.WithTimeout(b.sw.ctx, cancelWait)
		defer stop()
		// Whatever the answer, the INVITE's own end decides.
		_, _ = b.sw.exchange(ctx, req)
	})
}

// authorize answers a digest challenge when the route has credentials.
func (b *branch) authorize(res *wire.Response) wire.Header {
	ask, give := "www-authenticate", "Authorization"
	switch res.StatusCode {
	case 401:
	case 407:
		ask, give = "proxy-authenticate", "Proxy-Authorization"
	default:
		return nil
	}
	h := res.GetHeader(ask)
	if h == nil || b.route.password == "" {
		return nil
	}
	chal, err := digest.ParseChallenge(h.Value())
	if err != nil {
		return nil
	}
	cred, err := digest.Digest(chal, digest.Options{Method: "INVITE", URI: b.route.uri.Addr(), Username: b.route.user, Password: b.route.password})
	if err != nil {
		return nil
	}
	return wire.NewHeader(give, cred.String())
}
