// Package phone is the telephone channel: it turns what a Switch reports about legs into the desk's signals, and the
// desk's effects into commands to a Switch.
//
// A Channel has one actor per call. Its core (core.go) is a pure machine that knows which legs the call has and what
// each may become; the actor (call.go) carries out its orders, and sends what the desk must hear by a post of its own,
// in order and again until it is taken. Leg ids are ours: a customer's leg is the interaction's Ref, an agent's follows
// from the interaction and its offer, so that a call is found again after a restart (reconcile.go). Compose makes one
// Switch of several, and Feed is the ordered stream of events that a Switch needs.
//
// It promises that no leg is joined with one that has ended, that an answer which comes too late is hung up, that
// nobody is left alone on a line, and that no signal is lost or told twice. It never chooses an agent, never writes an
// interaction and never waits in line for a switch or the desk. Switches live below it (sip, browser, asterisk, remote),
// the audio they share in media, the suite that each must pass in phonetest.
package phone
