// Package fault plays a service's dependencies, and breaks them on purpose.
//
// A Sink is one HTTP/1.1 dependency. It speaks the protocol on its own
// connections instead of through net/http, because a verdict needs what
// net/http hides: when the first byte of a call came in, when the caller left
// and how, how many calls were under way, and answers that no correct server
// would give.
//
// Its capacity is real. A sink with k slots and a service time s serves k/s
// calls a second and no more; the others wait in line inside it, and notice
// when their caller leaves. What it does with each call is scripted per call
// and can be replaced while calls are coming in.
//
// Every call leaves a Record. All times are durations since one epoch, so that
// they line up with what the load generator and the launcher recorded.
package fault
