// Package attack runs experiments on a service and records what they saw.
//
// It starts the service, plays its dependencies and its clients, and owns the clock. It judges nothing: what it saw
// goes into a run file, and the check package says what that means. It asks the checks one thing only, whether another
// round could decide what the last one left open.
//
// Experiments that wait (slow headers, slow bodies, idle connections) begin first, on a process of their own, and go on
// beside everything else. Those that load the machine run alone.
package attack
