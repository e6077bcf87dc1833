package browser_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	"cordboard/internal/channel/phone"
	"cordboard/internal/channel/phone/browser"
)

// witness is the protocol of the package comment as a page speaks it: connected without a microphone, which is put on
// when the call is up; it reports what it heard.
const witness = `<!doctype html><audio id=out autoplay></audio><script>
const post = async (path, body) => (await fetch(path, {method: 'POST', body: JSON.stringify(body)})).json();
(async () => {
  const pc = new RTCPeerConnection();
  const sender = pc.addTransceiver('audio', {direction: 'sendrecv'}).sender;
  pc.ontrack = e => { out.srcObject = new MediaStream([e.track]); };
  await pc.setLocalDescription();
  await Promise.race([new Promise(r => setTimeout(r, 500)), new Promise(r => pc.onicegatheringstatechange = () => pc.iceGatheringState === 'complete' && r())]);
  const {sdp} = await post('/connect', {sdp: pc.localDescription.sdp});
  pc.onconnectionstatechange = async () => {
    if (pc.connectionState !== 'connected') return;
    await post('/up', {});
    await sender.replaceTrack((await navigator.mediaDevices.getUserMedia({audio: true})).getAudioTracks()[0]);
  };
  await pc.setRemoteDescription({type: 'answer', sdp});
  setInterval(async () => {
    for (const s of (await pc.getStats()).values())
      if (s.type === 'inbound-rtp') post('/heard', {packets: s.packetsReceived, lost: s.packetsLost, energy: s.totalAudioEnergy});
  }, 100);
})().catch(e => post('/failed', {why: String(e)}));
</script>`

// Chromium, which nobody here wrote, connects as the console does, and talks with another page both ways.
func TestChromium(t *testing.T) {
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not installed")
	}
	w := newWorld(t, browser.Options{})
	heard, failed := make(chan struct{}, 1), make(chan string, 1)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Content-Type", "text/html")
		_, _ = rw.Write([]byte(witness))
	})
	mux.HandleFunc("POST /connect", func(rw http.ResponseWriter, r *http.Request) {
		var in struct{ SDP string }
		_ = json.NewDecoder(r.Body).Decode(&in)
		answer, err := w.sw.Connect(r.Context(), "ada", "tab-1", in.SDP)
		if err != nil {
			http.Error(rw, err.Error(), http.StatusBadRequest)
			return
		}
		_ = json.NewEncoder(rw).Encode(map[string]string{"sdp": answer})
	})
	mux.HandleFunc("POST /heard", func(rw http.ResponseWriter, r *http.Request) {
		var in struct {
			Packets, Lost int
			Energy        float64
		}
		_ = json.NewDecoder(r.Body).Decode(&in)
		if in.Packets > 25 && in.Lost == 0 && in.Energy > 0.001 {
			select {
			case heard <- struct{}{}:
			default:
			}
		}
		_, _ = rw.Write([]byte("{}"))
	})
	mux.HandleFunc("POST /up", func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte("{}")) })
	mux.HandleFunc("POST /failed", func(_ http.ResponseWriter, r *http.Request) {
		var in struct{ Why string }
		_ = json.NewDecoder(r.Body).Decode(&in)
		failed <- in.Why
	})
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)

	// Not t.TempDir: its children may still be writing there when the browser has been ended.
	dir, err := os.MkdirTemp("", "chromium")
	must(t, err)
	cmd := exec.Command(chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--use-fake-device-for-media-stream",
		"--use-fake-ui-for-media-stream", "--autoplay-policy=no-user-gesture-required", "--allow-loopback-in-peer-connection",
		"--user-data-dir="+dir, srv.URL)
	var said strings.Builder
	cmd.Stderr = &said
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = os.RemoveAll(dir)
		if t.Failed() {
			t.Log(said.String())
		}
	})

	ben := openTab(t, "tab-b", 880).connected(w.sw, "ben")
	w.reach("ben", true)
	w.reach("ada", true)
	w.call("leg-a", "ada")
	w.call("leg-b", "ben")
	must(t, w.sw.Bridge(ctx, "bridge", "leg-a", "leg-b"))
	eventually(t, func() bool {
		select {
		case why := <-failed:
			t.Fatalf("the page failed: %s", why)
		case <-heard:
			return true
		default:
		}
		return false
	})
	eventually(t, func() bool { return ben.Packets() > 25 && w.sw.Quality("ada").Received > 25 })
	must(t, w.sw.Hangup(ctx, "leg-a", phone.CauseNormal))
}
