package main

import (
	"context"
	"time"
)

// How long a machine is watched before a run, and how long it is waited for until
// nobody else uses it. The run takes place in any case: its windows tell.
const (
	glance   = 500 * time.Millisecond
	patience = 20 * time.Second
)

// awaitQuiet waits until others use as little of the machine as a window that
// counts allows.
func awaitQuiet(ctx context.Context) error {
	for end := time.Now().Add(patience); time.Now().Before(end) && ctx.Err() == nil; {
		before, err := usageNow(nil)
		if err != nil {
			return err
		}
		time.Sleep(glance)
		after, err := usageNow(nil)
		if err != nil {
			return err
		}
		if d := after.since(before); d.Others <= disturbed && d.Stolen <= disturbed {
			break
		}
	}
	return ctx.Err()
}

// again is how often an experiment is repeated whose windows do not count.
const again = 2

// tried runs an experiment, and again while a window of it does not count. All
// windows are returned.
func (e experiment) tried(ctx context.Context, a *arena, c contender, round int) (all []window, err error) {
	for range 1 + again {
		if err := awaitQuiet(ctx); err != nil {
			return all, err
		}
		windows, err := e.run(ctx, a, c, round)
		if err != nil {
			return all, err
		}
		all = append(all, windows...)
		if allCount(windows) {
			break
		}
	}
	return all, nil
}

func allCount(windows []window) bool {
	for _, w := range windows {
		if w.Invalid != "" {
			return false
		}
	}
	return true
}
