package media

import (
	"fmt"
	"net"
	"net/netip"
	"sync"

	"cordboard/internal/fault"
)

// Pool opens UDP ports for RTP in pairs (even for RTP, the next for RTCP, RFC 3550 §11) on one address.
type Pool struct {
	listen    netip.Addr
	advertise netip.Addr
	low, high uint16

	mu   sync.Mutex
	next uint16
}

// NewPool makes a pool on the address listen. advertise is the media address that parties are told (GEN-15); the zero
// Addr means listen. low and high bound the ports, both included; 0, 0 lets the system choose.
func NewPool(listen, advertise netip.Addr, low, high uint16) (*Pool, error) {
	if !listen.IsValid() {
		return nil, fault.New(fault.Invalid, "MEDIA_ADDRESS", "The media address is missing: give the IP address on which phones' audio is received.")
	}
	if (low != 0 || high != 0) && (low < 1024 || high < low || high-low < 3) {
		return nil, fault.Newf(fault.Invalid, "MEDIA_PORTS", "The media port range %d-%d is no good: it must begin at 1024 or above and hold at least four ports.", low, high)
	}
	if !advertise.IsValid() {
		advertise = listen
	}
	return &Pool{listen: listen, advertise: advertise, low: low, high: high, next: low}, nil
}

// Advertised is the address that parties are told, unspecified when the pool listens everywhere and nothing was set.
func (p *Pool) Advertised() netip.Addr { return p.advertise }

// Open makes a port in the given law.
func (p *Pool) Open(law Law, opts PortOptions) (*UDPPort, error) {
	rtp, rtcp, err := p.pair()
	if err != nil {
		return nil, err
	}
	return newUDPPort(rtp, rtcp, law, opts), nil
}

func (p *Pool) pair() (rtp, rtcp *net.UDPConn, err error) {
	if p.low == 0 {
		for range 50 {
			if rtp, err = p.bind(0); err != nil {
				break
			}
			port := rtp.LocalAddr().(*net.UDPAddr).Port
			if port%2 == 0 && port < 65535 {
				if rtcp, err = p.bind(port + 1); err == nil {
					return rtp, rtcp, nil
				}
			}
			_ = rtp.Close()
		}
		return nil, nil, p.exhausted(err)
	}
	first := int(p.low) + int(p.low)%2
	pairs := (int(p.high) - first + 1) / 2
	for range pairs {
		p.mu.Lock()
		if int(p.next) < first || int(p.next)+1 > int(p.high) {
			p.next = uint16(first)
		}
		port := int(p.next)
		// Wrapping past 65535 lands below first and is caught above.
		p.next += 2
		p.mu.Unlock()
		if rtp, err = p.bind(port); err != nil {
			continue
		}
		if rtcp, err = p.bind(port + 1); err == nil {
			return rtp, rtcp, nil
		}
		_ = rtp.Close()
	}
	return nil, nil, p.exhausted(err)
}

func (p *Pool) bind(port int) (*net.UDPConn, error) {
	return net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(p.listen, uint16(port))))
}

func (p *Pool) exhausted(err error) error {
	ports := "any port"
	if p.low != 0 {
		ports = fmt.Sprintf("any pair of ports %d-%d", p.low, p.high)
	}
	return fault.Newf(fault.Unavailable, "NO_MEDIA_PORT", "No audio port could be opened: %s on %s is taken or not allowed. Widen the media port range.", ports, p.listen).With(err)
}
