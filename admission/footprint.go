package admission

import (
	"math"
	"os"
	"runtime/metrics"
	"strconv"
	"strings"
)

// process reads the memory of this process.
type process struct {
	samples []metrics.Sample
	group   uint64 // what the container may use; 0: unlimited
}

// What is read, in this order.
const (
	allMemory = iota
	releasedHeap
	freeHeap
	unusedHeap
	objects
	live
	goal
	softLimit
	cycles
	memorySamples
)

func newProcess() *process {
	p := &process{group: groupMemory(groupsFile, groupsRoot), samples: make([]metrics.Sample, memorySamples)}
	for i, name := range [memorySamples]string{
		allMemory:    "/memory/classes/total:bytes",
		releasedHeap: "/memory/classes/heap/released:bytes",
		freeHeap:     "/memory/classes/heap/free:bytes",
		unusedHeap:   "/memory/classes/heap/unused:bytes",
		objects:      "/memory/classes/heap/objects:bytes",
		live:         "/gc/heap/live:bytes",
		goal:         "/gc/heap/goal:bytes",
		softLimit:    "/gc/gomemlimit:bytes",
		cycles:       "/gc/cycles/total:gc-cycles",
	} {
		p.samples[i].Name = name
	}
	return p
}

// read is not safe for concurrent use.
//
// With GOMEMLIMIT the collector sees to it that garbage does not take the place of
// what is alive. Without it nothing does: the heap grows to the collector's goal,
// usually twice what is alive, whatever the container allows, and so the goal is
// what counts.
func (p *process) read() footprint {
	metrics.Read(p.samples)
	of := func(i int) uint64 { return p.samples[i].Value.Uint64() }
	other := of(allMemory) - min(of(allMemory), of(releasedHeap)+of(freeHeap)+of(unusedHeap)+of(objects))
	f := footprint{used: of(live) + other, limit: of(softLimit), cycles: of(cycles)}
	if f.limit == math.MaxInt64 { // none is set
		f.used, f.limit = of(goal)+other, p.group
	}
	return f
}

// groupMemory is the memory that the process's own group may use, in bytes; 0
// when it has no limit.
func groupMemory(groups, root string) uint64 {
	text, err := os.ReadFile(groupFile(groups, root, "memory.max"))
	if err != nil {
		return 0
	}
	limit, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 63)
	if err != nil { // "max"
		return 0
	}
	return limit
}
