package pool

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/plimsoll-go/plimsoll/admission"
	"github.com/plimsoll-go/plimsoll/budget"
	"github.com/plimsoll-go/plimsoll/problem"
)

// nestedWait is how long who holds a connection in a transaction may wait for
// another one: not so long that those who hold all of them and want one more
// stand still.
const nestedWait = 10 * time.Millisecond

type within struct{ owner any }

// Within marks the context of a transaction of owner, see Config.
func Within(ctx context.Context, owner any) context.Context {
	return context.WithValue(ctx, within{owner}, true)
}

// ErrNested is in the chain of an error of whoever holds a connection in a
// transaction, wanted another one, and found none free.
var ErrNested = errors.New("a transaction is open and wants another connection; use the *sql.Tx")

// refusal is the error of one who got no permit.
func (p *Pool) refusal(ctx context.Context, err error, nested bool) error {
	over := ctx.Err()
	switch {
	case errors.Is(over, context.Canceled):
		return fmt.Errorf("wait for a connection of %s: %w", p.cfg.Name, over)
	case over == nil && nested:
		return p.unavailable(ctx, "the database is at its limit", fmt.Errorf("%s: %w: %w", p.cfg.Name, ErrNested, err))
	case over != nil, errors.Is(err, admission.ErrDoomed):
		return problem.Wrap(problem.Deadline, "less time is left than the database takes",
			fmt.Errorf("wait for a connection of %s, %d at a time: %w: %w", p.cfg.Name, p.cfg.Size, err, context.DeadlineExceeded))
	default:
		return p.unavailable(ctx, "the database is at its limit",
			fmt.Errorf("wait for a connection of %s, %d at a time: %w", p.cfg.Name, p.cfg.Size, err))
	}
}

var errUnreachable = errors.New("connections broke, and are not replaced yet")

// unreachable is the error of one who comes while no connection is left.
func (p *Pool) unreachable(ctx context.Context) error {
	return p.unavailable(ctx, "the database cannot be reached", fmt.Errorf("%s: %w", p.cfg.Name, errUnreachable))
}

// unavailable is an answer that says when to come back, and that nothing was
// executed if the request's bill has nothing before this.
func (p *Pool) unavailable(ctx context.Context, detail string, cause error) error {
	answer := problem.Wrap(problem.Unavailable, detail, cause).WithHeader("Retry-After", strconv.Itoa(p.permits.RetryAfter()))
	if p.first(ctx) {
		answer = answer.WithHeader(budget.Executed, "no")
	}
	return answer
}

// first says whether the request has certainly done nothing outside of itself
// before: its bill has no call and no statement.
func (p *Pool) first(ctx context.Context) bool {
	ledger := budget.FromContext(ctx)
	if ledger == nil {
		return false
	}
	bill := ledger.Bill(time.Now())
	for line := range bill.Lines {
		if (line.Kind == budget.Dependency || line.Kind == budget.Database || line.Kind == budget.Others) && line.Name != p.line {
			return false
		}
	}
	return true
}
