// Package orgtest drives the Salesforce connector against the simulated org, over HTTP.
//
// It holds tests only. The connector and the simulated org share no code and were written from the same documentation by
// different hands; what they disagree about shows here. It promises nothing to anyone.
package orgtest
