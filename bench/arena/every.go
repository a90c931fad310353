package main

import "time"

// every calls f at an interval until length has passed, as a service's own
// goroutine would.
func every(interval, length time.Duration, f func()) {
	var next func()
	end := time.Now().Add(length)
	next = func() {
		f()
		if time.Now().Before(end) {
			time.AfterFunc(interval, next)
		}
	}
	time.AfterFunc(interval, next)
}
