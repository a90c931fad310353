package load

import (
	"context"
	"time"
)

// Fitness is what this machine can measure.
type Fitness struct {
	TimerP50 time.Duration `json:"timerP50"` // lateness of the scheduler's sleep
	TimerP99 time.Duration `json:"timerP99"`
	Rate     float64       `json:"rate"` // R_gen: the highest rate at which it kept its schedule against an echo in this process
	Steps    []FitnessStep `json:"steps"`
}

// FitnessStep is one rate that was tried.
type FitnessStep struct {
	Rate   float64       `json:"rate"`
	LagP99 time.Duration `json:"lagP99"`
	P99    time.Duration `json:"p99"`  // of the echo's answers
	Good   float64       `json:"good"` // part of the requests that were answered
	Kept   bool          `json:"kept"`
}

// SelfTest measures this machine for about two seconds.
func SelfTest(ctx context.Context) (Fitness, error) { return Fitness{}, nil }
