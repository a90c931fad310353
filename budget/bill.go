package budget

import (
	"strconv"
	"time"
)

// maxLines are kept apart in a bill; what comes after shares one more, of the kind Others.
const maxLines = 12

// whole is the attempt of a line that is no attempt, but a whole call or any other wait. Attempts are counted up to
// maxAttempt; a loop that goes on after it stays in that line.
const (
	whole      = -1
	maxAttempt = 9
)

// Line is one item of a bill.
type Line struct {
	Kind   Kind
	Name   string
	Wall   time.Duration // in which at least one of these was under way
	Count  uint32        // how many there were
	Failed uint32        // of them
	Open   uint32        // of them, still under way when the bill was made

	attempt int8          // whole, or the number of the attempt
	since   time.Duration // since arrival: when Open was last 0
}

// Attempt is the number of the attempt that the line is for, from 0; ok is false for a whole call.
func (l *Line) Attempt() (n int, ok bool) { return max(0, int(l.attempt)), l.attempt != whole }

// Bill says where the time of a request went. The lines may overlap: the sum of a fan-out is more than its time.
type Bill struct {
	Total   time.Duration // since arrival
	Own     time.Duration // of Total, in which nothing was charged
	Left    time.Duration // of the budget; 0 when it is spent or Limited is false
	Limited bool          // there is a deadline

	page *page // nil: nothing was charged
	used int
}

// Lines calls yield for every line, in the order in which they were first charged. Attempts stand among them.
func (b *Bill) Lines(yield func(*Line) bool) {
	for i := range b.used {
		if !yield(&b.page.lines[i]) {
			return
		}
	}
}

// AppendText appends the bill in one line: "queue=1.2ms payments=30.1ms db=4ms*3 own=3.1ms left=4950ms". A line is
// the time that it took, then *N when there were N of it, !N when N failed, and ~ when it was still under way.
// "payments#1" is the second attempt of a call, "others" is what found no line of its own.
func (b *Bill) AppendText(to []byte) ([]byte, error) {
	for l := range b.Lines {
		if l.attempt == 0 && !b.repeated(l) {
			continue // the call itself says the same
		}
		to = l.appendName(to)
		to = append(to, '=')
		to = appendMilliseconds(to, l.Wall)
		if l.Count > 1 {
			to = strconv.AppendUint(append(to, '*'), uint64(l.Count), 10)
		}
		if l.Failed > 0 {
			to = strconv.AppendUint(append(to, '!'), uint64(l.Failed), 10)
		}
		if l.Open > 0 {
			to = append(to, '~')
		}
		to = append(to, ' ')
	}
	to = appendMilliseconds(append(to, "own="...), b.Own)
	if b.Limited {
		to = appendMilliseconds(append(to, " left="...), b.Left)
	}
	return to, nil
}

// String is the text of AppendText.
func (b *Bill) String() string {
	text, _ := b.AppendText(nil) // it has no error
	return string(text)
}

// repeated reports whether the call that the attempt belongs to was tried more than once.
func (b *Bill) repeated(first *Line) bool {
	for l := range b.Lines {
		if l.attempt > 0 && l.Kind == first.Kind && l.Name == first.Name {
			return true
		}
	}
	return false
}

// maxName is how much of a name is shown, in bytes.
const maxName = 40

// appendName appends the line's name, clean enough to stand unquoted before "=" in any log, and its attempt.
func (l *Line) appendName(to []byte) []byte {
	name := l.Name
	if name == "" {
		name = l.Kind.String()
	} else if reserved(name) {
		to = append(append(to, l.Kind.String()...), ':')
	}
	for i := range min(len(name), maxName) {
		c := name[i]
		if !isAlphanumeric(c) && c != '-' && c != '_' && c != '.' && c != ':' && c != '/' {
			c = '_'
		}
		to = append(to, c)
	}
	if l.attempt != whole {
		to = append(to, '#', '0'+byte(l.attempt))
	}
	return to
}

// reserved reports whether a line of that name would read as something else.
func reserved(name string) bool {
	switch name {
	case "own", "left", "queue", "body", "others":
		return true
	}
	return false
}

// appendMilliseconds appends d in ms, with three digits that say something and without zeros at the end.
func appendMilliseconds(to []byte, d time.Duration) []byte {
	us := max(0, d).Microseconds()
	unit := int64(1) // of the last digit shown, in µs
	switch {
	case us >= 100_000:
		unit = 1000
	case us >= 10_000:
		unit = 100
	case us >= 1000:
		unit = 10
	}
	us -= us % unit
	to = strconv.AppendInt(to, us/1000, 10)
	if us %= 1000; us > 0 {
		digits := [4]byte{'.', byte('0' + us/100), byte('0' + us/10%10), byte('0' + us%10)}
		end := len(digits)
		for digits[end-1] == '0' {
			end--
		}
		to = append(to, digits[:end]...)
	}
	return append(to, "ms"...)
}
