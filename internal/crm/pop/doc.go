// Package pop is the screen pop: what to look for, what to show, when, and to whom.
//
// The decisions are pure functions over settings, interaction and matches (key.go, decide.go). Service hears what the desk
// committed, asks the CRM as the agent concerned, and writes the outcome back onto the interaction, so that a reload shows
// it again (SPEC POP-5). It promises that a record is put before an agent at most once per interaction however many
// triggers are ticked (POP-3), that a search that failed is never taken for an empty one (MAT-12), and that the call never
// waits for it (GEN-8). It never knows which CRM answers, nor what a telephone is.
package pop
