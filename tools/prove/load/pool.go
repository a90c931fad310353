package load

import (
	"slices"
	"sync"
)

// pool holds the connections of a run. Idle ones form a ring in the order in which they became idle.
type pool struct {
	reuse Reuse
	limit int
	live  *Live

	mu     sync.Mutex
	idle   conn // sentinel of the ring; next is the one that has been idle longest
	all    map[*conn]struct{}
	opened int // open ones, and places reserved for those being opened
	closed bool
}

func newPool(reuse Reuse, limit int, live *Live) *pool {
	p := &pool{reuse: reuse, limit: limit, live: live, all: make(map[*conn]struct{})}
	p.idle.next, p.idle.prev = &p.idle, &p.idle
	return p
}

// take removes an idle connection and returns it; nil if there is none.
func (p *pool) take() *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.idle.next
	if p.reuse == LIFO {
		c = p.idle.prev
	}
	if c == &p.idle {
		return nil
	}
	c.unlink()
	return c
}

// put makes a connection idle and reports whether the pool still takes any.
func (p *pool) put(c *conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	c.prev, c.next = p.idle.prev, &p.idle
	c.prev.next, c.next.prev = c, c
	return true
}

// reserve takes a place for a connection that is about to be opened.
func (p *pool) reserve() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.opened >= p.limit {
		return false
	}
	p.opened++
	return true
}

// release gives back the place of a connection that was not opened.
func (p *pool) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.opened--
}

// add puts a new connection into its reserved place; false: the run is over.
func (p *pool) add(c *conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.all[c] = struct{}{}
	p.live.conns.Add(1)
	return true
}

// drop forgets a connection that has ended.
func (p *pool) drop(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c.unlink()
	if _, ok := p.all[c]; ok {
		delete(p.all, c)
		p.opened--
		p.live.conns.Add(-1)
	}
}

// close takes no more connections and returns those that are open.
func (p *pool) close() []*conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	open := make([]*conn, 0, len(p.all))
	for c := range p.all {
		open = append(open, c)
	}
	return slices.Clip(open)
}

// unlink takes the connection out of the ring if it is in it.
func (c *conn) unlink() {
	if c.next != nil {
		c.prev.next, c.next.prev = c.next, c.prev
		c.prev, c.next = nil, nil
	}
}
