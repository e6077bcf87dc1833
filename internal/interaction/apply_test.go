package interaction

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"cordboard/internal/crm"
	"cordboard/internal/fault"
)

var t0 = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func newcomer(t testing.TB) *Interaction {
	t.Helper()
	i, ev, err := NewInteraction(Arrival{Ref: "leg-1", Medium: Phone, Channel: 1, ANI: "+14155550123", DNIS: "+14155550100"},
		Origin{ID: "int-1", ChannelName: "Main", Region: "US", Node: "a", Fence: 1}, t0)
	if err != nil || len(ev) != 1 || ev[0].Kind != EventArrived {
		t.Fatalf("NewInteraction = %v, %v", ev, err)
	}
	return &i
}

// say is a signal at a second after the arrival.
type say struct {
	at int
	s  Signal
}

func offerTo(agent string, at int) say {
	return say{at, Signal{Kind: MakeOffer, Agent: agent, Deadline: t0.Add(time.Duration(at+30) * time.Second)}}
}
func by(at int, k SignalKind, agent string, offer int) say {
	return say{at, Signal{Kind: k, Agent: agent, Offer: offer}}
}
func just(at int, k SignalKind) say { return say{at, Signal{Kind: k}} }

func queue(wrapup int, lists ...int64) say {
	return say{1, Signal{Kind: Enqueue, Queue: QueueTerms{ID: 7, Name: "Sales", WrapupSeconds: wrapup,
		CodesRequired: len(lists) > 0, RequiredLists: lists}}}
}
func codes(at int, agent string, list ...int64) say {
	s := Signal{Kind: Write, Agent: agent, SetCodes: true}
	for _, l := range list {
		s.Codes = append(s.Codes, Code{List: l, Item: 1, ReportText: "x"})
	}
	return say{at, s}
}

// tell runs the signals and writes down each answer: events and effects, or the fault's code; "-" for neither.
func tell(i *Interaction, says []say) string {
	var out []string
	for _, x := range says {
		ev, ef, err := Apply(i, x.s, t0.Add(time.Duration(x.at)*time.Second))
		var w []string
		for _, e := range ev {
			w = append(w, strings.TrimSuffix(fmt.Sprintf("%s:%s", e.Kind, e.Why), ":"))
		}
		for _, e := range ef {
			w = append(w, strings.TrimSuffix(fmt.Sprintf("%s!%s", e.Kind, e.Agent), "!"))
		}
		if err != nil {
			w = append(w, fault.Of(err).Code)
		}
		if len(w) == 0 {
			w = []string{"-"}
		}
		out = append(out, strings.Join(w, " "))
	}
	return strings.Join(out, " | ")
}

func TestStories(t *testing.T) {
	accepted := []say{queue(30), offerTo("ada", 2), by(5, Accept, "ada", 1)}
	with := func(a []say, b ...say) []say { return append(a[:len(a):len(a)], b...) }
	for _, c := range []struct {
		name  string
		says  []say
		want  string // one answer per signal
		state State
	}{
		{"straight", with(accepted, by(70, End, "ada", 0), just(100, WrapupDue)),
			"queued | offered alert!ada | accepted connect!ada | completed:NORMAL hangup | closed", Closed},
		{"customer hangs up, timer early, End crosses", with(accepted, just(70, CustomerLeft), just(71, CustomerLeft), by(71, End, "ada", 0), just(99, WrapupDue), just(100, WrapupDue), just(101, WrapupDue)),
			"queued | offered alert!ada | accepted connect!ada | completed:NORMAL hangup | - | - | - | closed | -", Closed},
		{"answered on the device, then pressed as well", []say{queue(30), offerTo("ada", 2), by(5, AgentAnswered, "ada", 1), by(5, Accept, "ada", 1), by(5, AgentAnswered, "ada", 1)},
			"queued | offered alert!ada | accepted connect!ada | - | -", Accepted},
		{"missed, then the next; the old number takes nothing", []say{queue(30), offerTo("ada", 2), say{31, Signal{Kind: OfferDue, Offer: 1}}, say{32, Signal{Kind: OfferDue, Offer: 1}}, by(32, Accept, "ada", 1),
			offerTo("ben", 32), by(33, Accept, "ada", 1), by(33, AgentAnswered, "ada", 1), by(33, Accept, "ada", 2), by(33, Reject, "ada", 1), by(34, Accept, "ben", 2), by(35, Accept, "ada", 1), by(35, AgentAnswered, "ada", 1)},
			"queued | offered alert!ada | - | offer_ended:missed unalert!ada | OFFER_WITHDRAWN | offered alert!ben | OFFER_WITHDRAWN | unalert!ada | OFFER_WITHDRAWN | OFFER_WITHDRAWN | accepted connect!ben | OFFER_TAKEN | unalert!ada", Accepted},
		{"rejected, refused, unreachable, logged out", []say{queue(30), offerTo("ada", 2), by(3, Reject, "ada", 1), offerTo("ben", 4), by(5, AgentRefused, "ben", 2), offerTo("cy", 6), by(6, AgentUnreachable, "cy", 2), by(6, AgentUnreachable, "cy", 3), offerTo("dee", 7), by(8, AgentGone, "dee", 0)},
			"queued | offered alert!ada | offer_ended:rejected unalert!ada | offered alert!ben | offer_ended:rejected unalert!ben | offered alert!cy | - | offer_ended:unreachable unalert!cy | offered alert!dee | offer_ended:gone unalert!dee", Queued},
		{"never asked", []say{queue(30), offerTo("ada", 2), by(3, Accept, "eve", 1), by(3, Reject, "eve", 1), by(3, End, "eve", 0), by(3, Write, "ada", 0)},
			"queued | offered alert!ada | NOT_YOURS | NOT_YOURS | NOT_YOURS | NOT_YOURS", Offered},
		{"customer leaves at once", []say{just(0, CustomerLeft), queue(30)}, "ended:left | NOT_WAITING", Abandoned},
		{"customer leaves while queued", []say{queue(30), just(4, CustomerLeft), offerTo("ada", 5)}, "queued | ended:left | NOT_WAITING", Abandoned},
		{"customer leaves while offered", []say{queue(30), offerTo("ada", 2), just(4, CustomerLeft), by(4, Accept, "ada", 1), by(4, AgentAnswered, "ada", 1), just(9, CustomerLeft)},
			"queued | offered alert!ada | offer_ended:left ended:left unalert!ada | OFFER_WITHDRAWN | unalert!ada | -", Abandoned},
		{"refused", []say{{0, Signal{Kind: Refuse}}, {0, Signal{Kind: Refuse}}}, "ended hangup | NOT_WAITING", Rejected},
		{"technical end", []say{queue(30), offerTo("ada", 2), just(3, ChannelFailed)}, "queued | offered alert!ada | offer_ended:lost ended:lost unalert!ada hangup", Failed},
		{"technical end in conversation", with(accepted, just(9, ChannelFailed)), "queued | offered alert!ada | accepted connect!ada | completed:FAILED hangup", Wrapup},
		{"lost while queued", []say{queue(30), just(3, ChannelLost)}, "queued | ended:lost hangup", Failed},
		{"lost in conversation is logged", with(accepted, just(9, ChannelLost), by(9, Write, "ada", 0)), "queued | offered alert!ada | accepted connect!ada | completed:LOST closed hangup | ENDED", Failed},
		{"lost in wrap-up changes nothing", with(accepted, just(9, CustomerLeft), just(10, ChannelLost)), "queued | offered alert!ada | accepted connect!ada | completed:NORMAL hangup | -", Wrapup},
		{"agent lost, next one", with(accepted, by(9, AgentLost, "eve", 0), by(9, AgentLost, "ada", 1), by(9, AgentLost, "ada", 1), offerTo("ben", 10), by(11, Accept, "ben", 2), by(12, End, "ada", 0), just(12, CustomerLeft), by(13, EndWrapup, "ada", 0), by(13, EndWrapup, "ben", 0)),
			"queued | offered alert!ada | accepted connect!ada | - | completed:AGENTLOST closed:lost disconnect!ada hold | - | offered alert!ben | accepted connect!ben | NOT_YOURS | completed:NORMAL hangup | NOT_YOURS | closed", Closed},
		{"agent lost, then the customer", with(accepted, by(9, AgentLost, "ada", 0), just(12, CustomerLeft)),
			"queued | offered alert!ada | accepted connect!ada | completed:AGENTLOST closed:lost disconnect!ada hold | ended:left", Abandoned},
		{"no wrap-up", []say{queue(0), offerTo("ada", 2), by(5, Accept, "ada", 1), by(9, AgentEnded, "ada", 1)}, "queued | offered alert!ada | accepted connect!ada | completed:NORMAL closed hangup", Closed},
		{"no wrap-up, but a code", []say{queue(0, 4), offerTo("ada", 2), by(5, Accept, "ada", 1), just(9, CustomerLeft), just(500, WrapupDue), by(501, EndWrapup, "ada", 0), codes(502, "ada", 3), codes(503, "ada", 3, 4)},
			"queued | offered alert!ada | accepted connect!ada | completed:NORMAL hangup | - | CODES_REQUIRED | changed | changed closed", Closed},
		{"codes hold, then close", []say{queue(30, 4), offerTo("ada", 2), by(5, Accept, "ada", 1), just(9, CustomerLeft), just(39, WrapupDue), just(99, WrapupDue), codes(100, "ada", 4)},
			"queued | offered alert!ada | accepted connect!ada | completed:NORMAL hangup | changed | - | changed closed", Closed},
		{"codes chosen in conversation", []say{queue(30, 4), offerTo("ada", 2), by(5, Accept, "ada", 1), codes(8, "ada", 4), just(9, CustomerLeft), just(39, WrapupDue)},
			"queued | offered alert!ada | accepted connect!ada | changed | completed:NORMAL hangup | closed", Closed},
		{"codes missing at log-out", []say{queue(30, 4), offerTo("ada", 2), by(5, Accept, "ada", 1), just(9, CustomerLeft), by(10, AgentGone, "eve", 0), by(10, AgentGone, "ada", 0)},
			"queued | offered alert!ada | accepted connect!ada | completed:NORMAL hangup | - | closed:gone", Closed},
		{"Work Offline stops the countdown", with(accepted, by(6, StopWrapup, "ada", 0), just(9, CustomerLeft), by(10, StopWrapup, "ada", 0), by(10, StopWrapup, "ada", 0), just(500, WrapupDue), by(501, EndWrapup, "ada", 0), by(502, EndWrapup, "ada", 0)),
			"queued | offered alert!ada | accepted connect!ada | STILL_TALKING | completed:NORMAL hangup | changed | - | - | closed | ENDED", Closed},
		{"a stopped wrap-up waits for its agent, not for the code", []say{queue(30, 4), offerTo("ada", 2), by(5, Accept, "ada", 1), just(9, CustomerLeft), by(10, StopWrapup, "ada", 0), codes(11, "ada", 4), by(12, EndWrapup, "ada", 0)},
			"queued | offered alert!ada | accepted connect!ada | completed:NORMAL hangup | changed | changed | closed", Closed},
	} {
		t.Run(c.name, func(t *testing.T) {
			i := newcomer(t)
			if got := tell(i, c.says); got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
			if i.State != c.state {
				t.Errorf("state %s, want %s", i.State, c.state)
			}
		})
	}
}

func TestOfferDueOnlyAtItsTime(t *testing.T) {
	i := newcomer(t)
	tell(i, []say{queue(30), offerTo("ada", 2)})
	if got := tell(i, []say{{31, Signal{Kind: OfferDue, Offer: 1}}, {32, Signal{Kind: OfferDue, Offer: 9}}, {32, Signal{Kind: OfferDue, Offer: 1}}}); got != "- | - | offer_ended:missed unalert!ada" {
		t.Error(got)
	}
}

// What the log needs is there: times, waiting and talking seconds, who ended it and why (INT-14).
func TestWhatIsKept(t *testing.T) {
	i := newcomer(t)
	tell(i, []say{queue(30), offerTo("ada", 2), {32, Signal{Kind: OfferDue, Offer: 1}}, offerTo("ben", 32), by(41, Accept, "ben", 2), just(106, CustomerLeft), just(136, WrapupDue)})
	h := i.Current()
	at := func(s int) time.Time { return t0.Add(time.Duration(s) * time.Second) }
	if i.WaitSeconds(at(999)) != 40 || h.TalkSeconds() != 65 {
		t.Errorf("waited %d, talked %d", i.WaitSeconds(at(999)), h.TalkSeconds())
	}
	for name, pair := range map[string][2]time.Time{
		"created": {i.CreatedAt, at(0)}, "queued": {i.QueuedAt, at(1)}, "offered": {h.OfferedAt, at(32)}, "accepted": {h.AcceptedAt, at(41)},
		"completed": {h.CompletedAt, at(106)}, "closed": {h.ClosedAt, at(136)}, "all completed": {i.CompletedAt, at(106)}, "all closed": {i.ClosedAt, at(136)},
	} {
		if !pair[0].Equal(pair[1]) {
			t.Errorf("%s at %s, want %s", name, pair[0], pair[1])
		}
	}
	if i.EndedBy != ByCustomer || i.Reason != ReasonNormal || h.EndedBy != ByCustomer || i.AtHead || i.Offer != nil || strings.Join(i.Asked, " ") != "ada ben" {
		t.Errorf("kept %+v", i)
	}
}

func TestClockSetBack(t *testing.T) {
	i := newcomer(t)
	tell(i, []say{queue(30), offerTo("ada", 2), by(50, Accept, "ada", 1), by(40, End, "ada", 0)})
	if h := i.Current(); h.TalkSeconds() != 0 || h.CompletedAt.Before(h.AcceptedAt) || !h.WrapupUntil.Equal(h.CompletedAt.Add(30*time.Second)) {
		t.Errorf("%+v", h)
	}
}

func TestPopsAreOver(t *testing.T) {
	i := newcomer(t)
	i.Pops = map[string]*crm.Pop{"ada": {}, "ben": {}}
	tell(i, []say{queue(30), offerTo("ada", 2), by(3, Reject, "ada", 1)})
	if i.Pops["ada"].Over != OverPassed {
		t.Error("the pop of the agent who lost the offer goes on")
	}
	tell(i, []say{offerTo("ben", 4)})
	if i.Pops["ben"].Over != "" {
		t.Error("the pop of the agent who is asked is over")
	}
	tell(i, []say{by(5, AgentUnreachable, "ben", 2), offerTo("ada", 6)})
	if i.Pops["ada"].Over != "" || i.Pops["ben"].Over != OverPassed {
		t.Error("asked once more, his pop is alive again")
	}
	tell(i, []say{just(7, CustomerLeft)})
	if i.Pops["ada"].Over != OverLeft || i.Pops["ben"].Over != OverPassed {
		t.Errorf("customer left: %+v %+v", i.Pops["ada"], i.Pops["ben"])
	}
}

// A pop that came when its agent was not asked any more is over at the accept; a lost agent's is over with him.
func TestLatePopsAreOver(t *testing.T) {
	i := newcomer(t)
	tell(i, []say{queue(30), offerTo("ada", 2), by(3, Reject, "ada", 1), offerTo("ben", 4)})
	i.Pops = map[string]*crm.Pop{"ada": {}, "ben": {}}
	tell(i, []say{by(5, Accept, "ben", 2)})
	if i.Pops["ada"].Over != OverPassed || i.Pops["ben"].Over != "" {
		t.Errorf("accepted: %+v %+v", i.Pops["ada"], i.Pops["ben"])
	}
	tell(i, []say{by(9, AgentLost, "ben", 2)})
	if i.Pops["ben"].Over != OverPassed {
		t.Errorf("lost: %+v", i.Pops["ben"])
	}
}

func TestWriting(t *testing.T) {
	str := func(n int) *string { s := strings.Repeat("é", n); return &s }
	six := []Code{{1, 1, "a"}, {1, 2, "b"}, {1, 3, "c"}, {2, 1, "d"}, {2, 2, "e"}, {2, 3, "f"}}
	for _, c := range []struct {
		name string
		s    Signal
		want string // fields at fault
	}{
		{"longest", Signal{Edits: &Edits{Subject: str(255), Notes: *str(20_000)}, Codes: six, SetCodes: true}, ""},
		{"too long", Signal{Edits: &Edits{Subject: str(256), Notes: *str(20_001)}}, "subject:The subject may have 255 characters; this text has 256. Shorten it; nothing was cut. notes:The notes may have 20000 characters; this text has 20001. Shorten it; nothing was cut."},
		{"seven codes", Signal{Codes: append(six, Code{9, 9, "z"}), SetCodes: true}, "codes:At most 6 transaction codes can be chosen; these are 7."},
		{"a code twice", Signal{Codes: []Code{six[0], six[0]}, SetCodes: true}, `codes:The code "a" is chosen twice.`},
	} {
		t.Run(c.name, func(t *testing.T) {
			i := newcomer(t)
			tell(i, []say{queue(30), offerTo("ada", 2), by(5, Accept, "ada", 1)})
			c.s.Kind, c.s.Agent = Write, "ada"
			_, _, err := Apply(i, c.s, t0.Add(time.Minute))
			var got []string
			for _, f := range faults(err) {
				got = append(got, f.Field+":"+f.Message)
			}
			if s := strings.Join(got, " "); s != c.want {
				t.Errorf("got %q, want %q", s, c.want)
			}
			if wrote := i.Current().Edits.Notes != "" || i.Current().Codes != nil; wrote != (c.want == "") {
				t.Errorf("wrote: %v", wrote)
			}
		})
	}
}

// Codes alone leave the edits, edits alone leave the codes.
func TestWritingInParts(t *testing.T) {
	i := newcomer(t)
	tell(i, []say{queue(30), offerTo("ada", 2), by(5, Accept, "ada", 1),
		{6, Signal{Kind: Write, Agent: "ada", Edits: &Edits{Notes: "n"}}}, codes(7, "ada", 1), {8, Signal{Kind: Write, Agent: "ada", Edits: &Edits{Notes: "m"}}}})
	if h := i.Current(); h.Edits.Notes != "m" || len(h.Codes) != 1 {
		t.Errorf("%+v", h)
	}
	if got := tell(i, []say{{8, Signal{Kind: Write, Agent: "ada", Edits: &Edits{Notes: "m"}}}, codes(8, "ada", 1)}); got != "- | -" {
		t.Errorf("the same again: %s", got)
	}
	tell(i, []say{{9, Signal{Kind: Write, Agent: "ada", SetCodes: true}}})
	if h := i.Current(); h.Edits.Notes != "m" || len(h.Codes) != 0 {
		t.Errorf("%+v", h)
	}
}

func TestAgentLostWithoutQueue(t *testing.T) {
	i := newcomer(t)
	tell(i, []say{queue(30, 4), offerTo("ada", 2), by(5, Accept, "ada", 1)})
	i.Queue = 0
	if got := tell(i, []say{by(9, AgentLost, "ada", 0)}); got != "completed:AGENTLOST closed:lost hangup" {
		t.Error(got)
	}
	if h := i.Current(); i.State != Failed || i.Reason != ReasonLost || h.Reason != ReasonAgentLost || !h.CodesMissing {
		t.Errorf("%+v", i)
	}
}

func TestNewInteraction(t *testing.T) {
	i := newcomer(t)
	if b, _ := json.Marshal(i); !strings.Contains(string(b), `"state":"new"`) || i.Fence != 1 || !i.CreatedAt.Equal(t0) {
		t.Errorf("%s", b)
	}
	_, _, err := NewInteraction(Arrival{Medium: "fax"}, Origin{}, t0)
	if f := fault.Of(err); f.Kind != fault.Invalid || len(f.Fields) != 2 {
		t.Errorf("%v", err)
	}
	id := NewID(t0, "abcdefghijklmnopqrstuvwx", Phone, 1, "demo")
	if id != "int-19cadc69a80-abcdefghijklmnopqrstuvwx-phone-01-demo" {
		t.Error(id)
	}
	if _, _, err := Apply(i, Signal{Kind: "nonsense"}, t0); fault.Of(err).Code != "UNKNOWN_SIGNAL" {
		t.Error(err)
	}
}

func faults(err error) []fault.Field {
	if err == nil {
		return nil
	}
	return fault.Of(err).Fields
}
