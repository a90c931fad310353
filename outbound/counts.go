package outbound

import "sync/atomic"

// counts are what metrics say of a destination. They only grow.
type counts struct {
	outcomes [outcomes]atomic.Int64
	verdicts [verdicts]atomic.Int64
	refusals [refusals]atomic.Int64
	hedges   [hedgeEvents]atomic.Int64
	degraded atomic.Int64
}

// hedgeEvent is what becomes of hedges.
type hedgeEvent uint8

const (
	hedgeSent hedgeEvent = iota
	hedgeWon             // it was answered first
	hedgeEvents
)

var hedgeEventNames = [hedgeEvents]string{"sent", "won"}

func (c *counts) decided(v verdict) { c.verdicts[v].Add(1) }
