package plimsoll

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/plimsoll-go/plimsoll/life"
)

// LostError says what a drain could not finish. Its exit code is 3.
type LostError struct {
	Requests   int64    // handlers that had not returned when the drain's time was up
	Components []string // components whose Stop failed: "payments: context deadline exceeded"
}

// Error says what was lost and which setting gives it more time.
func (e *LostError) Error() string {
	var parts []string
	if e.Requests > 0 {
		parts = append(parts, fmt.Sprintf("%d requests had not finished", e.Requests))
	}
	if len(e.Components) > 0 {
		parts = append(parts, "these did not stop cleanly: "+strings.Join(e.Components, "; "))
	}
	return "work was lost in the drain: " + strings.Join(parts, ", ") + " (PLIMSOLL_DRAIN gives it more time)"
}

// A service serves, then lags (unready, but serving what a load balancer still
// sends), then closes (finishing what is in flight), and never goes back.
const (
	serving int32 = iota
	lagging
	closing
)

// drain is where a service stands in its end, and what it still waits for.
type drain struct {
	phase  atomic.Int32
	active atomic.Int64  // handlers and hijacked connections that have not ended
	idle   chan struct{} // holds one token when active may have reached 0 while closing

	begun      chan struct{} // closed when the drain begins
	streams    context.Context
	endStreams context.CancelCauseFunc
}

func newDrain() *drain {
	d := &drain{idle: make(chan struct{}, 1), begun: make(chan struct{})}
	d.streams, d.endStreams = context.WithCancelCause(context.Background())
	return d
}

func (d *drain) draining() bool { return d.phase.Load() != serving }

// enter counts work in; every enter has one leave.
func (d *drain) enter() { d.active.Add(1) }

func (d *drain) leave() {
	if d.active.Add(-1) == 0 && d.phase.Load() == closing {
		select {
		case d.idle <- struct{}{}:
		default: // a token is there already
		}
	}
}

// tell gives a stream a context that the drain ends, with life.ErrDraining.
func (d *drain) tell(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(d.streams, func() { cancel(life.ErrDraining) })
	return ctx, func() { stop(); cancel(nil) }
}

// wait returns how much is still active when nothing is or ctx ends. The phase
// is closing.
func (d *drain) wait(ctx context.Context) int64 {
	for {
		n := d.active.Load()
		if n <= 0 {
			return 0
		}
		select {
		case <-d.idle:
		case <-ctx.Done():
			return d.active.Load()
		}
	}
}

// endOfLife ends the service in the order that loses nothing: unready first while
// serving goes on, then no new connections, then what is in flight, then the
// components by phase. The admin listener stays up to the last.
func (s *Service) endOfLife(l *listeners) error {
	d, set := s.drain, &s.settings
	d.phase.Store(lagging)
	s.health.SetDraining()
	close(d.begun)
	s.log.Info("draining: readiness is 503, still serving", slog.Duration("lag", set.DrainLag), slog.Int64("in_flight", d.active.Load()))
	time.Sleep(set.DrainLag)

	d.phase.Store(closing)
	d.endStreams(life.ErrDraining)
	ctx, cancel := context.WithTimeout(context.Background(), set.Drain)
	defer cancel()
	shutdown := make(chan error, 1)
	go func() { shutdown <- l.public.Shutdown(ctx) }()
	lost := LostError{Requests: d.wait(ctx)}
	if err := <-shutdown; err != nil {
		_ = l.public.Close() // Shutdown's time is up; what it still held is counted as lost
	}

	// What requests did not use, and most of the grace beyond the drain: the
	// last fifth is for the process to end before SIGKILL.
	deadline, _ := ctx.Deadline()
	rest, cancelRest := context.WithDeadline(context.Background(), deadline.Add((set.Grace-set.DrainLag-set.Drain)*4/5))
	defer cancelRest()
	_ = s.health.Stop(rest) // no check meets a store that is closed; one that hangs is not waited for
	lost.Components = s.stopComponents(rest)
	s.log.Info("drained", slog.Int64("requests_lost", lost.Requests), slog.Any("components_lost", lost.Components))
	if err := s.telemetry.Shutdown(rest); err != nil {
		// Not lost work, and the log that would say so is what was lost.
		fmt.Fprintf(os.Stderr, "%s: telemetry was not flushed: %v\n", s.name, err)
	}
	if lost.Requests > 0 || len(lost.Components) > 0 {
		return &lost
	}
	return nil
}

// stopComponents stops each phase in turn, the components of one side by side,
// and returns what failed. A phase may take four fifths of the time that is left,
// so that a component that hangs is not the loss of those after it, nor of the
// log that names it.
func (s *Service) stopComponents(ctx context.Context) []string {
	var failed []string
	for _, phase := range life.Phases() {
		share, cancel := context.WithTimeout(ctx, untilEnd(ctx)*4/5)
		defer cancel()
		var (
			wg   sync.WaitGroup
			mu   sync.Mutex
			errs []string
		)
		for _, c := range s.components {
			if c.Phase != phase || c.Stop == nil {
				continue
			}
			wg.Go(func() {
				if err := stopOne(share, c); err != nil {
					mu.Lock()
					defer mu.Unlock()
					errs = append(errs, c.Name+": "+err.Error())
				}
			})
		}
		wg.Wait()
		failed = append(failed, errs...)
	}
	return failed
}

// untilEnd is how long ctx, which has a deadline, lasts.
func untilEnd(ctx context.Context) time.Duration {
	deadline, _ := ctx.Deadline()
	return time.Until(deadline)
}

// stopOne does not wait for a Stop that ignores its context.
func stopOne(ctx context.Context, c life.Component) error {
	done := make(chan error, 1)
	go func() {
		defer func() {
			if v := recover(); v != nil {
				done <- fmt.Errorf("panic in Stop: %v", v)
			}
		}()
		done <- c.Stop(ctx)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		select {
		case err := <-done:
			return err
		default:
			return errors.New("had not stopped in time")
		}
	}
}
