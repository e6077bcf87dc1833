package sip_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"cordboard/internal/channel/phone"
	"cordboard/internal/channel/phone/media"
	"cordboard/internal/channel/phone/sip/sipphone"
)

// baresip starts the softphone with an account line, sending a tone of 700 Hz and recording what it hears into the
// returned folder. It is ended by the test's end, or by stop.
func (w *world) baresip(account string, commands ...string) (dir string, stop func()) {
	w.t.Helper()
	if _, err := exec.LookPath("baresip"); err != nil {
		w.t.Skip("baresip isn't installed (Debian: apt-get install baresip-core): the independent phone is left out")
	}
	modules := ""
	for _, m := range []string{"/usr/lib/baresip/modules", "/usr/lib/x86_64-linux-gnu/baresip/modules", "/usr/lib/aarch64-linux-gnu/baresip/modules"} {
		if _, err := os.Stat(filepath.Join(m, "aufile.so")); err == nil {
			modules = m
		}
	}
	if modules == "" {
		w.t.Skip("baresip has no aufile module here: the independent phone is left out")
	}
	dir = w.t.TempDir()
	write := func(name, text string) { w.ok(os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600)) }
	write("accounts", account+"\n")
	write("contacts", "")
	var pcm []byte
	for _, v := range media.Wave(time.Minute, 0.25, 700) {
		pcm = binary.LittleEndian.AppendUint16(pcm, uint16(v))
	}
	write("tone.wav", "RIFF"+string(binary.LittleEndian.AppendUint32(nil, uint32(36+len(pcm))))+"WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data"+
		string(binary.LittleEndian.AppendUint32(nil, uint32(len(pcm))))+string(pcm))
	// Its TLS port is the one above its SIP port, hence an own port rather than 0.
	write("config", fmt.Sprintf(`module_path %s
sip_listen 127.0.0.1:%s
net_interface 127.0.0.1
call_max_calls 4
audio_source aufile,%s
audio_player aubridge,void
audio_alert aubridge,void
audio_srate 8000
audio_channels 1
rtp_timeout 60
snd_path %s
module g711.so
module aufile.so
module aubridge.so
module sndfile.so
module_tmp account.so
module_app menu.so
`, modules, freePort(w.t), filepath.Join(dir, "tone.wav"), dir))
	args := []string{"-4", "-f", dir}
	for _, c := range commands {
		args = append(args, "-e", c)
	}
	// A context that outlives the test's own, so that it can be ended properly and un-REGISTER.
	cmd := exec.CommandContext(context.WithoutCancel(w.ctx), "baresip", args...)
	log, err := os.Create(filepath.Join(dir, "log"))
	w.ok(err)
	cmd.Stdout, cmd.Stderr = log, log
	w.ok(cmd.Start())
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	stop = func() {
		_ = cmd.Process.Signal(os.Interrupt)
		select {
		case <-ended:
		case <-time.After(5 * time.Second):
			_ = cmd.Process.Kill()
			<-ended
		}
		_ = log.Close()
	}
	w.t.Cleanup(func() {
		stop()
		if w.t.Failed() {
			text, _ := os.ReadFile(filepath.Join(dir, "log"))
			w.t.Logf("baresip said:\n%s", text)
		}
	})
	return dir, stop
}

// heard is the share of the tone in the loudest second of what baresip recorded.
func (w *world) heard(dir string, freq float64) float64 {
	w.t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "dump-*-dec.wav"))
	w.ok(err)
	best := 0.0
	for _, name := range files {
		f, err := os.Open(name)
		w.ok(err)
		samples, err := media.ReadWAV(f)
		_ = f.Close()
		if err != nil {
			w.t.Logf("%s: %v", name, err)
			continue
		}
		for at := 0; at+2000 <= len(samples); at += 500 {
			best = max(best, media.Measure(samples[at:at+2000], freq))
		}
	}
	return best
}

// TestBaresipIsTheAgent: a phone that nobody here wrote registers, is rung, answers, and both hear each other.
func TestBaresipIsTheAgent(t *testing.T) {
	w := newWorld(t)
	dir, stop := w.baresip(fmt.Sprintf("<sip:ada@%s;transport=udp>;auth_pass=%s;answermode=auto;regint=600;audio_codecs=PCMU", w.server(), secret))
	if e := w.want("", phone.Reach); !e.Up {
		t.Fatalf("reach event %+v", e)
	}
	caller := w.phone(sipphone.Options{Tone: 1100})
	c, in := w.answered(caller)
	leg := w.dial('1', limit)
	w.want(leg, phone.Answered)
	w.ok(w.sw.Bridge(w.ctx, "b", in, leg))
	w.ok(c.Ear.Wait(w.ctx, 700))
	for n, _ := c.Ear.Packets(); ; {
		if m, _ := c.Ear.Packets(); m > n+50 {
			break // a second of talk, for its recording
		}
		w.ok(c.Ear.More(w.ctx))
	}
	w.ok(c.Hangup(w.ctx))
	w.ok(w.sw.Hangup(w.ctx, leg, phone.CauseNormal))
	w.want(leg, phone.Ended)
	stop()
	if e := w.want("", phone.Reach); e.Up {
		t.Errorf("its un-REGISTER gave %+v", e)
	}
	if share := w.heard(dir, 1100); share < 0.8 {
		t.Errorf("baresip heard the caller's tone with a share of %.2f", share)
	}
}

// TestBaresipIsTheCaller: it dials in, hears a prompt and the agent, is heard, and hangs up.
func TestBaresipIsTheCaller(t *testing.T) {
	w := newWorld(t)
	agent := w.agent(sipphone.Options{Tone: 1100})
	w.want("", phone.Reach)
	dir, stop := w.baresip(fmt.Sprintf("\"Ann Alvarez\" <sip:+14155550123@%s;transport=udp>;regint=0;audio_codecs=PCMA", w.server()),
		fmt.Sprintf("/dial sip:+18005550100@%s", w.server()))
	in := w.want("", phone.Arrived)
	if in.From != "+14155550123" || in.To != "+18005550100" || in.Display != "Ann Alvarez" {
		t.Errorf("arrived as %+v", in)
	}
	w.ok(w.sw.Ring(w.ctx, in.Leg))
	leg := w.dial('1', limit)
	w.want(leg, phone.Answered)
	w.ok(w.sw.Answer(w.ctx, in.Leg))
	w.want(in.Leg, phone.Answered)
	w.ok(w.sw.Bridge(w.ctx, "b", in.Leg, leg))
	a := <-agent.Incoming()
	w.ok(a.Ear.Wait(w.ctx, 700))
	for n, _ := a.Ear.Packets(); ; {
		if m, _ := a.Ear.Packets(); m > n+50 {
			break
		}
		w.ok(a.Ear.More(w.ctx))
	}
	stop() // hangs up
	if e := w.want(in.Leg, phone.Ended); e.Cause != phone.CauseNormal {
		t.Errorf("ended with %v", e.Cause)
	}
	if share := w.heard(dir, 1100); share < 0.8 {
		t.Errorf("baresip heard the agent's tone with a share of %.2f", share)
	}
}
