package sip

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"time"

	"github.com/emiago/sipgo"
	wire "github.com/emiago/sipgo/sip"

	"cordboard/internal/channel/phone"
	"cordboard/internal/channel/phone/media"
	"cordboard/internal/channel/phone/sip/guard"
	"cordboard/internal/channel/phone/sip/registrar"
	"cordboard/internal/fault"
)

var (
	_ phone.Switch  = (*Switch)(nil)
	_ phone.Muter   = (*Switch)(nil)
	_ phone.Reacher = (*Switch)(nil)

	errNotSDP = errors.New("the body is not SDP")
	errClosed = errors.New("the SIP switch is closed")
)

// allowed lists the methods that we take.
const allowed = "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE"

// closeWait is how long Close waits for phones to confirm that calls have ended.
const closeWait = 2 * time.Second

// Switch is the embedded SIP switch. Make it with New, end it with Close.
type Switch struct {
	opts    Options
	sockets sockets
	ua      *sipgo.UserAgent
	srv     *sipgo.Server
	client  *sipgo.Client
	desk    *media.Desk
	ownDesk bool
	reg     *registrar.Registrar
	auth    *registrar.Authenticator
	guard   *guard.Guard
	events  phone.Feed

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	wg     sync.WaitGroup // everything that spawn started

	mu      sync.Mutex
	closing bool // no new legs
	stopped bool // no new goroutines
	legs    map[phone.LegID]*leg
	inbound int
	dialogs map[string]*leg
}

// New opens the sockets and begins to serve; calls are taken from the first moment and told to the first Run. The fault
// of a taken port names the address.
func New(opts Options) (*Switch, error) {
	if err := opts.check(); err != nil {
		return nil, err
	}
	socks, err := bind(opts.Listen)
	if err != nil {
		return nil, err
	}
	s := &Switch{
		opts: opts, sockets: socks, desk: opts.Desk, reg: registrar.New(), auth: registrar.NewAuthenticator(opts.Realm),
		guard: guard.New(), legs: map[phone.LegID]*leg{}, dialogs: map[string]*leg{},
	}
	if s.desk == nil {
		s.desk, s.ownDesk = media.NewDesk(opts.Log), true
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	if err := s.start(); err != nil {
		_ = socks.udp.Close()
		_ = socks.tcp.Close()
		return nil, fault.New(fault.Internal, "SIP_START", "The SIP switch could not start.").With(err)
	}
	s.spawn(s.housekeep)
	return s, nil
}

// spawn runs f on a goroutine that Close waits for; after Close, not at all.
func (s *Switch) spawn(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.stopped {
		s.wg.Go(f)
	}
}

// Addr is the address that UDP and TCP are served on.
func (s *Switch) Addr() netip.AddrPort { return s.sockets.at }

// Desk is where this switch's audio meets other switches'.
func (s *Switch) Desk() *media.Desk { return s.desk }

// Port is an answered leg's audio, for bridging with another adapter's.
func (s *Switch) Port(leg phone.LegID) (media.Port, bool) { return s.desk.Port(leg) }

// Run implements phone.Switch. One Run at a time.
func (s *Switch) Run(ctx context.Context, sink func(phone.Event)) error {
	until, stop := context.WithCancel(ctx)
	defer stop()
	defer context.AfterFunc(s.ctx, stop)()
	if err := s.events.Run(until, sink); err != nil {
		return err
	}
	if ctx.Err() == nil {
		return errClosed
	}
	return nil
}

// Bridge implements phone.Switch; either leg may be another adapter's on the same Desk.
func (s *Switch) Bridge(_ context.Context, id phone.BridgeID, a, b phone.LegID) error {
	return s.desk.Bridge(id, a, b)
}

// Play implements phone.Switch.
func (s *Switch) Play(_ context.Context, leg phone.LegID, p phone.Prompt) error {
	return s.desk.Play(leg, p)
}

// Mute implements phone.Muter.
func (s *Switch) Mute(_ context.Context, leg phone.LegID, on bool) error {
	return s.desk.Mute(leg, on)
}

// Reachable implements phone.Reacher: a phone of that user is registered, or a trunk takes outgoing calls.
func (s *Switch) Reachable(to phone.Target) bool {
	switch to.Kind {
	case phone.TargetSIP:
		return s.reg.Reachable(to.Address, time.Now())
	case phone.TargetNumber:
		return len(s.trunksTo(to.Address)) > 0
	}
	return false
}

// Hangup implements phone.Switch.
func (s *Switch) Hangup(ctx context.Context, id phone.LegID, c phone.Cause) error {
	err := s.on(ctx, id, func(l *leg) error { l.hangup(c); return nil })
	if errors.Is(err, phone.ErrGone) {
		return nil
	}
	return err
}

// Legs implements phone.Switch.
func (s *Switch) Legs(context.Context) ([]phone.LegInfo, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]phone.LegInfo, 0, len(s.legs))
	for _, l := range s.legs {
		out = append(out, phone.LegInfo{Leg: l.id, Inbound: l.inbound, Answered: l.answered.Load(), From: l.from, To: l.to, Since: l.since})
	}
	return out, nil
}

// Close hangs up every leg, waits shortly for phones to confirm, and frees sockets and goroutines.
func (s *Switch) Close() error {
	s.mu.Lock()
	if s.closing {
		s.mu.Unlock()
		return nil
	}
	s.closing = true
	legs := make([]*leg, 0, len(s.legs))
	for _, l := range s.legs {
		legs = append(legs, l)
	}
	s.mu.Unlock()
	for _, l := range legs {
		_ = l.call(context.Background(), func() error { l.hangup(phone.CauseLost); return nil })
	}
	patience := time.After(closeWait)
	for _, l := range legs {
		if l.farewell == nil {
			continue
		}
		select {
		case <-l.farewell:
		case <-patience:
			patience = nil // over for the rest too
		}
		if patience == nil {
			break
		}
	}
	s.cancel()
	s.mu.Lock()
	s.stopped = true
	s.mu.Unlock()
	_ = s.sockets.udp.Close()
	_ = s.sockets.tcp.Close()
	_ = s.ua.Close()
	s.wg.Wait()
	if s.ownDesk {
		s.desk.Close()
	}
	return nil
}

// on runs f on a leg.
func (s *Switch) on(ctx context.Context, id phone.LegID, f func(*leg) error) error {
	s.mu.Lock()
	l := s.legs[id]
	s.mu.Unlock()
	if l == nil {
		return phone.ErrGone
	}
	return l.call(ctx, func() error { return f(l) })
}

// admit enlists an inbound leg unless we are full or closing.
func (s *Switch) admit(l *leg) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing || s.inbound >= s.opts.MaxCalls {
		return false
	}
	s.inbound++
	s.legs[l.id] = l
	s.dialogs[l.dlg.key()] = l
	return true
}

// enlist notes an outgoing leg.
func (s *Switch) enlist(l *leg) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return fault.New(fault.Unavailable, "SIP_CLOSED", "The SIP switch is shutting down; the call was not placed.")
	}
	if s.legs[l.id] != nil {
		return fault.New(fault.Conflict, "LEG_EXISTS", "A leg of this id is in a call already.")
	}
	s.legs[l.id] = l
	return nil
}

// forget removes an ended leg; its dialog stays until its BYE is through.
func (s *Switch) forget(l *leg) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.legs[l.id] != l {
		return
	}
	delete(s.legs, l.id)
	if l.inbound {
		s.inbound--
		if !l.in.final {
			delete(s.dialogs, l.dlg.key())
		}
	}
}

// know lets requests of a dialog find its leg.
func (s *Switch) know(d *dialog, l *leg) {
	s.mu.Lock()
	s.dialogs[d.key()] = l
	s.mu.Unlock()
}

// drop forgets a dialog.
func (s *Switch) drop(d *dialog) {
	s.mu.Lock()
	delete(s.dialogs, d.key())
	s.mu.Unlock()
}

// bye ends a dialog on the wire without being waited for; through closes when the peer has confirmed or can't. Until
// then the peer's own BYE is still known. With first it waits for that a little: a BYE must not overtake the ACK of our
// 200 (RFC 3261 §15).
func (s *Switch) bye(d *dialog, first <-chan struct{}) (through <-chan struct{}) {
	req := s.request(d, wire.BYE, 0)
	done := make(chan struct{})
	s.spawn(func() {
		defer close(done)
		defer s.drop(d)
		if first != nil {
			select {
			case <-first:
			case <-time.After(t1):
			case <-s.ctx.Done():
			}
		}
		ctx, stop := context.WithTimeout(s.ctx, reapWait)
		defer stop()
		if _, err := s.exchange(ctx, req); err != nil {
			s.opts.Log.Debug("BYE wasn't answered", "err", err)
		}
	})
	return done
}

// asIs tells sipgo that a request is complete.
func asIs(*sipgo.Client, *wire.Request) error { return nil }

func (s *Switch) send(req *wire.Request) (wire.ClientTransaction, error) {
	return s.client.TransactionRequest(s.ctx, req, asIs)
}

// exchange sends a request and waits for its final response.
func (s *Switch) exchange(ctx context.Context, req *wire.Request) (*wire.Response, error) {
	tx, err := s.send(req)
	if err != nil {
		return nil, err
	}
	defer tx.Terminate()
	for {
		select {
		case res := <-tx.Responses():
			if !res.IsProvisional() {
				return res, nil
			}
		case <-tx.Done():
			return nil, tx.Err()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
