package launch

import (
	"context"
	"maps"
	"net/netip"
	"sync"
	"time"
)

// Sockets are the TCP sockets that a service's processes have open. UDP and Unix
// sockets are not looked at, and of connections that are over nothing is left to
// see but in a Watch.
type Sockets struct {
	Listening []netip.AddrPort // where it accepts connections
	Inbound   []netip.AddrPort // the far ends of connections that it accepted
	Outbound  []netip.AddrPort // the far ends of connections that it made, each once
}

// Watch collects where a service listens and whom it connects to, by looking
// again and again. What is opened and closed between two looks is missed, so a
// watch also says how far apart they were.
type Watch struct {
	stop context.CancelFunc
	over chan struct{}

	mu   sync.Mutex
	seen Seen
}

// Seen is what a watch has collected. Times are since the epoch.
type Seen struct {
	Listening map[netip.AddrPort]time.Duration // when it was first seen
	Outbound  map[netip.AddrPort]time.Duration // when it was first seen
	Looks     int
	Gap       time.Duration // the longest time between two looks
	Err       error         // the first look that could not be done; ErrNotAvailable elsewhere than on Linux
}

// Watch looks at the service's sockets until it has ended or Stop is called.
func (p *Process) Watch(every time.Duration) *Watch {
	ctx, stop := context.WithCancel(context.Background())
	w := &Watch{stop: stop, over: make(chan struct{}), seen: Seen{
		Listening: make(map[netip.AddrPort]time.Duration),
		Outbound:  make(map[netip.AddrPort]time.Duration),
	}}
	go w.run(ctx, p, every)
	return w
}

func (w *Watch) run(ctx context.Context, p *Process, every time.Duration) {
	defer close(w.over)
	again := time.NewTicker(every)
	defer again.Stop()
	before := p.now()
	for {
		sockets, err := p.Sockets()
		now := p.now()
		w.take(sockets, err, now, now-before)
		before = now
		if err != nil {
			return
		}
		select {
		case <-again.C:
		case <-p.done:
			return
		case <-ctx.Done():
			return
		}
	}
}

func (w *Watch) take(sockets Sockets, err error, now, gap time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen.Err = err
	if err != nil {
		return
	}
	w.seen.Looks++
	w.seen.Gap = max(w.seen.Gap, gap)
	note(w.seen.Listening, sockets.Listening, now)
	note(w.seen.Outbound, sockets.Outbound, now)
}

func note(seen map[netip.AddrPort]time.Duration, addrs []netip.AddrPort, now time.Duration) {
	for _, addr := range addrs {
		if _, known := seen[addr]; !known {
			seen[addr] = now
		}
	}
}

// Seen is what was collected so far.
func (w *Watch) Seen() Seen {
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := w.seen
	seen.Listening, seen.Outbound = maps.Clone(seen.Listening), maps.Clone(seen.Outbound)
	return seen
}

// Stop ends the watch and returns what it has collected. Stopping twice is legal.
func (w *Watch) Stop() Seen {
	w.stop()
	<-w.over
	return w.Seen()
}
