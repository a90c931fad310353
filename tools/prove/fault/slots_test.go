package fault

import (
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

// line is a group of callers at slots, in fake time.
type line struct {
	slots *slots
	begun time.Time
	wait  sync.WaitGroup

	mu     sync.Mutex
	served []int
	busy   int
	most   int
}

func newLine(c Capacity) *line {
	l := &line{begun: time.Now()}
	l.slots = &slots{now: func() time.Duration { return time.Since(l.begun) }, capacity: c}
	return l
}

// join lines up; patience 0 is endless. late is how long after its time the call gives its slot back.
func (l *line) join(id int, patience, late time.Duration) {
	l.wait.Go(func() {
		left := make(chan struct{})
		if patience > 0 {
			timer := time.AfterFunc(patience, func() { close(left) })
			defer timer.Stop()
		}
		start, ok := l.slots.acquire(left, func(int) {})
		if !ok {
			return
		}
		l.mu.Lock()
		l.served = append(l.served, id)
		l.busy++
		l.most = max(l.most, l.busy)
		l.mu.Unlock()
		finish := start + l.slots.size().Service
		time.Sleep(finish + late - l.slots.now())
		l.mu.Lock()
		l.busy--
		l.mu.Unlock()
		l.slots.release(finish)
	})
	synctest.Wait() // so that the next one joins after this one
}

func TestSlotsServeInOrderOfArrival(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(Capacity{Slots: 2, Service: 10 * time.Millisecond})
		for id := range 20 {
			l.join(id, 0, 0)
		}
		l.wait.Wait()
		assert.Equal(t, time.Since(l.begun), 100*time.Millisecond)
		assert.Equal(t, l.most, 2)
		for id, served := range l.served {
			if id%2 == 0 { // two are let in at the same instant
				assert.Equal(t, served/2, id/2)
			}
		}
	})
}

func TestALateTimerDoesNotShrinkASlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(Capacity{Slots: 1, Service: 10 * time.Millisecond})
		for id := range 100 {
			l.join(id, 0, time.Millisecond)
		}
		l.wait.Wait()
		assert.Equal(t, time.Since(l.begun), 1001*time.Millisecond)
	})
}

func TestAStoppedSlotDoesNotRaceToCatchUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(Capacity{Slots: 1, Service: 10 * time.Millisecond})
		l.join(0, 0, time.Second)
		l.join(1, 0, 0)
		l.wait.Wait()
		assert.Equal(t, time.Since(l.begun), 1020*time.Millisecond-slotCredit)
	})
}

func TestWhoLeavesTheLineTakesNoSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(Capacity{Slots: 1, Service: 10 * time.Millisecond})
		l.join(0, 0, 0)
		l.join(1, 5*time.Millisecond, 0)
		l.join(2, 0, 0)
		l.wait.Wait()
		assert.Equal(t, l.served, []int{0, 2})
		assert.Equal(t, time.Since(l.begun), 20*time.Millisecond)
		assert.Zero(t, l.slots.busy)
	})
}

func TestWhoLeavesWithASlotJustGivenHandsItOn(t *testing.T) {
	s := &slots{now: func() time.Duration { return 0 }, capacity: Capacity{Slots: 1}}
	_, ok := s.acquire(nil, func(int) {})
	assert.True(t, ok)
	turn := make(chan time.Duration, 1)
	place := s.line.PushBack(turn)
	s.release(0) // to the one who is about to leave
	s.abandon(place, turn)
	assert.Zero(t, s.busy)
	assert.Zero(t, s.line.Len())
}

func TestCapacityCanChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLine(Capacity{Slots: 1, Service: time.Second})
		for id := range 4 {
			l.join(id, 0, 0)
		}
		l.slots.resize(Capacity{Slots: 3, Service: time.Second})
		synctest.Wait()
		assert.Equal(t, l.most, 3)
		l.slots.resize(Capacity{})
		l.wait.Wait()
		assert.Equal(t, l.most, 4)
	})
}

func TestServiceTimes(t *testing.T) {
	constant := Capacity{Slots: 10, Service: 20 * time.Millisecond}
	assert.Equal(t, constant.service(1, 1), 20*time.Millisecond)
	assert.Equal(t, constant.Rate(), 500.0)
	assert.True(t, math.IsInf(Capacity{Slots: 1}.Rate(), 1))

	random := Capacity{Service: 20 * time.Millisecond, Exponential: true}
	sum := time.Duration(0)
	for id := range int64(10_000) {
		sum += random.service(7, id)
	}
	mean := sum / 10_000
	assert.AtLeast(t, mean, 19*time.Millisecond)
	assert.AtMost(t, mean, 21*time.Millisecond)
	assert.Equal(t, random.service(7, 3), random.service(7, 3))
	assert.NotEqual(t, random.service(7, 3), random.service(8, 3))
}

func TestTimelineIsBoundedAndComplete(t *testing.T) {
	tl := timeline{width: timelineWidth}
	tl.note(0, Load{Calls: 1, InFlight: 3, Open: 5})
	tl.note(350*time.Millisecond, Load{Calls: 2, InFlight: 1, Waiting: 1, Open: 5})
	assert.Equal(t, tl.since(0), []Load{
		{From: 0, Calls: 1, InFlight: 3, Open: 5},
		{From: 100 * time.Millisecond, InFlight: 3, Open: 5}, // nothing happened: the level stayed
		{From: 200 * time.Millisecond, InFlight: 3, Open: 5},
		{From: 300 * time.Millisecond, Calls: 2, InFlight: 3, Waiting: 1, Open: 5}, // 3 until the note, 1 after it
	})
	tl.note(time.Hour, Load{Calls: 4, InFlight: 9})
	assert.AtMost(t, len(tl.loads), timelineMax)
	calls, most := 0, 0
	for _, load := range tl.since(0) {
		calls, most = calls+load.Calls, max(most, load.InFlight)
	}
	assert.Equal(t, calls, 7)
	assert.Equal(t, most, 9)
	assert.Len(t, tl.since(2*time.Hour), 0)
}
