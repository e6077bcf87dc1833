package engine

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"

	"github.com/jackc/pgx/v5"
)

// pgConnector puts pgx under database/sql: pooling is database/sql's alone, so pgx's own pool stays out of the house.
// Statements are prepared and remembered per connection by pgx.
type pgConnector struct{ config *pgx.ConnConfig }

func (c pgConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, c.config)
	if err != nil {
		return nil, err
	}
	return &pgConn{conn}, nil
}

func (c pgConnector) Driver() driver.Driver { return pgDriver{} }

type pgDriver struct{}

func (pgDriver) Open(string) (driver.Conn, error) {
	return nil, errors.New("store: connections come from the connector")
}

type pgConn struct{ c *pgx.Conn }

var (
	_ driver.ConnBeginTx       = (*pgConn)(nil)
	_ driver.ExecerContext     = (*pgConn)(nil)
	_ driver.QueryerContext    = (*pgConn)(nil)
	_ driver.NamedValueChecker = (*pgConn)(nil)
	_ driver.SessionResetter   = (*pgConn)(nil)
	_ driver.Validator         = (*pgConn)(nil)
	_ driver.Pinger            = (*pgConn)(nil)
)

func (p *pgConn) Close() error                               { return p.c.Close(context.Background()) }
func (p *pgConn) IsValid() bool                              { return !p.c.IsClosed() }
func (p *pgConn) Ping(ctx context.Context) error             { return p.c.Ping(ctx) }
func (p *pgConn) CheckNamedValue(v *driver.NamedValue) error { return nil } // pgx knows more types than database/sql
func (p *pgConn) Prepare(query string) (driver.Stmt, error) {
	return nil, errors.New("store: pgx prepares by itself")
}
func (p *pgConn) Begin() (driver.Tx, error) {
	return p.BeginTx(context.Background(), driver.TxOptions{})
}

func (p *pgConn) ResetSession(context.Context) error {
	if p.c.IsClosed() {
		return driver.ErrBadConn
	}
	return nil
}

func (p *pgConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	if p.c.IsClosed() {
		return nil, driver.ErrBadConn
	}
	var po pgx.TxOptions
	if o.ReadOnly {
		po.IsoLevel, po.AccessMode = pgx.RepeatableRead, pgx.ReadOnly
	}
	tx, err := p.c.BeginTx(ctx, po)
	if err != nil {
		return nil, err
	}
	return pgTx{tx}, nil
}

type pgTx struct{ tx pgx.Tx }

func (t pgTx) Commit() error   { return t.tx.Commit(context.Background()) }
func (t pgTx) Rollback() error { return t.tx.Rollback(context.Background()) }

func (p *pgConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	tag, err := p.c.Exec(ctx, query, values(args)...)
	if err != nil {
		return nil, err
	}
	return driver.RowsAffected(tag.RowsAffected()), nil
}

func (p *pgConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	rows, err := p.c.Query(ctx, query, values(args)...)
	if err != nil {
		return nil, err
	}
	return &pgRows{rows}, nil
}

func values(args []driver.NamedValue) []any {
	out := make([]any, len(args))
	for i, a := range args {
		out[i] = a.Value
	}
	return out
}

type pgRows struct{ rows pgx.Rows }

func (r *pgRows) Columns() []string {
	var out []string
	for _, f := range r.rows.FieldDescriptions() {
		out = append(out, f.Name)
	}
	return out
}

func (r *pgRows) Close() error {
	r.rows.Close()
	return r.rows.Err()
}

func (r *pgRows) Next(dest []driver.Value) error {
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return io.EOF
	}
	vs, err := r.rows.Values()
	if err != nil {
		return err
	}
	for i, v := range vs {
		switch n := v.(type) {
		case int16:
			dest[i] = int64(n)
		case int32:
			dest[i] = int64(n)
		default:
			dest[i] = v
		}
	}
	return nil
}
