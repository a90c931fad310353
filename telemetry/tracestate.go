package telemetry

import (
	"strings"

	"go.opentelemetry.io/otel/trace"
)

// Limits of what is passed on, from W3C Trace Context section 3.3.1.5: at least
// 512 characters must be propagated; to get there, entries longer than 128 go
// first, then those at the end.
const (
	maxTracestate = 512
	maxMember     = 128
	// maxTracestateRead is more than 32 members of the largest legal size.
	maxTracestateRead = 32 << 10
)

// parseTracestate reads the header's values, in order, as one list. A list that
// is not valid as a whole is dropped as a whole.
func parseTracestate(values []string) trace.TraceState {
	if len(values) == 0 {
		return trace.TraceState{}
	}
	list := values[0]
	if len(values) > 1 {
		list = strings.Join(values, ",")
	}
	if len(list) > maxTracestateRead {
		return trace.TraceState{}
	}
	state, err := trace.ParseTraceState(list)
	if err != nil {
		return trace.TraceState{}
	}
	return limitTracestate(state)
}

func limitTracestate(state trace.TraceState) trace.TraceState {
	type member struct {
		key  string
		size int
	}
	var members []member
	total := state.Len() - 1 // the commas
	state.Walk(func(key, value string) bool {
		m := member{key: key, size: len(key) + len("=") + len(value)}
		members = append(members, m)
		total += m.size
		return true
	})
	drop := func(which func(member) bool) {
		for i := len(members) - 1; i >= 0 && total > maxTracestate; i-- {
			if m := members[i]; m.size > 0 && which(m) {
				state = state.Delete(m.key)
				total -= m.size + len(",")
				members[i].size = 0
			}
		}
	}
	drop(func(m member) bool { return m.size > maxMember })
	drop(func(member) bool { return true })
	return state
}
