// Package audit writes down who changed what (SPEC CFG-19): append-only, chained by hash, never a secret's value.
//
// It promises that Verify names the first row that was altered, is missing or stands in another place, the last rows
// included. It never stores anything itself (see Store) and never decides what is worth an entry: that is the caller's.
package audit
