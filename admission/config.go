package admission

import (
	"errors"
	"fmt"
	"runtime"
)

// permitsPerProcessor is the default limit for each of GOMAXPROCS. A request
// mostly waits for something else; the number is high enough not to starve such
// work of concurrency, and low enough that as many stacks and connections fit
// in memory.
const permitsPerProcessor = 64

// NoQueue is the Config.Queue that refuses at once what finds no free permit.
const NoQueue = -1

// Config is what a Controller is made from. The zero value is the production
// default.
type Config struct {
	// Mode is how the limit is found. "": Fixed.
	Mode Mode

	// Limit is how many permits are out at once. 0: the number in Mode, and
	// where that has none, 64 × GOMAXPROCS as it is when New is called. An
	// adaptive limit starts here; 0: at 10.
	Limit int

	// Queue is how many may wait for a permit. 0: as many as the limit, and
	// with an adaptive one at least 16.
	// NoQueue: none.
	Queue int

	// Kinds says that the work is of kinds that take different times, and that the
	// caller knows what each needs: nothing is refused at once because it has less
	// time left than whatever succeeded lately took.
	Kinds bool

	// CPU says whether an adaptive limit gives way to work that waits for a
	// processor. "": it does.
	CPU Watch

	// Memory says whether the lower classes give way when the memory is nearly
	// full. "": they do, where GOMEMLIMIT or the container (cgroup v2) sets a
	// limit, unless Mode is Off.
	Memory Watch
}

// Watch says whether a controller looks at something beside the work it was
// given. The zero value is Watched.
type Watch string

// Unwatched is for tests, above all those in virtual time, and for comparisons:
// what the runtime says there is of another world.
const (
	Watched   Watch = "watched"
	Unwatched Watch = "unwatched"
)

func (w Watch) validate(name string) error {
	if w == "" || w == Watched || w == Unwatched {
		return nil
	}
	return fmt.Errorf("admission %s %q: want %s or %s", name, string(w), Watched, Unwatched)
}

// Validate reports all faults of the configuration at once.
func (c Config) Validate() error {
	var faults []error
	named, err := c.Mode.limit()
	if err != nil {
		_, err = ParseMode(string(c.Mode))
		faults = append(faults, err)
	}
	if c.Limit < 0 || c.Limit > maxLimit {
		faults = append(faults, fmt.Errorf("admission limit %d: want 1 to %d, or 0 for the default; to switch admission off, set Mode to Off", c.Limit, maxLimit))
	}
	if named > 0 && c.Limit > 0 && named != c.Limit {
		faults = append(faults, fmt.Errorf("admission mode %q and limit %d disagree: set one of them", c.Mode, c.Limit))
	}
	if c.Queue < NoQueue || c.Queue > maxLimit {
		faults = append(faults, fmt.Errorf("admission queue %d: want 1 to %d, 0 for as many as the limit, or NoQueue", c.Queue, maxLimit))
	}
	if c.Mode == Off && (c.Limit != 0 || c.Queue != 0) {
		faults = append(faults, fmt.Errorf("admission is off, yet limit is %d and queue %d: remove them, or set Mode to Fixed", c.Limit, c.Queue))
	}
	faults = append(faults, c.CPU.validate("CPU"), c.Memory.validate("memory"))
	return errors.Join(faults...)
}

// sizes are the limit and the queue that a valid configuration means.
func (c Config) sizes() (limit, queue int) {
	if c.Mode == Off {
		return maxLimit, 0
	}
	limit = c.Limit
	if named, _ := c.Mode.limit(); named > 0 { // valid: New has checked
		limit = named
	}
	if limit == 0 && c.Mode == Adaptive {
		limit = firstLimit
	}
	if limit == 0 {
		limit = permitsPerProcessor * runtime.GOMAXPROCS(0)
	}
	switch c.Queue {
	case 0:
		return limit, limit
	case NoQueue:
		return limit, 0
	default:
		return limit, c.Queue
	}
}
