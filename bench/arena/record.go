package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"time"
)

// A run is recorded as a line of JSON, so that runs can be made at different times
// and by several processes, and be told of together.
type line struct {
	Drawn     bool          `json:"drawn"` // by seed, not named
	Seed      uint64        `json:"seed"`
	Scenario  string        `json:"scenario"`
	Contender string        `json:"contender"`
	Figures   []*float64    `json:"figures"` // in the order of figures; null: none
	Refusal   time.Duration `json:"refusal_ns"`
}

func newLine(drawn bool, seed uint64, r row) line {
	l := line{Drawn: drawn, Seed: seed, Scenario: r.scenario, Contender: r.contender, Refusal: r.result.refusal}
	for _, f := range figures {
		var value *float64
		if v := f.figure(r.result); !math.IsNaN(v) {
			value = &v
		}
		l.Figures = append(l.Figures, value)
	}
	return l
}

// record appends a line to a file.
func record(path string, l line) error {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644) //nolint:gosec // a file of results
	if err != nil {
		return fmt.Errorf("record a run: %w", err)
	}
	defer func() { _ = file.Close() }()
	if err := json.NewEncoder(file).Encode(l); err != nil {
		return fmt.Errorf("record a run: %w", err)
	}
	return nil
}

// recorded reads what was recorded.
func recorded(path string) ([]line, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the runs: %w", err)
	}
	defer func() { _ = file.Close() }()
	var all []line
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var l line
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return nil, fmt.Errorf("read the runs: %w", err)
		}
		if len(l.Figures) != len(figures) {
			return nil, fmt.Errorf("read the runs: a line has %d figures, want %d", len(l.Figures), len(figures))
		}
		all = append(all, l)
	}
	return all, lines.Err()
}
