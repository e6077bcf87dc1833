package media

import (
	"sync"
	"sync/atomic"
	"time"
)

const (
	frameTime = 20 * time.Millisecond
	// maxLag is how far behind the clock prompts may catch up by sending faster; what is older is skipped, as a far
	// jitter buffer would drop it anyway.
	maxLag = 100 * time.Millisecond
)

// streams numbers the sources that are ours; they needn't be random, only distinct within the process.
var streams atomic.Uint32

// player plays one prompt to one line.
type player struct {
	line   *line
	sound  coded
	stream uint32
	pos    int // octets played
	ts     uint32
	seq    uint16
}

func newPlayer(l *line, s coded) *player {
	return &player{line: l, sound: s, stream: streams.Add(1)}
}

// tick sends one frame after leaving out skipped ones, and reports whether the prompt goes on.
func (p *player) tick(skipped int) bool {
	p.pos += skipped * FrameSamples
	p.ts += uint32(skipped * FrameSamples)
	payload := p.at(p.pos)
	if payload == nil {
		return false
	}
	p.seq++
	_ = p.line.port.Send(Frame{Payload: payload, Stream: p.stream, Seq: p.seq, Timestamp: p.ts})
	p.pos += FrameSamples
	p.ts += FrameSamples
	return true
}

func (p *player) at(pos int) []byte {
	from := p.sound.intro
	if pos >= len(from) {
		if len(p.sound.loop) == 0 {
			return nil
		}
		pos = (pos - len(from)) % len(p.sound.loop)
		from = p.sound.loop
	}
	return from[pos : pos+FrameSamples]
}

// pacer sends every player's next frame each 20 ms by the clock, from one goroutine that lives only while something
// plays.
type pacer struct {
	mu      sync.Mutex
	players map[*player]struct{}
	running bool
	wg      sync.WaitGroup
}

func (p *pacer) add(pl *player) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.players == nil {
		p.players = map[*player]struct{}{}
	}
	p.players[pl] = struct{}{}
	if !p.running {
		p.running = true
		p.wg.Go(p.run)
	}
}

func (p *pacer) drop(pl *player) {
	p.mu.Lock()
	delete(p.players, pl)
	p.mu.Unlock()
}

func (p *pacer) run() {
	next := time.Now()
	var batch []*player
	for {
		skipped := 0
		if lag := time.Since(next); lag > maxLag {
			skipped = int(lag / frameTime)
			next = next.Add(time.Duration(skipped) * frameTime)
		}
		p.mu.Lock()
		if len(p.players) == 0 {
			p.running = false
			p.mu.Unlock()
			return
		}
		batch = batch[:0]
		for pl := range p.players {
			batch = append(batch, pl)
		}
		p.mu.Unlock()
		for _, pl := range batch {
			if pl.line.prompt.Load() != pl {
				p.drop(pl)
			} else if !pl.tick(skipped) {
				p.drop(pl)
				pl.line.finished(pl)
			}
		}
		next = next.Add(frameTime)
		time.Sleep(time.Until(next))
	}
}
