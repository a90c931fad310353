// Package intake reads request bodies before anything else is spent on their
// requests, so that who uploads slowly holds a connection and a few kilobytes,
// not a permit. Bodies that are small are read whole; those of routes that take
// large ones, and of streams, are read by the handler, still bounded in size,
// time and memory.
//
// Its errors are problems (*problem.Error), ready to be answered.
package intake

import (
	"sync"
	"sync/atomic"
)

// DefaultMemory is the Pool that NewPool(0) makes: 64 bodies of 1 MiB.
const DefaultMemory = 64 << 20

// Pool is the memory that all request bodies share. It is taken as bytes arrive,
// never by what a header claims. It is safe for concurrent use.
type Pool struct {
	limit int64
	held  atomic.Int64

	unzippers sync.Pool // of *unzipper
	spare     spare
}

// NewPool makes a pool of so many bytes. 0: DefaultMemory.
func NewPool(bytes int64) *Pool {
	if bytes <= 0 {
		bytes = DefaultMemory
	}
	return &Pool{limit: bytes, spare: spare{most: bytes / spareShare}}
}

// Held is how many bytes are taken.
func (p *Pool) Held() int64 { return p.held.Load() }

func (p *Pool) take(bytes int64) bool {
	if p.held.Add(bytes) <= p.limit {
		return true
	}
	p.held.Add(-bytes)
	return false
}

func (p *Pool) give(bytes int64) { p.held.Add(-bytes) }
