// Package app is the composition root: it opens what an installation has once (data folder, master key, listeners, SIP
// and browser-phone ports), makes one Tenant value per tenant out of the rooms, and starts and stops them in order.
//
// It promises that nothing below it knows that there are several tenants, that a half-made start is taken back, that a
// taken port or an unusable folder is a sentence naming the flag that changes it, and that Stop leaves nothing running.
// It holds no rules: a decision found here belongs into a room.
package app
