package postgres

import (
	"context"
	"database/sql"
	"net"
	"sync"
	"time"
)

// interrupt is what happens when a context ends during a statement. The driver's
// own way is to close the connection, and to open another one that asks the
// server to cancel; under many timeouts at once that is a storm of connections
// on a server that is in trouble already. Here the server ends the statement, and
// the connection stays: by statement_timeout, where that is about to pass, and
// otherwise because it is told to on the connection that readiness uses.
//
// Only a server that does not answer loses the connection, after the grace.
type interrupt struct {
	socket  net.Conn
	session session
	cancel  *canceller // nil: nobody can tell the server
	grace   time.Duration

	until time.Time // when the server ends the statement by itself; zero: never

	mu      sync.Mutex
	over    bool          // the statement has returned: nothing is to be cancelled
	told    chan struct{} // closed when the canceller is done with it; nil: it was not asked
	tainted bool          // a cancel may still be on its way to whatever runs next
}

// session is a connection as the server knows it. The number alone could be
// another's after a failover.
type session struct {
	pid   int64
	began time.Time
}

// soon is how near the server's own timeout makes a cancel needless.
const soon = 5 * time.Millisecond

// HandleCancel implements ctxwatch.Handler. It must not block.
func (i *interrupt) HandleCancel(context.Context) {
	now := time.Now()
	giveUp := now
	if i.until.After(now) {
		giveUp = i.until
	}
	giveUp = giveUp.Add(i.grace)
	_ = i.socket.SetDeadline(giveUp) // what has no deadlines cannot be given up
	if i.cancel == nil || !i.until.IsZero() && i.until.Sub(now) <= soon {
		return
	}
	told := make(chan struct{})
	i.mu.Lock()
	i.over, i.told = false, told
	i.mu.Unlock()
	go func() { // HandleUnwatchAfterCancel waits for it
		defer close(told)
		i.ask(giveUp)
	}()
}

// ask has the server cancel the statement, unless that returns first.
func (i *interrupt) ask(giveUp time.Time) {
	i.cancel.mu.Lock() // there is one connection for it
	defer i.cancel.mu.Unlock()
	i.mu.Lock()
	over := i.over
	i.mu.Unlock()
	if over {
		return
	}
	ctx, stop := context.WithDeadline(context.Background(), giveUp)
	defer stop()
	if err := i.cancel.tell(ctx, i.session); err != nil {
		i.mu.Lock()
		i.tainted = true // the server may have got it, and may act on it later
		i.mu.Unlock()
		return
	}
	if again := time.Now().Add(i.grace); again.After(giveUp) {
		_ = i.socket.SetDeadline(again) // the server answers: it may have its time
	}
}

// HandleUnwatchAfterCancel implements ctxwatch.Handler. The connection must not
// be used before the server has dealt with the cancel, or that would hit the next
// statement. The server sends the signal before it answers, and ignores one that
// arrives between statements.
func (i *interrupt) HandleUnwatchAfterCancel() {
	i.mu.Lock()
	i.over = true
	told := i.told
	i.told = nil
	i.mu.Unlock()
	if told != nil {
		<-told
	}
	_ = i.socket.SetDeadline(time.Time{})
}

// unclean says that the connection must not be used again.
func (i *interrupt) unclean() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.tainted
}

// canceller tells the server to cancel what a session is doing.
type canceller struct {
	mu sync.Mutex // held while the server is asked
	db *sql.DB
}

func (c *canceller) tell(ctx context.Context, s session) error {
	_, err := c.db.ExecContext(ctx,
		"SELECT pg_cancel_backend(pid) FROM pg_stat_get_activity($1) WHERE backend_start = $2", s.pid, s.began)
	return err
}
