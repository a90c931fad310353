package main

import "time"

// troubles are the scenarios in which something else than load goes wrong.
func troubles() []scenario {
	return []scenario{
		mixShift(), pauses("pauses of 50 ms, 0.8x", 0.8, true),
		pauses("pauses of 50 ms, 1.5x", 1.5, true), pauses("the same without pauses, 1.5x", 1.5, false),
		metastable("meta: 8 s of 4x slower, 3 attempts", 4), metastable("meta: 8 s of 50x slower, 3 attempts", 50),
		stalled(), outage(), disconnects(), backlog(), flood(),
	}
}

// outage makes all work take longer than anybody waits for 10 s.
func outage() scenario {
	return scenario{name: "outage: 10 s at twice the budget", slots: 16, work: work(20 * ms), budget: 400 * ms, classes: usual, parts: []part{
		{length: 5 * time.Second, load: 0.7},
		{length: 10 * time.Second, load: 0.7, slow: 50, unscored: true},
		{length: time.Second, load: 0.7, unscored: true},
		{length: 5 * time.Second, load: 0.7, after: true},
	}}
}

// disconnects has half of the clients leave when half of their work is done, which
// ends it.
func disconnects() scenario {
	s := steady("half leave at mid-work, 2x", 16, work(20*ms), 200*ms, 2)
	s.leave = 0.5
	return s
}

// backlog has workers ask for permits in the lowest class without end, and 1.5
// times the capacity in requests beside them.
func backlog() scenario {
	s := steady("job backlog, requests 1.5x", 16, work(20*ms), 200*ms, 11.5)
	s.classes = mix{10 / 11.5, 1.42 / 11.5, 0.08 / 11.5, 0}
	s.jobs = true
	return s
}
