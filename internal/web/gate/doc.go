// Package gate decides who may use which route of the API.
//
// It promises that every route stands in one table of rights and that none can be served without; that a change is refused
// unless it says it is JSON; and that a sign-in counts only while its user is there and active. It never looks at what is
// asked for: that an object is the caller's to see is the handlers' to say.
package gate
