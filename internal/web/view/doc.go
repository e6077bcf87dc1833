// Package view is what one person sees: interactions, agents, sign-ons and settings as the pages' contract names them.
//
// It promises that an agent never sees another agent's pop or edits, nor an interaction that was never put to him; that
// times are UTC with milliseconds and lists never null; and that texts from customers and CRMs stay text. It never changes
// anything.
package view
