package outbound

import (
	"sync"
	"sync/atomic"
)

// mostDestinations are kept apart by a transport without a URL of its own; all others share one more.
const mostDestinations = 256

// destinations are the hosts that a transport calls. The first is found without a lock: nearly all have no other.
type destinations struct {
	make  func() *destination
	first atomic.Pointer[named]

	mu     sync.Mutex
	others map[string]*destination
}

type named struct {
	host string
	*destination
}

// find returns the destination of a host, as it stands in a URL.
func (s *destinations) find(host string) *destination {
	if f := s.first.Load(); f != nil && f.host == host {
		return f.destination
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.first.Load() == nil {
		s.first.Store(&named{host, s.make()})
	}
	if f := s.first.Load(); f.host == host {
		return f.destination
	}
	if s.others == nil {
		s.others = map[string]*destination{}
	}
	if _, known := s.others[host]; !known && len(s.others) >= mostDestinations {
		host = ""
	}
	if s.others[host] == nil {
		s.others[host] = s.make()
	}
	return s.others[host]
}

// all calls visit for every destination that was called.
func (s *destinations) all(visit func(host string, d *destination)) {
	if f := s.first.Load(); f != nil {
		visit(f.host, f.destination)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for host, d := range s.others {
		visit(host, d)
	}
}
