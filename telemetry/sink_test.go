package telemetry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/plimsoll-go/plimsoll/internal/assert"
)

// pipe is a log's reader that reads only when told to.
type pipe struct {
	mu   sync.Mutex
	got  bytes.Buffer
	gate chan error // each receive lets one write through, or fails it
}

func (p *pipe) Write(b []byte) (int, error) {
	if p.gate != nil {
		if err := <-p.gate; err != nil {
			return 0, err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.got.Write(b)
}

func (p *pipe) lines() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Split(strings.TrimSuffix(p.got.String(), "\n"), "\n")
}

// fill writes numbered lines of 100 bytes.
func fill(s *sink, from, n int, urgent bool) {
	for i := range n {
		s.write(fmt.Appendf(nil, "%-99d\n", from+i), urgent)
	}
}

func TestSinkKeepsOrderOfConcurrentWriters(t *testing.T) {
	out := &pipe{}
	s := newSink(out, 8<<20)
	const writers, each = 8, 2000
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				s.write(fmt.Appendf(nil, "%d %d\n", w, i), false)
			}
		})
	}
	wg.Wait()
	assert.NoError(t, s.flush(t.Context()))
	next := make([]int, writers)
	for _, l := range out.lines() {
		var w, i int
		_, err := fmt.Sscanf(l, "%d %d", &w, &i)
		assert.NoError(t, err, l)
		assert.Equal(t, i, next[w], "writer %d", w)
		next[w]++
	}
	assert.Equal(t, next, []int{each, each, each, each, each, each, each, each})
	assert.Equal(t, s.dropped.Load(), uint64(0))
}

func TestSinkNeverBlocksAndSaysWhatItDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &pipe{gate: make(chan error)}
		s := newSink(out, 100*100)
		fill(s, 0, 1, false)
		synctest.Wait() // the first line is being written, and stuck
		fill(s, 1, 200, false)
		assert.Equal(t, s.dropped.Load(), uint64(201-75), "three quarters of the buffer are for ordinary lines")
		fill(s, 1000, 10, true)
		assert.Equal(t, s.dropped.Load(), uint64(201-75), "the rest is kept for urgent ones")
		fill(s, 2000, 40, true)
		assert.Equal(t, s.dropped.Load(), uint64(201-75+25), "and has an end too")

		close(out.gate)
		assert.NoError(t, s.flush(t.Context()))
		fill(s, 3000, 1, false)
		assert.NoError(t, s.flush(t.Context()))

		got := out.lines()
		assert.Len(t, got, 75+10+15+1+1)
		for i := range 75 {
			assert.Equal(t, strings.TrimSpace(got[i]), fmt.Sprint(i))
		}
		assert.Equal(t, strings.TrimSpace(got[75]), "1000")
		assert.Equal(t, strings.TrimSpace(got[101]), "3000")
		var gap struct {
			Time    time.Time
			Level   string
			Msg     string
			Dropped int `json:"dropped"`
			Total   int `json:"dropped_total"`
		}
		assert.NoError(t, json.Unmarshal([]byte(got[100]), &gap))
		assert.Equal(t, gap.Msg, "log lines dropped")
		assert.Equal(t, gap.Level, "WARN")
		assert.Equal(t, gap.Dropped, 151)
		assert.Equal(t, gap.Total, 151)
	})
}

func TestSinkMakesOneGapOfOneStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &pipe{gate: make(chan error)}
		s := newSink(out, 1000)
		fill(s, 0, 1, false)
		synctest.Wait()
		fill(s, 1, 8, false)              // 100 + 600 fit into 750, the rest is dropped
		s.write([]byte("short\n"), false) // would fit, but order would lie about the gap
		close(out.gate)
		assert.NoError(t, s.flush(t.Context()))
		got := out.lines()
		assert.Len(t, got, 8)
		assert.Contains(t, got[7], `"dropped":3`)
	})
}

func TestSinkCountsWhatAWriterRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &pipe{gate: make(chan error)}
		s := newSink(out, 1<<20)
		fill(s, 0, 3, false)
		out.gate <- errors.New("disk full")
		synctest.Wait()
		lost := s.dropped.Load()
		assert.True(t, lost == 1 || lost == 3, "one chunk of the three lines: %d", lost)
		close(out.gate)
		fill(s, 10, 1, false)
		assert.NoError(t, s.flush(t.Context()))
		got := out.lines()
		assert.Contains(t, got[len(got)-1], fmt.Sprintf(`"dropped":%d,"dropped_total":%d`, lost, lost))
	})
}

func TestSinkFlushIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &pipe{gate: make(chan error)}
		s := newSink(out, 1<<20)
		assert.NoError(t, s.flush(t.Context()), "nothing to flush")
		fill(s, 0, 5, false)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		err := s.flush(ctx)
		assert.Equal(t, time.Since(start), time.Second)
		assert.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Contains(t, err.Error(), "500 bytes not written")
		close(out.gate)
		assert.NoError(t, s.flush(t.Context()), "a later flush finds it written")
		assert.Len(t, out.lines(), 5)
	})
}

func TestSinkMemoryIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &pipe{gate: make(chan error)}
		s := newSink(out, 1<<20)
		fill(s, 0, 30_000, false) // 3 MB
		size := 0
		s.mu.Lock()
		for _, chunk := range s.queue {
			size += cap(chunk)
		}
		s.mu.Unlock()
		assert.AtMost(t, size, 1<<20)
		s.write(bytes.Repeat([]byte("x"), 2<<20), true)
		close(out.gate)
		assert.NoError(t, s.flush(t.Context()))
		assert.Equal(t, s.size, 0)
		assert.Equal(t, uint64(len(out.lines())-1)+s.dropped.Load(), uint64(30_001), "every line is written or counted")
	})
}
