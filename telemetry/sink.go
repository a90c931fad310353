package telemetry

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// chunkSize is the default capacity of a Linux pipe: the most that one write
// can hand over.
const chunkSize = 64 << 10

// sink carries lines to a writer that may block without ever blocking who
// writes a line. Lines keep their order. What does not fit is dropped and
// counted, and a line that says how many takes their place in the log.
//
// The goroutine that writes runs only while there is something to write, so a
// sink has no life to manage: flush waits until it has ended.
type sink struct {
	out   io.Writer
	limit int

	dropped atomic.Uint64

	mu       sync.Mutex
	queue    [][]byte      // chunks of whole lines, oldest first
	spare    []byte        // a written chunk, to be filled again
	size     int           // bytes queued or being written
	skipping bool          // a line was dropped and nothing was written since
	lost     uint64        // lines dropped since a line last said so
	idle     chan struct{} // closed when the writing goroutine ends; nil when there is none
}

func newSink(out io.Writer, limit int) *sink {
	return &sink{out: out, limit: limit}
}

// write takes one whole line. Urgent lines may use all of the buffer, others
// three quarters of it; once one of those did not fit, the following do not
// either until there was progress, so that a gap in the log is one gap.
func (s *sink) write(line []byte, urgent bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	limit := s.limit
	if !urgent {
		limit -= limit / 4
	}
	if s.size+len(line) > limit || s.skipping && !urgent {
		s.skipping = true
		s.lost++
		s.dropped.Add(1)
		return
	}
	s.appendLocked(line)
	if s.idle == nil {
		s.idle = make(chan struct{})
		go s.drain()
	}
}

func (s *sink) appendLocked(line []byte) {
	s.size += len(line)
	last := len(s.queue) - 1
	if last >= 0 && len(s.queue[last])+len(line) <= chunkSize {
		s.queue[last] = append(s.queue[last], line...)
		return
	}
	chunk := s.spare
	s.spare = nil
	if chunk == nil && last >= 0 { // more will come: the writer is behind
		chunk = make([]byte, 0, chunkSize)
	}
	s.queue = append(s.queue, append(chunk, line...))
}

// drain writes until nothing is left. On a busy service the requests that can go
// on go first: what they log goes along with the line that woke it, in one write.
func (s *sink) drain() {
	runtime.Gosched()
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.queue) > 0 {
		chunk := s.queue[0]
		s.queue[0] = nil
		s.queue = s.queue[1:]
		s.writeChunkLocked(chunk)
	}
	s.queue = nil
	close(s.idle)
	s.idle = nil
}

// writeChunkLocked lets go of the lock while it writes.
func (s *sink) writeChunkLocked(chunk []byte) {
	s.mu.Unlock()
	n, err := s.out.Write(chunk)
	s.mu.Lock()
	s.size -= len(chunk)
	s.skipping = false
	if cap(chunk) <= 2*chunkSize { // a longer line had its own
		s.spare = chunk[:0]
	}
	if err != nil {
		lines := uint64(bytes.Count(chunk[min(max(n, 0), len(chunk)):], []byte{'\n'}))
		s.lost += lines
		s.dropped.Add(lines)
		return
	}
	if s.lost > 0 {
		s.appendLocked(s.gapLineLocked())
		s.lost = 0
	}
}

// gapLineLocked says how many lines are missing where it stands.
func (s *sink) gapLineLocked() []byte {
	l := line{}
	l.begin(time.Now(), slog.LevelWarn, "log lines dropped")
	l.uint("dropped", s.lost)
	l.uint("dropped_total", s.dropped.Load())
	return l.end()
}

// flush returns when every line written before has been handed to the writer,
// or the context ends.
func (s *sink) flush(ctx context.Context) error {
	s.mu.Lock()
	idle := s.idle
	s.mu.Unlock()
	if idle == nil {
		return nil
	}
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.idle != idle {
		return nil
	}
	return fmt.Errorf("flush the log: %d bytes not written, is its reader stuck? %w", s.size, context.Cause(ctx))
}

// sinkWriter is a sink as the io.Writer that slog's handler needs, which calls
// Write once for each line.
type sinkWriter struct {
	sink   *sink
	urgent bool
}

func (w sinkWriter) Write(line []byte) (int, error) {
	w.sink.write(line, w.urgent)
	return len(line), nil
}
