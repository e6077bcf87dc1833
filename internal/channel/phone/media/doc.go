// Package media is where the audio of every kind of leg meets: G.711 in 20 ms packets through one small interface, Port.
//
// It holds the plain RTP port (UDPPort) with its SDP, the Desk on which legs are joined two by two or hear a prompt, and
// the prompts themselves, which are synthesised and need no files. A switch adapter (sip, browser, later asterisk) makes
// a Port for each of its legs, adds it to a Desk under the leg's id, and removes it when the leg ends; adapters that
// share one Desk can bridge each other's legs without knowing each other.
//
// It promises that what a party hears never jumps: joins, prompts and mutes are renumbered into one RTP stream
// (RFC 3550) per leg; that paced sound doesn't drift; that no goroutine outlives the port or prompt it serves; and that
// no packet from outside can make it panic. It never decides who talks to whom, never signals, and never decodes
// anything but G.711 (RFC 3551) and telephone-event (RFC 4733).
package media
