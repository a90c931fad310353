package attack

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/plimsoll-go/plimsoll/tools/prove/fault"
	"github.com/plimsoll-go/plimsoll/tools/prove/wire"
)

// mostLines of calls are kept as evidence.
const mostLines = 12

// marks are the present points of all dependencies' histories.
func (in *instance) marks() []fault.Mark {
	marks := make([]fault.Mark, len(in.sinks))
	for i, dep := range in.sinks {
		marks[i] = dep.sink.Mark()
	}
	return marks
}

// since lists what the dependencies saw since the marks, in order of arrival, but for the calls that are made without a
// request too.
func (in *instance) since(marks []fault.Mark, probes map[fault.Content]bool) []fault.Record {
	var all []fault.Record
	for i, dep := range in.sinks {
		for _, r := range dep.sink.Snapshot(marks[i]).Records {
			if !probes[probe(r)] {
				all = append(all, r)
			}
		}
	}
	slices.SortFunc(all, func(a, b fault.Record) int { return cmp.Compare(a.Arrived, b.Arrived) })
	return all
}

// contents lists what the dependencies were asked since the marks.
func (in *instance) contents(marks []fault.Mark) map[fault.Content]bool {
	out := map[fault.Content]bool{}
	for _, r := range in.since(marks, nil) {
		out[probe(r)] = true
	}
	return out
}

// probe is what a call is recognized by that nobody asked for.
func probe(r fault.Record) fault.Content { return fault.Content{Method: r.Method, Path: r.Path} }

// unsafe reports whether a call may not be repeated by its method alone.
func unsafe(r fault.Record) bool { return r.Method == "POST" || r.Method == "PATCH" }

// callLines writes calls for a reader, with times from a moment on.
func callLines(calls []fault.Record, from time.Duration) []string {
	var lines []string
	for i, r := range calls {
		if i == mostLines {
			return append(lines, fmt.Sprintf("… and %d more", len(calls)-i))
		}
		line := fmt.Sprintf("%9.3f s  %s %s", (r.Arrived - from).Seconds(), r.Method, r.Path)
		if r.Hash != "" && r.Size > 0 {
			line += fmt.Sprintf(", body of %d bytes (hash %.8s)", r.Size, r.Hash)
		}
		if r.Carried.IdempotencyKey != "" {
			line += ", Idempotency-Key " + r.Carried.IdempotencyKey
		}
		line += ", " + r.End.String()
		if r.Status != 0 {
			line += fmt.Sprintf(" %d", r.Status)
		}
		lines = append(lines, line)
	}
	return lines
}

// send makes one request that must be answered well.
func (in *instance) send(ctx context.Context, a asked) error {
	x, err := wire.Do(ctx, in.addr, strings.NewReader(a.whole(in.addr).String()), wire.Wait{Answer: ordinary}, wire.Options{Origin: in.session.epoch})
	if err != nil {
		return err
	}
	if !x.Response.Complete || x.Response.Status >= 400 {
		return fmt.Errorf("%s", describe(x.Response.Status, x.Failure, x.Response.Body))
	}
	return nil
}
