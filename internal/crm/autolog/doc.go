// Package autolog makes the record of a conversation that is written to the CRM by itself.
//
// OnClose stores the intent in the transaction that closes a handling; Worker, run by the deliveries, searches if nobody
// could before, composes the entry once, and sends what was frozen (SPEC LOG-1, LOG-21). It promises exactly one entry
// per handling (LOG-11), that the agent's own words win (LOG-4), and that no length makes a log fail (LOG-13). How an
// entry becomes a Task is the CRM adapter's; when it is tried again is the deliveries'.
package autolog
