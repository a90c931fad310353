package main

import (
	"math"
	"time"
)

// spin keeps the processor busy for so many steps of an xorshift generator; what
// it returns is used, so that no compiler leaves it out.
func spin(steps int) uint64 {
	x := uint64(88172645463325252)
	for range steps {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
	}
	return x
}

// stepsFor are the steps that take so long on an idle processor of this machine.
func stepsFor(length time.Duration) int {
	const trial = 1_000_000
	return int(float64(trial) * float64(length) / float64(timeOf(trial)))
}

// timeOf is how long the steps take with nothing else to do: the shortest of many
// trials, since whatever disturbs one lengthens it.
func timeOf(steps int) time.Duration {
	shortest := time.Duration(math.MaxInt64)
	sum := uint64(0)
	for range 61 {
		start := time.Now()
		sum += spin(steps)
		shortest = min(shortest, time.Since(start))
	}
	if sum == 0 {
		panic("an xorshift generator never is at 0 this often")
	}
	return shortest
}
