package phone

import "sync"

// crew counts the goroutines of a Channel, so that Stop can wait for the last one.
type crew struct {
	mu     sync.Mutex
	closed bool
	wg     sync.WaitGroup
}

// run starts f unless the crew has gone home.
func (c *crew) run(f func()) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.wg.Go(f)
	return true
}

// close lets no one start any more and waits for those at work.
func (c *crew) close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.wg.Wait()
}

// mailbox does one thing after the other, in the order in which they were put. Its goroutine lives only while there is
// something to do, so a call that waits costs nothing. put never blocks; it takes any number, because neither a switch's
// event nor the desk's effect may be lost or kept waiting.
type mailbox struct {
	crew *crew
	mu   sync.Mutex
	todo []func()
	busy bool
}

func (m *mailbox) put(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.todo = append(m.todo, f)
	if !m.busy {
		m.busy = m.crew.run(m.work)
	}
}

func (m *mailbox) work() {
	for {
		m.mu.Lock()
		if len(m.todo) == 0 {
			m.todo, m.busy = nil, false
			m.mu.Unlock()
			return
		}
		f := m.todo[0]
		m.todo = m.todo[1:]
		m.mu.Unlock()
		f()
	}
}
