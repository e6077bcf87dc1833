package engine

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"

	"cordboard/internal/fault"
)

// SQLite's primary result codes that people can do something about (sqlite.org/rescode.html).
const (
	sqliteBusy     = 5
	sqliteReadOnly = 8
	sqliteIOErr    = 10
	sqliteCorrupt  = 11
	sqliteFull     = 13
	sqliteCantOpen = 14
	sqliteNotADB   = 26
)

// retryable reports whether PostgreSQL asks for the transaction to be run again (its Appendix A), a duplicate key
// included: whoever was faster is found by the next run.
func retryable(err error) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return false
	}
	switch pg.Code {
	case "40001", "40P01", "55P03", "23505", "25P02":
		return true
	}
	return false
}

// Fault says in a sentence what is wrong with the database. Faults and ended contexts pass as they are, and so does
// anything that is no database's error.
func (db *DB) Fault(err error) error {
	var f *fault.Error
	var lite *sqlite.Error
	var pg *pgconn.PgError
	var netErr net.Error
	var conn *pgconn.ConnectError
	switch {
	case err == nil, errors.As(err, &f), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded) && !errors.As(err, &conn):
		return err
	case errors.As(err, &lite):
		return db.liteFault(lite, err)
	case errors.As(err, &pg):
		return db.pgFault(pg, err)
	case errors.As(err, &conn), errors.As(err, &netErr):
		return retry("DATABASE_UNREACHABLE",
			"The database server of %s does not answer. Nothing was saved. Check that PostgreSQL is running and can be reached from here.", db.name, err)
	case errors.Is(err, ErrAgain):
		return err
	}
	return err
}

func (db *DB) liteFault(e *sqlite.Error, err error) error {
	switch e.Code() & 0xff {
	case sqliteBusy:
		return retry("DATABASE_LOCKED", "The database %s is locked by another program. Nothing was saved. End that program, or point Cordboard at another data folder.", db.name, err)
	case sqliteReadOnly, sqliteCantOpen:
		return retry("DATABASE_UNWRITABLE", "The database %s can't be written. Nothing was saved. Give the system user that runs Cordboard the right to write its folder.", db.name, err)
	case sqliteFull:
		return retry("DISK_FULL", "The disk that holds %s is full. Nothing was saved. Free some space; Cordboard goes on by itself.", db.name, err)
	case sqliteCorrupt, sqliteNotADB:
		return fault.Newf(fault.Unavailable, "DATABASE_DAMAGED",
			"The file %s is damaged or no database of Cordboard. Nothing was changed. Restore it from a backup.", db.name).With(err)
	case sqliteIOErr:
		return retry("DISK_FAULT", "The disk that holds %s reports an error. Nothing was saved. Check the disk.", db.name, err)
	}
	return err
}

func (db *DB) pgFault(e *pgconn.PgError, err error) error {
	switch {
	case e.Code == "28P01" || e.Code == "28000":
		return fault.Newf(fault.Unavailable, "DATABASE_REFUSED",
			"PostgreSQL refused the user or password for %s. Nothing was changed. Correct the database address and start again.", db.name).With(err)
	case e.Code == "3D000":
		return fault.Newf(fault.Unavailable, "DATABASE_MISSING",
			"There is no database for %s. Make it with CREATE DATABASE, or correct the database address.", db.name).With(err)
	case e.Code == "42501":
		return fault.Newf(fault.Unavailable, "DATABASE_RIGHTS",
			"The database user may not do what Cordboard needs in %s. Nothing was changed. Grant it CREATE on the database, or make its schemas for it.", db.name).With(err)
	case e.Code[:2] == "53":
		return retry("DATABASE_FULL", "The database server of %s has no room or no free connection. Nothing was saved; Cordboard tries again by itself.", db.name, err)
	case e.Code[:2] == "08" || e.Code[:2] == "57":
		return retry("DATABASE_UNREACHABLE", "The database server of %s is going down or does not answer. Nothing was saved; please try again.", db.name, err)
	}
	return err
}

func retry(code, format, name string, err error) error {
	return fault.Newf(fault.Unavailable, code, format, name).Judge(fault.Retry, time.Second).With(err)
}
