package telemetry

import (
	"context"
	"math"
	"runtime/metrics"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/semconv/v1.43.0/goconv"
)

// The runtime's own names, in the order in which they are read.
const (
	sampleGoroutines = iota
	sampleLimit
	sampleTotal
	sampleReleased
	sampleStacks
	sampleAllocated
	sampleAllocations
	sampleGoal
	sampleCycles
	sampleProcessors
	sampleGOGC
	samplesCount
)

func runtimeSamples() []metrics.Sample {
	s := make([]metrics.Sample, samplesCount)
	s[sampleGoroutines].Name = "/sched/goroutines:goroutines"
	s[sampleLimit].Name = "/gc/gomemlimit:bytes"
	s[sampleTotal].Name = "/memory/classes/total:bytes"
	s[sampleReleased].Name = "/memory/classes/heap/released:bytes"
	s[sampleStacks].Name = "/memory/classes/heap/stacks:bytes"
	s[sampleAllocated].Name = "/gc/heap/allocs:bytes"
	s[sampleAllocations].Name = "/gc/heap/allocs:objects"
	s[sampleGoal].Name = "/gc/heap/goal:bytes"
	s[sampleCycles].Name = "/gc/cycles/total:gc-cycles"
	s[sampleProcessors].Name = "/sched/gomaxprocs:threads"
	s[sampleGOGC].Name = "/gc/gogc:percent"
	return s
}

// observeRuntime reports the Go runtime under the names of the semantic
// conventions: https://opentelemetry.io/docs/specs/semconv/runtime/go-metrics/
// They are read when metrics are collected and cost nothing in between.
func observeRuntime(m metric.Meter) error {
	goroutines, err1 := goconv.NewGoroutineCount(m)
	limit, err2 := goconv.NewMemoryLimit(m)
	used, err3 := goconv.NewMemoryUsed(m)
	allocated, err4 := goconv.NewMemoryAllocated(m)
	allocations, err5 := goconv.NewMemoryAllocations(m)
	goal, err6 := goconv.NewMemoryGCGoal(m)
	cycles, err7 := goconv.NewMemoryGCCyclesObservable(m)
	processors, err8 := goconv.NewProcessorLimit(m)
	gogc, err9 := goconv.NewConfigGogc(m)
	for _, err := range []error{err1, err2, err3, err4, err5, err6, err7, err8, err9} {
		if err != nil {
			return err
		}
	}
	stack := metric.WithAttributeSet(attribute.NewSet(used.AttrMemoryType(goconv.MemoryTypeStack)))
	rest := metric.WithAttributeSet(attribute.NewSet(used.AttrMemoryType(goconv.MemoryTypeOther)))
	_, err := m.RegisterCallback(func(_ context.Context, o metric.Observer) error {
		s := runtimeSamples()
		metrics.Read(s)
		value := func(i int) int64 { return int64(min(s[i].Value.Uint64(), math.MaxInt64)) }
		o.ObserveInt64(goroutines.Inst(), value(sampleGoroutines))
		if v := value(sampleLimit); v != math.MaxInt64 { // without a limit there is none to show
			o.ObserveInt64(limit.Inst(), v)
		}
		o.ObserveInt64(used.Inst(), value(sampleStacks), stack)
		o.ObserveInt64(used.Inst(), value(sampleTotal)-value(sampleReleased)-value(sampleStacks), rest)
		o.ObserveInt64(allocated.Inst(), value(sampleAllocated))
		o.ObserveInt64(allocations.Inst(), value(sampleAllocations))
		o.ObserveInt64(goal.Inst(), value(sampleGoal))
		o.ObserveInt64(cycles.Inst(), value(sampleCycles))
		o.ObserveInt64(processors.Inst(), value(sampleProcessors))
		o.ObserveInt64(gogc.Inst(), value(sampleGOGC))
		return nil
	}, goroutines.Inst(), limit.Inst(), used.Inst(), allocated.Inst(), allocations.Inst(), goal.Inst(), cycles.Inst(), processors.Inst(), gogc.Inst())
	return err
}
