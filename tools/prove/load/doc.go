// Package load is the prover's own load generator.
//
// It is open-loop: when a request is due is decided before the run, from a seed, and no answer delays the next request.
// Latency counts from the moment a request was due, so a service that stops for two seconds is charged two seconds by
// everyone who would have called it meanwhile. What could not be sent is counted, never skipped: intended = sent + unsent.
// And the generator measures itself: how late it was (lag) is in every row, and a window in which it was late, or was
// refused a port or a file descriptor by its own machine, is invalid rather than wrong. See [Window.Validity].
//
// One thread keeps the schedule. It hands a request to an idle connection itself, which does not block, and leaves
// everything that can (connecting, large bodies) to goroutines of their own, so that a service that refuses to be
// connected to delays its own requests and not the schedule.
//
// Requests are bytes and answers are parsed by [wire.Parser]: net/http's client would retry on a reused connection
// without saying so, and hide exactly the losses that are to be counted.
package load
