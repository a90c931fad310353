package admission

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/plimsoll-go/plimsoll/route"
)

// Snapshot is what a controller is doing, for metrics, a manifest, a dashboard.
// Its counters only grow. Its parts are read one after another, not at once.
type Snapshot struct {
	Mode       Mode          `json:"mode"`
	Limit      int           `json:"limit"`       // permits at once; 0 when the mode is Off
	InFlight   int           `json:"in_flight"`   // permits that are out
	QueueLimit int           `json:"queue_limit"` // how many may wait
	Queue      []Waiting     `json:"queue"`       // every class, highest first
	Rate       float64       `json:"rate"`        // permits given back a second, lately; 0 until known
	Typical    time.Duration `json:"typical_ns"`  // the median of useful work, lately; 0: not known
	Ended      []Ended       `json:"ended"`       // every outcome
	Refused    []Refused     `json:"refused"`     // every reason and class

	// Capacity is how much useful work a second the service can do. It shows
	// only while there is more work than that: 0 until the limit has held
	// something back, and from then on as it was CapacityAge ago.
	Capacity    float64       `json:"capacity"`
	CapacityAge time.Duration `json:"capacity_age_ns"`

	CPU    CPUState    `json:"cpu"`
	Memory MemoryState `json:"memory"`
}

// CPUState is what the runtime said of the processors.
type CPUState struct {
	Watched bool          `json:"watched"`
	Hot     bool          `json:"hot"`     // more work than processors, now or in the last second
	Wait    time.Duration `json:"wait_ns"` // for a processor, in the last window: the longest but for one in ten
	Limit   int           `json:"limit"`   // permits at once, for want of processors; 0: no fewer than the limiter would give
}

// MemoryState is how full the memory is.
type MemoryState struct {
	Watched bool              `json:"watched"`
	Full    float64           `json:"full"`   // share of the limit that cannot be freed; 0: no limit is known
	Lowest  route.Criticality `json:"lowest"` // the lowest class that is let in
	Limit   int               `json:"limit"`  // permits at once, for want of memory; 0: no fewer than otherwise
}

// Waiting is how many of one class stand in the queue.
type Waiting struct {
	Class route.Criticality `json:"class"`
	Count int               `json:"count"`
}

// Ended counts the permits that were given back with one outcome.
type Ended struct {
	Outcome Outcome `json:"outcome"`
	Count   uint64  `json:"count"`
}

// Refused counts the refusals of one class for one reason.
type Refused struct {
	Reason Reason            `json:"reason"`
	Class  route.Criticality `json:"class"`
	Count  uint64            `json:"count"`
}

// InFlight is how many permits are out.
func (c *Controller) InFlight() int { return int(uint32(c.state.Load())) }

// Snapshot returns the present state. It takes the queue's lock for a moment.
func (c *Controller) Snapshot() Snapshot {
	c.tick(c.now())
	s := Snapshot{
		Mode:     c.mode,
		Limit:    int(c.permits.Load()),
		InFlight: c.InFlight(),
		Rate:     math.Float64frombits(c.estimate.rate.Load()),
		Typical:  time.Duration(c.estimate.typical.Load()),
		Queue:    make([]Waiting, 0, levels),
		Ended:    make([]Ended, 0, outcomes),
		Refused:  make([]Refused, 0, int(reasons)*levels),
	}
	if c.mode == Off {
		s.Limit = 0
	}
	c.planes(&s)
	c.mu.Lock()
	s.QueueLimit = c.waiting.capacity
	for level := levels - 1; level >= 0; level-- {
		s.Queue = append(s.Queue, Waiting{Class: classOf(level), Count: c.waiting.classes[level].length})
	}
	c.mu.Unlock()
	for o := range outcomes {
		count := c.ended[o].Load()
		if o == Success {
			count = c.estimate.successes()
		}
		s.Ended = append(s.Ended, Ended{Outcome: o, Count: count})
	}
	for r := range reasons {
		for level := levels - 1; level >= 0; level-- {
			s.Refused = append(s.Refused, Refused{Reason: r, Class: classOf(level), Count: c.refused[r][level].Load()})
		}
	}
	return s
}

// planes adds what holds work back beside the limiter, and what the service can do.
func (c *Controller) planes(s *Snapshot) {
	now := c.now()
	if at := c.capacity.at.Load(); at > 0 {
		s.Capacity, s.CapacityAge = math.Float64frombits(c.capacity.rate.Load()), time.Duration(now-at)
	}
	s.CPU = CPUState{Watched: c.cpu.due.Load() != never, Hot: c.hot(now), Wait: time.Duration(c.cpu.wait.Load())}
	if most := c.cpu.most.Load(); most < c.wanted.Load() {
		s.CPU.Limit = int(most)
	}
	s.Memory = MemoryState{
		Watched: c.memory.due.Load() != never,
		Full:    math.Float64frombits(c.memory.full.Load()),
		Lowest:  classOf(int(c.memory.shut.Load())),
	}
	if most := c.memory.most.Load(); most < c.wanted.Load() {
		s.Memory.Limit = int(most)
	}
}

// longestRetry is the most that RetryAfter asks for, before jitter: a rate that
// was measured during a stall says nothing of the time after it.
const longestRetry = 30

// RetryAfter is the Retry-After of a refusal, in whole seconds from 1 on: the
// time that the queue takes to drain at the present rate, at most 30 s, and
// spread over as much again so that those who were refused together do not
// return together.
func (c *Controller) RetryAfter() int {
	seconds := 1
	if rate := c.estimate.drain(int(c.permits.Load())); rate > 0 {
		waiting := float64(c.state.Load() / oneWaiting)
		seconds = int(min(max(math.Ceil(waiting/rate), 1), longestRetry))
	}
	return seconds + rand.IntN(seconds+1)
}
