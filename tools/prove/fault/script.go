package fault

import (
	"math/rand/v2"
	"strings"
)

// Script decides what is done with a call. n counts the calls since the script
// was set, from 1. It is asked once the call is read whole, from many goroutines
// at a time, and must not block.
type Script func(n int, r Request) Behaviour

// Always does the same with every call.
func Always(b Behaviour) Script {
	return func(int, Request) Behaviour { return b }
}

// Sequence goes through the list, one behaviour a call, and stays at the last:
// "fail the first two" is Sequence(Status(500), Status(500), Status(200)).
// An empty list answers 200.
func Sequence(list ...Behaviour) Script {
	return func(n int, _ Request) Behaviour {
		if len(list) == 0 {
			return Behaviour{}
		}
		return list[min(n, len(list))-1]
	}
}

// Percent gives share percent of the calls to hit and the others to miss. Which
// calls those are depends on seed and n alone, so a run can be repeated.
// Nil scripts answer 200.
func Percent(share float64, seed uint64, hit, miss Script) Script {
	return func(n int, r Request) Behaviour {
		chosen := miss
		if draw(seed, uint64(n))*100 < share {
			chosen = hit
		}
		return chosen.ask(n, r)
	}
}

// Route is one line of Routes.
type Route struct {
	// Method matches exactly. Empty: every method.
	Method string

	// Path matches the target without its query, exactly, or as a prefix when it ends in "*". Empty: every path.
	Path string

	// Then decides about the calls that match. Nil: 200.
	Then Script
}

// Routes asks the script of the first route that matches, and otherwise when
// none does. n is passed on as it is: it counts the calls of all routes.
func Routes(routes []Route, otherwise Script) Script {
	return func(n int, r Request) Behaviour {
		for _, route := range routes {
			if route.matches(r) {
				return route.Then.ask(n, r)
			}
		}
		return otherwise.ask(n, r)
	}
}

func (r Route) matches(call Request) bool {
	if r.Method != "" && r.Method != call.Method {
		return false
	}
	path, _, _ := strings.Cut(call.Path, "?")
	if prefix, ok := strings.CutSuffix(r.Path, "*"); ok {
		return strings.HasPrefix(path, prefix)
	}
	return r.Path == "" || r.Path == path
}

// ask is the script's decision; a nil script answers 200.
func (s Script) ask(n int, r Request) Behaviour {
	if s == nil {
		return Behaviour{}
	}
	return s(n, r)
}

// draw is a number in [0, 1) that depends on seed and i alone.
func draw(seed, i uint64) float64 {
	return rand.New(rand.NewPCG(seed, i)).Float64()
}
