package admission

// The queue is a list for each class. Grants go to the highest class that
// waits, oldest first. Two things keep the lower classes from starving: one
// grant in floorEvery goes to whoever waited longest of all, and every class
// has a few places in the queue that the others cannot take.
const (
	floorEvery = 50 // 2 % of the grants
	floorFrom  = 8  // the shortest queue that keeps places for each class
)

// queue is not safe for concurrent use; the controller's mutex guards it.
type queue struct {
	capacity int
	kept     int // places that each class has for itself
	total    int
	lists    [levels]list
	arrivals uint64
	grants   uint64
}

func newQueue(capacity int) queue {
	q := queue{capacity: capacity}
	if capacity >= floorFrom {
		q.kept = max(1, capacity/floorEvery)
	}
	return q
}

// list is one class, in order of arrival.
type list struct {
	oldest, newest *lease
	length         int
}

func (q *queue) push(l *lease) {
	q.arrivals++
	l.order, l.queued, l.next = q.arrivals, true, nil
	own := &q.lists[l.level]
	l.prev = own.newest
	if own.newest != nil {
		own.newest.next = l
	} else {
		own.oldest = l
	}
	own.newest = l
	own.length++
	q.total++
}

func (q *queue) remove(l *lease) {
	own := &q.lists[l.level]
	if l.prev != nil {
		l.prev.next = l.next
	} else {
		own.oldest = l.next
	}
	if l.next != nil {
		l.next.prev = l.prev
	} else {
		own.newest = l.prev
	}
	l.next, l.prev, l.queued = nil, nil, false
	own.length--
	q.total--
}

// ahead is how many will be served before a newcomer of the level.
func (q *queue) ahead(level int) int {
	n := 0
	for _, l := range q.lists[level:] {
		n += l.length
	}
	return n
}

// room says whether a newcomer of the level finds a free place, leaving the
// others theirs.
func (q *queue) room(level int) bool {
	free := q.capacity - q.total
	for i, l := range q.lists {
		if i != level {
			free -= max(0, q.kept-l.length)
		}
	}
	return free > 0
}

// victim is who has to go for a newcomer of the level: the newest of the lowest
// class below it that has more than its own places. Nil: nobody.
func (q *queue) victim(level int) *lease {
	for _, l := range q.lists[:level] {
		if l.length > q.kept {
			return l.newest
		}
	}
	return nil
}

// open is a set of levels, one bit each: those whose newcomers are let in.
func (q *queue) open() uint32 {
	if q.capacity-q.total > levels*q.kept {
		return 1<<levels - 1
	}
	set := uint32(0)
	for level := range levels {
		if q.room(level) || q.victim(level) != nil {
			set |= 1 << level
		}
	}
	return set
}

// first is whose turn it is. The queue is not empty.
func (q *queue) first() *lease {
	var highest, longest *lease
	for level := levels - 1; level >= 0; level-- {
		l := q.lists[level].oldest
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
