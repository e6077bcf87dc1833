// Package setting keeps a tenant's documents: it checks them with tenant's rules, saves them against the version that
// was read (CFG-2), audits the change, and hands out the immutable picture that everyone works by.
//
// It promises that a saved document is valid, that two people cannot overwrite each other unseen, and that Config never
// waits. It never decides what a setting means: that is tenant's and its users'.
package setting
