package fault

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Sink is one HTTP dependency. Its methods may be called from any goroutine.
type Sink struct {
	cfg      Config
	keep     []string // header names, in lower case
	addr     string
	reserved func() // gives the port back
	ledger   *ledger
	slots    *slots
	script   atomic.Pointer[scripted]
	stopped  chan struct{} // closed by Close
	running  sync.WaitGroup

	mu       sync.Mutex
	closed   bool
	listener net.Listener // nil while refusing
	cutting  bool         // refusing, with new connections reset: those that were on their way in
	conns    map[*conn]struct{}
	release  chan struct{} // closed and replaced by Release
}

// scripted is a script and how many calls it decided about.
type scripted struct {
	script Script
	calls  atomic.Int64
}

// Open starts a sink. The caller closes it.
func Open(cfg Config) (*Sink, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("open fault sink: %w", err)
	}
	cfg = cfg.withDefaults()
	s := &Sink{
		cfg:     cfg,
		stopped: make(chan struct{}),
		conns:   make(map[*conn]struct{}),
		release: make(chan struct{}),
	}
	for _, name := range cfg.Keep {
		s.keep = append(s.keep, strings.ToLower(name))
	}
	s.ledger = newLedger(cfg, s.now())
	s.slots = &slots{now: s.now, capacity: cfg.Capacity}
	s.SetScript(cfg.Script)

	addr, release, err := reserve(cfg.Addr)
	if err != nil {
		return nil, fmt.Errorf("open fault sink on %s: %w", cfg.Addr, err)
	}
	s.addr, s.reserved = addr, release
	if err := s.Resume(); err != nil {
		release()
		return nil, fmt.Errorf("open fault sink: %w", err)
	}
	return s, nil
}

// now is the sink's clock: the time since the epoch.
func (s *Sink) now() time.Duration { return time.Since(s.cfg.Epoch) }

// Addr is host:port. It stays the same through Refuse and Resume.
func (s *Sink) Addr() string { return s.addr }

// URL is what a service's configuration wants: http://host:port.
func (s *Sink) URL() string { return "http://" + s.addr }

// SetScript replaces the script; calls that were decided about go on as they
// were. Nil answers 200.
func (s *Sink) SetScript(script Script) { s.script.Store(&scripted{script: script}) }

// SetCapacity replaces the capacity. Calls that hold a slot keep it for their
// time; those that wait are let in by the new one.
func (s *Sink) SetCapacity(c Capacity) { s.slots.resize(c) }

// Capacity is the capacity in force.
func (s *Sink) Capacity() Capacity { return s.slots.size() }

func (s *Sink) decide(q Request) Behaviour {
	current := s.script.Load()
	return current.script.ask(int(current.calls.Add(1)), q)
}

// Release lets every call go on that hangs now: it is answered after all.
func (s *Sink) Release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.release)
	s.release = make(chan struct{})
}

func (s *Sink) released() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.release
}

// Existing says what Refuse does with the connections that are open.
type Existing uint8

// The choices. KeepConns is the zero value.
const (
	KeepConns  Existing = iota // they go on being served
	ResetConns                 // they are reset, and their calls end as Severed
)

// Refuse closes the port, so that connecting to it is refused. The port stays
// this sink's own. Calls that are never connected are not seen, so they leave
// no record. Refusing twice is legal.
func (s *Sink) Refuse(existing Existing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listener != nil {
		_ = s.listener.Close() // the accept loop ends either way
		s.listener = nil
	}
	if existing == ResetConns {
		s.cutting = true
		for c := range s.conns {
			c.sever()
		}
	}
}

// DropIdle ends the connections that carry no call at this moment, in an orderly way (FIN) or with a reset (RST), and
// returns how many there were. New ones are taken in as before.
func (s *Sink) DropIdle(how Departure) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	dropped := 0
	for c := range s.conns {
		if c.behind.Load() == 0 {
			c.drop(how)
			dropped++
		}
	}
	return dropped
}

// Resume opens the port again after Refuse. Resuming an open sink does nothing.
func (s *Sink) Resume() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return errors.New("resume fault sink: it is closed")
	}
	if s.listener != nil {
		return nil
	}
	var config net.ListenConfig
	listener, err := config.Listen(context.Background(), "tcp", s.addr) // an address is at hand, nothing is looked up
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	s.listener, s.cutting = listener, false
	s.running.Go(func() { s.accept(listener) })
	return nil
}

// accept takes connections in until the listener is closed.
func (s *Sink) accept(listener net.Listener) {
	for {
		nc, err := listener.Accept()
		switch {
		case err == nil:
			s.connect(nc)
		case isExhausted(err):
			s.waitStopped(5 * time.Millisecond)
		default:
			return
		}
	}
}

func (s *Sink) connect(nc net.Conn) {
	id, ok := s.ledger.connected(s.cfg.MaxConns, s.now())
	c := newConn(s, id, nc)
	if !ok {
		c.reset()
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[c] = struct{}{}
	if s.cutting {
		c.sever()
	}
	s.running.Go(func() {
		defer s.disconnect(c)
		c.run()
	})
}

func (s *Sink) disconnect(c *conn) {
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
	s.ledger.disconnected(s.now())
}

// waitStopped lets d pass, or less when the sink is closed.
func (s *Sink) waitStopped(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-s.stopped:
	}
}

// Mark is the present point of the sink's history.
func (s *Sink) Mark() Mark { return s.ledger.mark() }

// Snapshot copies what was recorded since the mark.
func (s *Sink) Snapshot(since Mark) Snapshot { return s.ledger.snapshot(since, s.now()) }

// Forget drops the records up to the mark and makes room for others. Counters
// and the timeline stay.
func (s *Sink) Forget(until Mark) { s.ledger.forget(until) }

// Stats are the counters and gauges of this moment.
func (s *Sink) Stats() Stats { return s.ledger.counters() }

// ResetPeak starts MaxFlight and MaxOpen anew at the present gauges.
func (s *Sink) ResetPeak() { s.ledger.resetPeak() }

// Timeline is the concurrency since the instant, in intervals of a tenth of a
// second, which get wider after half an hour.
func (s *Sink) Timeline(since time.Duration) []Load { return s.ledger.loads(since, s.now()) }

// Close closes the port, resets every connection, and returns when the last
// goroutine has ended. Records can still be read. Closing twice is legal.
func (s *Sink) Close() error {
	s.mu.Lock()
	first := !s.closed
	s.closed = true
	s.mu.Unlock()
	if first {
		close(s.stopped)
		s.Refuse(ResetConns)
	}
	s.running.Wait()
	if first {
		s.reserved()
	}
	return nil
}
