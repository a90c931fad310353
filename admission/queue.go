package admission

// The queue has a part for each class. Grants go to the highest class that
// waits, oldest first, or tenants in turn. Two things keep the lower classes from
// starving: one grant in floorEvery goes to whoever waited longest of all, and
// every class has a few places in the queue that the others cannot take.
const (
	floorEvery = 150 // two thirds of a percent of the grants
	floorFrom  = 8   // the shortest queue that keeps places for each class

	// shortestQueue is the least that an adaptive limit has for a queue: a
	// burst, where the limit is small.
	shortestQueue = 16
)

// queue is not safe for concurrent use; the controller's mutex guards it.
type queue struct {
	capacity int
	kept     int // places that each class has for itself
	total    int
	classes  [levels]class
	arrivals uint64
	grants   uint64
	tenants  bool // there are any
}

func newQueue(capacity int) *queue {
	q := &queue{}
	q.resize(capacity)
	return q
}

// resize changes how many may wait. Those above it stay.
func (q *queue) resize(capacity int) {
	q.capacity, q.kept = capacity, 0
	if capacity >= floorFrom {
		q.kept = max(1, capacity/floorEvery)
	}
}

func (q *queue) push(l *lease, f *flow) {
	q.arrivals++
	l.order, l.queued = q.arrivals, true
	q.classes[l.level].push(l, f)
	q.total++
}

func (q *queue) remove(l *lease) {
	q.classes[l.level].remove(l)
	l.queued = false
	q.total--
}

// above is how many wait in higher classes.
func (q *queue) above(level int) (n int) {
	for i := level + 1; i < levels; i++ {
		n += q.classes[i].length
	}
	return n
}

// room says whether a newcomer of the level finds a free place, leaving the
// others theirs.
func (q *queue) room(level int) bool {
	free := q.capacity - q.total
	for i := range q.classes {
		if i != level {
			free -= max(0, q.kept-q.classes[i].length)
		}
	}
	return free > 0
}

// lower says whether a class below the level has more than its own places.
func (q *queue) lower(level int) *class {
	for i := range level {
		if q.classes[i].length > q.kept {
			return &q.classes[i]
		}
	}
	return nil
}

// victim is who has to go for a newcomer: the newest of the lowest class below
// its own that has more than its own places, of the tenant with most waiting; or
// else the newest of a tenant of its own class that has more waiting than the
// newcomer's would have. Nil: nobody.
func (q *queue) victim(level int, f *flow) *lease {
	if below := q.lower(level); below != nil {
		return below.longest().newest
	}
	if longest := q.classes[level].longest(); longest != nil && longest.length > f.length+1 {
		return longest.newest
	}
	return nil
}

// open is a set of levels, one bit each: those whose newcomers are let in. With
// tenants it depends on whose they are.
func (q *queue) open() uint32 {
	if q.tenants || q.capacity-q.total > levels*q.kept {
		return 1<<levels - 1
	}
	set := uint32(0)
	for level := range levels {
		if q.room(level) || q.lower(level) != nil {
			set |= 1 << level
		}
	}
	return set
}

// first is whose turn it is. The queue is not empty.
func (q *queue) first() *lease {
	var highest, longest *lease
	for level := levels - 1; level >= 0; level-- {
		l := q.classes[level].first()
		if l == nil {
			continue
		}
		if highest == nil {
			highest = l
		}
		if longest == nil || l.order < longest.order {
			longest = l
		}
	}
	if (q.grants+1)%floorEvery == 0 {
		return longest
	}
	return highest
}

// serve takes the lease out of the queue because it gets its permit.
func (q *queue) serve(l *lease) {
	q.classes[l.level].served(l)
	q.remove(l)
	q.grants++
}
