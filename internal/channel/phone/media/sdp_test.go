package media

import (
	"net/netip"
	"strings"
	"testing"

	"cordboard/internal/fault"
)

const head = "v=0\r\no=- 1 1 IN IP4 10.0.0.9\r\ns=-\r\nc=IN IP4 10.0.0.9\r\nt=0 0\r\n"

func TestParseSDP(t *testing.T) {
	at := netip.MustParseAddrPort("10.0.0.9:4000")
	for name, tc := range map[string]struct {
		sdp    string
		want   Remote
		refuse string // part of the sentence
	}{
		"plain":           {sdp: "m=audio 4000 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\n", want: Remote{at, ULaw, 101, true, true}},
		"a-law first":     {sdp: "m=audio 4000 RTP/AVP 8 0\r\n", want: Remote{at, ALaw, 0, true, true}},
		"g722 first":      {sdp: "m=audio 4000 RTP/AVP 9 8 96\r\na=rtpmap:96 telephone-event/8000\r\n", want: Remote{at, ALaw, 96, true, true}},
		"wide events":     {sdp: "m=audio 4000 RTP/AVP 0 100 101\r\na=rtpmap:100 telephone-event/48000\r\na=rtpmap:101 telephone-event/8000/1\r\n", want: Remote{at, ULaw, 101, true, true}},
		"held":            {sdp: "m=audio 4000 RTP/AVP 0\r\na=sendonly\r\n", want: Remote{at, ULaw, 0, true, false}},
		"inactive":        {sdp: "m=audio 4000 RTP/AVP 0\r\na=inactive\r\n", want: Remote{at, ULaw, 0, false, false}},
		"session-wide":    {sdp: "a=recvonly\r\nm=audio 4000 RTP/AVP 0\r\n", want: Remote{at, ULaw, 0, false, true}},
		"old hold":        {sdp: "m=audio 4000 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n", want: Remote{netip.MustParseAddrPort("0.0.0.0:4000"), ULaw, 0, true, false}},
		"own address":     {sdp: "m=audio 4000 RTP/AVP 0\r\nc=IN IP6 2001:db8::1\r\n", want: Remote{netip.MustParseAddrPort("[2001:db8::1]:4000"), ULaw, 0, true, true}},
		"second stream":   {sdp: "m=audio 0 RTP/AVP 0\r\nm=video 5 RTP/AVP 31\r\nm=audio 4000 RTP/AVP 0\r\n", want: Remote{at, ULaw, 0, true, true}},
		"0 isn't PCMU":    {sdp: "m=audio 4000 RTP/AVP 0\r\na=rtpmap:0 opus/48000/2\r\n", refuse: "neither PCMU nor PCMA"},
		"no common":       {sdp: "m=audio 4000 RTP/AVP 9 18\r\n", refuse: "neither PCMU nor PCMA"},
		"srtp":            {sdp: "m=audio 4000 RTP/SAVP 0\r\n", refuse: "only RTP/AVP"},
		"video only":      {sdp: "m=video 4000 RTP/AVP 31\r\n", refuse: "no audio"},
		"a name":          {sdp: "m=audio 4000 RTP/AVP 0\r\nc=IN IP4 phone.example\r\n", refuse: "plain IP address"},
		"multicast":       {sdp: "m=audio 4000 RTP/AVP 0\r\nc=IN IP4 224.2.1.1/127\r\n", refuse: "plain IP address"},
		"port too high":   {sdp: "m=audio 70000 RTP/AVP 0\r\n", refuse: "malformed"},
		"nonsense":        {sdp: "hello\r\n", refuse: "malformed"},
		"markup in proto": {sdp: "m=audio 4000 <b>/x 0\r\n", refuse: "."},
	} {
		d, err := ParseSDP([]byte(head + tc.sdp))
		switch {
		case tc.refuse != "":
			if !fault.Is(err, "BAD_SDP") || !strings.Contains(fault.Of(err).Message, tc.refuse) {
				t.Errorf("%s: %v", name, err)
			}
		case err != nil:
			t.Errorf("%s: %v", name, err)
		case d.Remote() != tc.want:
			t.Errorf("%s: %+v, want %+v", name, d.Remote(), tc.want)
		}
	}
	if _, err := ParseSDP([]byte(strings.Repeat("a", maxSDP+1))); !fault.Is(err, "BAD_SDP") {
		t.Errorf("too long: %v", err)
	}
}

// TestAnswerGolden: an answer has a line for each of the offer's, in order, and only what was offered.
func TestAnswerGolden(t *testing.T) {
	d, err := ParseSDP([]byte(head + "m=video 5004 RTP/AVP 31 34\r\nm=audio 4000 RTP/AVP 8 0 96\r\na=rtpmap:96 telephone-event/8000\r\na=sendonly\r\n"))
	ok(t, err)
	l := Local{Addr: netip.MustParseAddrPort("192.0.2.1:30000"), Session: 5, Version: 2}
	want := "v=0\r\no=- 5 2 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n" +
		"m=video 0 RTP/AVP 31 34\r\n" +
		"m=audio 30000 RTP/AVP 8 96\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:96 telephone-event/8000\r\na=fmtp:96 0-15\r\na=ptime:20\r\na=recvonly\r\n"
	if got := string(l.Answer(d)); got != want {
		t.Errorf("answer is\n%s\nwant\n%s", got, want)
	}
	offer, err := ParseSDP(l.Offer(ULaw, ALaw))
	ok(t, err)
	if offer.Remote() != (Remote{l.Addr, ULaw, eventType, true, true}) || len(offer.Laws) != 2 {
		t.Errorf("our own offer reads %+v", offer)
	}
}

func FuzzSDP(f *testing.F) {
	f.Add([]byte(head + "m=audio 4000 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n"))
	f.Add([]byte(head + "m=video 4000 RTP/AVP 31\r\nm=audio 1/2 RTP/AVPF 8\r\nc=IN IP6 ::1\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := ParseSDP(b)
		if err != nil {
			return
		}
		if len(d.Laws) == 0 || d.Addr.Port() == 0 {
			t.Fatalf("half a description: %+v", d)
		}
		// Whatever we answer can be read by ourselves.
		if _, err := ParseSDP((Local{Addr: netip.MustParseAddrPort("192.0.2.1:30000")}).Answer(d)); err != nil {
			t.Fatalf("our answer is no answer: %v", err)
		}
	})
}
