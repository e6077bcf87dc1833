package scenario

import (
	"testing"

	"cordboard/internal/agent"
	"cordboard/internal/interaction"
	"cordboard/internal/tenant"
)

func TestWrapup(t *testing.T) {
	play(t, Options{}, func(w *World) {
		w.At("1s").Call("call", ann)
		w.At("2s").Accept("ada", "call")
		w.Refused(interaction.CodeTalking).EndWrapup("ada", "call")
		w.Refused(agent.CodeLocked).Choose("ada", agent.WorkOffline)
		w.At("3s").End("ada", "call").End("ada", "call")
		w.At("10s").WorkOffline("ada", "call")
		w.At("10m")
		if a := w.Agent("ada"); a.Status != agent.WrapUp {
			t.Errorf("Work Offline stopped the countdown, but she is %s", a.Status)
		}
		w.EndWrapup("ada", "call")
		if a := w.Agent("ada"); a.Status != agent.Available || !a.IdleSince.Equal(w.start.Add(10*60e9)) {
			t.Errorf("after wrap-up she is %s, idle since %s", a.Status, a.IdleSince)
		}
		w.Refused(interaction.CodeEnded).EndWrapup("ada", "call")
	})
}

func TestRequiredCodesHold(t *testing.T) {
	play(t, Options{Settings: needCodes}, func(w *World) {
		w.At("1s").Call("call", ann)
		w.At("2s").Accept("ada", "call")
		w.At("3s").CustomerEnds("call")
		w.Refused("CODES_REQUIRED").EndWrapup("ada", "call")
		w.Refused("INVALID").Code("ada", "call", 9)
		w.Refused("INVALID").Code("ada", "call", 1, 2)
		w.At("5m")
		i := w.Interaction("call")
		if h := i.Current(); h.State != interaction.Wrapup || !h.CodesNeeded || !h.WrapupUntil.IsZero() {
			t.Errorf("it is not held: %+v", h)
		}
		w.At("6m").Code("ada", "call", 1)
		if logs := w.Logs(); len(logs) != 1 || logs[0].CodesMissing || len(logs[0].Codes) != 1 || logs[0].Codes[0].ReportText != "RES" {
			t.Errorf("logged %+v", logs)
		}
	})
}

// A code keeps the text that it was chosen with, though its list has changed meanwhile.
func TestCodesKeepTheirText(t *testing.T) {
	play(t, Options{Settings: needCodes}, func(w *World) {
		w.At("1s").Call("call", ann)
		w.At("2s").Accept("ada", "call").Code("ada", "call", 1)
		cfg := Settings("ada")
		needCodes(cfg)
		cfg.CodeLists[4] = tenant.CodeList{ID: 4, Multiple: true, Items: []tenant.CodeItem{{ID: 2, Text: "Call again"}}}
		w.Config = cfg
		w.At("3s").Code("ada", "call", 1, 2)
		w.End("ada", "call").EndWrapup("ada", "call")
		if c := w.Logs()[0].Codes; len(c) != 2 || c[0].ReportText != "RES" || c[1].ReportText != "Call again" {
			t.Errorf("codes %+v", c)
		}
	})
}

// Who never had a console since the start is not gone before his conversation has ended.
func TestNeverConnected(t *testing.T) {
	play(t, Options{}, func(w *World) {
		w.At("1s").OpenChat("chat", "ann@acme.example")
		w.Accept("ada", "chat")
		w.At("2s").Restart()
		w.At("20m").End("ada", "chat")
		w.WorkOffline("ada", "chat")
		w.Told()
		w.At("34m59s").Want("")
		w.At("35m").Want(`
			35m0s chat closed ada gone
			35m0s ada is On Break (lost)`)
	})
}

func TestLogOutEndsWrapup(t *testing.T) {
	play(t, Options{Settings: needCodes}, func(w *World) {
		w.At("1s").Call("call", ann)
		w.At("2s").Accept("ada", "call")
		w.Refused(agent.CodeStillBusy).SignOut("ada", agent.ReasonSignOut)
		w.At("3s").CustomerEnds("call")
		w.Told()
		w.At("4s").SignOut("ada", agent.ReasonSignOut)
		w.Want(`
			4s call closed ada gone
			4s ada is On Break (lost)
			4s ada is Logged out (sign-out)`)
		if logs := w.Logs(); len(logs) != 1 || !logs[0].CodesMissing {
			t.Errorf("logged %+v", logs)
		}
	})
}

// INT-12: fifteen minutes without connection, counted from when the console went.
func TestNobodyAtTheConsole(t *testing.T) {
	play(t, Options{Settings: needCodes}, func(w *World) {
		w.At("1s").Call("call", ann)
		w.At("2s").Accept("ada", "call")
		w.At("3s").CustomerEnds("call")
		w.At("60s").Desk.Present("ada", false)
		w.At("120s").Desk.Present("ada", true)
		w.At("180s").Desk.Present("ada", false)
		w.Told()
		w.At("1079s").Want("")
		w.At("1080s").Want(`
			18m0s call closed ada gone
			18m0s ada is On Break (lost)`)
	})
}
