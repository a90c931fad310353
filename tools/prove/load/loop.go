package load

import (
	"context"
	"time"
)

// ClosedLoop is a closed-loop run: each of a number of clients sends its next request when it has the answer to the last. It
// finds out what a service can do; it can't find out how it behaves when more is asked of it, and nothing it measures
// becomes a verdict about latency.
type ClosedLoop struct {
	Target   string // host:port
	Mix      []Request
	Clients  int           // each with a connection of its own, opened again when it ends
	Duration time.Duration // no request begins after it
	Deadline time.Duration // a client's patience; 0: 10 s
	Pause    time.Duration // after anything but OK, so that refusals are not counted by the million; 0: 10 ms
	Seed     uint64
	Live     *Live
}

// Loop carries out a closed-loop run. Its rows are in the order in which the requests began, with Intended and Picked the
// moment when the client turned to them. It ends as [Run] does.
func Loop(ctx context.Context, c ClosedLoop) (*Result, error) { return nil, nil }
