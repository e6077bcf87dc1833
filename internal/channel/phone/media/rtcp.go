package media

import (
	"encoding/binary"
	"net/netip"
	"time"
)

// reportEvery is RTCP's usual interval (RFC 3550 §6.2).
const reportEvery = 5 * time.Second

// senderStats is what a sender report says about the stream we send.
type senderStats struct {
	packets, octets uint32
	ts              uint32
	at              time.Time
}

func (s *senderStats) note(ts uint32, octets int, at time.Time) {
	s.packets++
	s.octets += uint32(octets)
	s.ts, s.at = ts, at
}

// control sends a sender report with our name every 5 s while we send, which is what keeps gateways that watch RTCP
// content, and takes the party's reports as signs of life.
func (p *UDPPort) control() {
	var in [maxPacket]byte
	for !p.closed.Load() {
		_ = p.ctrl.SetReadDeadline(time.Now().Add(reportEvery))
		for {
			_, from, err := p.ctrl.ReadFromUDPAddrPort(in[:])
			if err != nil {
				break
			}
			p.alive(from.Addr().Unmap())
		}
		p.mu.Lock()
		to, stats := p.remote.Addr, p.sent
		if p.latched.IsValid() {
			to = p.latched
		}
		p.mu.Unlock()
		if p.closed.Load() || stats.packets == 0 || !to.IsValid() || to.Port() == 0 || to.Port() == 65535 {
			continue
		}
		_, _ = p.ctrl.WriteToUDPAddrPort(senderReport(p.ssrc, stats, time.Now()), netip.AddrPortFrom(to.Addr(), to.Port()+1))
	}
}

// alive counts a party's RTCP as a sign of life: a phone that suppresses silence sends no sound while nobody speaks.
func (p *UDPPort) alive(from netip.Addr) {
	p.mu.Lock()
	at := p.remote.Addr.Addr()
	if p.latched.IsValid() {
		at = p.latched.Addr()
	}
	p.mu.Unlock()
	if w := p.watch.Load(); w != nil && from == at {
		w.Heard()
	}
}

// senderReport is a compound packet of SR and SDES CNAME (RFC 3550 §6.4.1, §6.5).
func senderReport(ssrc uint32, s senderStats, now time.Time) []byte {
	const cname = "cordboard"
	b := make([]byte, 0, 48)
	b = append(b, 0x80, 200, 0, 6)
	b = binary.BigEndian.AppendUint32(b, ssrc)
	// NTP counts from 1900, with the fraction in 1/2^32 s.
	b = binary.BigEndian.AppendUint32(b, uint32(now.Unix()+2208988800))
	b = binary.BigEndian.AppendUint32(b, uint32(uint64(now.Nanosecond())<<32/uint64(time.Second)))
	b = binary.BigEndian.AppendUint32(b, s.ts+uint32(now.Sub(s.at).Milliseconds()*SampleRate/1000))
	b = binary.BigEndian.AppendUint32(b, s.packets)
	b = binary.BigEndian.AppendUint32(b, s.octets)
	// One chunk: SSRC, item CNAME, its length, text, then zeros to a whole word (at least one).
	words := (4 + 2 + len(cname) + 1 + 3) / 4
	b = append(b, 0x81, 202, 0, byte(words))
	b = binary.BigEndian.AppendUint32(b, ssrc)
	b = append(b, 1, byte(len(cname)))
	b = append(b, cname...)
	for len(b)%4 != 0 || len(b) < 28+4+4*words {
		b = append(b, 0)
	}
	return b
}
