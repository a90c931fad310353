package fault

import (
	"strings"
	"sync"
	"time"
)

// ledger keeps the records and the gauges. Connections hold pointers to their
// records and change them only through it.
type ledger struct {
	max       int
	bodyBytes int

	mu       sync.Mutex
	records  []*Record
	kept     int64 // bytes of bodies in records
	stats    Stats
	timeline timeline
}

func newLedger(cfg Config, now time.Duration) *ledger {
	return &ledger{
		max: cfg.MaxRecords, bodyBytes: max(cfg.BodyBytes, 0),
		timeline: timeline{width: timelineWidth, from: now},
	}
}

// begin records that a call's first byte came in.
func (l *ledger) begin(conn int64, nth int, at time.Duration) *Record {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stats.Calls++
	r := &Record{ID: l.stats.Calls, Conn: conn, Nth: nth, Arrived: at}
	if len(l.records) < l.max {
		l.records = append(l.records, r)
	} else {
		l.stats.Overflow++
	}
	l.stats.InFlight++
	l.stats.MaxFlight = max(l.stats.MaxFlight, l.stats.InFlight)
	l.noteLocked(at, 1)
	return r
}

// read records what a call is, once its last byte came in.
func (l *ledger) read(r *Record, q Request, c Carried, at time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r.Method, r.Path, r.Carried = strings.Clone(q.Method), strings.Clone(clip(q.Path, 2<<10)), c // let go of the head
	r.Size, r.Hash, r.Read = q.Size, q.Hash, at
	if room := min(int64(l.bodyBytes), maxKeptBodies-l.kept, int64(len(q.Body))); room > 0 {
		r.Body = append([]byte(nil), q.Body[:room]...)
		l.kept += room
	}
}

// applied records what the script decided.
func (l *ledger) applied(r *Record, b Behaviour) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r.Act = b.Act
	switch b.Act {
	case ActAnswer, ActTrickle, ActHangMidBody, ActResetMidBody:
		r.Status = b.status()
	}
}

// started records that a call got its slot.
func (l *ledger) started(r *Record, at time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r.Started = at
}

// ending is how a call ended.
type ending struct {
	end       End
	departure Departure
	at        time.Duration
	written   int64
	fault     string
}

// end records a call's end. A second end corrects the first.
func (l *ledger) end(r *Record, e ending) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if r.End == Pending {
		l.stats.InFlight--
	}
	r.End, r.Departure, r.Ended = e.end, e.departure, max(e.at, r.Arrived)
	r.Written, r.Fault = e.written, e.fault
	l.noteLocked(e.at, 0)
}

// line records that calls joined or left the line for a slot, and the slots.
func (l *ledger) line(waiting, serving int, at time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stats.Waiting += waiting
	l.stats.Serving += serving
	l.noteLocked(at, 0)
}

// connected records that a connection was opened, or false that it was one too many.
func (l *ledger) connected(limit int, at time.Duration) (id int64, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stats.Accepted++
	if l.stats.Open >= limit {
		l.stats.OverConn++
		return l.stats.Accepted, false
	}
	l.stats.Open++
	l.stats.MaxOpen = max(l.stats.MaxOpen, l.stats.Open)
	l.noteLocked(at, 0)
	return l.stats.Accepted, true
}

func (l *ledger) disconnected(at time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stats.Open--
	l.noteLocked(at, 0)
}

func (l *ledger) noteLocked(at time.Duration, calls int) {
	l.timeline.note(at, Load{Calls: calls, InFlight: l.stats.InFlight, Waiting: l.stats.Waiting, Open: l.stats.Open})
}

func (l *ledger) mark() Mark {
	l.mu.Lock()
	defer l.mu.Unlock()
	return Mark(l.stats.Calls)
}

func (l *ledger) snapshot(since Mark, now time.Duration) Snapshot {
	l.mu.Lock()
	defer l.mu.Unlock()
	first := l.afterLocked(since)
	s := Snapshot{Taken: now, Records: make([]Record, 0, len(l.records)-first)}
	for _, r := range l.records[first:] {
		s.Records = append(s.Records, *r)
	}
	s.Overflow = l.stats.Calls - int64(since) - int64(len(s.Records))
	return s
}

// forget drops the records up to the mark, so that there is room for others.
func (l *ledger) forget(until Mark) {
	l.mu.Lock()
	defer l.mu.Unlock()
	first := l.afterLocked(until)
	for _, r := range l.records[:first] {
		l.kept -= int64(len(r.Body))
	}
	l.records = append([]*Record(nil), l.records[first:]...)
}

// afterLocked is the index of the first record after the mark.
func (l *ledger) afterLocked(m Mark) int {
	low, high := 0, len(l.records)
	for low < high {
		if middle := (low + high) / 2; l.records[middle].ID <= int64(m) {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

func (l *ledger) counters() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stats
}

func (l *ledger) resetPeak() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stats.MaxFlight, l.stats.MaxOpen = l.stats.InFlight, l.stats.Open
}

func (l *ledger) loads(since, now time.Duration) []Load {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.noteLocked(now, 0)
	return l.timeline.since(since)
}

func clip(s string, limit int) string {
	if len(s) > limit {
		return s[:limit]
	}
	return s
}
