package main

import "time"

// calibration is how often a library that wants to be called now and then is.
const calibration = time.Second

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
