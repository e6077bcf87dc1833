// Package phone is the telephone channel: it turns what a Switch reports about legs into the desk's signals, and the
// desk's effects into commands to a Switch.
//
// It knows which legs belong to which interaction and what each hears; it never chooses an agent, never writes an
// interaction and never waits in line for a switch. Switches live below it (sip, browser, asterisk, remote), the audio
// they share in media, the suite that each must pass in phonetest.
package phone
