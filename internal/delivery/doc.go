// Package delivery keeps durable promises: something that must be written elsewhere, once, whatever breaks.
//
// A promise is stored with the change that made it (desk's intents); a pump claims what is due, freezes the payload once,
// sends it, and settles the outcome: done, again later with back-off and jitter, or parked for a person. A lane (one org
// and credential) rests or parks as a whole. It promises that a crash at any point loses nothing and that a worker whose
// sends are idempotent writes nothing twice. It never knows what a payload means.
package delivery
