// Package sip is the embedded switch: phone.Switch over SIP (RFC 3261) for trunks and registered desk phones.
//
// It takes calls from listed trunks only, registers agents' phones by digest, rings them (all bindings of a user at
// once, the first to answer wins), and joins audio on a media.Desk. Messages and transactions are sipgo's; dialogs,
// answers, cancellations and retransmitted 200s are ours, because sipgo's own dialog layer leaves ghost calls behind
// when an answer crosses a CANCEL, forgets the BYE after a lost ACK, and gives up at the eleventh provisional response.
//
// It promises that every leg ends with exactly one Ended event; that a phone which answers something we no longer want
// gets ACK and BYE; that each leg is one goroutine to which requests, commands and timers come one by one; that strangers
// get no answer and are banned after 20 tries; and that nothing listens beyond loopback unless told to.
//
// It never chooses an agent, retries a call, or decides what a caller hears; it does no SRTP, no REFER and no video.
// In code, "wire" is sipgo's message package.
package sip
