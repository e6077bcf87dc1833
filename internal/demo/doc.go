// Package demo is a world to try Cordboard in, that needs no account anywhere: a simulated Salesforce org, a sample tenant
// with agents who are signed on to it, and customers who call with a real SIP telephone (SPEC GEN-12).
//
// It promises that everything between the customer's INVITE and the Task in the org is the product itself: only the world
// around it is made up. It never runs unless asked for by `cordboard demo`.
package demo
