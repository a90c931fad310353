package launch

import (
	"bytes"
	"io"
	"slices"
	"sync"
	"time"
)

// Stream tells a service's two outputs apart.
type Stream uint8

// The streams.
const (
	Stdout Stream = iota
	Stderr
)

// String is "stdout" or "stderr".
func (s Stream) String() string {
	if s == Stdout {
		return "stdout"
	}
	return "stderr"
}

// maxLine is how much of a line is kept, in bytes. The rest is counted only.
const maxLine = 16 << 10

// Line is one line of output.
type Line struct {
	At     time.Duration // when its end was read, since the epoch
	Stream Stream
	Text   string // without its end, cut at 16 KiB
	Cut    bool   // there was more
}

// Volume counts all output, kept or not.
type Volume struct {
	Lines   int64 // complete ones, and a last one without an end
	Bytes   int64
	Dropped int64 // lines that made room for later ones
}

// output keeps the last lines of a service.
type output struct {
	now      func() time.Duration
	onLine   func(Line)
	maxLines int
	maxBytes int

	mu     sync.Mutex
	lines  []Line // a ring: oldest at first
	first  int
	bytes  int // of the lines kept
	volume Volume
	open   [2]partial // the line under way, per stream
}

// partial is a line whose end was not read yet.
type partial struct {
	text []byte
	cut  bool
}

func newOutput(spec Spec, now func() time.Duration) *output {
	o := &output{now: now, onLine: spec.OnLine, maxLines: spec.Lines, maxBytes: spec.Bytes}
	if o.maxLines == 0 {
		o.maxLines = 4096
	}
	if o.maxBytes == 0 {
		o.maxBytes = 4 << 20
	}
	return o
}

// drain reads a stream to its end. It never stops reading, whatever comes, so
// that the service never waits for it.
func (o *output) drain(stream Stream, from io.Reader) {
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		for _, line := range o.take(stream, buf[:n], err != nil) {
			o.onLine(line)
		}
		if err != nil {
			return
		}
	}
}

// take splits what was read into lines and returns them when someone wants them.
func (o *output) take(stream Stream, read []byte, last bool) (lines []Line) {
	at := o.now()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.volume.Bytes += int64(len(read))
	open := &o.open[stream]
	for len(read) > 0 {
		text, rest, ended := bytes.Cut(read, []byte("\n"))
		room := min(maxLine-len(open.text), len(text))
		open.text = append(open.text, text[:room]...)
		open.cut = open.cut || room < len(text)
		if read = rest; ended {
			lines = o.completeLocked(stream, at, lines)
		}
	}
	if last && len(open.text) > 0 {
		lines = o.completeLocked(stream, at, lines)
	}
	return lines
}

func (o *output) completeLocked(stream Stream, at time.Duration, lines []Line) []Line {
	open := &o.open[stream]
	line := Line{At: at, Stream: stream, Text: string(bytes.TrimSuffix(open.text, []byte("\r"))), Cut: open.cut}
	open.text, open.cut = open.text[:0], false
	o.volume.Lines++
	o.keepLocked(line)
	if o.onLine != nil {
		lines = append(lines, line)
	}
	return lines
}

func (o *output) keepLocked(line Line) {
	for o.bytes+len(line.Text) > o.maxBytes && o.first < len(o.lines) || len(o.lines)-o.first >= o.maxLines {
		o.bytes -= len(o.lines[o.first].Text)
		o.lines[o.first] = Line{}
		o.first++
		o.volume.Dropped++
	}
	if o.first > len(o.lines)/2 { // at most half of it is room that was freed
		o.lines, o.first = slices.Delete(o.lines, 0, o.first), 0
	}
	o.lines = append(o.lines, line)
	o.bytes += len(line.Text)
}

// tail is the last n lines, a last one without an end included.
func (o *output) tail(n int) []Line {
	lines := o.all()
	return slices.Clone(lines[max(len(lines)-n, 0):])
}

// all is every line that is kept, and those under way.
func (o *output) all() []Line {
	at := o.now()
	o.mu.Lock()
	defer o.mu.Unlock()
	lines := slices.Clone(o.lines[o.first:])
	for stream := range o.open {
		if open := &o.open[stream]; len(open.text) > 0 {
			lines = append(lines, Line{At: at, Stream: Stream(stream), Text: string(open.text), Cut: open.cut})
		}
	}
	return lines
}

func (o *output) count() Volume {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.volume
}
