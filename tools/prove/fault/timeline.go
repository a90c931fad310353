package fault

import "time"

const (
	timelineWidth = 100 * time.Millisecond // of an interval, at first
	timelineMax   = 16_384                 // intervals; then two become one: 27 minutes at the first width
)

// timeline keeps the highest load of every interval since from. Its memory is
// bounded: when it is full, neighbours are merged and intervals get twice as wide.
type timeline struct {
	from  time.Duration
	width time.Duration
	loads []Load
	level Load // the load as of the last note
}

// note takes in that the load is now this high; its Calls are new ones.
func (t *timeline) note(at time.Duration, load Load) {
	for t.slot(at) >= timelineMax {
		t.merge()
	}
	last := t.slot(at)
	for len(t.loads) <= last { // nothing happened in between: the level stayed
		quiet := t.level
		quiet.From, quiet.Calls = t.from+time.Duration(len(t.loads))*t.width, 0
		t.loads = append(t.loads, quiet)
	}
	t.loads[last] = higher(t.loads[last], load)
	t.level = load
}

// slot is the index of the interval that holds the instant. Notes come from
// several goroutines, so one may be a little older than the newest.
func (t *timeline) slot(at time.Duration) int { return int(max(at-t.from, 0) / t.width) }

func (t *timeline) merge() {
	half := t.loads[:0]
	for i := 0; i < len(t.loads); i += 2 {
		load := t.loads[i]
		if i+1 < len(t.loads) {
			load = higher(load, t.loads[i+1])
		}
		half = append(half, load)
	}
	t.loads, t.width = half, 2*t.width
}

// since copies the intervals that end after the instant.
func (t *timeline) since(at time.Duration) []Load {
	return append([]Load(nil), t.loads[min(t.slot(at), len(t.loads)):]...)
}

// higher joins b to interval a.
func higher(a, b Load) Load {
	return Load{
		From: a.From, Calls: a.Calls + b.Calls,
		InFlight: max(a.InFlight, b.InFlight), Waiting: max(a.Waiting, b.Waiting), Open: max(a.Open, b.Open),
	}
}
