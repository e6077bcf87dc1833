// Package browser makes the agent's browser a telephone: a phone.Switch for targets of kind browser, on WebRTC.
//
// The agent's console connects its phone once and keeps it connected for as long as it owns it, so that accepting a call
// costs no negotiation: an offer rings at once, Answer is audio at once. Sound is G.711 u-law both ways (mandatory in
// every browser, so nothing is transcoded), through one UDP port for all browsers, ICE-lite, encrypted (DTLS-SRTP). An
// idle phone is sent nothing.
//
// One tab of one agent owns his phone (SPEC AGT-14): there are never two. A tab that reloads attaches itself again to
// the call that is up; one that stays away for 15 s has lost it (SPEC INT-16), and the leg ends with CauseLost.
//
// It never chooses a call, never accepts one by itself, holds no password, and trusts its caller for who the agent is.
//
// # Protocol
//
// The console speaks to the web, which checks the session and calls this package. Bodies are JSON; faults come as the
// web's usual fault object. "tab" is a random id which the page makes once and keeps in sessionStorage: it survives a
// reload and is not shared by tabs (a duplicated tab must make a new one: BroadcastChannel tells it).
//
//	POST /api/v1/console/phone/connect  {"tab": "…", "sdp": "<offer>"}  →  200 {"sdp": "<answer>"}
//	    409 PHONE_ELSEWHERE   another tab owns the phone: show "in use elsewhere" with "Use here"
//	    400 BAD_OFFER         not an offer with one audio section, or without PCMU
//	POST /api/v1/console/phone/take     {"tab": "…"}                    →  200, then connect: "Use here"
//	POST /api/v1/console/phone/release  {"tab": "…"}                    →  200, gives the phone up (sign-out)
//
// The live stream says, unnumbered, which tab owns the phone whenever that changes ("" is nobody): a tab that is not the
// owner any more closes its connection and stops ringing; it does not connect again by itself.
//
// The page:
//
//  1. pc = new RTCPeerConnection() without ICE servers; pc.addTransceiver("audio", {direction: "sendrecv"}) or addTrack
//     of the microphone; setLocalDescription(); wait until iceGatheringState is "complete" or 500 ms; post the offer's
//     SDP; setRemoteDescription(answer). Candidates are not trickled: the answer holds the server's only ones.
//  2. Play the remote track in an <audio> element with the chosen speaker (setSinkId).
//  3. The microphone's track is on the sender while a call is up only: sender.replaceTrack(track) when the interaction
//     turns accepted, replaceTrack(null) when it ends, so that an idle phone sends nothing. Changing the microphone is
//     replaceTrack too.
//  4. connectionState "failed", or "disconnected" for 5 s, or a reload: make a new RTCPeerConnection and connect again
//     with the same tab. The call goes on where it was; there are 15 s for it. The old connection may be closed at once.
//  5. Nothing is posted on pagehide: a closed page is noticed by its connection's end.
//
// Ringing, accepting, muting and hanging up are not here: they are the interaction's commands.
package browser
