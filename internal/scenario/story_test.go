package scenario

import (
	"testing"

	"cordboard/internal/desk"
	"cordboard/internal/desk/desktest"
	"cordboard/internal/interaction"
	"cordboard/internal/store"
	"cordboard/internal/store/pgtest"
	"cordboard/internal/tenant"
)

// play tells a story twice: over the store in memory, which has conflicts at its whim, and over the real one.
func play(t *testing.T, o Options, story func(w *World)) {
	t.Run("memory", func(t *testing.T) {
		n := 0
		o := o
		o.Store = func(*testing.T) desk.Store {
			return &desktest.Store{Conflict: func() bool { n++; return n%3 == 1 }}
		}
		Play(t, o, story)
	})
	t.Run("sqlite", func(t *testing.T) {
		o := o
		o.Store = sqlite
		Play(t, o, story)
	})
}

func TestMain(m *testing.M) { pgtest.Main(m) }

// sqlite opens the real store in a folder that goes with the test.
func sqlite(t *testing.T) desk.Store { return tenantOf(t, store.Options{DataDir: t.TempDir()}) }

func tenantOf(t *testing.T, o store.Options) desk.Store {
	in, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := in.Close(); err != nil {
			t.Error(err)
		}
	})
	tn, err := in.Tenant(t.Context(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	return tn
}

const ann = "+14155551212"

func TestStraightCall(t *testing.T) {
	play(t, Options{}, func(w *World) {
		w.At("1s").Call("call", ann)
		w.Want(`
			1s call arrived
			1s call queued
			1s call offered ada #1
			1s call !alert ada #1
			1s ada is Offered (offer)`)
		w.At("6s").Accept("ada", "call")
		w.Want(`
			6s call accepted ada #1
			6s call !connect ada #1
			6s ada is Busy (accept)`)
		w.At("71s").CustomerEnds("call")
		w.At("75s").Note("ada", "call", "wants a quote")
		w.At("200s").Want(`
			1m11s call completed ada NORMAL
			1m11s call !hangup NORMAL
			1m11s ada is Wrap-up (wrap-up)
			1m15s call changed ada
			1m41s call closed ada
			1m41s ada is Available (done)`)
		if logs := w.Logs(); len(logs) != 1 || logs[0].Talk != 65 || logs[0].Notes != "wants a quote" || logs[0].EndedBy != interaction.ByCustomer {
			t.Errorf("logged %+v", logs)
		}
	})
}

// ACC-4, the desk's part.
func TestLostOffer(t *testing.T) {
	play(t, Options{Agents: []string{"ada", "ben"}}, func(w *World) {
		w.At("1s").Call("call", ann)
		w.Want(`
			1s call arrived
			1s call queued
			1s call offered ada #1
			1s call !alert ada #1
			1s ada is Offered (offer)`)
		w.At("31s").Want(`
			31s call offer_ended ada #1 missed
			31s call offered ben #2
			31s call !unalert ada #1 missed
			31s call !alert ben #2
			31s ada is On Break (missed)
			31s ben is Offered (offer)`)
		w.At("35s").Answer("ben", "call")
		w.At("40s").End("ben", "call")
		w.EndWrapup("ben", "call")
		w.Want(`
			35s call accepted ben #2
			35s call !connect ben #2
			35s ben is Busy (accept)
			40s call completed ben NORMAL
			40s call closed ben
			40s call !hangup NORMAL
			40s ben is Wrap-up (wrap-up)
			40s ben is Available (done)`)
		i := w.Interaction("call")
		if i.WaitSeconds(i.ClosedAt) != 34 || len(w.Logs()) != 1 || w.Logs()[0].Agent != "ben" {
			t.Errorf("waited %d, logged %+v", i.WaitSeconds(i.ClosedAt), w.Logs())
		}
	})
}

func TestCustomerLeaves(t *testing.T) {
	play(t, Options{}, func(w *World) {
		w.At("1s").Call("first", ann)
		w.At("2s").Call("second", ann)
		w.Told()
		w.At("3s").CustomerEnds("first")
		w.Want(`
			3s first offer_ended ada #1 left
			3s first ended left
			3s first !unalert ada #1 left
			3s second offered ada #1
			3s second !alert ada #1
			3s ada is Available (done)
			3s ada is Offered (offer)`)
		w.At("4s").Call("third", ann)
		w.At("5s").CustomerEnds("third").CustomerEnds("third")
		w.Want(`
			4s third arrived
			4s third queued
			5s third ended left`)
		w.Refused(interaction.CodeWithdrawn).Accept("ada", "first")
		if len(w.Logs()) != 0 {
			t.Error("nobody accepted it, but it is logged")
		}
	})
}

// INT-16.
func TestAgentLost(t *testing.T) {
	play(t, Options{Agents: []string{"ada", "ben"}}, func(w *World) {
		w.At("1s").Call("call", ann)
		w.At("2s").Accept("ada", "call").Note("ada", "call", "from Acme")
		w.At("3s").Call("later", ann)
		w.At("4s").CustomerEnds("later") // ben is free again, before the lost call comes back
		w.At("5s").Call("waiting", ann)
		w.At("6s").Accept("ben", "waiting")
		w.At("7s").Call("third", ann)
		w.Told()
		w.At("20s").Signal("call", interaction.Signal{Kind: interaction.AgentLost, Agent: "ada"})
		w.Want(`
			20s call completed ada AGENTLOST
			20s call closed ada lost
			20s call !disconnect ada #1
			20s call !hold AGENTLOST
			20s ada is On Break (lost)`)
		w.At("25s").CustomerEnds("waiting").EndWrapup("ben", "waiting")
		w.Want(`
			25s call offered ben #2
			25s call !alert ben #2
			25s waiting completed ben NORMAL
			25s waiting closed ben
			25s waiting !hangup NORMAL
			25s ben is Wrap-up (wrap-up)
			25s ben is Available (done)
			25s ben is Offered (offer)`)
		w.At("28s").Accept("ben", "call")
		w.At("38s").CustomerEnds("call").EndWrapup("ben", "call")
		logs := w.Logs()
		if len(logs) != 3 || logs[0].Reason != interaction.ReasonAgentLost || logs[0].Notes != "from Acme" || logs[0].Talk != 18 ||
			logs[2].Handling != 2 || logs[2].Agent != "ben" || logs[2].Talk != 10 {
			t.Errorf("logged %+v", logs)
		}
	})
}

func needCodes(c *tenant.Config) {
	q := c.Queues[1]
	q.CodeLists = []int64{4}
	c.Queues[1] = q
}

// GEN-9: what the phone had is lost, what the chat had goes on, deadlines run from the rows.
func TestRestart(t *testing.T) {
	play(t, Options{Agents: []string{"ada", "ben", "cy", "dee", "eve"}}, func(w *World) {
		w.At("1s").Call("talking", ann)
		w.Accept("ada", "talking")
		w.At("2s").Call("wrapping", ann)
		w.Accept("ben", "wrapping")
		w.At("3s").OpenChat("chatting", "ann@acme.example")
		w.Accept("cy", "chatting")
		w.At("4s").OpenChat("asking", "bob@acme.example") // dee
		w.At("5s").Call("ringing", ann)                   // eve
		w.At("6s").Call("queued", ann)
		w.At("7s").CustomerEnds("wrapping")
		w.Told()
		w.At("10s").Restart()
		w.Want(`
			10s queued ended lost
			10s queued !hangup LOST
			10s ringing offer_ended eve #1 lost
			10s ringing ended lost
			10s ringing !unalert eve #1 lost
			10s ringing !hangup LOST
			10s talking completed ada LOST
			10s talking closed ada
			10s talking !hangup LOST
			10s ada is Available (done)
			10s eve is Available (done)`)
		w.At("40s").Want(`
			34s asking offer_ended dee #1 missed
			34s asking offered eve #2
			34s asking !unalert dee #1 missed
			34s asking !alert eve #2
			34s dee is On Break (missed)
			34s eve is Offered (offer)
			37s wrapping closed ben
			37s ben is Available (done)`)
		w.End("cy", "chatting").EndWrapup("cy", "chatting")
		if logs := w.Logs(); len(logs) != 3 || logs[0].Reason != interaction.ReasonLost || w.Interaction("talking").State != interaction.Failed {
			t.Errorf("logged %+v", logs)
		}
	})
}

func TestChatGoesTheSameWay(t *testing.T) {
	play(t, Options{}, func(w *World) {
		w.At("1s").OpenChat("chat", "ann@acme.example")
		w.At("6s").Accept("ada", "chat")
		w.At("71s").End("ada", "chat").EndWrapup("ada", "chat")
		w.Want(`
			1s chat arrived
			1s chat queued
			1s chat offered ada #1
			1s chat !alert ada #1
			1s ada is Offered (offer)
			6s chat accepted ada #1
			6s chat !connect ada #1
			6s ada is Busy (accept)
			1m11s chat completed ada NORMAL
			1m11s chat closed ada
			1m11s chat !hangup NORMAL
			1m11s ada is Wrap-up (wrap-up)
			1m11s ada is Available (done)`)
	})
}

func TestTheSameArrivalTwice(t *testing.T) {
	play(t, Options{}, func(w *World) {
		w.At("1s").Call("call", ann)
		w.Told()
		w.At("2s").Arrive("again", interaction.Arrival{Ref: "call", Medium: interaction.Phone, Channel: 1, ANI: ann})
		w.Want("")
		if w.ID("again") != w.ID("call") {
			t.Error("one arrival became two interactions")
		}
		w.Refused("UNKNOWN_CHANNEL").Arrive("x", interaction.Arrival{Medium: interaction.Phone, Channel: 2})
		w.Refused("UNKNOWN_CHANNEL").Arrive("y", interaction.Arrival{Medium: interaction.Phone, Channel: 99})
	})
}
