// Package desk is the one door of the house: signals from channels and commands from people come in, interactions and
// agents change as a unit, and after the commit events go out on the bus and effects to the channel that owns the medium.
//
// Every live interaction has one executor, a goroutine with one inbox for signals, commands and its own timers, so that
// what happens to it happens, is stored and is told in one order. Routing gives the longest waiting interaction of the
// highest priority to the longest idle available agent of its queue (INT-4). All of it works by Store.Change alone: what
// is kept in memory (the next timer, who waits, who is free, whose console is connected) only says where to look, and is
// checked in the change. The desk never waits for a channel or a CRM, and never speaks of telephones.
package desk
