package admission

// resize is for the limiter: it wants another limit.
func (c *Controller) resize(limit int, now int64) {
	c.wanted.Store(int64(limit))
	c.enforce(now)
}

// enforce puts the lowest limit that anything asks for in force, and the length
// of the queue that goes with it.
func (c *Controller) enforce(now int64) {
	if c.lowest() == c.permits.Load() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	limit := c.lowest()
	c.permits.Store(limit)
	if c.adaptive() && !c.fixedQueue {
		c.waiting.resize(max(int(limit), shortestQueue))
	}
	c.grantLocked(now)
	c.publishOpenLocked()
}

// lowest is the limit of whoever asks for the lowest.
func (c *Controller) lowest() int64 {
	if c.limiter.breaker.open.Load() {
		return 0
	}
	return min(c.wanted.Load(), c.cpu.most.Load(), c.memory.most.Load())
}
