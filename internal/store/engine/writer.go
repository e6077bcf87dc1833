package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"cordboard/internal/fault"
)

// group is how many changes one commit takes in at most, so that the first of them does not wait for ever.
const group = 256

// writer is SQLite's only writing connection, worked by one goroutine. Whoever comes while a commit is on its way to the
// disk is in the next group: the more there is to do, the more changes share one fsync.
type writer struct {
	pool  *sql.DB // of the one connection
	conn  *sql.Conn
	stmts *cache
	inbox chan *change // unbuffered: nothing is left in it when the writer stops
	quit  chan struct{}
	done  chan struct{}
	once  sync.Once
}

// change is one caller's wish.
type change struct {
	fn    func(q *Q) error
	taken atomic.Bool // by the writer, or by a caller who will not wait for it
	err   error
	panic any
	done  chan struct{}
}

func newWriter(pool *sql.DB, conn *sql.Conn) *writer {
	w := &writer{
		pool: pool, conn: conn, stmts: newCache(conn.PrepareContext),
		inbox: make(chan *change), quit: make(chan struct{}), done: make(chan struct{}),
	}
	go w.loop()
	return w
}

func (w *writer) close() error {
	w.once.Do(func() { close(w.quit) })
	<-w.done
	w.stmts.close()
	return errors.Join(w.conn.Close(), w.pool.Close())
}

// write hands fn to the writer and waits for the commit it is part of. Once the writer has taken it, its end is awaited
// even if ctx ends, so that the answer is always true.
func (w *writer) write(ctx context.Context, fn func(q *Q) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c := &change{fn: fn, done: make(chan struct{})}
	select {
	case w.inbox <- c:
	case <-ctx.Done():
		return ctx.Err()
	case <-w.quit:
		return fault.New(fault.Unavailable, "STORE_CLOSED", "Cordboard is shutting down. Nothing was saved; please try again in a moment.").
			Judge(fault.Retry, 0)
	}
	select {
	case <-c.done:
	case <-ctx.Done():
		if c.taken.CompareAndSwap(false, true) {
			return ctx.Err()
		}
		<-c.done
	}
	if c.panic != nil {
		panic(c.panic)
	}
	return c.err
}

func (w *writer) loop() {
	defer close(w.done)
	for {
		select {
		case c := <-w.inbox:
			w.group(c)
		case <-w.quit:
			return
		}
	}
}

// group runs the first change and whatever else is there, and commits them together.
func (w *writer) group(c *change) {
	var mine []*change
	err := w.exec("BEGIN IMMEDIATE")
	for c != nil {
		if c.taken.CompareAndSwap(false, true) {
			mine = append(mine, c)
			if err == nil {
				err = w.one(c)
			}
		}
		c = nil
		if len(mine) < group {
			select {
			case c = <-w.inbox:
			default:
			}
		}
	}
	if err == nil {
		err = w.exec("COMMIT")
	}
	if err != nil {
		w.exec("ROLLBACK") //nolint:errcheck,gosec // SQLite may have rolled back by itself
	}
	for _, c := range mine {
		if err != nil {
			c.err = err
		}
		close(c.done)
	}
}

// one runs a change in its own savepoint. Its own failure is kept in the change; what is returned breaks the whole group.
func (w *writer) one(c *change) error {
	if err := w.exec("SAVEPOINT one"); err != nil {
		return err
	}
	c.err = w.call(c)
	if c.err != nil {
		if err := w.exec("ROLLBACK TO one"); err != nil {
			return errors.Join(c.err, err)
		}
	}
	return w.exec("RELEASE one")
}

// call runs the caller's function; a panic in it is taken to the caller and harms nobody else.
func (w *writer) call(c *change) (err error) {
	defer func() {
		if c.panic = recover(); c.panic != nil {
			err = fmt.Errorf("panic in a change: %v", c.panic)
		}
	}()
	// No caller's context: SQLite answers an interrupted statement by rolling back the whole group.
	return c.fn(&Q{ctx: context.Background(), run: w.conn, stmts: w.stmts})
}

func (w *writer) exec(query string) error {
	st, err := w.stmts.get(context.Background(), query)
	if err != nil {
		return err
	}
	_, err = st.ExecContext(context.Background())
	return err
}
