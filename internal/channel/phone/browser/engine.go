package browser

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/netip"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/logging"
	"github.com/pion/webrtc/v4"
)

// The only codecs offered to browsers: G.711 (RFC 7874 §3 makes it mandatory) and the dial pad's keys.
var (
	pcmu = webrtc.RTPCodecParameters{
		RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypePCMU, ClockRate: 8000, Channels: 1},
		PayloadType:        0,
	}
	keys = webrtc.RTPCodecParameters{
		RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: "audio/telephone-event", ClockRate: 8000, SDPFmtpLine: "0-15"},
		PayloadType:        101,
	}
)

// setUp makes the WebRTC engine: two codecs, ICE-lite, one UDP port, one certificate for the life of the process.
func (s *Switch) setUp(listen netip.AddrPort, told netip.Addr) error {
	m := &webrtc.MediaEngine{}
	for _, c := range []webrtc.RTPCodecParameters{pcmu, keys} {
		if err := m.RegisterCodec(c, webrtc.RTPCodecTypeAudio); err != nil {
			return err
		}
	}
	reg := &interceptor.Registry{}
	if err := webrtc.ConfigureRTCPReports(reg); err != nil {
		return err
	}
	loggers := pionLoggers{s.opts.Log}
	mux := webrtc.NewICEUDPMux(loggers.NewLogger("mux"), s.conn)
	s.mux = mux

	e := webrtc.SettingEngine{LoggerFactory: loggers}
	e.SetLite(true)
	e.SetICEUDPMux(mux)
	e.SetNetworkTypes(families(listen.Addr(), told))
	// A browser's .local names are not looked up: it comes to us.
	e.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	e.SetIncludeLoopbackCandidate(listen.Addr().IsLoopback() || listen.Addr().IsUnspecified())
	e.SetICETimeouts(s.opts.Disconnected, s.opts.Disconnected+s.opts.Reattach, s.opts.Disconnected/3)
	if told.IsValid() && told != listen.Addr() {
		err := e.SetICEAddressRewriteRules(webrtc.ICEAddressRewriteRule{
			External: []string{told.String()}, AsCandidateType: webrtc.ICECandidateTypeHost, Mode: webrtc.ICEAddressRewriteReplace,
		})
		if err != nil {
			return err
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	cert, err := webrtc.GenerateCertificate(key)
	if err != nil {
		return err
	}
	s.config = webrtc.Configuration{Certificates: []webrtc.Certificate{*cert}}
	s.api = webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithInterceptorRegistry(reg), webrtc.WithSettingEngine(e))
	return nil
}

// families are the IP versions that browsers are told: the media address's, else those that are listened on.
func families(listen, told netip.Addr) []webrtc.NetworkType {
	switch {
	case told.Is4() || !told.IsValid() && listen.Is4():
		return []webrtc.NetworkType{webrtc.NetworkTypeUDP4}
	case told.IsValid():
		return []webrtc.NetworkType{webrtc.NetworkTypeUDP6}
	}
	return []webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6}
}

// network is the socket's: 0.0.0.0 means IPv4 only, [::] both.
func network(listen netip.Addr) string {
	if listen.Is4() {
		return "udp4"
	}
	return "udp"
}

// pionLoggers hands pion's warnings to our log as debugging aids: what matters of them we say ourselves.
type pionLoggers struct{ log *slog.Logger }

// NewLogger implements logging.LoggerFactory.
func (p pionLoggers) NewLogger(scope string) logging.LeveledLogger {
	return pionLogger{p.log.With("part", "webrtc/"+scope)}
}

type pionLogger struct{ log *slog.Logger }

func (pionLogger) Trace(string)          {}
func (pionLogger) Tracef(string, ...any) {}
func (pionLogger) Debug(string)          {}
func (pionLogger) Debugf(string, ...any) {}
func (pionLogger) Info(string)           {}
func (pionLogger) Infof(string, ...any)  {}
func (l pionLogger) Warn(m string)       { l.log.Debug(m) }
func (l pionLogger) Warnf(f string, a ...any) {
	l.log.Debug(fmt.Sprintf(f, a...))
}
func (l pionLogger) Error(m string) { l.log.Debug(m) }
func (l pionLogger) Errorf(f string, a ...any) {
	l.log.Debug(fmt.Sprintf(f, a...))
}
