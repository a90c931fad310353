package admission

import (
	"runtime/metrics"
	"time"
)

// scheduler reads what the runtime says of the processors. After the first time
// it allocates nothing: the runtime writes into the histograms it made then.
type scheduler struct {
	samples []metrics.Sample
	quota   quota
}

func newScheduler() *scheduler {
	return &scheduler{samples: []metrics.Sample{
		{Name: "/sched/gomaxprocs:threads"},
		{Name: "/sched/goroutines/runnable:goroutines"},
		{Name: "/sched/latencies:seconds"},
		{Name: "/sched/pauses/total/gc:seconds"},
	}}
}

// read is not safe for concurrent use. What it leaves in p is valid until the
// next time.
func (s *scheduler) read(p *processors) {
	metrics.Read(s.samples)
	p.count = int(s.samples[0].Value.Uint64())
	p.runnable = int(s.samples[1].Value.Uint64())
	waits := s.samples[2].Value.Float64Histogram()
	p.waits, p.bounds = waits.Counts, waits.Buckets
	p.paused = total(s.samples[3].Value.Float64Histogram())
	p.throttled = s.quota.throttled(time.Now())
}

// total is the sum of all durations in a histogram of seconds, each taken as the
// shortest of its bucket.
func total(h *metrics.Float64Histogram) time.Duration {
	sum := 0.0
	for i, n := range h.Counts {
		if n > 0 && h.Buckets[i] > 0 {
			sum += float64(n) * h.Buckets[i]
		}
	}
	return time.Duration(sum * float64(time.Second))
}
