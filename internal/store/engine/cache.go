package engine

import (
	"context"
	"database/sql"
	"sync"
)

// keep is how many statements a cache holds; the store's own texts are fewer, what lists make up as they go is run as text.
const keep = 256

// cache holds prepared statements of one pool or connection by their text.
type cache struct {
	prepare func(ctx context.Context, query string) (*sql.Stmt, error)
	mu      sync.Mutex
	stmts   map[string]*sql.Stmt
}

func newCache(prepare func(ctx context.Context, query string) (*sql.Stmt, error)) *cache {
	return &cache{prepare: prepare, stmts: map[string]*sql.Stmt{}}
}

// get returns the prepared statement, or nil when the text is to be run as it is.
func (c *cache) get(ctx context.Context, query string) (*sql.Stmt, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if st := c.stmts[query]; st != nil {
		return st, nil
	}
	if len(c.stmts) >= keep {
		return nil, nil //nolint:nilnil // nil means: run it as text
	}
	st, err := c.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	c.stmts[query] = st
	return st, nil
}

func (c *cache) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, st := range c.stmts {
		st.Close() //nolint:errcheck,gosec // the connection ends with it
	}
	clear(c.stmts)
}

// Texts lists the statements that were prepared so far, for whoever wants to see how they are carried out; PostgreSQL's
// driver keeps its own, and there are none here.
func (db *DB) Texts() (out []string) {
	if db.writer == nil {
		return nil
	}
	for _, c := range []*cache{db.reads, db.writer.stmts} {
		c.mu.Lock()
		for q := range c.stmts {
			out = append(out, q)
		}
		c.mu.Unlock()
	}
	return out
}
