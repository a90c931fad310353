package outbound

import "sync/atomic"

// counts are what a destination is asked for by metrics. They only grow.
type counts struct {
	verdicts [verdicts]atomic.Int64
}

func (c *counts) decided(v verdict) { c.verdicts[v].Add(1) }
