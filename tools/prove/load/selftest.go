package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/stats"
)

// Fitness is what this machine can measure, as it is loaded now.
type Fitness struct {
	TimerP50 time.Duration `json:"timer_p50_ns"` // lateness of the scheduler's sleep
	TimerP99 time.Duration `json:"timer_p99_ns"`
	Rate     float64       `json:"rate"` // the highest rate at which the schedule was kept, with an echo in this process; 0: none
	Steps    []FitnessStep `json:"steps"`
}

// FitnessStep is one rate that was tried.
type FitnessStep struct {
	Rate   float64       `json:"rate"`
	LagP99 time.Duration `json:"lag_p99_ns"`
	P99    time.Duration `json:"p99_ns"` // of the echo's answers, from when they were due
	Good   float64       `json:"good"`   // part of the requests that were answered
	Kept   bool          `json:"kept"`   // lag p99 ≤ 2 ms, p99 ≤ 10 ms, all answered
}

const (
	fitnessNaps = 300
	fitnessStep = 250 * time.Millisecond
)

// SelfTest measures this machine for about two seconds: how late its sleeps are, and up to which rate the generator keeps
// its schedule. A rate that fails is tried twice, since a busy machine disturbs short tests.
func SelfTest(ctx context.Context) (Fitness, error) {
	var f Fitness
	if err := f.naps(ctx); err != nil {
		return f, fmt.Errorf("self-test: %w", err)
	}
	e, err := startEcho()
	if err != nil {
		return f, fmt.Errorf("self-test: %w", err)
	}
	defer e.stop()
	for rate := 1000.0; rate <= 16000; rate *= 2 {
		step, err := tryRate(ctx, e, rate)
		if err == nil && !step.Kept {
			f.Steps = append(f.Steps, step)
			step, err = tryRate(ctx, e, rate)
		}
		if err != nil {
			return f, fmt.Errorf("self-test: %w", err)
		}
		f.Steps = append(f.Steps, step)
		if !step.Kept {
			break
		}
		f.Rate = rate
	}
	return f, nil
}

// naps measures the lateness of sleeps of a millisecond.
func (f *Fitness) naps(ctx context.Context) error {
	late := make([]time.Duration, 0, fitnessNaps)
	done := make(chan struct{})
	go func() { // its thread is bound while it sleeps
		defer close(done)
		s := newSleeper()
		defer s.stop()
		o := startNow()
		for due := o.now() + time.Millisecond; len(late) < fitnessNaps; due += time.Millisecond {
			if !o.until(ctx, s, due) {
				return
			}
			late = append(late, o.now()-due)
		}
	}()
	<-done
	slices.Sort(late)
	f.TimerP50, f.TimerP99 = stats.Quantile(late, 0.5), stats.Quantile(late, 0.99)
	return context.Cause(ctx)
}

// tryRate runs against the echo for a quarter of a second.
func tryRate(ctx context.Context, e *echo, rate float64) (FitnessStep, error) {
	res, err := Run(ctx, Plan{
		Target: e.addr(), Mix: []Request{{Bytes: []byte("GET / HTTP/1.1\r\nHost: echo\r\n\r\n")}},
		Rate: rate, Duration: fitnessStep, Conns: 16, Deadline: 2 * time.Second,
	})
	if err != nil {
		return FitnessStep{}, err
	}
	c := res.Counts()
	step := FitnessStep{Rate: rate, LagP99: res.Lag(0.99), Good: float64(c.Of(OK)) / float64(max(c.Intended, 1))}
	step.P99 = stats.Quantile(Latencies(res.Rows, nil), 0.99)
	step.Kept = step.LagP99 <= 2*time.Millisecond && step.P99 <= 10*time.Millisecond && c.Of(OK) == c.Intended
	return step, nil
}

// echo answers every request with the same few bytes: what remains of a latency is the generator and the kernel.
type echo struct {
	listener net.Listener
	wg       sync.WaitGroup

	mu    sync.Mutex
	conns []net.Conn
}

func startEcho() (*echo, error) {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	e := &echo{listener: l}
	e.wg.Go(func() {
		for {
			nc, err := l.Accept()
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err != nil {
				continue
			}
			e.mu.Lock()
			e.conns = append(e.conns, nc)
			e.mu.Unlock()
			e.wg.Go(func() { answerAll(nc) })
		}
	})
	return e, nil
}

func (e *echo) addr() string { return e.listener.Addr().String() }

// stop ends the echo and waits for its goroutines.
func (e *echo) stop() {
	_ = e.listener.Close()
	e.mu.Lock()
	for _, nc := range e.conns {
		_ = nc.Close()
	}
	e.mu.Unlock()
	e.wg.Wait()
}

// answerAll answers every head without a body that arrives.
func answerAll(nc net.Conn) {
	defer func() { _ = nc.Close() }()
	answer := []byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	buf, n := make([]byte, 1024), 0
	for n < len(buf) {
		k, err := nc.Read(buf[n:])
		if err != nil {
			return
		}
		n += k
		if !bytes.HasSuffix(buf[:n], []byte("\r\n\r\n")) {
			continue
		}
		n = 0
		if _, err := nc.Write(answer); err != nil {
			return
		}
	}
}
