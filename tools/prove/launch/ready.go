package launch

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// Probe says when a service is ready.
type Probe struct {
	// Addr is host:port. Required.
	Addr string

	// Path must answer 200. Empty: that a connection is accepted is enough.
	Path string

	// Within is how long it may take. 0: 30 seconds.
	Within time.Duration

	// Every is the time from one probe to the next. 0: 5 ms. It is what a measured time to ready is accurate to.
	Every time.Duration

	// Attempt bounds one probe. 0: a second.
	Attempt time.Duration
}

func (p Probe) within() time.Duration { return orDefault(p.Within, 30*time.Second) }

func orDefault(d, otherwise time.Duration) time.Duration {
	if d <= 0 {
		return otherwise
	}
	return d
}

// Ready waits until the probe succeeds and returns when it did, since the epoch.
// It returns an *ExitedError or a *PortInUseError when the service ends first, a
// *NotReadyError when it takes too long, and the context's cause when that ends
// first. It does not end the service.
func (p *Process) Ready(ctx context.Context, probe Probe) (time.Duration, error) {
	if _, _, err := net.SplitHostPort(probe.Addr); err != nil {
		return 0, fmt.Errorf("wait for service: addr: %w", err)
	}
	bound, cancel := context.WithTimeout(ctx, probe.within())
	defer cancel()
	go func() { // a probe under way ends with the service
		select {
		case <-p.exited:
			cancel()
		case <-bound.Done():
		}
	}()
	again := time.NewTicker(orDefault(probe.Every, 5*time.Millisecond))
	defer again.Stop()
	end, _ := bound.Deadline()
	last := errors.New("nothing was tried")
	for bound.Err() == nil {
		err := probe.try(bound)
		if err == nil {
			return p.now(), nil
		}
		if time.Now().Before(end) { // or it is only the end that was seen
			last = err
		}
		select {
		case <-again.C:
		case <-bound.Done():
		}
	}
	return 0, p.notReady(ctx, probe, last)
}

// notReady is the error for a service whose time is up.
func (p *Process) notReady(ctx context.Context, probe Probe, last error) error {
	select {
	case <-p.exited:
		<-p.done // all that it said is read then
		return early(p.exit, p.Tail(20))
	default:
	}
	if ctx.Err() != nil {
		return fmt.Errorf("wait for service: %w", context.Cause(ctx))
	}
	sockets, err := p.Sockets()
	if err != nil { // it only makes the hint poorer
		sockets = Sockets{}
	}
	return &NotReadyError{Probe: probe, Last: last.Error(), Listening: sockets.Listening, Tail: p.Tail(20)}
}

// try is one probe on a connection of its own.
func (p Probe) try(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, orDefault(p.Attempt, time.Second))
	defer cancel()
	var dialer net.Dialer
	nc, err := dialer.DialContext(ctx, "tcp", p.Addr)
	if err != nil {
		return err
	}
	defer func() { _ = nc.Close() }() // a probe keeps nothing
	if nc.LocalAddr().String() == nc.RemoteAddr().String() {
		return errors.New("connection refused") // the kernel connected the probe to itself
	}
	if p.Path == "" {
		return nil
	}
	stop := context.AfterFunc(ctx, func() { _ = nc.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	return p.ask(nc)
}

// ask wants 200 from the path.
func (p Probe) ask(nc net.Conn) error {
	if _, err := fmt.Fprintf(nc, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: plimsoll\r\nConnection: close\r\n\r\n",
		p.Path, p.Addr); err != nil {
		return err
	}
	line, err := bufio.NewReader(io.LimitReader(nc, 4096)).ReadString('\n')
	if err != nil && line == "" {
		return fmt.Errorf("no answer: %w", err)
	}
	version, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	if status, _, _ := strings.Cut(rest, " "); !strings.HasPrefix(version, "HTTP/1.") || status != "200" {
		return fmt.Errorf("answered %q", strings.TrimSpace(line))
	}
	return nil
}
