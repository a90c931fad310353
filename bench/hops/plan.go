package main

import (
	"fmt"
	"time"
)

// The course of a run: what is usual, then the fault, then what is usual again.
const (
	ordinary = 20 * time.Second
	outage   = 60 * time.Second
	after    = 6 * time.Second
)

// allowed is the budget of every request, and slack what may be added to it on the way back.
const (
	allowed = time.Second
	slack   = 25 * time.Millisecond
)

// shape is how services stand one behind another. Each calls the next; the last calls the dependency that fails.
type shape struct {
	name     string
	hops     int     // calls from the first service to the dependency
	width    int     // calls that the first service makes at the same time, for one request
	rate     float64 // requests a second
	compared bool    // with all contenders
}

// The shapes that something is asked of.
const (
	oneHop          = "1 hop"
	oneHopSeldom    = "1 hop, 10 a second"
	twoHops         = "2 hops"
	threeHops       = "3 hops"
	threeHopsSeldom = "3 hops, 10 a second"
)

// shapes are the chains, the fans and the client that seldom calls.
func shapes() []shape {
	return []shape{
		{oneHop, 1, 1, 30, true},
		{oneHopSeldom, 1, 1, 10, true},
		{twoHops, 2, 1, 20, true},
		{threeHops, 3, 1, 20, true},
		{threeHopsSeldom, 3, 1, 10, true},
		{"4 hops", 4, 1, 20, false},
		{"5 hops", 5, 1, 20, false},
		{"1 hop, fan of 3", 1, 3, 20, false},
		{"3 hops, fan of 3", 3, 3, 10, false},
	}
}

// plan is one run.
type plan struct {
	shape     shape
	fault     fault
	contender contender
	seed      uint64
}

// String names the run.
func (p plan) String() string {
	return fmt.Sprintf("%s, %s, %s, seed %d", p.shape.name, p.fault.name, p.contender.name, p.seed)
}
