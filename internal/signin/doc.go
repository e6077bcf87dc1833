// Package signin lets people in: passwords, sign-ins that last 12 hours at most, and lockout (SPEC AGT-1, SEC-1, SEC-2,
// SEC-6).
//
// It promises that a stored password is an argon2id hash and a stored session the SHA-256 of an id that only the browser
// holds; that an answer never tells, by words or by time, whether a user exists; and that a sign-in that ends is told at
// once to whoever keeps a stream open for it. It never decides what a person may do: that is the web's table of rights.
package signin
