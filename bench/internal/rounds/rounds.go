// Package rounds compares what HTTP servers cost. Each serves the same requests
// in short rounds, turn by turn in one process, so that whatever else the
// machine does falls on all of them alike: a ratio is made of rounds that were
// neighbours, and the median of many such ratios is believed, not a figure.
package rounds

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"
)

// Subject is one server with the request that it is asked.
type Subject struct {
	Name    string
	Request string // its bytes, the same every time
	Status  int    // that every answer must have

	// Start serves on a loopback address until stop is called.
	Start func() (addr string, stop func() error, err error)
}

// Plan says how long to measure. All of it must be above zero.
type Plan struct {
	Rounds      int           // of each subject
	Length      time.Duration // of a round
	Connections int           // kept alive, each with one request at a time
}

// warmUp are rounds that do not count: pools fill, the heap finds its size.
const warmUp = 2

// Interleave measures the subjects: a row of samples for each, the nth of all
// rows being neighbours.
func (p Plan) Interleave(subjects []Subject) (rows [][]Sample, err error) {
	rows = make([][]Sample, len(subjects))
	clients := make([][]*client, len(subjects))
	for i, s := range subjects {
		addr, stop, startErr := s.Start()
		if startErr != nil {
			return nil, fmt.Errorf("start %s: %w", s.Name, startErr)
		}
		defer func() { err = errors.Join(err, stop()) }()
		for range p.Connections {
			c, dialErr := dial(addr, s.Request, s.Status)
			if dialErr != nil {
				return nil, fmt.Errorf("ask %s: %w", s.Name, dialErr)
			}
			defer c.close()
			clients[i] = append(clients[i], c)
		}
	}
	for round := range p.Rounds + warmUp {
		for k := range subjects {
			i := (round + k) % len(subjects) // whoever came first comes last
			sample, err := measure(clients[i], p.Length)
			if err != nil {
				return nil, fmt.Errorf("ask %s: %w", subjects[i].Name, err)
			}
			if round >= warmUp {
				rows[i] = append(rows[i], sample)
			}
		}
	}
	return rows, nil
}

// between is how many requests a client sends between two looks at the clock.
const between = 16

// measure has every client ask, one request after the other, for one round. It
// begins with a heap that holds nothing of the round before.
func measure(clients []*client, length time.Duration) (Sample, error) {
	var (
		wg            sync.WaitGroup
		counts        = make([]int, len(clients))
		errs          = make([]error, len(clients))
		before, after runtime.MemStats
	)
	runtime.GC()
	runtime.ReadMemStats(&before)
	cpu, start := CPUTime(), time.Now()
	for i, c := range clients {
		wg.Go(func() {
			for time.Since(start) < length {
				for range between {
					if errs[i] = c.exchange(); errs[i] != nil {
						return
					}
				}
				counts[i] += between
			}
		})
	}
	wg.Wait()
	wall, used := time.Since(start), CPUTime()-cpu
	runtime.ReadMemStats(&after)
	n := 0
	for _, count := range counts {
		n += count
	}
	each := func(v float64) float64 { return v / float64(max(n, 1)) }
	return Sample{
		Wall:   each(float64(wall.Nanoseconds()) / 1e3),
		CPU:    each(float64(used.Nanoseconds()) / 1e3),
		Allocs: each(float64(after.Mallocs - before.Mallocs)),
		Bytes:  each(float64(after.TotalAlloc - before.TotalAlloc)),
	}, errors.Join(errs...)
}
