package media

import (
	"log/slog"
	"os"
	"sync"
	"sync/atomic"

	"cordboard/internal/channel/phone"
)

// Desk knows every leg's port and decides what each party hears: another party, a prompt or nothing. Switch adapters
// implement phone.Switch's Bridge and Play, and phone.Muter, by calling it; those that share one Desk can bridge each
// other's legs. Safe for concurrent use.
type Desk struct {
	log   *slog.Logger
	pace  pacer
	mu    sync.Mutex
	lines map[phone.LegID]*line
	pairs map[phone.BridgeID][2]phone.LegID
}

// line is one leg on the desk.
type line struct {
	desk   *Desk
	port   Port
	to     atomic.Pointer[line]   // who hears this party
	prompt atomic.Pointer[player] // what this party hears instead of another; nil: the other
	muted  atomic.Bool
	buf    []byte // scratch of hear, which runs on one goroutine at a time
}

// NewDesk makes an empty desk. A nil logger is silent.
func NewDesk(log *slog.Logger) *Desk {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Desk{log: log, lines: map[phone.LegID]*line{}, pairs: map[phone.BridgeID][2]phone.LegID{}}
}

// Add puts a leg's port on the desk, which owns it from now on. Nothing is heard until Bridge or Play. A leg that is
// there already is replaced, its old port closed.
func (d *Desk) Add(leg phone.LegID, p Port) {
	d.Remove(leg)
	l := &line{desk: d, port: p}
	d.mu.Lock()
	d.lines[leg] = l
	d.mu.Unlock()
	p.Receive(l.hear)
}

// Remove takes a leg off, ends what it heard, parts it from its peer (who then hears nothing) and closes its port.
// Idempotent.
func (d *Desk) Remove(leg phone.LegID) {
	d.mu.Lock()
	l := d.lines[leg]
	if l != nil {
		delete(d.lines, leg)
		d.part(leg, l)
	}
	d.mu.Unlock()
	if l == nil {
		return
	}
	l.port.Receive(nil)
	d.stop(l)
	_ = l.port.Close()
}

// Port is the leg's port.
func (d *Desk) Port(leg phone.LegID) (Port, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if l := d.lines[leg]; l != nil {
		return l.port, true
	}
	return nil, false
}

// Bridge joins two legs so that each hears the other, ending their prompts and whatever they were joined to before.
// Repeating it is harmless. phone.ErrGone when one of them isn't there.
func (d *Desk) Bridge(id phone.BridgeID, a, b phone.LegID) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	la, lb := d.lines[a], d.lines[b]
	if la == nil || lb == nil || la == lb {
		return phone.ErrGone
	}
	if pair, ok := d.pairs[id]; ok && pair != [2]phone.LegID{a, b} {
		d.partPair(id, pair)
	}
	if la.to.Load() != lb || lb.to.Load() != la {
		d.part(a, la)
		d.part(b, lb)
	}
	d.pairs[id] = [2]phone.LegID{a, b}
	la.to.Store(lb)
	lb.to.Store(la)
	d.stop(la)
	d.stop(lb)
	return nil
}

// Play starts a prompt on a leg, replacing what it hears; a prompt that isn't endless is followed by the leg's peer, or
// by silence when it has none. phone.ErrGone when the leg isn't there. An announcement whose file can't be used plays
// the built-in one and is logged: a customer must not hear nothing because of a bad file.
func (d *Desk) Play(leg phone.LegID, p phone.Prompt) error {
	d.mu.Lock()
	l := d.lines[leg]
	d.mu.Unlock()
	if l == nil {
		return phone.ErrGone
	}
	s := builtinSound(p.Kind, l.port.Law())
	if p.Kind == phone.PromptAnnouncement && p.File != "" {
		if spoken, err := announcement(p.File); err != nil {
			d.log.Warn("announcement file can't be played; the built-in chime is played instead", "file", p.File, "err", err)
		} else {
			s.intro = l.port.Law().Encode(nil, frames(spoken))
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lines[leg] != l {
		return phone.ErrGone
	}
	d.start(l, s)
	return nil
}

// Mute silences what the party of a leg says, without a break in its stream, or lets it be heard again.
func (d *Desk) Mute(leg phone.LegID, on bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	l := d.lines[leg]
	if l == nil {
		return phone.ErrGone
	}
	l.muted.Store(on)
	return nil
}

// Close removes every leg and waits for the last prompt to stop.
func (d *Desk) Close() {
	d.mu.Lock()
	legs := make([]phone.LegID, 0, len(d.lines))
	for leg := range d.lines {
		legs = append(legs, leg)
	}
	d.mu.Unlock()
	for _, leg := range legs {
		d.Remove(leg)
	}
	d.pace.wg.Wait()
}

func (d *Desk) start(l *line, s coded) {
	pl := newPlayer(l, s)
	if old := l.prompt.Swap(pl); old != nil {
		d.pace.drop(old)
	}
	d.pace.add(pl)
}

func (d *Desk) stop(l *line) {
	if old := l.prompt.Swap(nil); old != nil {
		d.pace.drop(old)
	}
}

// part takes a leg out of its bridge, both ways. The desk is locked.
func (d *Desk) part(leg phone.LegID, l *line) {
	for id, pair := range d.pairs {
		if pair[0] == leg || pair[1] == leg {
			d.partPair(id, pair)
		}
	}
	l.to.Store(nil)
}

func (d *Desk) partPair(id phone.BridgeID, pair [2]phone.LegID) {
	delete(d.pairs, id)
	for _, leg := range pair {
		if l := d.lines[leg]; l != nil {
			l.to.Store(nil)
		}
	}
}

// hear passes on what the party of l says.
func (l *line) hear(f Frame) {
	to := l.to.Load()
	if to == nil || to.prompt.Load() != nil {
		return
	}
	if !f.Event {
		law := to.port.Law()
		switch {
		case l.muted.Load():
			l.buf = l.buf[:0]
			for range f.Payload {
				l.buf = append(l.buf, law.Silence())
			}
			f.Payload = l.buf
		case law != l.port.Law():
			l.buf = law.Transcode(l.buf[:0], l.port.Law(), f.Payload)
			f.Payload = l.buf
		}
	}
	// A port that can't send just now loses this packet, as a network would; its owner hears of it in his own way.
	_ = to.port.Send(f)
}

// finished is called when a prompt has come to its end by itself.
func (l *line) finished(pl *player) {
	d := l.desk
	d.mu.Lock()
	defer d.mu.Unlock()
	if l.prompt.Load() != pl {
		return
	}
	for _, other := range d.lines {
		if other.to.Load() == l {
			l.prompt.Store(nil)
			return
		}
	}
	// The stream goes on silently, so that neither network nor phone takes the leg for dead.
	d.start(l, builtinSound(phone.PromptSilence, l.port.Law()))
}

func announcement(file string) ([]int16, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return ReadWAV(f)
}
