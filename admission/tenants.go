package admission

// Inside a class every tenant has its turn. A tenant is a number, such as a hash
// of a token or an address; it is dealt a hand of flows, as in the fair queuing
// of Kubernetes' API server, and joins the shorter one. One tenant's flood fills
// its own flows, and another that shares one of them has a second.
const flows = 64

// class is who waits in one class: flows that take turns, each in order of
// arrival.
type class struct {
	flows  [flows]flow
	turn   *flow // whose turn is next, in a ring of those in which somebody waits
	active int   // flows in the ring
	length int   // who waits, in all
}

type flow struct {
	oldest, newest *lease
	length         int
	next, prev     *flow // in the ring
}

// hand picks the flow of a tenant's newcomer.
func (c *class) hand(tenant uint64) *flow {
	if tenant == 0 {
		return &c.flows[0]
	}
	tenant *= 0x9e3779b97f4a7c15 // spreads small numbers; 2^64 over the golden ratio
	a, b := &c.flows[tenant>>58], &c.flows[tenant>>52&(flows-1)]
	if b.length < a.length {
		return b
	}
	return a
}

func (c *class) push(l *lease, f *flow) {
	l.flow, l.next, l.prev = f, nil, f.newest
	if f.newest != nil {
		f.newest.next = l
	} else {
		f.oldest = l
		c.join(f)
	}
	f.newest = l
	f.length++
	c.length++
}

func (c *class) remove(l *lease) {
	f := l.flow
	if l.prev != nil {
		l.prev.next = l.next
	} else {
		f.oldest = l.next
	}
	if l.next != nil {
		l.next.prev = l.prev
	} else {
		f.newest = l.prev
	}
	l.next, l.prev, l.flow = nil, nil, nil
	f.length--
	c.length--
	if f.oldest == nil {
		c.leave(f)
	}
}

// join puts a flow at the end of the ring: all others have their turn first.
func (c *class) join(f *flow) {
	c.active++
	if c.turn == nil {
		c.turn, f.next, f.prev = f, f, f
		return
	}
	f.next, f.prev = c.turn, c.turn.prev
	f.prev.next, f.next.prev = f, f
}

func (c *class) leave(f *flow) {
	c.active--
	if f.next == f {
		c.turn = nil
	} else {
		f.prev.next, f.next.prev = f.next, f.prev
		if c.turn == f {
			c.turn = f.next
		}
	}
	f.next, f.prev = nil, nil
}

// first is whose turn it is; nil when nobody waits.
func (c *class) first() *lease {
	if c.turn == nil {
		return nil
	}
	return c.turn.oldest
}

// served ends a turn, before the lease is removed.
func (c *class) served(l *lease) {
	if c.turn == l.flow {
		c.turn = l.flow.next
	}
}

// longest is the flow in which most wait; nil when nobody does.
func (c *class) longest() *flow {
	longest := c.turn
	for f, n := c.turn, c.active; n > 0; f, n = f.next, n-1 {
		if f.length > longest.length {
			longest = f
		}
	}
	return longest
}

// ahead is how many of the class are served before a newcomer of the flow.
func (c *class) ahead(f *flow) int {
	return min(c.length, f.length*max(c.active, 1)+c.active)
}
