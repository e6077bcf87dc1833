// Package desk is the one door of the house: signals from channels and commands from people come in, interactions and
// agents change as a unit, and after the commit events go out on the bus and effects to the channel that owns the medium.
//
// Every live interaction has one executor, a goroutine with one inbox for signals, commands and its own timers; it works
// by Change alone, so nothing is cached beside the database. Routing gives the longest waiting interaction of the highest
// priority to the longest idle available agent of its queue (INT-4). The desk never waits for a channel or a CRM, and
// never speaks of telephones.
package desk
