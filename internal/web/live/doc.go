// Package live is the stream that keeps a console equal to the database: a snapshot, then numbered deltas (DESIGN §4.4).
//
// It promises that a stream subscribes before it reads its snapshot and drops what the snapshot already has; that deltas
// leave in the order of their numbers, and a number that stays away brings a new snapshot on the same stream; that a
// reader who is too slow is let go (he comes back and gets a snapshot); that a sign-in that ends takes its streams along at
// once; and that what rings goes from the bus to the socket without a look at the database. It never changes anything,
// except to tell the desk who is present.
package live
