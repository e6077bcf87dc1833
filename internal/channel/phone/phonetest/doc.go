// Package phonetest is how a phone back end is tried: Run, the suite that every phone.Switch passes, and Switch, a
// simulated one in memory.
//
// The suite promises that a back end which passes it can carry every story of the phone channel: events in order and one
// end per leg, ErrGone instead of incidents, nobody left alone in a call. The simulated switch keeps time by package
// time, so that it runs in virtual time inside a testing/synctest bubble, and makes every race to order: answers that
// cross a cancel, events that come later than the facts, a connection that is lost. It never makes a sound and opens no
// socket.
package phonetest
