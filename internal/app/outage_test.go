package app_test

import (
	"strings"
	"testing"

	"cordboard/internal/app"
	"cordboard/internal/channel/phone/sip/sipphone"
	"cordboard/internal/simorg"
)

// talk is a whole conversation up to the end of wrap-up; found is what the console must show of it while it lasts.
func (sc *screen) talk(what string, found func(i object) bool) (id string) {
	sc.s.t.Helper()
	before := map[string]bool{}
	sc.until("a look", func() bool {
		for id := range sc.items {
			before[id] = true
		}
		return true
	})
	customer := sc.s.call(sipphone.Request{To: "+18661231234", From: "+14155550123"})
	fresh := func(i object) bool { return !before[text(i, "id")] }
	i := sc.find(what, func(i object) bool { return fresh(i) && in("accepted")(i) && found(i) })
	if err := customer.Hangup(sc.s.ctx); err != nil {
		sc.s.t.Error(err)
	}
	sc.find("wrap-up", func(i object) bool { return fresh(i) && in("wrapup")(i) })
	sc.post(i, "end-wrapup", nil)
	return text(i, "id")
}

// log waits until an interaction's log is in a state, and returns it.
func (sc *screen) log(id, state string) object {
	sc.s.t.Helper()
	i := sc.find("a log that is "+state, func(i object) bool { return text(i, "id") == id && text(i, "log", "state") == state })
	l, _ := i["log"].(object)
	return l
}

// LOG-11, LOG-18, LOG-21, MAT-12, SF-10 with the real connector: the org loses an answer, is away, and refuses her.
func TestAnOrgThatMisbehaves(t *testing.T) {
	s := newSite(t, app.Options{})
	s.withDesk(s.signIn("mia"), "ada", sipphone.Options{})
	ada := s.signIn("ada").console()
	ada.must("POST", "/api/v1/console/status", object{"status": 4})
	misbehave := func(f simorg.Fault) {
		t.Helper()
		if _, err := s.org.AddFault(f); err != nil {
			t.Fatal(err)
		}
	}
	popped := func(state, code string) func(object) bool {
		return func(i object) bool { return text(i, "pop", "state") == state && text(i, "pop", "reasonCode") == code }
	}

	misbehave(simorg.Fault{Kind: "lost_reply", Match: simorg.Match{Path: "CC_Interaction_Key__c"}, Times: 1})
	if l := ada.log(ada.talk("her record", popped("found", "")), "done"); text(l, "url") == "" {
		t.Errorf("the log is %v", l)
	}
	if text(s.task(1), "WhoId") == "" || s.org.Ledger("Task")[0].Delivered {
		t.Errorf("the first write is %+v", s.org.Ledger("Task")[0])
	}

	misbehave(simorg.Fault{Kind: "unavailable"})
	id := ada.talk("that the org is away", func(i object) bool {
		return text(i, "pop", "state") == "not_searched" && strings.HasPrefix(text(i, "pop", "message"), "CRM not reached")
	})
	if l := ada.log(id, "waiting"); text(l, "next") == "" && text(l, "tries") != "0" {
		t.Errorf("the log is %v", l)
	}
	s.task(1)
	s.org.ClearFaults()
	ada.log(id, "done")
	if text(s.task(2), "WhoId") == "" {
		t.Error("the log of the call that was not searched stands alone")
	}

	if err := s.org.SetPassword("ada@demo.example", "changed"); err != nil {
		t.Fatal(err)
	}
	s.org.ExpireSessions("ada@demo.example")
	before := s.logins.Load()
	first := ada.talk("that she is refused", popped("not_searched", "INVALID_LOGIN"))
	if l := ada.log(first, "parked"); text(l, "code") != "INVALID_LOGIN" {
		t.Errorf("the log is %v", l)
	}
	ada.until("the banner", func() bool { return text(ada.crm, "result") == "INVALID_LOGIN" })
	s.signIn("ada") // another browser of hers does not try it either
	second := ada.talk("that she is refused still", popped("not_searched", "INVALID_LOGIN"))
	ada.log(second, "parked")
	if n := s.logins.Load() - before; n != 1 {
		t.Errorf("%d sign-ins were sent with the old password, want 1", n)
	}
	s.task(2)
	got := ada.must("PUT", "/api/v1/profile/crm", object{"kind": "password", "loginId": "ada@demo.example", "password": "changed", "token": "TOKADA"})
	if text(got, "result") != "CONNECTED" {
		t.Fatalf("the new password: %v", got)
	}
	ada.log(first, "done")
	ada.log(second, "done")
	s.task(4)
}

// GEN-9: stopped in the middle of a call. The customer is let go, and at the next start the call is lost, logged once with
// what was saved, and she can take the next one.
func TestStoppedDuringACall(t *testing.T) {
	on(t, func(t *testing.T, s *site) {
		desk := s.withDesk(s.signIn("mia"), "ada", sipphone.Options{})
		ada := s.signIn("ada").console()
		ada.must("POST", "/api/v1/console/status", object{"status": 4})
		customer := s.call(sipphone.Request{To: "+18661231234", From: "+14155550123"})
		i := ada.find("her record", func(i object) bool { return in("accepted")(i) && at(i, "pop", "details") != nil })
		ada.must("PUT", "/api/v1/console/interactions/"+text(i, "id")+"/write", object{"notes": "wants a quote"})
		s.close()
		for who, c := range map[string]*sipphone.Call{"customer": customer, "agent": <-desk.Incoming()} {
			select {
			case <-c.Done():
			case <-s.ctx.Done():
				t.Fatalf("the %s is still on the line", who)
			}
		}
		s.open(nil)
		ada = ada.person.console()
		l := ada.log(text(i, "id"), "done")
		i = ada.find("the lost call", func(x object) bool { return text(x, "id") == text(i, "id") })
		task := s.task(1)
		if d := text(task, "Description"); text(l, "url") == "" || text(i, "handling", "reason") != "LOST" || !strings.Contains(d, "wants a quote") || !strings.Contains(d, "lost") || text(task, "WhoId") == "" {
			t.Errorf("%v was logged as %v", i, task)
		}
		if err := desk.Register(s.ctx, s.app.SIPAddr().String()); err != nil {
			t.Fatal(err)
		}
		ada.must("POST", "/api/v1/console/status", object{"status": 4})
		if err := s.call(sipphone.Request{To: "+18661231234", From: "+14155550123"}).Hangup(s.ctx); err != nil {
			t.Error(err)
		}
		ada.find("the next call", in("wrapup"))
	})
}
