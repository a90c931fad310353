package fault

import (
	"container/list"
	"sync"
	"time"
)

// slotCredit is how much of a lateness is made good. A timer fires up to a
// millisecond late, and a slot that pays for it on every call is smaller than
// it says; a slot that was late by more than this was stopped, and does not
// race to catch up.
const slotCredit = 5 * time.Millisecond

// slots lets a fixed number of calls in at a time, the others in order of
// arrival.
type slots struct {
	now func() time.Duration

	mu       sync.Mutex
	capacity Capacity
	busy     int
	line     list.List // of chan time.Duration
}

// acquire waits for a slot. start is when the slot's time begins: a little
// before now when the one before ended late. ok is false when left closed first.
func (s *slots) acquire(left <-chan struct{}, waiting func(int)) (start time.Duration, ok bool) {
	s.mu.Lock()
	if s.capacity.Slots == 0 || s.busy < s.capacity.Slots && s.line.Len() == 0 {
		s.busy++
		s.mu.Unlock()
		return s.now(), true
	}
	turn := make(chan time.Duration, 1)
	place := s.line.PushBack(turn)
	s.mu.Unlock()

	waiting(1)
	defer waiting(-1)
	select {
	case start = <-turn:
		return start, true
	case <-left:
		s.abandon(place, turn)
		return 0, false
	}
}

// abandon takes a call out of the line, or hands on the slot it was just given.
func (s *slots) abandon(place *list.Element, turn chan time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case start := <-turn:
		s.releaseLocked(start)
	default:
		s.line.Remove(place)
	}
}

// release gives a slot back. finish is when its time was over.
func (s *slots) release(finish time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.releaseLocked(finish)
}

func (s *slots) releaseLocked(finish time.Duration) {
	s.busy--
	s.fillLocked(max(finish, s.now()-slotCredit))
}

// fillLocked gives free slots to those who wait.
func (s *slots) fillLocked(start time.Duration) {
	for s.line.Len() > 0 && (s.capacity.Slots == 0 || s.busy < s.capacity.Slots) {
		s.busy++
		s.line.Remove(s.line.Front()).(chan time.Duration) <- start
	}
}

// resize changes the capacity. Calls that hold a slot keep it for their time.
func (s *slots) resize(c Capacity) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.capacity = c
	s.fillLocked(s.now())
}

// size is the capacity in force.
func (s *slots) size() Capacity {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.capacity
}
