// Package peers are the limiters of others, unmodified, behind one interface: the
// opponents of the arena. What each is configured with is in its file.
package peers

import (
	"context"

	"github.com/plimsoll-go/plimsoll/route"
)

// Limiter is what competes. Enter blocks until the work may run, and then says how
// to end it: with whether it was done in time. Nil means that it was refused.
type Limiter interface {
	Enter(ctx context.Context, class route.Criticality, tenant uint64) (leave func(inTime bool))
}

// Gate is when a limiter that watches the processor looks at all.
type Gate bool

// The gates. Shipped is the library's default: it opens when the processor has been
// busy for some seconds, and virtual time, or work that waits, never opens it. Open
// is its best case there.
const (
	Shipped Gate = false
	Open    Gate = true
)
