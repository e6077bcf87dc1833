package app_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"cordboard/internal/app"
	"cordboard/internal/channel/phone/sip/sipphone"
	"cordboard/internal/simorg"
	"cordboard/internal/store/pgtest"
)

// on runs a test on both databases.
func on(t *testing.T, fn func(t *testing.T, s *site)) {
	t.Run("sqlite", func(t *testing.T) { fn(t, newSite(t, app.Options{})) })
	t.Run("postgresql", func(t *testing.T) { fn(t, newSite(t, app.Options{Database: pgtest.URL(t)})) })
}

// task is the n-th Task written in the org, and checks how many there are.
func (s *site) task(want int) object {
	s.t.Helper()
	var created []object
	for _, e := range s.org.Ledger("Task") {
		if e.Op != "created" {
			continue
		}
		var body object
		if err := json.Unmarshal(e.Body, &body); err != nil {
			s.t.Fatal(err)
		}
		created = append(created, body)
	}
	if len(created) != want {
		s.t.Fatalf("the org's ledger has %d Tasks, want %d", len(created), want)
	}
	if want == 0 {
		return nil
	}
	return created[want-1]
}

// The main job, whole, with real parts: rung, popped, talked, wrapped up, logged; stopped and started in between.
func TestFromTheRingToTheTask(t *testing.T) {
	on(t, func(t *testing.T, s *site) {
		desk := s.withDesk(s.signIn("mia"), "ada", sipphone.Options{Tone: 600})
		ada := s.signIn("ada").console()
		ada.must("POST", "/api/v1/console/status", object{"status": 4})

		const name = `<b onclick="x">Ann & Co</b>`
		customer := s.call(sipphone.Request{To: "+18661231234", From: "+14155550123", Display: name})
		i := ada.find("a conversation with the pop", func(i object) bool { return in("accepted")(i) && at(i, "pop", "details") != nil })
		if text(i, "name") != name || text(i, "pop", "state") != "found" || text(i, "pop", "details", "name") == "" || text(i, "pop", "shown") != "true" {
			t.Errorf("the console shows %v", i)
		}
		if err := customer.Ear.Wait(s.ctx, 600); err != nil {
			t.Error("the customer does not hear the agent:", err)
		}
		if err := (<-desk.Incoming()).Ear.Wait(s.ctx, 440); err != nil {
			t.Error("the agent does not hear the customer:", err)
		}

		write := "/api/v1/console/interactions/" + text(i, "id") + "/write"
		long := strings.Repeat("é", 20_000)
		ada.must("PUT", write, object{"notes": long})
		if m := ada.refused(422, "", "PUT", write, object{"notes": long + "x"}); !strings.Contains(m, "20000") || !strings.Contains(m, "20001") {
			t.Errorf("a longer note: %q", m)
		}
		if err := customer.Hangup(s.ctx); err != nil {
			t.Error(err)
		}
		ada.find("wrap-up", in("wrapup"))
		s.task(0)
		// SF: a session that has ended meanwhile costs one replay and nothing else.
		if n := s.org.ExpireSessions("ada@demo.example"); n == 0 {
			t.Error("ada had no session in the org")
		}
		ada.post(i, "end-wrapup", nil)
		i = ada.find("the log's link", func(i object) bool { return text(i, "log", "state") == "done" })
		task := s.task(1)
		if text(i, "log", "url") == "" || text(i, "log", "tries") != "1" || text(task, "CallObject") != text(i, "id")+"/1" || text(task, "WhoId") != text(i, "pop", "chosen", "id") ||
			text(task, "WhatId") == "" || !strings.Contains(text(task, "Description"), name) || !strings.Contains(text(task, "Description"), long) {
			t.Errorf("the log %v is the Task %.800v", i["log"], task)
		}

		// Stopped in the next call's wrap-up and started again: nothing of it is forgotten.
		customer = s.call(sipphone.Request{To: "+18661231234", From: "+14155550123"})
		second := func(state string) func(object) bool {
			return func(x object) bool { return in(state)(x) && text(x, "id") != text(i, "id") }
		}
		if err := customer.Hangup(s.ctx); err != nil {
			t.Error(err)
		}
		w := ada.find("wrap-up", second("wrapup"))
		ada.post(w, "work-offline", nil)
		ada.must("PUT", "/api/v1/console/interactions/"+text(w, "id")+"/write", object{"notes": "kept over the restart"})
		s.restart()
		ada = ada.person.console() // the same session
		w = ada.find("the same wrap-up", second("wrapup"))
		if text(w, "handling", "notes") != "kept over the restart" {
			t.Errorf("after the restart it is %v", w)
		}
		ada.post(w, "end-wrapup", nil)
		ada.find("its log", func(x object) bool { return second("closed")(x) && text(x, "log", "state") == "done" })
		if d := text(s.task(2), "Description"); !strings.Contains(d, "kept over the restart") {
			t.Errorf("the second Task says %s", d)
		}
		if l, _ := ada.must("GET", "/api/v1/console/history", nil)["interactions"].([]any); len(l) != 2 {
			t.Errorf("the history has %d", len(l))
		}

		// Her telephone is known by its registration only: it registers again, and the next call rings it.
		if err := desk.Register(s.ctx, s.app.SIPAddr().String()); err != nil {
			t.Fatal(err)
		}
		customer = s.call(sipphone.Request{To: "+18661231234", Withheld: true})
		x := ada.find("the withheld call", func(x object) bool { return in("accepted")(x) && text(x, "withheld") == "true" })
		if text(x, "pop", "state") != "refused" {
			t.Errorf("its pop is %v", x["pop"])
		}
		if err := customer.Hangup(s.ctx); err != nil {
			t.Error(err)
		}
	})
}

// SF-9, SF-10: each failure of a sign-on says what it is and what to do; a refused one is not tried again by itself.
func TestSignOnFailures(t *testing.T) {
	s := newSite(t, app.Options{})
	ada := s.signIn("ada")
	save := func(token string) object {
		t.Helper()
		return ada.must("PUT", "/api/v1/profile/crm", object{"kind": "password", "loginId": "ada@demo.example", "password": "demo-pass", "token": token})
	}
	if got := save(""); text(got, "result") != "TOKEN_MISSING" || !strings.Contains(text(got, "message"), "Append your security token to the password") {
		t.Errorf("without token: %v", got)
	}
	if got := save("WRONG"); text(got, "result") != "INVALID_LOGIN" || text(got, "message") == "" || text(got, "remedy") == "" {
		t.Errorf("with a wrong token: %v", got)
	}
	if got := save("TOKADA"); text(got, "result") != "CONNECTED" {
		t.Errorf("with the token: %v", got)
	}
	if strings.Contains(fmt.Sprint(ada.must("GET", "/api/v1/profile/crm", nil)), "TOKADA") {
		t.Error("the token can be read")
	}
	off := false
	if err := s.org.SetUser("ada@demo.example", simorgUser(off)); err != nil {
		t.Fatal(err)
	}
	if got := save("TOKADA"); text(got, "result") != "API_DISABLED" || !strings.Contains(text(got, "message"), "API") {
		t.Errorf("without API access: %v", got)
	}
}

func simorgUser(api bool) simorg.UserChange { return simorg.UserChange{APIEnabled: &api} }
